import GRDB
import GRDBSQLite
import MneedleKit

/// The connection that writes. A group is acknowledged only while the paths still name the open files.
final class SQLiteWriter: SQLiteConnection, WritingConnection {
    private let store: SQLiteStore

    init(_ database: Database, _ store: SQLiteStore) {
        self.store = store
        super.init(database, store.statements, store.permissions, store.sums)
    }

    private func run(_ sql: String) throws { try statements.entry(sql, database).statement.run() }

    override func renew() {}

    // MARK: Groups

    func begin() throws {
        if store.isLost { throw SQLiteWriter.gone("what was written last went into a file that is gone") }
        if let fault = store.connections.fault { throw fault }
        switch store.files.fault(untouched: true) {
        case .gone(let fault):
            rescue()
            throw SQLiteWriter.gone(fault)
        case .unknown(let fault): throw StoreError(.failing, fault)
        case nil: break
        }
        do { try run("BEGIN IMMEDIATE") } catch {
            store.files.note()
            throw error
        }
    }

    func commit() throws {
        try StoreError.mapping { try sums.write(database) }
        defer { sums.end() }
        do { try run("COMMIT") } catch var error as StoreError where error.isOfSync {
            error.mayStand = !isWrittenOver()
            throw error
        }
        store.bringInLog(database)
        // A commit into a file that nobody will find again is not on disk, even if SQLite says so.
        var error: StoreError
        switch store.files.fault(untouched: false) {
        case nil: return
        case .gone(let fault):
            rescue()
            store.isLost = true
            error = SQLiteWriter.gone(fault)
        case .unknown(let fault):
            store.files.note()
            error = StoreError(
                .lost, "\(fault); ask what stands, or ask again with the same idempotency_key", detail: fault)
        }
        error.mayStand = true
        throw error
    }

    /// Writes a group that changes nothing over one whose sync failed. The log has all of that one, and whoever reads the log after
    /// the process has ended takes it for committed.
    private func isWrittenOver() -> Bool {
        rollback()
        do {
            try run("BEGIN IMMEDIATE")
            // This writes a page though the number is the same; an UPDATE that changes nothing would write none.
            try run("PRAGMA user_version = 0")
            try run("COMMIT")
            store.files.note()
            return true
        } catch {
            rollback()
            return false
        }
    }

    func rollback() {
        // After some errors (disk full) SQLite has rolled back everything itself.
        if isInTransaction { try? run("ROLLBACK") }
        sums.end()
        store.files.note()
    }

    var isInTransaction: Bool { sqlite3_get_autocommit(database.sqliteConnection) == 0 }

    /// SQLite takes back the failed statement, or the whole group.
    var isBroken: Bool { false }

    func shielded<T>(_ body: () throws -> T) throws -> T { try body() }

    func set(_ savepoint: Savepoint) throws {
        try run("SAVEPOINT \(savepoint.rawValue)")
        sums.set(savepoint)
    }

    func release(_ savepoint: Savepoint) throws {
        try run("RELEASE \(savepoint.rawValue)")
        sums.release(savepoint)
    }

    func rollBack(to savepoint: Savepoint) throws {
        try run("ROLLBACK TO \(savepoint.rawValue)")
        sums.rollBack(to: savepoint)
        try release(savepoint)
    }

    /// Brings changes that only a nameless log has into the database. That log is not the store's any more: a start makes a new
    /// one.
    private func rescue() {
        guard store.files.canRescue else { return }
        store.isLost = true
        _ = try? database.checkpoint(.full)
        store.files.note()
    }

    private static func gone(_ fault: String) -> StoreError {
        StoreError(
            .lost,
            "the store's file is gone: \(fault). Nothing is taken in any more, so that nothing is lost: stop the service, put"
                + " the file back or restore a copy, start it again", detail: fault)
    }

    // MARK: Statements

    func run(_ sql: String, _ values: [SQLValue], of module: String) throws -> Int {
        try change(sql, values, of: module).changes
    }

    func run(_ sql: String, _ give: (any StatementValues) throws -> Void) throws {
        let statement = try statements.entry(sql, database).statement
        try give(SQLStatementValues(statement))
        let mark = sums.mark
        do { try statement.run() } catch {
            sums.takeBack(to: mark)
            throw error
        }
    }

    func insert(_ sql: String, _ values: [SQLValue], of module: String) throws -> Int64 {
        try change(sql, values, of: module).insertedID
    }

    private func change(_ sql: String, _ values: [SQLValue], of module: String) throws -> SQLStatement {
        let statement = try entry(sql, of: module).statement
        try statement.bind(values)
        // SQLite takes back what a failed statement has done, after it has told it.
        let mark = sums.mark
        do { try statement.run() } catch {
            sums.takeBack(to: mark)
            throw error
        }
        return statement
    }

    func execute(_ sql: String) throws {
        permissions.forget()
        try StoreError.mapping { try database.execute(sql: sql) }
    }

    func rehearse(_ statements: [String], of module: String) throws {
        try permissions.rehearse(statements, of: module, database)
    }
}
