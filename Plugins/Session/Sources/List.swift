import MneedleKit

extension Sessions {
    var show: Command {
        Command(
            "show", "Shows a session.", role: .reader, takes: Sessions.session, gives: StoredSession.self,
            errors: [.notFound], concerns: .named("session"), example: "session.show session=17",
            reads: { reading, id in try require(id, reading) })
    }

    private static let ofPerson = Parameter.optional("person", .slug, "Only this person's.")
    private static let withDevice = Parameter.optional("device", .slug, "Only with this device.")
    private static let inState = Parameter.optional("state", .choice(SessionState.self), "Only those in this state.")

    var list: Command {
        Command(
            "list", "Lists sessions, the newest first.", role: .reader,
            takes: Sessions.ofPerson, Sessions.withDevice, Sessions.inState, gives: StoredSession.self,
            concerns: .named("person", "device", rows: ["person"]), example: "session.list person=anna",
            lists: { reading, send, person, device, state in
                var conditions = "1 = 1"
                var values: [SQLValue] = []
                for (column, wanted) in [("person", person), ("device", device), ("state", state?.rawValue)] {
                    guard let wanted else { continue }
                    conditions += " AND \(column) = ?"
                    values.append(wanted.sql)
                }
                let sql = "SELECT * FROM session_sessions WHERE \(conditions) ORDER BY id DESC"
                try reading.store.forEach(sql, values) { try send(StoredSession($0)) }
            }
        )
        .catalogue(of: "session")
    }

    private static let forPerson = Parameter.optional(
        "person", .slug, "For whom: the steps of that person's setting.")
    private static let inSetting = Parameter.optional(
        "setting", .choice(Setting.self), "For a setting; home if nothing is given.")

    var steps: Command {
        Command(
            "steps", "Lists the steps of a guided session.", role: .reader,
            takes: Sessions.forPerson, Sessions.inSetting, gives: SessionKnowledge.Step.self, errors: [.notFound],
            concerns: .named("person", otherwise: .nobody), example: "session.steps person=anna",
            lists: { reading, send, person, setting in
                let wanted = try setting ?? person.map { try reading.person($0).setting } ?? .home
                for step in knowledge.steps where step.setting == wanted { try send(step) }
            })
    }
}
