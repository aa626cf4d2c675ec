import Foundation
import Glibc
import MneedleKit
import MneedleSystem
import Synchronization

/// The one thread that changes the store. It takes all jobs that wait, runs them in one transaction with one sync, and hands
/// over the results: group commit. Between groups it does the work that has become due by the clock.
final class Writer: Sendable {
    /// Takes the results of a group, in the order of its jobs, and the events to publish after them.
    typealias Delivery = @Sendable (Engine.Outcome) -> Void

    private struct State {
        /// Requests.
        var queue: [Job] = []
        /// Pieces of bulk transfers.
        var bulk: [Job] = []
        var isStopping = false
        /// Callbacks that wait for proof that thread and timer move.
        var proofs: [@Sendable () -> Void] = []
    }

    private let engine: Engine
    private let deliver: Delivery
    private let state = Mutex(State())
    private let wakeUp: TimedWakeUp
    private let thread = NamedThread("writer")
    /// The most requests in one transaction: bounds the time to the first reply.
    private static let largestGroup = 1024
    /// The longest time for which bulk pieces may hold up requests that come meanwhile.
    private static let bulkTime = DispatchTimeInterval.milliseconds(1)
    /// The time at which the next timer is due, for `status`.
    let nextDue = Mutex<Instant?>(nil)

    /// The size in bytes that the store's log may have.
    let maxLogBytes: Atomic<Int64>
    /// The size from which the log is emptied next; touched on the writer's thread alone.
    private let emptiedFrom = Atomic<Int64>(0)

    init(engine: Engine, maxLogBytes: Int64, deliver: @escaping Delivery) throws {
        self.engine = engine
        self.maxLogBytes = Atomic(maxLogBytes)
        self.deliver = deliver
        wakeUp = try TimedWakeUp()
    }

    func start() throws { try thread.start { [self] in run() } }

    /// Queues jobs. Requests are run and delivered in their order, and so are bulk pieces; the two kinds have no order between them.
    func submit(_ jobs: [Job]) {
        guard !jobs.isEmpty else { return }
        let wasIdle = state.withLock { state in
            defer { for job in jobs { if job.runsOnce { state.bulk.append(job) } else { state.queue.append(job) } } }
            return state.queue.isEmpty && state.bulk.isEmpty
        }
        if wasIdle { wakeUp.signal() }
    }

    /// Calls back on the writer's thread when its timer has woken it: proof that the thread and the timer both move.
    func proveMoving(_ body: @escaping @Sendable () -> Void) {
        state.withLock { $0.proofs.append(body) }
        wakeUp.signal()
    }

    /// Finishes what is queued, then ends the thread. Waits for it.
    func stop() {
        state.withLock { $0.isStopping = true }
        wakeUp.signal()
        thread.join()
    }

    private func run() {
        // The event loop comes first: an alarm is told while points of other devices are packed and written.
        _ = setpriority(__priority_which_t(PRIO_PROCESS.rawValue), 0, 5)
        engine.registry.crashNotes.watched {
            noteClock()
            fireDue(try? engine.nextDue())
        }
        while true {
            let (requests, piece, isStopping, proofs) = state.withLock { state in
                defer { state.proofs = [] }
                let piece = state.bulk.isEmpty ? nil : state.bulk.removeFirst()
                return (Writer.take(&state.queue), piece, state.isStopping, state.proofs)
            }
            if !proofs.isEmpty { prove(proofs) }
            if !requests.isEmpty || piece != nil {
                engine.registry.crashNotes.watched { runGroup(requests, piece) }
            } else if isStopping {
                return
            } else if wakeUp.wait() {
                engine.registry.crashNotes.watched {
                    if engine.hasClockJumped { noteClock() }
                    fireDue(try? engine.nextDue())
                }
            }
        }
    }

    /// Has a jump of the clock noted when no request comes: every group notes it.
    private func noteClock() { deliver(engine.run([Job(actor: .service, module: Verb.host, run: { _ in [:] })])) }

    /// Sets the timer to now and waits for it. A timer that does not come leaves the proofs unanswered, and the watchdog ends
    /// the service. A wake-up by work is no proof: that work is done after this.
    private func prove(_ proofs: [@Sendable () -> Void]) {
        wakeUp.arm(engine.clock.now())
        while !wakeUp.wait() {}
        for proof in proofs { proof() }
        wakeUp.arm(nextDue.withLock { $0 })
    }

    /// The requests that share a transaction.
    private static func take(_ queue: inout [Job], atMost most: Int = largestGroup) -> [Job] {
        let count = min(queue.count, most)
        defer { queue.removeFirst(count) }
        return count == queue.count ? queue : Array(queue.prefix(count))
    }

    /// Runs the jobs that wait: requests first, then bulk pieces for a moment, then the requests that came meanwhile. So a
    /// request waits no longer than that moment, however much telemetry there is to store.
    private func runGroup(_ requests: [Job], _ piece: Job?) {
        var count = requests.count
        let began = DispatchTime.now()
        var isOpen = true
        let outcome = engine.run(requests + [piece].compactMap { $0 }) {
            // Requests that have come in meanwhile share the commit, up to a bound on the time to the first reply.
            guard isOpen, count < Writer.largestGroup else { return [] }
            return state.withLock { state in
                // A group that began without a piece is run again when one of its jobs fails; a piece must not be.
                if piece != nil, !state.bulk.isEmpty, DispatchTime.now() < began + Writer.bulkTime {
                    return [state.bulk.removeFirst()]
                }
                isOpen = piece == nil
                let further = Writer.take(&state.queue, atMost: Writer.largestGroup - count)
                count += further.count
                return further
            }
        }
        deliver(outcome)
        boundLog()
        fireDue(outcome.nextDue)
    }

    /// Empties the log where it has outgrown its bound: the store does that by itself only in a moment in which nobody reads.
    /// Where a reader holds it up, it is tried again when an eighth more has been written.
    private func boundLog() {
        let (bytes, bound) = (engine.store.logBytes, maxLogBytes.load(ordering: .relaxed))
        guard bytes > bound else { return emptiedFrom.store(0, ordering: .relaxed) }
        guard bytes > emptiedFrom.load(ordering: .relaxed) else { return }
        let isEmpty = (try? engine.store.emptyLog()) ?? false
        emptiedFrom.store(isEmpty ? 0 : bytes + bound / 8, ordering: .relaxed)
    }

    /// Runs the timers that are due and arms the clock for the next one.
    private func fireDue(_ due: Instant?) {
        var next = due
        // A timer that fails stays due: it is tried again with the next change or minute, not in a tight loop.
        for _ in 0..<64 {
            guard let due = next, due <= engine.clock.now(), let jobs = try? engine.dueJobs(), !jobs.isEmpty else {
                break
            }
            let outcome = engine.run(jobs)
            deliver(outcome)
            next = outcome.nextDue
            if outcome.results.contains(where: { (try? $0.get()) == nil }) { break }
        }
        if let due = next, due <= engine.clock.now() { next = engine.clock.now().adding(seconds: 60) }
        let isNew = nextDue.withLock { known in
            defer { known = next }
            return known != next
        }
        if isNew { wakeUp.arm(next) }
    }
}
