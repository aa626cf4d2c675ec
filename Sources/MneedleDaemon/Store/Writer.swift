import Foundation
import MneedleKit
import Synchronization

/// The one thread that changes the store. It takes everything that is waiting, runs it in one transaction with one
/// sync, and hands over the results: group commit. Between groups it does what has become due by the clock.
final class Writer: Sendable {
    /// Takes the results of a group, in the order of its jobs, and the events to publish after them.
    typealias Delivery = @Sendable (Engine.Outcome) -> Void

    private struct State {
        var queue: [Job] = []
        var isStopping = false
    }

    private let engine: Engine
    private let deliver: Delivery
    private let state = Mutex(State())
    private let wakeUp: WakeUp
    private let ended = DispatchSemaphore(value: 0)
    /// The most requests in one transaction: bounds the time to the first reply.
    private static let largestGroup = 1024
    /// When the next timer is due, for `status`.
    let nextDue = Mutex<Instant?>(nil)
    /// Counts the rounds of the loop; a watchdog sees by it that the writer moves.
    let rounds = Atomic<Int>(0)

    init(engine: Engine, deliver: @escaping Delivery) throws {
        self.engine = engine
        self.deliver = deliver
        wakeUp = try WakeUp()
    }

    func start() {
        let thread = Thread { [self] in run() }
        thread.name = "writer"
        thread.stackSize = 1 << 20
        thread.start()
    }

    /// Queues jobs in their order. They are delivered in that order.
    func submit(_ jobs: [Job]) {
        guard !jobs.isEmpty else { return }
        let wasIdle = state.withLock { state in
            defer { state.queue += jobs }
            return state.queue.isEmpty
        }
        if wasIdle { wakeUp.signal() }
    }

    /// Finishes what is queued, then ends the thread. Waits for it.
    func stop() {
        state.withLock { $0.isStopping = true }
        wakeUp.signal()
        ended.wait()
        wakeUp.close()
    }

    private func run() {
        fireDue(try? engine.nextDue())
        while true {
            let (jobs, isStopping) = state.withLock { state in (Writer.take(&state.queue), state.isStopping) }
            if !jobs.isEmpty {
                runGroup(jobs)
            } else if isStopping {
                break
            } else if wakeUp.wait().contains(.time) {
                fireDue(try? engine.nextDue())
            }
            rounds.wrappingAdd(1, ordering: .relaxed)
        }
        ended.signal()
    }

    /// The jobs at the front of the queue that may share a transaction.
    private static func take(_ queue: inout [Job]) -> [Job] {
        let count = queue.first?.isExclusive == true ? 1 : queue.prefix(largestGroup).prefix { !$0.isExclusive }.count
        defer { queue.removeFirst(count) }
        return count == queue.count ? queue : Array(queue.prefix(count))
    }

    private func runGroup(_ jobs: [Job]) {
        var count = jobs.count
        let isExclusive = jobs[0].isExclusive
        let outcome = engine.run(jobs) {
            // What has come in meanwhile shares the commit, up to a bound on the time to the first reply.
            guard !isExclusive, count < Writer.largestGroup else { return [] }
            let further = state.withLock { state in
                state.queue.first?.isExclusive == false ? Writer.take(&state.queue) : []
            }
            count += further.count
            return further
        }
        deliver(outcome)
        fireDue(outcome.nextDue)
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
