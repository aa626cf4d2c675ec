import MneedleKit
import MneedleTree
import Synchronization

/// Runs requests on the store: reads on a snapshot, writes in groups with one commit a group.
///
/// It holds the ledger's tree, which belongs to the writing connection: only one thread may call the writing methods, and
/// ``Writer`` makes sure of that.
// Sendable: `ledger`, `isTreeKnown`, `clockWatch` and `noted` are touched inside `store.write` only, which runs one body at a
// time.
package final class Engine: @unchecked Sendable {
    let store: any Store
    private let current: Mutex<ModuleRegistry>
    package let clock: any Clock
    /// The faults of the service.
    package let health: Health
    let headNote: HeadNote?
    let sealing: Sealing
    let storeID: String
    var noted = ContinuousClock.now
    let ledger: Ledger
    /// Whether the ledger's tree is the store's: after a commit of unknown outcome it is read again.
    private var isTreeKnown = true
    let committedTree: Mutex<Tree>
    private let clockWatch: ClockWatch
    /// The largest time by which the clock may be behind the latest known time, in milliseconds.
    let clockTolerance: Int64
    let incident: @Sendable (_ module: String, _ error: any Error) -> String

    /// - Parameter incident: Logs a defect and returns the id under which it is found.
    package init(
        store: any Store, registry: ModuleRegistry, clock: any Clock, clockTolerance: Span = ClockWatch.usualTolerance,
        health: Health = Health(), headNote: HeadNote? = nil, keys: PersonKeys? = nil,
        incident: @escaping @Sendable (String, any Error) -> String = { _, error in String(describing: error) }
    ) throws {
        self.store = store
        current = Mutex(registry)
        self.clock = clock
        self.health = health
        self.headNote = headNote
        self.incident = incident
        var tables = ProtectedTables(HostTables.migrations)
        for definition in registry.definitions.values { tables.add(ProtectedTables(definition.migrations)) }
        let sealing = Sealing(keys: try keys ?? PersonKeys(nil), tables: tables)
        self.sealing = sealing
        self.clockTolerance = clockTolerance.milliseconds
        (ledger, clockWatch, storeID) = try store.starting {
            try store.write { connection in
                let ledger = try Ledger(connection, sealing.keys)
                let known = try ClockNotes.state(in: connection)
                let watch = ClockWatch(
                    clock.reading(), known, newest: try ClockNotes.newest(in: connection), clockTolerance)
                return (ledger, watch, try HeadNote.id(connection))
            }
        }
        committedTree = Mutex(ledger.tree)
        try settleKeys(goesOnWithout: headNote?.isAccepted ?? false)
    }

    /// Whether the clock was set since the writer last looked at it; to be asked on the writer's thread.
    var hasClockJumped: Bool { clockWatch.jump(at: clock.reading()) != nil }

    /// The modules in force. Each piece of work takes them once, so that it works with one knowledge from beginning to end.
    package var registry: ModuleRegistry { current.withLock { $0 } }

    /// Puts other modules, or the same with other knowledge, in force for all work that begins from now on.
    func replaceHouse(_ registry: ModuleRegistry) { current.withLock { $0 = registry } }

    /// How many ledger entries are on disk.
    var entries: Int64 { committedTree.withLock { $0.size } }

    /// The head of the ledger on disk.
    var head: TreeHead { committedTree.withLock { $0 }.head }

    /// The first entry that the ledger still has.
    func oldestSequence() throws -> Int64 {
        try store.read(nil) { try $0.first("SELECT MIN(seq) AS seq FROM mneedle_ledger")?.integer("seq") ?? 1 }
    }

    /// Writes down the ledger's head and closes the store.
    func close() throws {
        noteHead()
        try store.close()
    }

    // MARK: Reading

    /// Runs `body` on a snapshot.
    /// - Parameter request: The peer's request, if there is one.
    package func read<T>(
        actor: Actor, module: String, request: String? = nil, _ body: (StoreReading) throws -> T
    ) throws -> T {
        try read(actor: actor, module: module, request: request, control: nil, body)
    }

    /// - Parameter control: The control that can end the read early.
    func read<T>(
        actor: Actor, module: String, request: String?, control: ReadControl?, _ body: (StoreReading) throws -> T
    ) throws -> T {
        let registry = registry
        do {
            try registry.refusals.check(request, of: actor, module: module, at: clock.now())
            return try store.read(control) { connection in
                let reading = StoreReading(
                    connection, engine: self, registry: registry, actor: actor, now: clock.now(), module: module)
                registry.crashNotes.begin(request, of: actor.uid)
                registry.crashNotes.enter(module)
                defer { registry.crashNotes.enter("") }
                reading.control = control
                let result = try body(reading)
                try reading.requireSound()
                // A handler that takes an error for an answer has answered without having seen everything.
                try control?.check()
                return result
            }
        } catch let stopped as ReadControl.Stopped {
            throw stopped.error
        } catch let closed as RowStream.Closed {
            // This is nobody's defect: the client takes no more.
            throw closed
        } catch {
            do { try control?.check() } catch let stopped as ReadControl.Stopped { throw stopped.error }
            throw moduleError(for: error, module: module)
        }
    }

    // MARK: Writing

    /// Runs the jobs in their order, each as a unit of its own, and commits once.
    /// - Parameter more: Asked for further jobs for the same commit before it is made, until it has none.
    package func run(_ jobs: [Job], more: () -> [Job] = { [] }) -> Outcome {
        // Almost all requests that write succeed: savepoints are for the groups in which one fails.
        run(jobs, more: more, hasSavepoints: false)
    }

    private func run(_ jobs: [Job], more: () -> [Job], hasSavepoints: Bool) -> Outcome {
        var taken = jobs
        do {
            return try transaction(&taken, more: more, hasSavepoints: hasSavepoints)
        } catch is StoreTransaction.Spoiled where !hasSavepoints {
            // One of the jobs failed after it had written: with savepoints each can be taken back by itself.
            return run(taken, more: { [] }, hasSavepoints: true)
        } catch let rolledBack as RolledBack {
            return runAfter(rolledBack.error, taken, overdue: rolledBack.overdue)
        } catch let error as StoreError where error.kind == .lost || error.mayStand {
            // The commit may stand: run again, a job could be done twice.
            return each(of: taken) { job, _ in failed(job, error) }
        } catch {
            // A store that is not open has told nobody yet.
            if let error = error as? StoreError { notice(error) }
            return runAfter(error, taken)
        }
    }

    /// Runs the jobs again, or fails them, after a failed commit or a store that took the whole group back: none of it is on disk.
    /// - Parameter overdue: The job that took too long, which is not tried again.
    private func runAfter(_ error: any Error, _ jobs: [Job], overdue: Int? = nil) -> Outcome {
        guard jobs.count > 1 else { return failed(jobs[0], error) }
        return each(of: jobs) { job, index in job.runsOnce || index == overdue ? failed(job, error) : run([job]) }
    }

    private func each(of jobs: [Job], _ run: (Job, Int) -> Outcome) -> Outcome {
        jobs.enumerated().map { run($1, $0) }.reduce(into: Outcome(jobs: jobs)) { whole, each in
            whole.results += each.results
            whole.events += each.events
            whole.nextDue = each.nextDue
            whole.commits += each.commits
        }
    }

    private func failed(_ job: Job, _ error: any Error) -> Outcome {
        // Nothing has changed, and the next due time stays.
        Outcome(
            jobs: [job], results: [.failure(moduleError(for: error, module: job.module))], nextDue: try? nextDue())
    }

    private func transaction(_ jobs: inout [Job], more: () -> [Job], hasSavepoints: Bool) throws -> Outcome {
        let registry = registry
        var destroyed: [PersonID] = []
        // After the write: emptying the log is one of its own.
        defer { destroyKeys(of: destroyed) }
        return try store.write { connection in
            try begin(connection)
            let (tree, clockState) = (ledger.tree, clockWatch.state)
            var outcome = Outcome(jobs: [])
            let transaction = StoreTransaction(
                connection, engine: self, registry: registry, ledger: ledger, clockWatch: clockWatch,
                hasSavepoints: hasSavepoints || jobs.contains(where: \.runsOnce))
            do {
                var next = 0
                repeat {
                    while next < jobs.count {
                        let result = try perform(jobs[next], in: transaction)
                        // After some errors (disk full) the store has taken back the whole group.
                        guard connection.isInTransaction else {
                            throw RolledBack(cause: result, overdue: CrashNotes.isNearlyOverdue ? next : nil)
                        }
                        outcome.results.append(result)
                        next += 1
                    }
                    jobs += more()
                } while next < jobs.count
                // Asked here, where the question needs no transaction of its own.
                outcome.nextDue = try? connection.shielded { try nextDue(registry, connection) }
                try connection.commit()
            } catch {
                connection.rollback()
                ledger.tree = tree
                clockWatch.state = clockState
                sealing.keys.keep(transaction.forgotten)
                if let error = error as? StoreError {
                    isTreeKnown = error.kind != .lost
                    notice(error)
                }
                throw error
            }
            noteCommit(wrote: transaction.hasWrittenAny)
            destroyed = transaction.forgotten
            sealing.keys.note(stored: transaction.added)
            // The change is in force before anybody hears of it.
            for name in Guards.retired(by: transaction.events) {
                current.withLock { $0 = $0.retiring(name) }
            }
            outcome.jobs = jobs
            outcome.events = transaction.events
            outcome.commits = transaction.hasWrittenAny ? 1 : 0
            return outcome
        }
    }

    private func begin(_ connection: any WritingConnection) throws {
        do { try connection.begin() } catch let error as StoreError {
            notice(error)
            throw error
        }
        health.mend("store-file")
        guard !isTreeKnown else { return }
        do { ledger.tree = try LedgerTree.all(in: connection) } catch {
            connection.rollback()
            throw error
        }
        isTreeKnown = true
    }

    private struct RolledBack: Error {
        var cause: Result<Object, ModuleError>
        var overdue: Int?
        var error: ModuleError {
            if case .failure(let error) = cause {
                error
            } else {
                ModuleError(.storage, "the store took the group back")
            }
        }
    }

    private func perform(_ job: Job, in transaction: StoreTransaction) throws -> Result<Object, ModuleError> {
        let registry = transaction.registry
        registry.crashNotes.begin(job.request, of: job.actor.uid)
        registry.crashNotes.enter(job.module)
        defer { registry.crashNotes.enter("") }
        do {
            try registry.refusals.check(job.request, of: job.actor, module: job.module, at: clock.now())
            return .success(try transaction.run(job))
        } catch let spoiled as StoreTransaction.Spoiled {
            throw spoiled
        } catch {
            return .failure(moduleError(for: error, module: transaction.module))
        }
    }

    /// The error for a client: a module's own error as it is, the store's as `storage`, any other as a defect with an incident id.
    private func moduleError(for error: any Error, module: String) -> ModuleError {
        switch error {
        case let error as ModuleError where error.code != .internal: return error
        case let error as StoreError: return error.moduleError
        default:
            let id = incident(module, error)
            return ModuleError(
                .internal, "a defect in module '\(module)'; the log names it as incident \(id)",
                members: ["incident": id])
        }
    }

    // MARK: Time

    /// The time at which the earliest timer of all modules is due.
    package func nextDue() throws -> Instant? {
        try store.write { try nextDue(registry, $0) }
    }

    private func nextDue(_ registry: ModuleRegistry, _ connection: any StoreConnection) throws -> Instant? {
        try registry.timers.compactMap { try next($1, of: $0, registry, clock.now(), connection) }.min()
    }

    private func next(
        _ timer: MneedleKit.Timer, of module: String, _ registry: ModuleRegistry, _ now: Instant,
        _ connection: any StoreConnection
    ) throws -> Instant? {
        let reading = StoreReading(
            connection, engine: self, registry: registry, actor: .service, now: now, module: module)
        registry.crashNotes.begin(nil, of: 0)
        registry.crashNotes.enter(module)
        defer {
            registry.crashNotes.enter("")
            _ = connection.faults.take()
        }
        let next = try timer.next(reading)
        try reading.requireSound()
        return next
    }

    /// The jobs for the timers that are due now.
    package func dueJobs() throws -> [Job] {
        let (now, registry) = (clock.now(), registry)
        return try store.write { connection in
            try registry.timers.compactMap { module, timer in
                guard let due = try next(timer, of: module, registry, now, connection), due <= now else { return nil }
                return Job(
                    actor: .service, module: module,
                    run: {
                        try timer.fire($0)
                        return [:]
                    },
                    done: { result in
                        guard case .failure(let error) = result else { return }
                        registry.report(module, "timer '\(timer.name)' failed", error)
                    })
            }
        }
    }
}

extension Actor {
    /// The service itself, as the actor of its own work.
    static let service = Actor(user: "mneedled", uid: 0, role: .admin)
}
