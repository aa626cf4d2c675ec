import Glibc
import GRDB
import GRDBSQLite
import MneedleKit
import MneedleSystem
import Synchronization

/// Looks for damage in the whole store on a thread of its own, at the start and daily: SQLite's `quick_check` of each
/// table, and the chain of the newest ledger entries. The service serves meanwhile.
final class StoreCheck: Sendable {
    private struct State {
        var isStopping = false
        var isRunning = false
        /// The address of the connection that is read from, to interrupt it.
        var connection: UInt?
    }

    private let engine: Engine
    private let state = Mutex(State())
    /// How many of the newest ledger entries are proved: so a start costs the same however long the ledger is.
    private let newest: Int64 = 10_000

    init(_ engine: Engine) { self.engine = engine }

    /// Begins, unless it is at it.
    func start() {
        let begins = state.withLock { state in
            guard !state.isRunning, !state.isStopping else { return false }
            state.isRunning = true
            return true
        }
        guard begins else { return }
        NamedThread("check").start { [self] in
            // Whoever is served comes first.
            _ = setpriority(__priority_which_t(PRIO_PROCESS.rawValue), 0, 10)
            run()
            state.withLock { $0.isRunning = false }
        }
    }

    /// Gives up what runs. The store may be closed afterwards: closing waits for whoever reads.
    func stop() {
        state.withLock { state in
            state.isStopping = true
            // It is open: whoever reads takes the address back before.
            if let address = state.connection { sqlite3_interrupt(OpaquePointer(bitPattern: address)) }
        }
    }

    /// Looks once, on this thread.
    func run() {
        do {
            let fault = try engine.store.pool.read { database in
                let address = UInt(bitPattern: database.sqliteConnection)
                state.withLock { $0.connection = address }
                defer { state.withLock { $0.connection = nil } }
                return try self.fault(database)
            }
            guard !isStopping else { return }
            if let fault { engine.health.report(StoreCheck.damage(fault)) } else { engine.health.mend("store-damaged") }
            let proof = try engine.read(actor: .service, module: Verb.host) {
                try LedgerProof.ofNewest(newest, $0)
            }
            if let bad = proof.firstBad { engine.health.report(LedgerProof.problem(bad)) }
        } catch {
            guard !isStopping else { return }
            engine.health.report(StoreCheck.damage(describe(error)))
        }
    }

    private var isStopping: Bool { state.withLock { $0.isStopping } }

    private func fault(_ database: Database) throws -> String? {
        let tables = try String.fetchAll(database, sql: "SELECT name FROM sqlite_master WHERE type = 'table'")
        for table in tables where !isStopping {
            let quoted = table.replacing("'", with: "''")
            let said = try String.fetchOne(database, sql: "PRAGMA quick_check('\(quoted)')")
            guard said == "ok" else { return said ?? "no answer" }
        }
        return nil
    }

    static func damage(_ fault: String) -> Health.Problem {
        Health.Problem(
            "store-damaged",
            "the store is damaged: \(fault.prefix(200)); what is known of anybody may be wrong: stop the service, keep the file"
                + " and restore a copy", blocksSessions: true)
    }
}
