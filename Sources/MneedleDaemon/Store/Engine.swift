import Crypto
import GRDB
import MneedleKit
import Synchronization

/// One piece of work for the writer.
package struct Job: Sendable {
    var actor: Actor
    /// The module that it runs for.
    var module: String
    /// What a peer asked for; `nil` for what the module does of its own.
    var request: String?
    /// Whether it keeps state beside the store, as bulk receivers do: it is not run again when its group's commit fails.
    var runsOnce = false
    var run: @Sendable (StoreTransaction) throws -> Object
    /// Called once, after the commit, with what became of it.
    var done: @Sendable (Result<Object, ModuleError>) -> Void

    package init(
        actor: Actor, module: String, request: String? = nil, runsOnce: Bool = false,
        run: @escaping @Sendable (StoreTransaction) throws -> Object,
        done: @escaping @Sendable (Result<Object, ModuleError>) -> Void = { _ in }
    ) {
        self.actor = actor
        self.module = module
        self.request = request
        self.runsOnce = runsOnce
        self.run = run
        self.done = done
    }
}

/// Runs requests on the store: reads on a snapshot, writes in groups with one commit a group.
///
/// It holds the ledger's head, which belongs to the writing connection: only one thread may call the writing
/// methods, which is what ``Writer`` sees to.
// Sendable: `ledger`, `clockWatch`, `statements`, `files`, `isLost` and `noted` are touched inside
// `pool.writeWithoutTransaction` only, which GRDB serialises.
package final class Engine: @unchecked Sendable {
    let store: Store
    private let current: Mutex<House>
    package let clock: any Clock
    /// What is wrong with the service.
    package let health: Health
    let headNote: HeadNote?
    let storeID: String
    let files: StoreFiles
    /// Whether a commit went into files that are no longer the store's: nothing more is taken in then.
    var isLost = false
    var noted = ContinuousClock.now
    let ledger: Ledger
    let committedHead: Mutex<Ledger.Head>
    private let clockWatch: ClockWatch
    /// How far the clock may be behind what is known, in milliseconds.
    let clockTolerance: Int64
    /// The writing connection's statements.
    let statements = StatementCache()
    let incident: @Sendable (_ module: String, _ error: any Error) -> String

    /// - Parameter incident: Logs a defect and returns the id under which it is found.
    package init(
        store: Store, house: House, clock: any Clock, clockTolerance: Span = ClockWatch.usualTolerance,
        health: Health = Health(), headNote: HeadNote? = nil,
        incident: @escaping @Sendable (String, any Error) -> String = { _, error in String(describing: error) }
    ) throws {
        self.store = store
        current = Mutex(house)
        self.clock = clock
        self.health = health
        self.headNote = headNote
        self.incident = incident
        self.clockTolerance = clockTolerance.milliseconds
        do {
            (ledger, clockWatch, storeID) = try store.pool.writeWithoutTransaction { database in
                let ledger = try Ledger(database)
                let known = try ClockNotes.state(in: database)
                let watch = ClockWatch(
                    clock.reading(), known, newest: try ClockNotes.newest(in: database), clockTolerance)
                try store.permissions.adopt(database)
                return (ledger, watch, try HeadNote.id(database))
            }
        } catch let error as DatabaseError {
            throw Store.unusable(store.path, error)
        }
        files = StoreFiles(store.path)
        committedHead = Mutex(ledger.head)
    }

    /// Whether the clock was set since the writer has looked at it last; on the writer's thread.
    var hasClockJumped: Bool { clockWatch.jump(at: clock.reading()) != nil }

    /// The modules in force. Whatever runs takes them once, so that it works with one knowledge from its beginning to its end.
    package var house: House { current.withLock { $0 } }

    /// Puts other modules, or the same with other knowledge, in force for whatever begins from now on.
    func replaceHouse(_ house: House) { current.withLock { $0 = house } }

    /// The newest ledger entry that is on disk.
    var head: Ledger.Head { committedHead.withLock { $0 } }

    /// The first entry that the ledger still has.
    func oldestSequence() throws -> Int64 {
        try store.pool.read { try Int64.fetchOne($0, sql: "SELECT MIN(seq) FROM mneedle_ledger") ?? 1 }
    }

    /// Finishes the writing connection's statements and closes the store.
    func close() throws {
        let isOurs = store.pool.writeWithoutTransaction { _ in
            statements.removeAll()
            return !isLost && files.fault(untouched: true) == nil
        }
        noteHead()
        try store.close(isOurs: isOurs)
    }

    // MARK: Reading

    /// Runs `body` on a snapshot.
    /// - Parameter request: What a peer asked for, if one did.
    package func read<T>(
        actor: Actor, module: String, request: String? = nil, _ body: (StoreReading) throws -> T
    ) throws -> T {
        try read(actor: actor, module: module, request: request, control: nil, body)
    }

    /// - Parameter control: Can end it early.
    func read<T>(
        actor: Actor, module: String, request: String?, control: ReadControl?, _ body: (StoreReading) throws -> T
    ) throws -> T {
        let house = house
        do {
            try house.refusals.check(request, of: actor, module: module, at: clock.now())
            return try store.pool.read { database in
                control?.watch(database)
                defer { control?.unwatch(database) }
                let reading = StoreReading(
                    database: database, engine: self, house: house, actor: actor, now: clock.now(), module: module)
                house.crashNotes.begin(request, of: actor.uid)
                house.crashNotes.enter(module)
                defer { house.crashNotes.enter("") }
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
            // Nobody's defect: the one who asked takes no more.
            throw closed
        } catch {
            do { try control?.check() } catch let stopped as ReadControl.Stopped { throw stopped.error }
            throw moduleError(for: error, module: module)
        }
    }

    // MARK: Writing

    /// What became of a group: one result for each job, the events to publish, and when the next timer is due.
    package struct Outcome {
        var jobs: [Job]
        package var results: [Result<Object, ModuleError>] = []
        var events: [Event] = []
        var nextDue: Instant?
        /// How many transactions that wrote anything were committed.
        var commits = 0

        /// What live subscribers hear that no ledger keeps.
        package var liveEvents: [(topic: String, body: Object)] {
            events.filter { $0.sequence == nil }.compactMap { event in
                guard case .object(let body)? = try? Value(jsonText: String(decoding: event.body, as: UTF8.self)) else {
                    return nil
                }
                return (event.topic, body)
            }
        }
    }

    /// Runs the jobs in their order, each as a unit of its own, and commits once.
    /// - Parameter more: Asked for further jobs for the same commit before it is made, until it has none.
    package func run(_ jobs: [Job], more: () -> [Job] = { [] }) -> Outcome {
        var taken = jobs
        do {
            // Almost all requests that write succeed: savepoints are for the groups in which one does not.
            return try transaction(&taken, more: more, hasSavepoints: false)
        } catch is StoreTransaction.Spoiled {
            return runApart(taken)
        } catch let rolledBack as RolledBack {
            return runAfter(rolledBack.error, taken, overdue: rolledBack.overdue)
        } catch {
            return runAfter(error, taken)
        }
    }

    /// Runs a group again with a savepoint for each job, because one of them failed after it had written.
    private func runApart(_ jobs: [Job]) -> Outcome {
        var taken = jobs
        do {
            return try transaction(&taken, more: { [] }, hasSavepoints: true)
        } catch let rolledBack as RolledBack {
            return runAfter(rolledBack.error, taken, overdue: rolledBack.overdue)
        } catch {
            return runAfter(error, taken)
        }
    }

    /// The commit failed, or SQLite rolled the whole group back: nothing of it is on disk.
    /// - Parameter overdue: The job that took too long, which is not tried again.
    private func runAfter(_ error: any Error, _ jobs: [Job], overdue: Int? = nil) -> Outcome {
        guard jobs.count > 1 else { return failed(jobs[0], error) }
        return jobs.enumerated().map { index, job in
            job.runsOnce || index == overdue ? failed(job, error) : run([job])
        }.reduce(into: Outcome(jobs: jobs)) { whole, each in
            whole.results += each.results
            whole.events += each.events
            whole.nextDue = each.nextDue
            whole.commits += each.commits
        }
    }

    private func failed(_ job: Job, _ error: any Error) -> Outcome {
        // Nothing has changed, and what was due next still is.
        Outcome(
            jobs: [job], results: [.failure(moduleError(for: error, module: job.module))], nextDue: try? nextDue())
    }

    private func transaction(_ jobs: inout [Job], more: () -> [Job], hasSavepoints: Bool) throws -> Outcome {
        let house = house
        return try store.pool.writeWithoutTransaction { database in
            try requireFiles(database)
            let (head, clockState) = (ledger.head, clockWatch.state)
            var outcome = Outcome(jobs: [])
            let transaction = StoreTransaction(
                database: database, engine: self, house: house, ledger: ledger, clockWatch: clockWatch,
                hasSavepoints: hasSavepoints || jobs.contains(where: \.runsOnce))
            do {
                let begin = try SQLStatement(database.cachedStatement(sql: "BEGIN IMMEDIATE"))
                try begin.run()
                var next = 0
                repeat {
                    while next < jobs.count {
                        let result = try perform(jobs[next], in: transaction)
                        // After some errors (disk full) SQLite has rolled back the whole group.
                        guard begin.isInTransaction else {
                            throw RolledBack(cause: result, overdue: CrashNotes.isNearlyOverdue ? next : nil)
                        }
                        outcome.results.append(result)
                        next += 1
                    }
                    jobs += more()
                } while next < jobs.count
                // Asked here, where it needs no transaction of its own.
                outcome.nextDue = try? nextDue(house, database)
                try SQLStatement(database.cachedStatement(sql: "COMMIT")).run()
            } catch {
                if database.isInsideTransaction { try? database.execute(sql: "ROLLBACK") }
                ledger.head = head
                clockWatch.state = clockState
                files.note()
                if let error = error as? DatabaseError { notice(error) }
                throw error
            }
            try finishCommit(database, wrote: transaction.hasWrittenAny)
            // In force before anybody hears of it.
            for name in Guards.retired(by: transaction.events) {
                current.withLock { $0 = $0.retiring(name) }
            }
            outcome.jobs = jobs
            outcome.events = transaction.events
            outcome.commits = transaction.hasWrittenAny ? 1 : 0
            return outcome
        }
    }

    private struct RolledBack: Error {
        var cause: Result<Object, ModuleError>
        var overdue: Int?
        var error: ModuleError {
            if case .failure(let error) = cause { error } else { ModuleError(.storage, "the store rolled back") }
        }
    }

    private func perform(_ job: Job, in transaction: StoreTransaction) throws -> Result<Object, ModuleError> {
        let house = transaction.house
        house.crashNotes.begin(job.request, of: job.actor.uid)
        house.crashNotes.enter(job.module)
        defer { house.crashNotes.enter("") }
        do {
            try house.refusals.check(job.request, of: job.actor, module: job.module, at: clock.now())
            return .success(try transaction.run(job))
        } catch let spoiled as StoreTransaction.Spoiled {
            throw spoiled
        } catch {
            return .failure(moduleError(for: error, module: transaction.module))
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
        try store.pool.writeWithoutTransaction { try nextDue(house, $0) }
    }

    private func nextDue(_ house: House, _ database: Database) throws -> Instant? {
        try house.timers.compactMap { try next($1, of: $0, house, clock.now(), database) }.min()
    }

    private func next(
        _ timer: MneedleKit.Timer, of module: String, _ house: House, _ now: Instant, _ database: Database
    ) throws -> Instant? {
        let reading = StoreReading(
            database: database, engine: self, house: house, actor: .service, now: now, module: module,
            statements: statements)
        house.crashNotes.begin(nil, of: 0)
        house.crashNotes.enter(module)
        defer {
            house.crashNotes.enter("")
            _ = statements.faults.take()
        }
        let next = try timer.next(reading)
        try reading.requireSound()
        return next
    }

    /// The jobs that do what is due now.
    package func dueJobs() throws -> [Job] {
        let (now, house) = (clock.now(), house)
        return try store.pool.writeWithoutTransaction { database in
            try house.timers.compactMap { module, timer in
                guard let due = try next(timer, of: module, house, now, database), due <= now else { return nil }
                return Job(
                    actor: .service, module: module,
                    run: {
                        try timer.fire($0)
                        return [:]
                    },
                    done: { result in
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
