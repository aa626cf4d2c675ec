import MneedleKit

/// A red flag that somebody has reported and nobody has closed yet.
struct OpenReaction: Sendable {
    let reaction: Int64
    let symptom: String
    let opened: Instant
}

/// A reaction as it is kept, and as it is listed.
struct StoredReaction: Reply {
    let id: Int64
    let person: String
    /// The setting in which the person was treated when the reaction was opened.
    let setting: Setting
    let symptom: String
    let action: Action
    let opened: Instant
    let resolved: Instant?
    let by: String?
    let physician: String?
    let judgedOn: CivilDate?
    let allergy: [String]?
    let note: String?

    static let members: [Member<StoredReaction>] = [
        Member("reaction", "its number", \.id), Member("person", "whose", \.person),
        Member("symptom", "what", \.symptom), Member("action", "what to do about it", \.action),
        Member("state", "open or resolved") { $0.resolved == nil ? ReactionState.open : .resolved },
        Member("opened", "when it was first reported", \.opened),
        Member("resolved", "when it was closed", \.resolved), Member("by", "who closed it", \.by),
        Member("physician", "the physician who has judged it", \.physician),
        Member("judged_on", "when the physician did", \.judgedOn),
        Member("allergy", "what it was an allergy to", \.allergy), Member("note", "what was found", \.note),
    ]

    init(_ row: Row) throws {
        guard let id = row.integer("id"), let person = row.text("person"),
            let setting = row.text("setting").flatMap(Setting.init), let symptom = row.text("symptom"),
            let action = row.text("action").flatMap(Action.init), let opened = row.instant("opened_at")
        else { throw ModuleError.internal("a row of aftercare_reactions cannot be read") }
        (self.id, self.person, self.setting) = (id, person, setting)
        (self.symptom, self.action, self.opened) = (symptom, action, opened)
        resolved = row.instant("closed_at")
        by = row.text("closed_by")
        physician = row.text("physician")
        judgedOn = row.date("judged_on")
        allergy = row.text("allergy").map { $0.split(separator: ",").map(String.init) }
        note = row.text("note")
    }
}

extension Aftercare {
    private static let ofPerson = Parameter.optional("person", .slug, "Only this person's.")
    private static let inState = Parameter.optional(
        "state", .choice(ReactionState.self), "Only open or only resolved ones.")

    var reactions: Command {
        Command(
            "reactions", "Lists reactions, newest first.", role: .reader,
            takes: Aftercare.ofPerson, Aftercare.inState, gives: StoredReaction.self, errors: [.notFound],
            concerns: .named("person", rows: ["person"]), example: "aftercare.reactions person=anna state=open",
            lists: { reading, send, person, state in
                var conditions: [String] = []
                var values: [SQLValue] = []
                if let person {
                    conditions.append("person = ?")
                    values.append(.text(try reading.person(person).person))
                }
                if let state { conditions.append(state == .open ? "closed_at IS NULL" : "closed_at IS NOT NULL") }
                let filter = conditions.isEmpty ? "" : "WHERE \(conditions.joined(separator: " AND ")) "
                try reading.store.forEach("SELECT * FROM aftercare_reactions \(filter)ORDER BY id DESC", values) {
                    try send(StoredReaction($0))
                }
            }
        )
        .catalogue(of: "reaction")
    }

    // MARK: Opening

    /// The open reaction for this symptom: the existing one, made as serious as the new report, or a new one.
    func openReaction(
        _ symptom: Symptom, of person: Person, _ action: Action, at: Instant, _ transaction: any Transaction
    ) throws -> (reaction: Int64, isNew: Bool) {
        let row = try transaction.store.row(
            "SELECT id, action FROM aftercare_reactions WHERE person = ? AND symptom = ? AND closed_at IS NULL",
            person.person, symptom.name)
        if let row {
            guard let reaction = row.integer("id"), let before = row.text("action").flatMap(Action.init) else {
                throw ModuleError.internal("a row of aftercare_reactions cannot be read")
            }
            try transaction.store.execute(
                "UPDATE aftercare_reactions SET action = ? WHERE id = ?", max(before, action).rawValue, reaction)
            return (reaction, false)
        }
        let reaction = try transaction.store.insert(
            "INSERT INTO aftercare_reactions (person, setting, symptom, action, opened_at) VALUES (?, ?, ?, ?, ?)",
            person.person, person.setting.rawValue, symptom.name, action.rawValue, at)
        return (reaction, true)
    }

    func openReactions(of person: String, _ reading: any Reading) throws -> [OpenReaction] {
        try reading.records(of: person).flatMap { record in
            try reading.store.rows(
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

    func findings(for open: OpenReaction, _ setting: Setting, _ zone: Zone) throws -> [Finding] {
        // A reaction whose symptom the practice has since removed from its file blocks all the same.
        let symptom = knowledge.symptom(named: open.symptom)
        return try knowledge.findings.find(
            .openReaction, setting, in: zone, sources: symptom?.sources,
            [
                "symptom": symptom?.text ?? open.symptom, "reaction": open.reaction, "time": open.opened,
                "advice": symptom?.advice ?? "",
            ])
    }
}
