/// What a command that changes nothing may do: look at one consistent snapshot of the store,
/// and ask other modules, who answer from the same snapshot.
public protocol Reading: AnyObject {
    /// The time of this call. Use it instead of the clock, so that one call sees one time.
    var now: Instant { get }

    /// Who asks.
    var actor: Actor { get }

    /// Calls `body` with each row, without holding them all. Portable SQL, `?` for values.
    func forEach(_ sql: String, _ values: [SQLValue], _ body: (Row) throws -> Void) throws

    /// Asks a reading command of another module, for example `records.show-person`.
    /// - Throws: What that command throws; `module-failed` when its module is not running.
    func ask(_ verb: String, _ arguments: Object) throws -> Object

    /// Asks a listing of another module and collects its rows.
    func list(_ verb: String, _ arguments: Object) throws -> [Object]

    /// Whether the one who asks sees what is everybody's: always in a practice; in a household only an admin does.
    var seesEverybody: Bool { get }

    /// Whether the one who asks sees what is this person's. The host asks by itself, from what a command says that it
    /// ``Command/concerns``; this is for answers of which only a part is another's.
    func sees(_ person: String) throws -> Bool

    /// The civil time of a place; `nil` for a name that the system does not know.
    func zone(_ identifier: String) -> Zone?

    /// What forbids any session of this person now, or is to be heeded: one question, asked by the gate before a session
    /// and by all advice. A module that should answer and cannot is a blocking finding itself.
    func standing(of person: Person) -> Standing

    /// The person's standing, and the findings of every module's safety checks about this plan. A module that should contribute
    /// and cannot is a blocking finding itself: safety fails closed.
    func safetyFindings(for plan: SessionPlan) -> [Finding]

    /// Which knowledge is in force: the SHA-256 digest over the knowledge files, in lower-case hexadecimal digits.
    var knowledgeDigest: String { get }

    /// The SHA-256 digest of some bytes.
    func digest(_ bytes: [UInt8]) -> [UInt8]

    /// JSON text for a column, from a value.
    func json(_ value: Value) -> String
    /// The value that such a column holds.
    func value(json: String) throws -> Value
}

extension Reading {
    @inlinable
    public func rows<each Column: SQLBindable>(_ sql: String, _ values: repeat each Column) throws -> [Row] {
        var rows: [Row] = []
        try forEach(sql, bindings(repeat each values)) { rows.append($0) }
        return rows
    }

    /// The first row, or `nil` when there is none.
    @inlinable
    public func row<each Column: SQLBindable>(_ sql: String, _ values: repeat each Column) throws -> Row? {
        var first: Row?
        try forEach(sql, bindings(repeat each values)) { if first == nil { first = $0 } }
        return first
    }
}

/// What a command that changes something may do. Everything done through it is one unit: when the
/// command throws, none of it happened; when its reply leaves, all of it is on disk.
public protocol Transaction: Reading {
    /// Runs a statement and returns how many rows it changed.
    @discardableResult
    func execute(_ sql: String, _ values: [SQLValue]) throws -> Int

    /// Runs an `INSERT` and returns the id that the store gave the new row.
    func insert(_ sql: String, _ values: [SQLValue]) throws -> Int64

    /// Appends to the ledger, then runs the modules' reactions to it, in this same transaction. One that throws takes the
    /// entry and all that was done with it back, unless the entry ``Entry/stands``.
    /// - Returns: The entry's sequence number, which is also the event's.
    @discardableResult
    func record(_ entry: Entry) throws -> Int64

    /// Tells live subscribers, after the commit, something that is not kept, for example `telemetry.sample`. Whom it
    /// concerns stands in its member `person`; without that it is for those who see everybody.
    func publishLive(topic: String, _ body: Object)

    /// Asks a changing command of another module, in this transaction and for the same actor.
    @discardableResult
    func change(_ verb: String, _ arguments: Object) throws -> Object
}

extension Transaction {
    @discardableResult @inlinable
    public func execute<each Column: SQLBindable>(_ sql: String, _ values: repeat each Column) throws -> Int {
        try execute(sql, bindings(repeat each values))
    }

    @inlinable
    public func insert<each Column: SQLBindable>(_ sql: String, _ values: repeat each Column) throws -> Int64 {
        try insert(sql, bindings(repeat each values))
    }
}

/// One fact for the ledger, and the event that subscribers receive.
public struct Entry: Sendable {
    /// What happened, and the event's topic: `session.finished`.
    public var kind: String
    /// What it happened to: `session/17`, `person/anna`.
    public var subject: String
    /// Whom it concerns, where it concerns a person.
    public var person: String?
    /// The facts themselves, complete without the rest of the entry.
    public var body: Object
    /// Whether it stands when a reaction to it fails: what it says has happened in any case, or makes something safer. The
    /// reaction is then tried again until it succeeds; meanwhile no session starts if its module makes safety checks.
    public var stands: Bool

    public init(_ kind: String, subject: String, person: String? = nil, body: Object = [:], stands: Bool = false) {
        self.kind = kind
        self.subject = subject
        self.person = person
        self.body = body
        self.stands = stands
    }
}
