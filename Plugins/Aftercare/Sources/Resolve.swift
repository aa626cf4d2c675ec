import MneedleKit

/// Something that a reaction may turn out to have been an allergy to.
struct Allergy: Sendable {
    let name: String
    /// The question of the screening whose answer is yes from then on.
    let sets: String
    /// Whether a note has to name the exact substance or product.
    let namesIt: Bool

    init(_ table: Table) {
        name = table.string("allergy")
        sets = table.string("sets")
        namesIt = table.bool("names_it", default: false)
        table.requireSources()
    }

    /// The word that says that the reaction was no allergy.
    static let none = "none"
}

/// The judgement of a reaction, as the request gives it.
private struct ReactionJudgement: Sendable {
    var by: String?
    var physician: String?
    var judgedOn: CivilDate?
    var allergy: [String]?
    var note: String?
}

extension Aftercare {
    private static let reaction = Parameter.required("reaction", .id, "The reaction: see aftercare.reactions.")
    private static let by = Parameter.optional(
        "by", .line(maximum: 100), "Who has judged it; a physician is named as physician.")
    private static let physician = Parameter.optional(
        "physician", .line(maximum: 100),
        "The physician who has judged it, for example \"Dr. Lee\"; required for what is urgent or more.")
    private static let judgedOn = Parameter.optional(
        "judged_on", .date, "The day on which the physician has judged it.")
    private static let note = Parameter.optional(
        "note", .text(), "What was found; for an allergy to a product, which one.")

    private var allergy: Parameter<[String]?> {
        .optional(
            "allergy", .list(.choice(knowledge.allergies.map(\.name) + [Allergy.none])),
            "What it was an allergy to, or none; required where it can have been one.")
    }

    private var judgement: Parameter<ReactionJudgement> {
        .group(
            Aftercare.by, Aftercare.physician, Aftercare.judgedOn, allergy, Aftercare.note, as: ReactionJudgement.init)
    }

    var resolve: Command {
        Command(
            "resolve", "Closes a reaction, so that sessions are possible again; an urgent one by a physician's word.",
            role: .operator, takes: Aftercare.reaction, judgement, gives: ReactionResolved.self,
            errors: [.notFound, .conflict], concerns: .named("reaction"),
            example:
                "aftercare.resolve reaction=3 physician=\"Dr. Lee\" judged_on=2026-11-28 note=\"healed after antibiotics\"",
            writes: { transaction, id, judgement in try close(id, judgement, transaction) })
    }

    private func close(_ id: Int64, _ judgement: ReactionJudgement, _ transaction: any Transaction) throws
        -> ReactionResolved
    {
        guard let row = try transaction.store.row("SELECT * FROM aftercare_reactions WHERE id = ?", id) else {
            throw ModuleError.notFound("reaction", id, next: "aftercare.reactions lists them")
        }
        let reaction = try StoredReaction(row)
        if let closed = reaction.resolved {
            throw ModuleError.conflict(
                "reaction \(id) was resolved on \(closed) already", state: ReactionState.resolved.rawValue)
        }
        let person = try transaction.person(reaction.person)
        // A reaction whose symptom the practice has since removed from its file is closed by a physician's word.
        let symptom = knowledge.symptom(named: reaction.symptom)
        try requireRole(symptom, reaction, person, transaction.actor)
        let physician = try physician(
            judgement, isRequired: reaction.action >= .urgent || symptom?.needsPhysician ?? true, person, reaction,
            transaction)
        guard let by = judgement.by ?? physician else {
            let name = Aftercare.by.name
            throw ModuleError.invalidArgument(
                name, expected: "who has judged it", got: nil,
                "name who has judged it with '\(name)' or '\(Aftercare.physician.name)'")
        }
        let allergies = try allergies(judgement, isAsked: symptom?.asksAllergy ?? false)
        let resolution = ReactionResolved(
            reaction: id, person: reaction.person, symptom: reaction.symptom, by: by, physician: physician,
            judgedOn: judgement.judgedOn, allergies: allergies.map(\.name), sets: allergies.map(\.sets),
            resolved: transaction.now, note: judgement.note)
        try transaction.store.execute(
            """
            UPDATE aftercare_reactions SET closed_at = ?, closed_by = ?, note = ?, physician = ?, judged_on = ?,
            allergy = ? WHERE id = ? AND closed_at IS NULL
            """,
            resolution.resolved, by, resolution.note, physician, resolution.judgedOn,
            allergies.isEmpty ? nil : resolution.allergies.joined(separator: ","), id)
        try transaction.record(
            Entry(
                .reactionResolved, subject: "reaction/\(id)", person: resolution.person, body: resolution))
        return resolution
    }

    /// Requires a role that may judge the reaction. The setting at its opening counts too, so that changing the person's
    /// setting does not change who may judge.
    private func requireRole(
        _ symptom: Symptom?, _ reaction: StoredReaction, _ person: Person, _ actor: Actor
    ) throws {
        let isAtHome = reaction.setting == .home && person.setting == .home
        let needsPractitioner = symptom?.needsPractitioner ?? false || !isAtHome
        guard needsPractitioner, actor.role < .practitioner else { return }
        throw ModuleError(
            .forbidden, "a practitioner has to judge and resolve this reaction",
            members: ["role": actor.role.rawValue, "needs": Role.practitioner.rawValue])
    }

    /// The physician whose word closes the reaction, with the day of the judgement.
    private func physician(
        _ judgement: ReactionJudgement, isRequired: Bool, _ person: Person, _ reaction: StoredReaction,
        _ reading: any Reading
    ) throws -> String? {
        let (name, day) = (Aftercare.physician.name, Aftercare.judgedOn.name)
        guard let physician = judgement.physician else {
            if isRequired {
                throw ModuleError.invalidArgument(
                    name, expected: "the physician's name", got: nil,
                    "this reaction is closed by a physician's word only: give '\(name)' and '\(day)', at home too")
            }
            return nil
        }
        try person.requirePhysician(name, physician)
        let zone = reading.zone(of: person)
        let (first, today) = (zone.date(of: reaction.opened), zone.date(of: reading.now))
        guard let judged = judgement.judgedOn, first <= judged, judged <= today else {
            throw ModuleError.invalidArgument(
                day, expected: "a day from \(first) to \(today)", got: judgement.judgedOn?.description,
                "give with '\(day)' the day on which the physician has judged it: from \(first), when it was reported, to today"
            )
        }
        return physician
    }

    private func allergies(_ judgement: ReactionJudgement, isAsked: Bool) throws -> [Allergy] {
        let words = judgement.allergy ?? []
        let known = knowledge.allergies.map(\.name).joined(separator: ", ")
        if words.isEmpty && isAsked {
            throw ModuleError.invalidArgument(
                allergy.name, expected: "\(known) or none", got: nil,
                "this can have been an allergy: say with '\(allergy.name)' to what (\(known)), or none")
        }
        if words.contains(Allergy.none) && words.count > 1 {
            throw ModuleError.invalidArgument(
                allergy.name, expected: "\(known), or none alone", got: words.joined(separator: ","))
        }
        let found = knowledge.allergies.filter { words.contains($0.name) }
        if let unnamed = found.first(where: \.namesIt), judgement.note == nil {
            let note = Aftercare.note.name
            throw ModuleError.invalidArgument(
                note, expected: "which \(unnamed.name) it was", got: nil,
                "name in '\(note)' the \(unnamed.name) that it was an allergy to")
        }
        return found
    }
}
