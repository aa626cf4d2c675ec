import CMneedleSQLite
import Foundation
import GRDB
import GRDBSQLite
import MneedleKit

/// The embedded store: one SQLite file in WAL mode, synced at every commit.
///
/// One connection writes, others read snapshots beside it. Nothing outside this folder names GRDB or SQLite.
// Sendable: `statements`, `files` and `isLost` are touched in `init` and by the writing connection only, whose use GRDB
// serialises.
final class SQLiteStore: Store, @unchecked Sendable {
    static let fileName = "mneedle.sqlite"
    /// The endings of the files' names: the database, its log, the log's index, the journal of a database without a log.
    static let fileEnds = ["", "-wal", "-shm", "-journal"]

    /// The time to wait for another program's lock, in seconds.
    private static let busyTimeout: Int32 = 5
    /// The time to wait for reads to end when the log is to be emptied, in milliseconds. Changes wait as long.
    private static let emptyingTimeout: Int32 = 300

    let connections: SQLiteConnections
    let permissions = Permissions()
    let sums = TableSums()
    /// The path of the database.
    let place: String
    let dialect = Dialect.sqlite
    /// The writing connection's statements.
    let statements = StatementCache()
    /// The log as the last commit left it.
    private let log = Log()
    /// From how many pages of log they are brought into the database.
    private let logPages: Int32
    let files: StoreFiles
    /// Whether a commit went into files that are no longer the store's: then no more changes are accepted.
    var isLost = false

    /// Opens or creates the file. Its folder must exist; its mode is the process's umask (0600).
    /// - Throws: `conflict` for a store that a newer version of the service wrote, `storage` for one that cannot be used.
    /// - Parameter fileSystem: The name of one of SQLite's file systems; the system's own by default.
    /// - Parameter logPages: From how many pages of log they are brought into the database.
    init(path: String, fileSystem: String? = nil, logPages: Int = 4000) throws {
        _ = SQLiteStore.isConfigured
        var configuration = GRDB.Configuration()
        configuration.label = "mneedle"
        // More than the reads at once can be, including those whose threads are lost.
        configuration.maximumReaderCount = 32
        configuration.busyMode = .timeout(TimeInterval(SQLiteStore.busyTimeout))
        // Requests run in savepoints of a transaction that this program begins itself.
        configuration.allowsUnsafeTransactions = true
        configuration.prepareDatabase { try SQLiteStore.harden($0) }
        place = path
        self.logPages = Int32(clamping: logPages)
        do {
            connections = try SQLiteConnections { [configuration, log, sums] in
                let pool = try DatabasePool(
                    path: fileSystem.map { "file:\(path)?vfs=\($0)" } ?? path, configuration: configuration)
                let doubt = try pool.writeWithoutTransaction { database in
                    try SQLiteStore.prepare(database, log)
                    sums.watch(database)
                    return SQLiteStore.settle(database)
                }
                return (pool, doubt)
            }
            files = StoreFiles(path)
            try HostTables.make(in: self)
            try connections.use { try $0.writeWithoutTransaction { try permissions.adopt($0) } }
        } catch let error as DatabaseError {
            throw SQLiteStore.unusable(path, StoreError(error))
        } catch let error as StoreError {
            throw SQLiteStore.unusable(path, error)
        }
    }

    private static func unusable(_ path: String, _ error: StoreError) -> ModuleError {
        ModuleError(
            .storage,
            "the store '\(path)' cannot be opened: \(error.detail);"
                + " it must be writable by user '\(Peer(uid: getuid(), groups: []).userName)', on a disk with room")
    }

    func unusable(_ error: StoreError) -> ModuleError { SQLiteStore.unusable(place, error) }

    /// Settings for the connection that writes alone.
    private static func prepare(_ database: Database, _ log: Log) throws {
        // GRDB chooses NORMAL for WAL, which loses acknowledged commits when the power fails.
        try database.execute(sql: "PRAGMA synchronous = FULL")
        // What is removed is not left on free pages.
        try database.execute(sql: "PRAGMA secure_delete = ON")
        // A log that is not wholly in the database stays as it is when this connection ends, for the next start.
        mneedle_sqlite_leave_log(database.sqliteConnection, 1)
        // This takes the place of SQLite's own checkpoints, whose errors nobody hears of.
        sqlite3_wal_hook(
            database.sqliteConnection,
            { log, _, _, pages in
                log.map { Unmanaged<Log>.fromOpaque($0).takeUnretainedValue().pages = pages }
                return SQLITE_OK
            }, Unmanaged.passUnretained(log).toOpaque())
        try database.execute(sql: "PRAGMA journal_size_limit = 33554432")
        // A statement fails when the piece of work that runs it has nearly used up its time, so that the request fails
        // rather than the service.
        sqlite3_progress_handler(database.sqliteConnection, 20_000, { _ in CrashNotes.isNearlyOverdue ? 1 : 0 }, nil)
    }

    /// Settings that keep a damaged or forged file from misusing a connection.
    private static func harden(_ database: Database) throws {
        guard mneedle_sqlite_harden(database.sqliteConnection) == 0 else {
            throw DatabaseError(message: "this SQLite has no defensive mode; 3.26 or later is needed")
        }
        try database.execute(sql: "PRAGMA cell_size_check = ON; PRAGMA trusted_schema = OFF")
    }

    /// Configures SQLite once in a process, before the first store is opened.
    private static let isConfigured = mneedle_sqlite_configure() == 0

    // MARK: Connections

    func read<T>(_ control: ReadControl?, _ body: (any StoreConnection) throws -> T) throws -> T {
        // Without connections, reads try as well as changes to get some.
        if connections.areClosed { renew() }
        return try StoreError.mapping {
            try connections.use { pool in
                try pool.read { database in
                    control?.watch(database)
                    defer { control?.unwatch(database) }
                    return try body(
                        SQLiteConnection(database, StatementCache(), permissions, sums, control, connections))
                }
            }
        }
    }

    func write<T>(_ body: (any WritingConnection) throws -> T) throws -> T {
        try onWriter { try body(SQLiteWriter($0, self)) }
    }

    func keepSums(_ key: [UInt8], anew: Bool) throws {
        try onWriter { database in
            let writer = SQLiteWriter(database, self)
            try writer.group { try StoreError.mapping { try sums.keep(key, anew: anew, database) } }
        }
    }

    private func onWriter<T>(_ body: (Database) throws -> T) throws -> T {
        if connections.fault != nil { renew() }
        defer { if connections.fault != nil { renew() } }
        return try StoreError.mapping { try connections.use { try $0.writeWithoutTransaction(body) } }
    }

    /// Brings the log into the main file, so that a stopped store is one file. Files at these paths that are not this store's
    /// are left alone.
    func close() throws {
        let isInDoubt = connections.fault != nil
        guard let pool = connections.take() else { return }
        pool.writeWithoutTransaction { database in
            statements.removeAll()
            // On a full or failing disk the log stays beside the file, and the next start reads it.
            guard !isLost, !isInDoubt, files.fault(untouched: true) == nil, bringInLog(.truncate, database) else {
                return
            }
            mneedle_sqlite_leave_log(database.sqliteConnection, 0)
        }
        try StoreError.mapping { try pool.close() }
    }

    /// Opens the connections anew. The log stays as it is, and is read from its beginning.
    private func renew() {
        let isNew = connections.renew { _ in statements.removeAll() }
        guard isNew else { return }
        // Opening has touched the files.
        try? connections.use { $0.writeWithoutTransaction { _ in files.note() } }
    }

    // MARK: On disk

    /// The log of the writing connection.
    // Sendable: it is touched on that connection only.
    private final class Log: @unchecked Sendable {
        /// How many pages it has.
        var pages: Int32 = 0
    }

    /// Brings all of a log that was found into the database, before anything is added to it.
    /// - Returns: The error that kept some of it out.
    private static func settle(_ database: Database) -> StoreError? {
        do {
            let (log, done) = try database.checkpoint(.passive)
            if log == done { return nil }
            return StoreError(.failing, "another program reads the store, and keeps its log from being brought in")
        } catch let error as DatabaseError { return StoreError(error) } catch {
            return StoreError(.failing, "\(error)")
        }
    }

    /// Brings the log into the database when it has grown enough, and as far as no reader needs an older state.
    func bringInLog(_ database: Database) {
        guard log.pages >= logPages else { return }
        _ = bringInLog(.passive, database)
    }

    /// - Returns: Whether that was done. A sync that failed has every connection opened anew.
    private func bringInLog(_ kind: Database.CheckpointMode, _ database: Database) -> Bool {
        do {
            _ = try database.checkpoint(kind)
            return true
        } catch {
            if let error = (error as? DatabaseError).map(StoreError.init), error.isOfSync { connections.doubt(error) }
            return false
        }
    }

    func emptyLog() throws -> Bool {
        try onWriter { database in
            sqlite3_busy_timeout(database.sqliteConnection, SQLiteStore.emptyingTimeout)
            defer {
                sqlite3_busy_timeout(database.sqliteConnection, SQLiteStore.busyTimeout * 1000)
                files.note()
            }
            // Where one reads after the other there would be no moment in which nobody does.
            return connections.pausing { bringInLog(.truncate, database) }
        }
    }

    var logBytes: Int64 { Int64(fileSize(place + "-wal") ?? 0) }

    var bytes: Int64 { Int64(fileSize(place) ?? 0) + logBytes }
}
