import MneedleKit

/// The database in which everything is kept, with one connection that writes, and snapshots beside it.
///
/// The service's use of it stands in this folder and names no database; the code for one database stands in a folder of
/// `Store/`. Every error is a ``StoreError``, except those that a body throws.
package protocol Store: AnyObject, Sendable {
    /// The database's own form of the changes that migrations declare.
    var dialect: Dialect { get }

    /// The place of the store, for people.
    var place: String { get }

    /// Runs `body` on a snapshot: nothing that is committed meanwhile shows in it.
    /// - Parameter control: Ends the statement that runs when it is stopped.
    func read<T>(_ control: ReadControl?, _ body: (any StoreConnection) throws -> T) throws -> T

    /// Runs `body` on the connection that writes; one at a time, in the order in which they come.
    func write<T>(_ body: (any WritingConnection) throws -> T) throws -> T

    /// Keeps a sum over the rows of each table from now on, by which ``StoreConnection/isWhole(_:)`` finds those that somebody else
    /// has changed.
    /// - Parameter anew: Takes the rows that are there for right.
    func keepSums(_ key: [UInt8], anew: Bool) throws

    /// The size of the store in bytes, its log included.
    var bytes: Int64 { get }

    /// The size of its log in bytes, which grows while somebody reads an older state; 0 where there is no log.
    var logBytes: Int64 { get }

    /// Empties the log. Readers of older states hold that up: it waits for them for a moment.
    /// - Returns: Whether it is empty now.
    func emptyLog() throws -> Bool

    /// The error of a start that cannot use the store: it names the store's place and says what has to be put right.
    func unusable(_ error: StoreError) -> ModuleError

    /// Writes everything to its place and closes. Nothing uses the store any more.
    func close() throws
}

/// A connection of a store, valid within a body of ``Store/read(_:_:)`` or ``Store/write(_:)``.
package protocol StoreConnection: AnyObject {
    /// Calls `body` with each row of a statement, without holding them all.
    ///
    /// A statement is portable SQL with `?` for values. A module's statement touches that module's tables alone, and
    /// ``PortableSQL`` lets it pass: a store checks both before it runs a statement for the first time.
    /// - Throws: `internal` for a statement that the module may not run.
    func forEach(_ sql: String, _ values: [SQLValue], of module: String, _ body: (Row) throws -> Void) throws

    /// Lets go of the snapshot and takes the newest, so that a long read in pieces keeps no log from being emptied. Does nothing
    /// on a connection that writes.
    func renew() throws

    /// The faults of the rows that its statements gave.
    var faults: RowFaults { get }

    /// Whether there is such a table.
    func hasTable(_ name: String) throws -> Bool

    /// Searches the whole database for damage; ends early when the read is stopped.
    /// - Returns: The first fault, in words; `nil` for none.
    func findDamage() throws -> String?

    /// The tables over whose rows a sum is kept; none before ``Store/keepSums(_:anew:)``.
    func summedTables() throws -> [String]

    /// Whether the rows of a table are those that the service wrote.
    func isWhole(_ table: String) throws -> Bool

    /// Copies everything that this connection sees into an empty file, and looks at the copy.
    func copy<T>(to path: String, _ look: (any StoreConnection) throws -> T) throws -> T
}

/// The connection of a store that writes: groups of changes, each with one commit.
package protocol WritingConnection: StoreConnection {
    /// Begins a group. Nobody else writes until it ends.
    /// - Throws: `lost` when committed data may not be found again. The next group may find it again.
    func begin() throws

    /// Commits the group, on disk when this returns.
    /// - Throws: An error that ``StoreError/mayStand`` when nobody knows whether the commit stands; any other when nothing of it
    ///   does.
    func commit() throws

    /// Ends a group and keeps nothing of it; does nothing where the database has ended it already.
    func rollback()

    /// Whether a group is open. A database may end one itself, and keep nothing of it, when a statement fails.
    var isInTransaction: Bool { get }

    /// Whether a statement has failed after which this group can only be taken back, to a savepoint or whole. `false` for
    /// databases that take back a failed statement and go on.
    var isBroken: Bool { get }

    /// Runs `body`. When a statement in it fails and would break the group, the group is left as it was before.
    func shielded<T>(_ body: () throws -> T) throws -> T

    /// Marks the place that ``rollBack(to:)`` goes back to. Of two with one name the later one counts.
    func set(_ savepoint: Savepoint) throws

    /// Forgets a savepoint and keeps the changes after it.
    func release(_ savepoint: Savepoint) throws

    /// Takes back the changes after a savepoint, and forgets it.
    func rollBack(to savepoint: Savepoint) throws

    /// Runs a statement that changes rows.
    /// - Returns: The number of rows that it changed.
    func run(_ sql: String, _ values: [SQLValue], of module: String) throws -> Int

    /// Runs a statement of the host that changes rows. `give` gives the value of each `?`, one after the other: they are
    /// not gathered first, which counts where every change does it.
    func run(_ sql: String, _ give: (any StatementValues) throws -> Void) throws

    /// Runs an `INSERT` of one row into a table that has a column of kind `id`.
    /// - Returns: The number that the store gave the row.
    func insert(_ sql: String, _ values: [SQLValue], of module: String) throws -> Int64

    /// Runs one statement of the host as it is; the only kind that may change the schema.
    func execute(_ sql: String) throws

    /// Tries the statements of a step of a module's schema where there is no data.
    /// - Throws: `internal` for a statement that touches another's tables, or that cannot be run.
    func rehearse(_ statements: [String], of module: String) throws
}

/// The values of a statement, given one after the other.
package protocol StatementValues: AnyObject {
    func give(_ number: Int64) throws
    func give(_ text: String) throws
    /// Gives a text by its bytes in UTF-8.
    func give(text: [UInt8]) throws
    func give(bytes: [UInt8]) throws
    func giveNull() throws
}

/// The places in a group to which its changes can be taken back.
package enum Savepoint: String, Sendable {
    /// The place before a job of the group.
    case request
    /// The place before a module's reaction to an entry that stands.
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
    /// Runs a step of the service's start; a store that fails meanwhile says itself what has to be put right.
    package func starting<T>(_ body: () throws -> T) throws -> T {
        do { return try body() } catch let error as StoreError { throw unusable(error) }
    }

    /// Runs statements as they are, in one group: for tests that need a store as another program left it.
    package func execute(_ statements: [String]) throws {
        try write { connection in
            try connection.group { for sql in statements { try connection.execute(sql) } }
        }
    }
}
