import MneedleKit

extension Aftercare {
    /// The check that finds every reaction that nobody has closed yet.
    var standing: StandingCheck {
        StandingCheck("Is a reaction to an earlier session still open?") { person, reading in
            let zone = reading.zone(of: person)
            return try openReactions(of: person.person, reading)
                .flatMap { try findings(for: $0, person.setting, zone) }
        }
    }
}
