/// What `person.changed` says.
public struct PersonChange: Hashable, Sendable {
    /// As it was.
    public var before: Person
    /// As it is from now on.
    public var after: Person
    /// Why, where something was corrected on which safety rests.
    public var reason: String?

    public init(before: Person, after: Person, reason: String? = nil) {
        self.before = before
        self.after = after
        self.reason = reason
    }
}

extension PersonChange: EntryBody {
    public static let members: [Member<PersonChange>] = [
        Member("person", "whose record", \.after.person), Member("before", "as it was", \.before),
        Member("after", "as it is from now on", \.after), Member("reason", "why it was wrong", \.reason),
    ]

    public init(_ object: Object) throws {
        guard let before = object.object("before"), let after = object.object("after") else {
            throw ModuleError.internal("a change of a person's record lacks before or after")
        }
        self.init(before: try Person(before), after: try Person(after), reason: object.string("reason"))
    }
}

/// What `twin.device-decided` says, and `records.decide-device-twin` answers.
public struct DeviceDecision: Hashable, Sendable {
    /// One record.
    public var device: String
    /// The other.
    public var twin: String
    /// Whether they are one device.
    public var isSame: Bool
    /// How that is known.
    public var reason: String
    /// Who decided it.
    public var by: String
    public var at: Instant

    public init(device: String, twin: String, isSame: Bool, reason: String, by: String, at: Instant) {
        self.device = device
        self.twin = twin
        self.isSame = isSame
        self.reason = reason
        self.by = by
        self.at = at
    }
}

extension DeviceDecision: EntryBody {
    public static let members: [Member<DeviceDecision>] = [
        Member("device", "one record", \.device), Member("twin", "the other", \.twin),
        Member("same", "whether they are one", \.isSame), Member("reason", "how that is known", \.reason),
        Member("by", "who decided it", \.by), Member("at", "when", \.at),
    ]

    public init(_ object: Object) throws {
        guard let device = object.string("device"), let twin = object.string("twin"),
            let isSame = object.bool("same"), let reason = object.string("reason"), let by = object.string("by"),
            let at = object.instant("at")
        else { throw ModuleError.internal("a decision on two devices lacks device, twin, same, reason, by or at") }
        self.init(device: device, twin: twin, isSame: isSame, reason: reason, by: by, at: at)
    }
}

extension EntryKind where Body == PersonChange {
    public static var personChanged: Self { Self("person.changed", "A person's record was changed.") }
}

extension EntryKind where Body == DeviceDecision {
    public static var deviceDecided: Self {
        Self("twin.device-decided", "It was decided whether two records are one device.")
    }
}
