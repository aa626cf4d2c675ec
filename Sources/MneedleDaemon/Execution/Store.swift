import MneedleKit

/// Where everything is kept: a database with one connection that writes, and snapshots beside it.
///
/// What the service does with it stands in this folder and names no database; what a database does in its own way stands
/// in a folder of `Store/`. Every error is a ``StoreError``, but for those that a body throws.
package protocol Store: AnyObject, Sendable {
    /// How the database says what migrations declare.
    var dialect: Dialect { get }

    /// Where it is, for people.
    var place: String { get }

    /// Runs `body` on a snapshot: nothing that is committed meanwhile shows in it.
    /// - Parameter control: Ends the statement that runs when it is stopped.
    func read<T>(_ control: ReadControl?, _ body: (any StoreConnection) throws -> T) throws -> T

    /// Runs `body` on the connection that writes; one at a time, in the order in which they come.
    func write<T>(_ body: (any WritingConnection) throws -> T) throws -> T

    /// How many bytes it takes, its log included.
    var bytes: Int64 { get }

    /// How many bytes its log takes, which grows while somebody reads what was before; 0 where there is none.
    var logBytes: Int64 { get }

    /// The error that a start ends with which cannot use it: says where the store is and what has to be put right.
    func unusable(_ error: StoreError) -> ModuleError

    /// Brings everything to its place and closes. Nothing runs on it any more.
    func close() throws
}

/// A connection of a store, for as long as a body of ``Store/read(_:_:)`` or ``Store/write(_:)`` has it.
package protocol StoreConnection: AnyObject {
    /// Calls `body` with each row of a statement, without holding them all.
    ///
    /// A statement is portable SQL with `?` for values. One of a module touches that module's tables alone, and
    /// ``PortableSQL`` lets it pass: a store finds out both before it runs a statement for the first time.
    /// - Throws: `internal` for a statement that the module may not run.
    func forEach(_ sql: String, _ values: [SQLValue], of module: String, _ body: (Row) throws -> Void) throws

    /// What was wrong with the rows that its statements gave.
    var faults: RowFaults { get }

    /// Whether there is such a table.
    func hasTable(_ name: String) throws -> Bool

    /// Looks at everything for damage; ends early when the read is stopped.
    /// - Returns: The first fault, in words; `nil` for none.
    func findDamage() throws -> String?

    /// Copies everything that this connection sees into an empty file, and looks at the copy.
    func copy<T>(to path: String, _ look: (any StoreConnection) throws -> T) throws -> T
}

/// The connection of a store that writes: groups of changes, each with one commit.
package protocol WritingConnection: StoreConnection {
    /// Begins a group. Nobody else writes until it ends.
    /// - Throws: `lost` when what was committed before may not be found again. The next group may find it again.
    func begin() throws

    /// Commits the group, on disk when this returns.
    /// - Throws: `lost` when it is not known whether it stands; any other error when nothing of it does.
    func commit() throws

    /// Ends a group without keeping anything of it; does nothing where the database has ended it already.
    func rollback()

    /// Whether a group is open. A database may end one itself, and keep nothing of it, when a statement fails.
    var isInTransaction: Bool { get }

    /// Whether a statement has failed after which this group can only be taken back, to a savepoint or whole. Some
    /// databases take back a statement that fails and go on; there it is never so.
    var isBroken: Bool { get }

    /// Runs `body`, and leaves the group as it was before when a statement in it fails and the group would be broken.
    func shielded<T>(_ body: () throws -> T) throws -> T

    /// Marks where ``rollBack(to:)`` goes back to. Of two with one name the later one counts.
    func set(_ savepoint: Savepoint) throws

    /// Forgets a savepoint and keeps what came after it.
    func release(_ savepoint: Savepoint) throws

    /// Takes back what came after a savepoint, and forgets it.
    func rollBack(to savepoint: Savepoint) throws

    /// Runs a statement that changes rows.
    /// - Returns: How many rows it changed.
    func run(_ sql: String, _ values: [SQLValue], of module: String) throws -> Int

    /// Runs an `INSERT` of one row into a table that has a column of kind `id`.
    /// - Returns: The number that the store gave the row.
    func insert(_ sql: String, _ values: [SQLValue], of module: String) throws -> Int64

    /// Runs a statement of the host's as it is, for once; the only one that may change the schema.
    func execute(_ sql: String) throws

    /// Tries the statements of a step of a module's schema where there is no data.
    /// - Throws: `internal` for one that touches another's tables, or that cannot be run.
    func rehearse(_ statements: [String], of module: String) throws
}

/// The places in a group that can be gone back to.
package enum Savepoint: String, Sendable {
    /// Before a job of the group.
    case request
    /// Before a module's reaction to an entry that stands.
    case reaction
}

extension StoreConnection {
    /// The first row of one of the host's own statements.
    func first(_ sql: String, _ values: SQLValue...) throws -> Row? {
        var first: Row?
        try forEach(sql, values, of: Verb.host) { if first == nil { first = $0 } }
        return first
    }
}

extension WritingConnection {
    /// Runs `body` as a group of its own.
    func group<T>(_ body: () throws -> T) throws -> T {
        try begin()
        do {
            let result = try body()
            try commit()
            return result
        } catch {
            rollback()
            throw error
        }
    }
}

extension Store {
    /// Runs statements as they are, in one group: for tests that need a store as something else left it.
    package func execute(_ statements: [String]) throws {
        try write { connection in
            try connection.group { for sql in statements { try connection.execute(sql) } }
        }
    }
}
