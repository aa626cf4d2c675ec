/// What a module would tell somebody who asks "what is there to do?": things that run, have to be done or known, are due, come
/// up or expire. What speaks against sessions of a person belongs into a ``StandingCheck``; the host tells that along with it.
public struct Agenda: Sendable {
    /// The subject, for a person.
    public var summary: String
    /// The items about these people, and about what belongs to nobody; empty where there are none.
    public var items: @Sendable (AgendaScope, any Reading) throws -> [AgendaItem]

    /// An agenda, with its subject.
    public init(_ summary: String, items: @escaping @Sendable (AgendaScope, any Reading) throws -> [AgendaItem]) {
        self.summary = summary
        self.items = items
    }
}

/// Whom an agenda is about.
public struct AgendaScope: Sendable {
    /// The people whom the asker sees, or the one who was named.
    public var people: [Person]
    /// Whether one person was named.
    public var isOfOne: Bool
    /// The names of those against whose sessions nothing stands now.
    public var free: Set<String>

    /// A scope of these people.
    public init(people: [Person], isOfOne: Bool, free: Set<String>) {
        (self.people, self.isOfOne, self.free) = (people, isOfOne, free)
    }

    /// Whether things of this owner are asked for; those of nobody always are.
    public func includes(_ owner: String?) -> Bool {
        guard let owner else { return true }
        return people.contains { $0.person == owner }
    }
}

/// One thing on an agenda: a finding with whom or what it is about.
public struct AgendaItem: Sendable {
    /// The urgency, in the order in which an agenda is told.
    public enum Kind: String, CaseIterable, Comparable, ReplyValue, Sendable {
        /// It is the next step of something that is under way.
        case now
        /// It has to be done or known before the next session.
        case open
        /// It may be done now.
        case due
        /// It is under way, as the care after a session.
        case running
        /// It will have to be done anew.
        case expiring
        /// It ends by itself; until then no session.
        case waiting
        /// It comes.
        case upcoming
        /// It forbids sessions, and nothing on record ends it.
        case never

        public static func < (one: Kind, other: Kind) -> Bool {
            let order = allCases
            return order.firstIndex(of: one) ?? 0 < order.firstIndex(of: other) ?? 0
        }
    }

    /// The urgency.
    public var kind: Kind
    /// The person it is about.
    public var person: String?
    /// The device it is about.
    public var device: String?
    /// What is told.
    public var finding: Finding

    /// An item about a person, a device, both or neither.
    public init(_ kind: Kind, person: String? = nil, device: String? = nil, _ finding: Finding) {
        (self.kind, self.person, self.device, self.finding) = (kind, person, device, finding)
    }
}

extension AgendaItem: Reply {
    public static let members: [Member<AgendaItem>] =
        [
            Member(
                "kind",
                "now: the next step of what is under way; open: has to be done or known before the next session; due: may be "
                    + "done now; running; expiring; waiting: ends by itself; upcoming; never: nothing ends it", \.kind),
            Member("person", "whom it is about", \.person), Member("device", "which device it is about", \.device),
        ] + Finding.members.within(\.finding)
}
