import MneedleKit

/// A red flag that somebody has reported and nobody has closed yet.
struct OpenReaction: Sendable {
    let reaction: Int64
    let symptom: String
    let opened: Instant
}

extension Aftercare {
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
                ReplyMember("by", "who closed it"), ReplyMember("physician", "the physician who has judged it"),
                ReplyMember("judged_on", "when the physician did"),
                ReplyMember("allergy", "what it was an allergy to"), ReplyMember("note", "what was found"),
            ],
            errors: [.notFound], concerns: .named("person", rows: ["person"]),
            example: "aftercare.reactions person=anna state=open", .lists(listReactions))
    }

    // MARK: Opening

    /// The open reaction for this symptom: the one there is, made as serious as the new report, or a new one.
    func openReaction(
        _ symptom: Symptom, of person: Person, _ action: Action, at: Instant, _ transaction: any Transaction
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
            person.person, person.setting.rawValue, symptom.name, action.rawValue, at)
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
                "time": zone.clockText(open.opened), "advice": symptom?.advice ?? "",
            ])
        if let symptom { finding?.sources = symptom.sources }
        return finding
    }

    // MARK: Listing

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
                "by": row.text("closed_by"), "physician": row.text("physician"), "judged_on": row.text("judged_on"),
                "allergy": row.text("allergy").map { $0.split(separator: ",").map(String.init) },
                "note": row.text("note"),
            ])
        }
        return [:]
    }
}
