import MneedleKit

extension Aftercare {
    /// What the skin still needs after the last session.
    var agenda: Agenda {
        Agenda("What is to be avoided and done after the last session?") { scope, reading in
            try scope.people.flatMap { person in try current(of: person, reading) }
        }
    }

    private func current(of person: Person, _ reading: any Reading) throws -> [AgendaItem] {
        guard let session = try lastCourse(of: person.person, reading)?.session else { return [] }
        return try windows(after: session, reading)
            .filter { $0.kind != .expect && $0.from <= reading.now && reading.now < $0.until }
            .map { window in
                AgendaItem(
                    .running, person: person.person,
                    Finding(
                        code: window.window, severity: .info, message: window.text, advice: "",
                        until: .instant(window.until),
                        sources: window.sources, module: "aftercare"))
            }
    }
}
