import MneedleKit

extension Records {
    private static let reply = [
        ReplyMember("clearance", "its number"), ReplyMember("person", "whom it concerns"),
        ReplyMember("finding", "the finding that it lifts"), ReplyMember("by", "who cleared it"),
        ReplyMember("at", "when it was recorded"), ReplyMember("until", "the last day on which it counts"),
        ReplyMember("note", "a note"),
    ]

    var clear: Command {
        Command(
            "clear", "Records that a physician has cleared a finding for a person, which lifts it.",
            role: .practitioner,
            parameters: [
                .required("person", .slug, "Whom it concerns."),
                .required("finding", .slug, "The finding's code, for example pregnancy; screening.rules lists them."),
                .required("by", .line(maximum: 200), "The physician's name."),
                .optional("until", .date, "The last day on which it counts; left out for no end."),
                .optional("note", .text(maximum: 2000), "A note."),
            ],
            reply: Records.reply, errors: [.notFound],
            concerns: .named("person"),
            example: "records.clear person=anna finding=pregnancy by=\"Dr. Lee\" until=2027-01-31",
            .writes { request, transaction in
                let slug = try requirePerson(request.arguments.requiredText("person"), transaction).person
                let finding = try request.arguments.requiredText("finding")
                let by = try request.arguments.requiredText("by")
                let until = request.arguments.date("until")
                if let until, until < (try transaction.today(of: requirePerson(slug, transaction))) {
                    throw ModuleError.invalidArgument("until", expected: "today or a later day", got: until.description)
                }
                let note = request.arguments.text("note")
                let id = try transaction.insert(
                    "INSERT INTO records_clearances (person, finding, cleared_by, at, until, note) VALUES (?, ?, ?, ?, ?, ?)",
                    slug, finding, by, transaction.now, until, note)
                let body: Object = [
                    "clearance": id, "person": slug, "finding": finding, "by": by, "at": transaction.now,
                    "until": until,
                    "note": note,
                ]
                try transaction.record(
                    Entry("clearance.recorded", subject: "person/\(slug)", person: slug, body: body))
                return body
            })
    }

    var clearances: Command {
        Command(
            "clearances", "Lists a person's clearances, the newest first, those that have ended too.", role: .reader,
            parameters: [.required("person", .slug, "Whose clearances.")], reply: Records.reply, errors: [.notFound],
            concerns: .named("person", rows: ["person"]), example: "records.clearances person=anna",
            .lists { request, reading, sink in
                let slug = try requirePerson(request.arguments.requiredText("person"), reading).person
                let sql = "SELECT * FROM records_clearances WHERE person = ? ORDER BY id DESC"
                try reading.forEach(sql, [slug.sql]) { row in
                    try sink([
                        "clearance": row.integer("id"), "person": slug, "finding": row.text("finding"),
                        "by": row.text("cleared_by"), "at": row.instant("at"), "until": row.date("until"),
                        "note": row.text("note"),
                    ])
                }
                return [:]
            })
    }
}
