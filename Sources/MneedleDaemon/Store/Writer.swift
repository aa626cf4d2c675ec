import Foundation
import MneedleKit
import Synchronization

/// The one thread that changes the store. It takes everything that is waiting, runs it in one transaction with one
/// sync, and hands over the results: group commit. Between groups it does what has become due by the clock.
final class Writer: Sendable {
    /// Results of a group, in the order of its jobs, and the events to publish after them.
    typealias Delivery = @Sendable (_ done: [(Job, Result<Object, ModuleError>)], _ events: [Event]) -> Void

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
    private let largestGroup = 1024
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
        fireDue()
        while true {
            let (jobs, isStopping) = state.withLock { state in
                defer { state.queue = [] }
                return (state.queue, state.isStopping)
            }
            if !jobs.isEmpty {
                runGroups(jobs)
                fireDue()
            } else if isStopping {
                break
            } else if wakeUp.wait().contains(.time) {
                fireDue()
            }
            rounds.wrappingAdd(1, ordering: .relaxed)
        }
        ended.signal()
    }

    private func runGroups(_ jobs: [Job]) {
        var rest = jobs[...]
        while let first = rest.first {
            let group = first.isExclusive ? rest.prefix(1) : rest.prefix(largestGroup).prefix { !$0.isExclusive }
            runGroup(Array(group))
            rest = rest[group.endIndex...]
        }
    }

    private func runGroup(_ jobs: [Job]) {
        let (results, events) = engine.run(jobs)
        deliver(Array(zip(jobs, results)), events)
    }

    /// Runs the timers that are due and arms the clock for the next one.
    private func fireDue() {
        // A timer that fails stays due: it is tried again with the next change or minute, not in a tight loop.
        for _ in 0..<64 {
            let jobs = (try? engine.dueJobs()) ?? []
            if jobs.isEmpty { break }
            let (results, events) = engine.run(jobs)
            deliver(Array(zip(jobs, results)), events)
            if results.contains(where: { (try? $0.get()) == nil }) { break }
        }
        var next = (try? engine.nextDue()) ?? nil
        let now = engine.clock.now()
        if let due = next, due <= now { next = now.adding(seconds: 60) }
        nextDue.withLock { $0 = next }
        wakeUp.arm(next)
    }
}
