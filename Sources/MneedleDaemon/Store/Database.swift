import CMneedleSQLite
import Foundation
import GRDB
import MneedleKit
import Synchronization

/// The embedded store: one SQLite file in WAL mode, synced at every commit.
///
/// One connection writes, others read snapshots beside it. Nothing outside this folder names GRDB.
package final class Store: Sendable {
    package let pool: DatabasePool
    let path: String
    let permissions = Permissions()
    /// Set when this process has written beside the engine: a schema's steps, and what tests do.
    let isWrittenBeside = Atomic(false)

    /// Opens or creates the file. Its folder must exist; its mode is the process's umask (0600).
    /// - Throws: `conflict` for a store that a newer version of the service wrote, `storage` for one that cannot be used.
    package init(path: String) throws {
        _ = Store.isConfigured
        var configuration = GRDB.Configuration()
        configuration.label = "mneedle"
        // More than there can be reads at once, those included whose threads are lost.
        configuration.maximumReaderCount = 32
        configuration.busyMode = .timeout(5)
        // Requests are in their own savepoints of a transaction that this program begins itself.
        configuration.allowsUnsafeTransactions = true
        configuration.prepareDatabase { try Store.harden($0) }
        self.path = path
        do {
            pool = try DatabasePool(path: path, configuration: configuration)
            try Store.prepare(pool)
            try Migrations.apply(HostTables.migrations, of: Verb.host, to: self)
            try pool.writeWithoutTransaction { try permissions.adopt($0) }
        } catch let error as DatabaseError {
            throw Store.unusable(path, error)
        }
    }

    /// Why a start cannot use the file.
    static func unusable(_ path: String, _ error: DatabaseError) -> ModuleError {
        ModuleError(
            .storage,
            "the store '\(path)' cannot be opened: \(error.message ?? "unknown error") (\(error.extendedResultCode.rawValue));"
                + " it must be writable by user '\(Peer(uid: getuid(), groups: []).userName)', on a disk with room")
    }

    private static func prepare(_ pool: DatabasePool) throws {
        try pool.writeWithoutTransaction { database in
            // GRDB chooses NORMAL for WAL, which loses acknowledged commits when the power fails.
            try database.execute(sql: "PRAGMA synchronous = FULL")
            try database.execute(sql: "PRAGMA wal_autocheckpoint = 4000")
            try database.execute(sql: "PRAGMA journal_size_limit = 33554432")
            Store.giveUpInTime(database)
            if try !database.tableExists("mneedle_schema") {
                try database.execute(sql: Dialect.sqlite.statement(HostTables.versions))
            }
        }
    }

    /// What a damaged or forged file must not make a connection do.
    private static func harden(_ database: Database) throws {
        guard mneedle_sqlite_harden(database.sqliteConnection) == 0 else {
            throw DatabaseError(message: "this SQLite has no defensive mode; 3.26 or later is needed")
        }
        try database.execute(sql: "PRAGMA cell_size_check = ON; PRAGMA trusted_schema = OFF")
    }

    /// Once a process, before the first store is opened.
    private static let isConfigured = mneedle_sqlite_configure() == 0

    /// Runs statements as they are, in one transaction: for tests that need a store as something else left it.
    package func execute(_ statements: [String]) throws {
        try pool.write { database in
            for sql in statements { try database.execute(sql: sql) }
            try permissions.adopt(database)
        }
        isWrittenBeside.store(true, ordering: .releasing)
    }

    /// Brings the log into the main file, so that a stopped store is one file, and closes.
    /// - Parameter isOurs: Whether the files are still this store's. What stands at their paths otherwise is left alone.
    package func close(isOurs: Bool = true) throws {
        pool.writeWithoutTransaction { database in
            if isOurs {
                // On a full disk the log stays beside the file, and the next start reads it.
                _ = try? database.checkpoint(.truncate)
            } else {
                mneedle_sqlite_leave_log(database.sqliteConnection)
            }
        }
        try pool.close()
    }
}

/// A number of bytes on disk, the write-ahead log included.
extension Store {
    /// The write-ahead log alone.
    var logBytes: Int64 { Int64(fileSize(path + "-wal") ?? 0) }

    var bytes: Int64 {
        ["", "-wal"].reduce(0) { $0 + (fileSize(path + $1) ?? 0) }
    }
}

/// An error of SQLite as the error that a client gets.
func moduleError(from error: DatabaseError) -> ModuleError {
    if error.resultCode == .SQLITE_CONSTRAINT {
        return .conflict("the store refuses it: \(error.message ?? "a constraint")", state: "exists")
    }
    let detail = "\(error.message ?? "unknown error") (\(error.extendedResultCode.rawValue))"
    return ModuleError(
        .storage, "the store could not do it and nothing was changed: \(detail)", members: ["detail": detail])
}
