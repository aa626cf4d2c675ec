/// The body of `person.changed`.
public struct PersonChange: Hashable, Sendable {
    /// The record as it was.
    public var before: Person
    /// The record as it is from now on.
    public var after: Person
    /// The reason, where a fact that safety rests on was corrected.
    public var reason: String?

    /// A record as it was and as it is.
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

/// The body of `twin.device-decided`, and the reply of `records.decide-device-twin`.
public struct DeviceDecision: Hashable, Sendable {
    /// The name of one record.
    public var device: String
    /// The name of the other record.
    public var twin: String
    /// Whether the records are one device.
    public var isSame: Bool
    /// The reason for the decision.
    public var reason: String
    /// The unix user who decided.
    public var by: String
    /// The time of the decision.
    public var at: Instant

    /// A decision on two records.
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
    /// A person's record was changed; the entry is recorded after the change, in its transaction.
    public static var personChanged: Self { Self("person.changed", "A person's record was changed.") }
}

extension EntryKind where Body == DeviceDecision {
    /// Two records were decided to be one device or two; from then on they count together or apart.
    public static var deviceDecided: Self {
        Self("twin.device-decided", "It was decided whether two records are one device.")
    }
}
