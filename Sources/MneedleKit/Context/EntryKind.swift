/// A kind of entry: declared once, and used to record entries and, in reactions, to read them. The module that records an entry
/// and the modules that read it thus share one type for its body.
///
///     extension EntryKind where Body == SessionEntry {
///         public static var sessionStarted: Self { Self("session.started", "A session begins.") }
///     }
public struct EntryKind<Body: EntryBody>: Sendable {
    /// The kind's name in the ledger; also the topic of subscribers.
    public let name: String
    /// The fact that such an entry records, for a person.
    public let summary: String
    /// Whether its entries stand when a reaction to them fails: ``Entry/stands``.
    public let stands: Bool

    /// A kind of the module's own: its name begins with the module's, or with a word that the manifest claims.
    public init(_ name: String, _ summary: String, stands: Bool = false) {
        self.name = name
        self.summary = summary
        self.stands = stands
    }

    /// The body of an entry; `nil` for an entry of another kind.
    /// - Throws: `internal` where a required member is missing.
    public func body(of entry: Entry) throws -> Body? { entry.kind == name ? try Body(entry.body) : nil }
}

/// A declared kind of entries without the type of its body, as a module lists it in ``Module/events``.
public struct AnyEntryKind: Sendable {
    /// The kind's name in the ledger; also the topic of subscribers.
    public let name: String
    /// The fact that such an entry records, for a person.
    public let summary: String
    /// The JSON Schema 2020-12 of the body.
    public let schema: Object

    /// A declared kind.
    public init<Body>(_ kind: EntryKind<Body>) {
        (name, summary, schema) = (kind.name, kind.summary, Body.schema)
    }
}

/// The body of a kind of entries, written by its list of members.
public protocol EntryBody: Reply {
    /// A body as it was recorded.
    /// - Throws: `internal` where a required member is missing.
    init(_ object: Object) throws
}

extension Entry {
    /// An entry of a declared kind.
    public init<Body>(_ kind: EntryKind<Body>, subject: String, person: String? = nil, body: Body) {
        self.init(kind.name, subject: subject, person: person, body: body.object, stands: kind.stands)
    }
}

extension Reaction {
    /// A reaction to a declared kind, which is given the entry's body with its type.
    public init<Body>(
        to kind: EntryKind<Body>, run: @escaping @Sendable (Body, Entry, any Transaction) throws -> Void
    ) {
        self.init(to: kind.name) { entry, _, transaction in try run(Body(entry.body), entry, transaction) }
    }
}
