import MneedleKit

/// What a reaction may turn out to have been an allergy to.
struct Allergy: Sendable {
    let name: String
    /// The answer of the screening that is yes from then on.
    let sets: String
    /// Whether a note has to say to what exactly.
    let namesIt: Bool

    init(_ table: Table, _ catalogue: SourceCatalogue) {
        name = table.string("allergy")
        sets = table.string("sets")
        namesIt = table.bool("names_it", default: false)
        _ = catalogue.sources(of: table)
    }

    /// The word for "it was none".
    static let none = "none"
}

extension Aftercare {
    var resolve: Command {
        Command(
            "resolve", "Closes a reaction, so that sessions are possible again; an urgent one by a physician's word.",
            role: .operator,
            parameters: [
                .required("reaction", .integer(1...Int64.max), "The reaction: see aftercare.reactions."),
                .optional("by", .line(maximum: 100), "Who has judged it; a physician is named as physician."),
                .optional(
                    "physician", .line(maximum: 100),
                    "The physician who has judged it, for example \"Dr. Lee\"; required for what is urgent or more."),
                .optional("judged_on", .date, "The day on which the physician has judged it."),
                .optional(
                    "allergy", .list(.choice(knowledge.allergies.map(\.name) + [Allergy.none])),
                    "What it was an allergy to, or none; required where it can have been one."),
                .optional("note", .text(), "What was found; for an allergy to a product, which one."),
            ],
            reply: [
                ReplyMember("reaction", "the reaction"), ReplyMember("person", "whose it was"),
                ReplyMember("symptom", "what it was"), ReplyMember("state", "resolved"),
                ReplyMember("by", "who has judged it"), ReplyMember("physician", "the physician who has judged it"),
                ReplyMember("judged_on", "when the physician did"),
                ReplyMember("allergy", "what it was an allergy to"),
                ReplyMember("sets", "answers of the screening that are yes from now on"),
                ReplyMember("resolved", "when"), ReplyMember("note", "what was found"),
            ],
            errors: [.notFound, .conflict],
            concerns: .named("reaction"),
            example:
                "aftercare.resolve reaction=3 physician=\"Dr. Lee\" judged_on=2026-11-28 note=\"healed after antibiotics\"",
            .writes(closeReaction))
    }

    @Sendable private func closeReaction(_ request: Request, _ transaction: any Transaction) throws -> Object {
        let arguments = request.arguments
        let id = try arguments.requiredInteger("reaction")
        guard let row = try transaction.row("SELECT * FROM aftercare_reactions WHERE id = ?", id),
            let slug = row.text("person"), let name = row.text("symptom")
        else { throw ModuleError.notFound("reaction", id, next: "aftercare.reactions lists them") }
        if let closed = row.instant("closed_at") {
            throw ModuleError.conflict("reaction \(id) was resolved on \(closed) already", state: "resolved")
        }
        let person = try transaction.person(slug)
        let symptom = knowledge.symptom(named: name)
        // The setting when it was opened counts too: changing the person's plan does not change who may judge.
        let opened = row.text("setting").flatMap(Setting.init)
        if request.actor.role < .practitioner,
            symptom?.needsPractitioner ?? false || opened != .home || person.setting != .home
        {
            throw ModuleError(
                .forbidden, "a practitioner has to judge and resolve this reaction",
                members: ["role": request.actor.role.rawValue, "needs": Role.practitioner.rawValue])
        }
        // A symptom that the practice has since removed from its file, or an action that cannot be read, is urgent.
        let isUrgent = row.text("action").flatMap(Action.init).map { $0 >= .urgent } ?? true
        let physician = try physician(
            arguments, isRequired: isUrgent || symptom?.needsPhysician ?? true, person, row, transaction)
        guard let by = arguments.text("by") ?? physician else {
            throw ModuleError.invalidArgument(
                "by", expected: "who has judged it", got: nil, "name who has judged it with 'by' or 'physician'")
        }
        let allergies = try allergies(arguments, isAsked: symptom?.asksAllergy ?? false)
        let sets = allergies.map(\.sets)
        let names = allergies.map(\.name)
        try transaction.execute(
            """
            UPDATE aftercare_reactions SET closed_at = ?, closed_by = ?, note = ?, physician = ?, judged_on = ?,
            allergy = ? WHERE id = ? AND closed_at IS NULL
            """,
            transaction.now, by, arguments.text("note"), physician, arguments.date("judged_on")?.description,
            names.isEmpty ? nil : names.joined(separator: ","), id)
        let facts: Object = [
            "reaction": id, "person": slug, "symptom": name, "state": "resolved", "by": by, "physician": physician,
            "judged_on": arguments.date("judged_on"), "allergy": names.isEmpty ? nil : names,
            "sets": sets.isEmpty ? nil : sets, "resolved": transaction.now, "note": arguments.text("note"),
        ]
        try transaction.record(Entry("reaction.resolved", subject: "reaction/\(id)", person: slug, body: facts))
        return facts
    }

    /// The physician whose word closes it, with the day of it.
    private func physician(
        _ arguments: Arguments, isRequired: Bool, _ person: Person, _ row: Row, _ reading: any Reading
    ) throws -> String? {
        guard let physician = arguments.text("physician") else {
            if isRequired {
                throw ModuleError.invalidArgument(
                    "physician", expected: "the physician's name", got: nil,
                    "this reaction is closed by a physician's word only: give 'physician' and 'judged_on', at home too")
            }
            return nil
        }
        try person.requirePhysician("physician", physician)
        let zone = reading.zone(of: person)
        let today = zone.date(of: reading.now)
        let first = row.instant("opened_at").map(zone.date(of:)) ?? today
        guard let day = arguments.date("judged_on"), first <= day, day <= today else {
            throw ModuleError.invalidArgument(
                "judged_on", expected: "a day from \(first) to \(today)",
                got: arguments.date("judged_on")?.description,
                "give with 'judged_on' the day on which the physician has judged it: from \(first), when it was reported, to today"
            )
        }
        return physician
    }

    private func allergies(_ arguments: Arguments, isAsked: Bool) throws -> [Allergy] {
        let words = arguments.texts("allergy") ?? []
        let known = knowledge.allergies.map(\.name).joined(separator: ", ")
        if words.isEmpty && isAsked {
            throw ModuleError.invalidArgument(
                "allergy", expected: "\(known) or none", got: nil,
                "this can have been an allergy: say with 'allergy' to what (\(known)), or none")
        }
        if words.contains(Allergy.none) && words.count > 1 {
            throw ModuleError.invalidArgument(
                "allergy", expected: "\(known), or none alone", got: words.joined(separator: ","))
        }
        let found = knowledge.allergies.filter { words.contains($0.name) }
        if let unnamed = found.first(where: \.namesIt), arguments.text("note") == nil {
            throw ModuleError.invalidArgument(
                "note", expected: "which \(unnamed.name) it was", got: nil,
                "name in 'note' the \(unnamed.name) that it was an allergy to")
        }
        return found
    }
}
