import MneedleKit

extension Aftercare {
    /// What the skin still needs after the last session.
    var agenda: Agenda {
        Agenda("What is to be avoided and done after the last session?") { scope, reading in
            try scope.people.flatMap { person in try current(of: person, reading) }
        }
    }

    private func current(of person: Person, _ reading: any Reading) throws -> [AgendaItem] {
        // While a session runs, what follows it has not begun.
        guard let course = try lastCourse(of: person.person, reading), course.ended != nil else { return [] }
        return try windows(after: course.session, reading)
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
