import CMneedleSQLite
import Foundation
import GRDB
import GRDBSQLite
import MneedleKit

/// The embedded store: one SQLite file in WAL mode, synced at every commit.
///
/// One connection writes, others read snapshots beside it. Nothing outside this folder names GRDB or SQLite.
// Sendable: `statements`, `files` and `isLost` are touched in `init` and inside `pool.writeWithoutTransaction` only, which
// GRDB serialises.
final class SQLiteStore: Store, @unchecked Sendable {
    static let fileName = "mneedle.sqlite"
    /// The endings of the files' names: the database, its log, the log's index, the journal of a database without a log.
    static let fileEnds = ["", "-wal", "-shm", "-journal"]

    /// The time to wait for another program's lock, in seconds.
    private static let busyTimeout: Int32 = 5

    let pool: DatabasePool
    let permissions = Permissions()
    /// The path of the database.
    let place: String
    let dialect = Dialect.sqlite
    /// The writing connection's statements.
    let statements = StatementCache()
    let files: StoreFiles
    /// Whether a commit went into files that are no longer the store's: then no more changes are accepted.
    var isLost = false

    /// Opens or creates the file. Its folder must exist; its mode is the process's umask (0600).
    /// - Throws: `conflict` for a store that a newer version of the service wrote, `storage` for one that cannot be used.
    /// - Parameter fileSystem: The name of one of SQLite's file systems; the system's own by default.
    init(path: String, fileSystem: String? = nil) throws {
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
        do {
            pool = try DatabasePool(
                path: fileSystem.map { "file:\(path)?vfs=\($0)" } ?? path, configuration: configuration)
            try pool.writeWithoutTransaction { try SQLiteStore.prepare($0) }
            files = StoreFiles(path)
            try HostTables.make(in: self)
            try pool.writeWithoutTransaction { try permissions.adopt($0) }
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
    private static func prepare(_ database: Database) throws {
        // GRDB chooses NORMAL for WAL, which loses acknowledged commits when the power fails.
        try database.execute(sql: "PRAGMA synchronous = FULL")
        try database.execute(sql: "PRAGMA wal_autocheckpoint = 4000")
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
        try StoreError.mapping {
            try pool.read { database in
                control?.watch(database)
                defer { control?.unwatch(database) }
                return try body(SQLiteConnection(database, StatementCache(), permissions, control))
            }
        }
    }

    func write<T>(_ body: (any WritingConnection) throws -> T) throws -> T {
        try StoreError.mapping {
            try pool.writeWithoutTransaction { try body(SQLiteWriter($0, self)) }
        }
    }

    /// Brings the log into the main file, so that a stopped store is one file. Files at these paths that are not this store's
    /// are left alone.
    func close() throws {
        pool.writeWithoutTransaction { database in
            statements.removeAll()
            if !isLost, files.fault(untouched: true) == nil {
                // On a full disk the log stays beside the file, and the next start reads it.
                _ = try? database.checkpoint(.truncate)
            } else {
                mneedle_sqlite_leave_log(database.sqliteConnection)
            }
        }
        try StoreError.mapping { try pool.close() }
    }

    // MARK: On disk

    func emptyLog() throws -> Bool {
        try StoreError.mapping {
            try pool.writeWithoutTransaction { database in
                sqlite3_busy_timeout(database.sqliteConnection, 200)
                defer {
                    sqlite3_busy_timeout(database.sqliteConnection, SQLiteStore.busyTimeout * 1000)
                    files.note()
                }
                do { _ = try database.checkpoint(.truncate) } catch DatabaseError.SQLITE_BUSY { return false }
                return true
            }
        }
    }

    var logBytes: Int64 { Int64(fileSize(place + "-wal") ?? 0) }

    var bytes: Int64 { Int64(fileSize(place) ?? 0) + logBytes }
}
