/// The state of a reaction.
public enum ReactionState: String, CaseIterable, ReplyValue { case open, resolved }

/// The body of `reaction.opened`: a symptom that forbids sessions until somebody has judged it.
public struct ReactionOpened: Hashable, Sendable {
    /// The reaction's number.
    public var reaction: Int64
    /// The person who has the reaction.
    public var person: String
    /// The symptom that was reported.
    public var symptom: String
    /// The action to take: a word of `aftercare.report`.
    public var action: String
    /// The session that the reaction follows, if any.
    public var session: Int64?
    /// The answers of the screening that are yes from now on.
    public var sets: [String]

    /// A reaction that was just opened.
    public init(
        reaction: Int64, person: String, symptom: String, action: String, session: Int64? = nil, sets: [String] = []
    ) {
        self.reaction = reaction
        self.person = person
        self.symptom = symptom
        self.action = action
        self.session = session
        self.sets = sets
    }
}

extension ReactionOpened: EntryBody {
    public static let members: [Member<ReactionOpened>] = [
        Member("reaction", "its number", \.reaction), Member("person", "whose it is", \.person),
        Member("symptom", "what was reported", \.symptom), Member("action", "what to do", \.action),
        Member("session", "the session that it follows", \.session),
        Member("sets", "answers of the screening that are yes from now on") { $0.sets.isEmpty ? nil : $0.sets },
    ]

    public init(_ object: Object) throws {
        guard let reaction = object.integer("reaction"), let person = object.string("person"),
            let symptom = object.string("symptom"), let action = object.string("action")
        else { throw ModuleError.internal("what is told of a reaction lacks reaction, person, symptom or action") }
        self.init(
            reaction: reaction, person: person, symptom: symptom, action: action, session: object.integer("session"),
            sets: object.strings("sets"))
    }
}

/// The body of `reaction.resolved`, and the reply of `aftercare.resolve`.
public struct ReactionResolved: Hashable, Sendable {
    /// The reaction's number.
    public var reaction: Int64
    /// The person who has the reaction.
    public var person: String
    /// The symptom that was reported.
    public var symptom: String
    /// The name of the one who has judged the reaction.
    public var by: String
    /// The physician who has judged the reaction, where one had to.
    public var physician: String?
    /// The day of the physician's judgement.
    public var judgedOn: CivilDate?
    /// The allergens, where the reaction was an allergy.
    public var allergies: [String]
    /// The answers of the screening that are yes from now on.
    public var sets: [String]
    /// The time at which the judgement was recorded.
    public var resolved: Instant
    /// A note on the judgement.
    public var note: String?

    /// A reaction with how it was judged.
    public init(
        reaction: Int64, person: String, symptom: String, by: String, physician: String? = nil,
        judgedOn: CivilDate? = nil, allergies: [String] = [], sets: [String] = [], resolved: Instant,
        note: String? = nil
    ) {
        self.reaction = reaction
        self.person = person
        self.symptom = symptom
        self.by = by
        self.physician = physician
        self.judgedOn = judgedOn
        self.allergies = allergies
        self.sets = sets
        self.resolved = resolved
        self.note = note
    }
}

extension ReactionResolved: EntryBody {
    public static let members: [Member<ReactionResolved>] = [
        Member("reaction", "the reaction", \.reaction), Member("person", "whose it was", \.person),
        Member("symptom", "what it was", \.symptom), Member("state", "resolved") { _ in ReactionState.resolved },
        Member("by", "who has judged it", \.by),
        Member("physician", "the physician who has judged it", \.physician),
        Member("judged_on", "when the physician did", \.judgedOn),
        Member("allergy", "what it was an allergy to") { $0.allergies.isEmpty ? nil : $0.allergies },
        Member("sets", "answers of the screening that are yes from now on") { $0.sets.isEmpty ? nil : $0.sets },
        Member("resolved", "when", \.resolved), Member("note", "what was found", \.note),
    ]

    public init(_ object: Object) throws {
        guard let reaction = object.integer("reaction"), let person = object.string("person"),
            let symptom = object.string("symptom"), let by = object.string("by"),
            let resolved = object.instant("resolved")
        else {
            throw ModuleError.internal("what is told of a reaction lacks reaction, person, symptom, by or resolved")
        }
        self.init(
            reaction: reaction, person: person, symptom: symptom, by: by, physician: object.string("physician"),
            judgedOn: object.date("judged_on"), allergies: object.strings("allergy"), sets: object.strings("sets"),
            resolved: resolved, note: object.string("note"))
    }
}

extension EntryKind where Body == ReactionOpened {
    /// A reaction was opened. The entry stands although a reaction to it fails: the symptom is there in any case.
    public static var reactionOpened: Self {
        Self("reaction.opened", "A symptom forbids sessions until somebody has judged it.", stands: true)
    }
}

extension EntryKind where Body == ReactionResolved {
    /// A reaction was resolved, and forbids nothing from then on.
    public static var reactionResolved: Self { Self("reaction.resolved", "Somebody has judged a reaction.") }
}
