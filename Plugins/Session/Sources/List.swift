import MneedleKit

extension Sessions {
    var show: Command {
        Command(
            "show", "Shows a session.", role: .reader,
            parameters: [.required("session", .integer(1...Int64.max), "The session's number.")],
            reply: StoredSession.reply, errors: [.notFound], concerns: .named("session"),
            example: "session.show session=17",
            .reads { request, reading in try require(request.arguments.requiredInteger("session"), reading).shown })
    }

    var list: Command {
        Command(
            "list", "Lists sessions, the newest first.", role: .reader,
            parameters: [
                .optional("person", .slug, "Only this person's."), .optional("device", .slug, "Only with this device."),
                .optional("state", .choice(["running", "finished", "stopped"]), "Only those in this state."),
            ],
            reply: StoredSession.reply, concerns: .named("person", "device", rows: ["person"]),
            example: "session.list person=anna",
            .lists { request, reading, sink in
                var conditions = "1 = 1"
                var values: [SQLValue] = []
                for column in ["person", "device", "state"] {
                    guard let wanted = request.arguments.text(column) else { continue }
                    conditions += " AND \(column) = ?"
                    values.append(wanted.sql)
                }
                let sql = "SELECT * FROM session_sessions WHERE \(conditions) ORDER BY id DESC"
                try reading.forEach(sql, values) { try sink(StoredSession($0).shown) }
                return [:]
            })
    }

    var steps: Command {
        Command(
            "steps", "Lists the steps of a guided session.", role: .reader,
            parameters: [
                .optional("person", .slug, "For whom: the steps of that person's setting."),
                .optional(
                    "setting", .choice(Setting.allCases.map(\.rawValue)), "For a setting; home if nothing is given."),
            ],
            reply: [
                ReplyMember("step", "its name"), ReplyMember("text", "what to do"),
                ReplyMember("minutes", "how long at least"),
                ReplyMember("passes", "how many passes"), ReplyMember("sources", "what it rests on"),
            ],
            errors: [.notFound], concerns: .named("person", otherwise: .nobody), example: "session.steps person=anna",
            .lists { request, reading, sink in
                var setting = request.arguments.text("setting").flatMap(Setting.init)
                if setting == nil, let slug = request.arguments.text("person") {
                    setting = try reading.person(slug).setting
                }
                for step in knowledge.steps where step.setting == setting ?? .home { try sink(step.object) }
                return [:]
            })
    }
}
