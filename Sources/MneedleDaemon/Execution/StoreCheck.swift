import Glibc
import MneedleKit
import MneedleSystem
import Synchronization

/// Searches the whole store for damage on a thread of its own, at the start and daily: by the database's own check, and by
/// a proof of the newest ledger entries. The service serves meanwhile.
final class StoreCheck: Sendable {
    private let engine: Engine
    private let isRunning = Mutex(false)
    /// The control by which the service's stop ends the check.
    private let control = ReadControl(module: Verb.host)
    /// The number of the newest ledger entries that are proved: so a start costs the same however long the ledger is.
    private let newest: Int64 = 10_000

    init(_ engine: Engine) { self.engine = engine }

    /// Begins a check, unless one is under way.
    func start() {
        let begins = isRunning.withLock { isRunning in
            guard !isRunning, !control.isStopped else { return false }
            isRunning = true
            return true
        }
        guard begins else { return }
        do {
            try NamedThread("check").start { [self] in
                // Clients come first.
                _ = setpriority(__priority_which_t(PRIO_PROCESS.rawValue), 0, 10)
                run()
                isRunning.withLock { $0 = false }
            }
        } catch {
            isRunning.withLock { $0 = false }
            engine.registry.report(Verb.host, "the store is not searched for damage before tomorrow", error)
        }
    }

    /// Ends a check that is under way. The store may be closed afterwards: closing waits for reads.
    func stop() { control.stop(ModuleError(.busy, "the service stops")) }

    /// Checks once, on this thread.
    func run() {
        do {
            let fault = try engine.store.read(control) { try $0.findDamage() }
            guard !control.isStopped else { return }
            if let fault { engine.health.report(StoreCheck.damage(fault)) } else { engine.health.mend("store-damaged") }
            let proof = try engine.store.read(control) { try LedgerProof.ofNewest(newest, $0) }
            if let bad = proof.firstBad { engine.health.report(LedgerProof.problem(bad)) }
            _ = try engine.store.read(control) { try engine.alteredTables($0) }
        } catch {
            guard !control.isStopped else { return }
            engine.health.report(StoreCheck.damage(describe(error)))
        }
    }

    static func damage(_ fault: String) -> Health.Fault {
        Health.Fault(
            "store-damaged",
            "the store is damaged: \(fault.prefix(200)); what is known of anybody may be wrong: stop the service, keep the file"
                + " and restore a copy", blocksSessions: true)
    }
}
