import MneedleKit

extension Screening {
    /// Who may be treated has to be screened first. The screening of somebody who may not be would be over before they may.
    var agenda: Agenda {
        Agenda("Who has no screening that holds?") { scope, reading in
            try scope.people.filter { scope.free.contains($0.person) }.flatMap { person in
                let zone = reading.zone(of: person)
                var end: Instant?
                try eachAssessment(of: person.person, newest: 20, reading) { row in
                    let past = try row.judged(validity, zone)
                    guard end == nil, past.isValid, past.assessment.setting == person.setting else { return }
                    end = past.validUntil
                }
                let (kind, code): (AgendaItem.Kind, ScreeningCode) =
                    end == nil ? (.open, .screeningDue) : (.expiring, .screeningHolds)
                return try knowledge.toDo(code, person, until: end, zone).map {
                    AgendaItem(kind, person: person.person, $0)
                }
            }
        }
    }
}
