import MneedleKit

extension Sessions {
    /// The one place that says who is a beginner: depth and interval ask it alike, by ``Reading/isBeginner(_:)``.
    var experience: Command {
        Command(
            "experience", "Says how many sessions a person has finished, and whether that makes a beginner.",
            role: .reader, parameters: [.required("person", .slug, "Who.")],
            reply: [
                ReplyMember("person", "who"), ReplyMember("finished", "how many sessions were finished"),
                ReplyMember("needed", "how many end the time as a beginner"),
                ReplyMember("beginner", "whether the person is one"),
            ],
            errors: [.notFound], concerns: .named("person"), example: "session.experience person=anna",
            .reads { request, reading in
                let person = try reading.person(request.arguments.requiredText("person"))
                let finished = try sessions(of: reading.records(of: person.person), reading).count {
                    $0.text("state") == "finished"
                }
                return [
                    "person": person.person, "finished": finished, "needed": knowledge.beginnerSessions,
                    "beginner": person.firstTime && finished < knowledge.beginnerSessions,
                ]
            })
    }

    /// The rows of all sessions of some records, oldest first.
    func sessions(of records: [String], _ reading: any Reading) throws -> [Row] {
        let marks = Array(repeating: "?", count: records.count).joined(separator: ", ")
        var rows: [Row] = []
        try reading.forEach(
            "SELECT id, person, device, state FROM session_sessions WHERE person IN (\(marks)) ORDER BY id",
            records.map(\.sql)
        ) { rows.append($0) }
        return rows
    }
}
