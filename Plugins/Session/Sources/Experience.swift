import MneedleKit

/// The reply of `session.experience`.
private struct Experience: Reply {
    var person: String
    var finished: Int
    var needed: Int
    var isBeginner: Bool

    static let members: [Member<Experience>] = [
        Member("person", "who", \.person),
        Member("finished", "how many sessions were finished", \.finished),
        Member("needed", "how many end the time as a beginner", \.needed),
        Member("beginner", "whether the person is one", \.isBeginner),
    ]
}

extension Sessions {
    private static let who = Parameter.required("person", .slug, "Who.")

    /// The one place that decides who is a beginner: depth and interval ask it alike, by ``Reading/isBeginner(_:)``.
    var experience: Command {
        Command(
            "experience", "Says how many sessions a person has finished, and whether that makes a beginner.",
            role: .reader, takes: Sessions.who, gives: Experience.self, errors: [.notFound],
            concerns: .named("person"), example: "session.experience person=anna",
            reads: { reading, slug in
                let person = try reading.person(slug)
                let finished = try sessions(of: reading.records(of: person.person), reading).count {
                    $0.text("state") == SessionState.finished.rawValue
                }
                return Experience(
                    person: person.person, finished: finished, needed: knowledge.beginnerSessions,
                    isBeginner: person.firstTime && finished < knowledge.beginnerSessions)
            })
    }

    /// The rows of all sessions of some records, oldest first.
    func sessions(of records: [String], _ reading: any Reading) throws -> [Row] {
        let marks = Array(repeating: "?", count: records.count).joined(separator: ", ")
        var rows: [Row] = []
        try reading.store.forEach(
            "SELECT id, person, device, state FROM session_sessions WHERE person IN (\(marks)) ORDER BY id",
            records.map(\.sql)
        ) { rows.append($0) }
        return rows
    }
}
