import Crypto
import GRDB
import MneedleKit

/// One piece of work for the writer.
package struct Job: Sendable {
    var actor: Actor
    /// The module that it runs for.
    var module: String
    /// Bulk chunks are never run twice, because their receivers keep state: they get a transaction of their own.
    var isExclusive = false
    var run: @Sendable (StoreTransaction) throws -> Object
    /// Called once, after the commit, with what became of it.
    var done: @Sendable (Result<Object, ModuleError>) -> Void

    package init(
        actor: Actor, module: String, isExclusive: Bool = false,
        run: @escaping @Sendable (StoreTransaction) throws -> Object,
        done: @escaping @Sendable (Result<Object, ModuleError>) -> Void = { _ in }
    ) {
        self.actor = actor
        self.module = module
        self.isExclusive = isExclusive
        self.run = run
        self.done = done
    }
}

/// Runs requests on the store: reads on a snapshot, writes in groups with one commit a group.
///
/// It holds the ledger's head, which belongs to the writing connection: only one thread may call the writing
/// methods, which is what ``Writer`` sees to.
// Sendable: `ledger` is touched inside `pool.writeWithoutTransaction` only, which GRDB serialises.
package final class Engine: @unchecked Sendable {
    let store: Store
    package let house: House
    package let clock: any Clock
    private let ledger: Ledger
    let incident: @Sendable (_ module: String, _ error: any Error) -> String

    /// - Parameter incident: Logs a defect and returns the id under which it is found.
    package init(
        store: Store, house: House, clock: any Clock,
        incident: @escaping @Sendable (String, any Error) -> String = { _, error in String(describing: error) }
    ) throws {
        self.store = store
        self.house = house
        self.clock = clock
        self.incident = incident
        ledger = try store.pool.writeWithoutTransaction { database in
            try IdempotencyKeys.createTable(database)
            return try Ledger(database)
        }
    }

    /// The newest ledger entry; on the writer's thread.
    var head: Ledger.Head { ledger.head }

    /// The first entry that the ledger still has.
    func oldestSequence() throws -> Int64 {
        try store.pool.read { try Int64.fetchOne($0, sql: "SELECT MIN(seq) FROM mneedle_ledger") ?? 1 }
    }

    // MARK: Reading

    /// Runs `body` on a snapshot.
    package func read<T>(actor: Actor, module: String, _ body: (StoreReading) throws -> T) throws -> T {
        do {
            return try store.pool.read { database in
                let reading = StoreReading(
                    database: database, house: house, actor: actor, now: clock.now(), module: module)
                house.crashNotes.enter(module)
                defer { house.crashNotes.enter("") }
                return try body(reading)
            }
        } catch {
            throw moduleError(for: error, module: module)
        }
    }

    // MARK: Writing

    /// Runs the jobs in their order, each as a unit of its own, and commits once.
    /// - Returns: What became of each, on disk by now, and the events to publish.
    package func run(_ jobs: [Job]) -> (results: [Result<Object, ModuleError>], events: [Event]) {
        do {
            // Almost all requests that write succeed: savepoints are for the groups in which one does not.
            return try transaction(jobs, hasSavepoints: false)
        } catch is StoreTransaction.Spoiled {
            return runApart(jobs)
        } catch {
            return runAfter(error, jobs)
        }
    }

    /// Runs a group again with a savepoint for each job, because one of them failed after it had written.
    private func runApart(_ jobs: [Job]) -> (results: [Result<Object, ModuleError>], events: [Event]) {
        do {
            return try transaction(jobs, hasSavepoints: true)
        } catch {
            return runAfter(error, jobs)
        }
    }

    /// The commit failed, or SQLite rolled the whole group back: nothing of it is on disk.
    private func runAfter(
        _ error: any Error, _ jobs: [Job]
    ) -> (results: [Result<Object, ModuleError>], events: [Event]) {
        guard jobs.count > 1 else { return (jobs.map { .failure(moduleError(for: error, module: $0.module)) }, []) }
        let each = jobs.map { run([$0]) }
        return (each.flatMap(\.results), each.flatMap(\.events))
    }

    private func transaction(
        _ jobs: [Job], hasSavepoints: Bool
    ) throws -> (results: [Result<Object, ModuleError>], events: [Event]) {
        try store.pool.writeWithoutTransaction { database in
            let head = ledger.head
            var results: [Result<Object, ModuleError>] = []
            var events: [Event] = []
            results.reserveCapacity(jobs.count)
            do {
                // Bulk receivers keep state and must not run twice.
                let hasSavepoints = hasSavepoints || jobs.contains(where: \.isExclusive)
                try database.cachedStatement(sql: "BEGIN IMMEDIATE").execute()
                for job in jobs {
                    let (result, told) = try perform(job, database, hasSavepoints)
                    guard database.isInsideTransaction else { throw RolledBack(cause: result) }
                    results.append(result)
                    events += told
                }
                try database.cachedStatement(sql: "COMMIT").execute()
            } catch {
                if database.isInsideTransaction { try? database.execute(sql: "ROLLBACK") }
                ledger.head = head
                if let rolledBack = error as? RolledBack { throw rolledBack.error }
                throw error
            }
            return (results, events)
        }
    }

    private struct RolledBack: Error {
        var cause: Result<Object, ModuleError>
        var error: ModuleError {
            if case .failure(let error) = cause { error } else { ModuleError(.storage, "the store rolled back") }
        }
    }

    private func perform(
        _ job: Job, _ database: Database, _ hasSavepoint: Bool
    ) throws -> (Result<Object, ModuleError>, [Event]) {
        let transaction = StoreTransaction(
            database: database, house: house, actor: job.actor, now: clock.now(), module: job.module, ledger: ledger,
            hasSavepoint: hasSavepoint)
        house.crashNotes.enter(job.module)
        defer { house.crashNotes.enter("") }
        do {
            let reply = try transaction.unit { try job.run(transaction) }
            return (.success(reply), transaction.events)
        } catch let spoiled as StoreTransaction.Spoiled {
            throw spoiled
        } catch {
            return (.failure(moduleError(for: error, module: transaction.module)), [])
        }
    }

    /// A module's own error as it is; SQLite's as `storage`; anything else is a defect with an incident id.
    private func moduleError(for error: any Error, module: String) -> ModuleError {
        switch error {
        case let error as ModuleError where error.code != .internal: return error
        case let error as DatabaseError: return MneedleDaemon.moduleError(from: error)
        default:
            let id = incident(module, error)
            return ModuleError(
                .internal, "a defect in module '\(module)'; the log names it as incident \(id)",
                members: ["incident": id])
        }
    }

    // MARK: Time

    /// When the earliest of all modules' timers is due.
    package func nextDue() throws -> Instant? {
        guard !house.timers.isEmpty else { return nil }
        return try store.pool.writeWithoutTransaction { database in
            try house.timers.compactMap { module, timer in
                let reading = StoreReading(
                    database: database, house: house, actor: .service, now: clock.now(), module: module)
                return try timer.next(reading)
            }.min()
        }
    }

    /// The jobs that do what is due now.
    package func dueJobs() throws -> [Job] {
        let now = clock.now()
        return try store.pool.writeWithoutTransaction { database in
            try house.timers.compactMap { module, timer in
                let reading = StoreReading(
                    database: database, house: house, actor: .service, now: now, module: module)
                guard let due = try timer.next(reading), due <= now else { return nil }
                return Job(
                    actor: .service, module: module,
                    run: {
                        try timer.fire($0)
                        return [:]
                    },
                    done: { [house] result in
                        guard case .failure(let error) = result else { return }
                        house.report(module, "timer '\(timer.name)' failed", error)
                    })
            }
        }
    }
}

extension Actor {
    /// The service itself, for what it does by the clock.
    static let service = Actor(user: "mneedled", uid: 0, role: .admin)
}
