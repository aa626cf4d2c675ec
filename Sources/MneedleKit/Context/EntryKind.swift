/// A kind of entry: declared once, recorded through it, and read through it by whoever reacts. So what stands in the body of an
/// entry is known to whoever records it and to whoever reads it by one type.
///
///     extension EntryKind where Body == SessionEntry {
///         public static var sessionStarted: Self { Self("session.started", "A session begins.") }
///     }
public struct EntryKind<Body: EntryBody>: Sendable {
    /// As it stands in the ledger; also the topic of subscribers.
    public let name: String
    /// What has happened then, for a person.
    public let summary: String
    /// Whether its entries stand when a reaction to them fails: ``Entry/stands``.
    public let stands: Bool

    /// A kind of a module's own: its name begins with the module's, or with a word that the manifest claims.
    public init(_ name: String, _ summary: String, stands: Bool = false) {
        self.name = name
        self.summary = summary
        self.stands = stands
    }

    /// What an entry says; `nil` for one of another kind.
    /// - Throws: `internal` where something that always stands there is missing.
    public func body(of entry: Entry) throws -> Body? { entry.kind == name ? try Body(entry.body) : nil }
}

/// What stands in the body of a kind of entries, written by its list of members.
public protocol EntryBody: Reply {
    /// As it was recorded.
    /// - Throws: `internal` where something that always stands there is missing.
    init(_ object: Object) throws
}

extension Entry {
    /// One of a declared kind.
    public init<Body>(_ kind: EntryKind<Body>, subject: String, person: String? = nil, body: Body) {
        self.init(kind.name, subject: subject, person: person, body: body.object, stands: kind.stands)
    }
}

extension Reaction {
    /// A reaction to a declared kind, which is given what the entry says as what it is.
    public init<Body>(
        to kind: EntryKind<Body>, run: @escaping @Sendable (Body, Entry, any Transaction) throws -> Void
    ) {
        self.init(to: kind.name) { entry, _, transaction in try run(Body(entry.body), entry, transaction) }
    }
}
