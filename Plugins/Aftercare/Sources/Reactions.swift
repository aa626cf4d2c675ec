import MneedleKit

/// A red flag that somebody has reported and nobody has closed yet.
struct OpenReaction: Sendable {
    let reaction: Int64
    let symptom: String
    let opened: Instant
}

extension Aftercare {
    var resolve: Command {
        Command(
            "resolve", "Closes a reaction, so that sessions are possible again; in a clinic a practitioner does.",
            role: .operator,
            parameters: [
                .required("reaction", .integer(1...Int64.max), "The reaction: see aftercare.reactions."),
                .required("by", .line(maximum: 100), "Who has judged it, for example \"Dr. Lee\"."),
                .optional("note", .text(), "What was found."),
            ],
            reply: [
                ReplyMember("reaction", "the reaction"), ReplyMember("person", "whose it was"),
                ReplyMember("symptom", "what it was"), ReplyMember("state", "resolved"),
                ReplyMember("by", "who has judged it"), ReplyMember("resolved", "when"),
            ],
            errors: [.notFound, .conflict],
            concerns: .named("reaction"),
            example: "aftercare.resolve reaction=3 by=\"Dr. Lee\" note=\"healed after antibiotics\"",
            .writes(closeReaction))
    }

    var reactions: Command {
        Command(
            "reactions", "Lists reactions, newest first.", role: .reader,
            parameters: [
                .optional("person", .slug, "Only this person's."),
                .optional("state", .choice(["open", "resolved"]), "Only open or only resolved ones."),
            ],
            reply: [
                ReplyMember("reaction", "its number"), ReplyMember("person", "whose"), ReplyMember("symptom", "what"),
                ReplyMember("action", "what to do about it"), ReplyMember("state", "open or resolved"),
                ReplyMember("opened", "when it was first reported"), ReplyMember("resolved", "when it was closed"),
                ReplyMember("by", "who closed it"), ReplyMember("note", "what was found"),
            ],
            errors: [.notFound], concerns: .named("person", rows: ["person"]),
            example: "aftercare.reactions person=anna state=open", .lists(listReactions))
    }

    // MARK: Opening

    /// The open reaction for this symptom: the one there is, made as serious as the new report, or a new one.
    func openReaction(
        _ symptom: Symptom, of person: Person, _ action: Action, _ transaction: any Transaction
    ) throws -> (reaction: Int64, isNew: Bool) {
        let row = try transaction.row(
            "SELECT id, action FROM aftercare_reactions WHERE person = ? AND symptom = ? AND closed_at IS NULL",
            person.person, symptom.name)
        if let row, let reaction = row.integer("id") {
            let before = row.text("action").flatMap(Action.init) ?? .expected
            try transaction.execute(
                "UPDATE aftercare_reactions SET action = ? WHERE id = ?", max(before, action).rawValue, reaction)
            return (reaction, false)
        }
        let reaction = try transaction.insert(
            "INSERT INTO aftercare_reactions (person, setting, symptom, action, opened_at) VALUES (?, ?, ?, ?, ?)",
            person.person, person.setting.rawValue, symptom.name, action.rawValue, transaction.now)
        return (reaction, true)
    }

    func openReactions(of person: String, _ reading: any Reading) throws -> [OpenReaction] {
        try reading.records(of: person).flatMap { record in
            try reading.rows(
                """
                SELECT id, symptom, opened_at FROM aftercare_reactions WHERE person = ? AND closed_at IS NULL ORDER BY id
                """, record)
        }.map { row in
            guard let reaction = row.integer("id"), let symptom = row.text("symptom"),
                let opened = row.instant("opened_at")
            else { throw ModuleError.internal("a reaction lacks its symptom or time") }
            return OpenReaction(reaction: reaction, symptom: symptom, opened: opened)
        }
    }

    func finding(for open: OpenReaction, _ setting: Setting, _ zone: Zone) throws -> Finding? {
        // A symptom that the practice has since removed from its file blocks all the same.
        let symptom = knowledge.symptom(named: open.symptom)
        var finding = try knowledge.finding(
            .openReaction, setting,
            [
                "symptom": symptom?.text ?? open.symptom, "reaction": open.reaction,
                "time": clockText(open.opened, zone), "advice": symptom?.advice ?? "",
            ])
        if let symptom { finding?.sources = symptom.sources }
        return finding
    }

    // MARK: Closing

    @Sendable private func closeReaction(_ request: Request, _ transaction: any Transaction) throws -> Object {
        let id = try request.arguments.requiredInteger("reaction")
        let by = try request.arguments.requiredText("by")
        guard let row = try transaction.row("SELECT * FROM aftercare_reactions WHERE id = ?", id),
            let slug = row.text("person"), let symptom = row.text("symptom")
        else { throw ModuleError.notFound("reaction", id, next: "aftercare.reactions lists them") }
        if let closed = row.instant("closed_at") {
            throw ModuleError.conflict("reaction \(id) was resolved on \(closed) already", state: "resolved")
        }
        // The setting when it was opened counts too: changing the person's plan does not change who may judge.
        let opened = row.text("setting").flatMap(Setting.init)
        let setting = try transaction.person(slug).setting
        let special = knowledge.symptom(named: symptom)?.needsPractitioner ?? false
        if request.actor.role < .practitioner, special || opened != .home || setting != .home {
            throw ModuleError(
                .forbidden, "a practitioner has to judge and resolve this reaction",
                members: ["role": request.actor.role.rawValue, "needs": Role.practitioner.rawValue])
        }
        try transaction.execute(
            "UPDATE aftercare_reactions SET closed_at = ?, closed_by = ?, note = ? WHERE id = ? AND closed_at IS NULL",
            transaction.now, by, request.arguments.text("note"), id)
        let facts: Object = [
            "reaction": id, "person": slug, "symptom": symptom, "state": "resolved", "by": by,
            "resolved": transaction.now, "note": request.arguments.text("note"),
        ]
        try transaction.record(Entry("reaction.resolved", subject: "reaction/\(id)", person: slug, body: facts))
        return facts
    }

    @Sendable private func listReactions(
        _ request: Request, _ reading: any Reading, _ send: Command.RowSink
    ) throws -> Object {
        var conditions: [String] = []
        var values: [SQLValue] = []
        if let name = request.arguments.text("person") {
            conditions.append("person = ?")
            values.append(.text(try reading.person(name).person))
        }
        if let state = request.arguments.text("state") {
            conditions.append(state == "open" ? "closed_at IS NULL" : "closed_at IS NOT NULL")
        }
        let filter = conditions.isEmpty ? "" : "WHERE \(conditions.joined(separator: " AND ")) "
        try reading.forEach("SELECT * FROM aftercare_reactions \(filter)ORDER BY id DESC", values) { row in
            try send([
                "reaction": row.integer("id"), "person": row.text("person"), "symptom": row.text("symptom"),
                "action": row.text("action"), "state": row.instant("closed_at") == nil ? "open" : "resolved",
                "opened": row.instant("opened_at"), "resolved": row.instant("closed_at"),
                "by": row.text("closed_by"), "note": row.text("note"),
            ])
        }
        return [:]
    }
}
