import Dispatch
import Foundation
import Glibc
import MneedleKit
import MneedleSystem
import NIOCore
import Synchronization

/// The threads on which reads run, and the order in which reads get them.
///
/// Users take turns, and so do the connections of one user. Reads that take long never have all threads: a quick one finds a
/// thread, whichever long listings run meanwhile. A read that takes longer than it may is ended; one that cannot be ended,
/// because its module's code neither returns nor asks for anything, loses its thread, and its module is reported. Nothing
/// wakes up while nothing is read. Lives on the event loop, except for the threads.
// Sendable: everything but `ready` and `work`, which are safe, is touched on the event loop alone; each entry checks it.
final class Readers: @unchecked Sendable {
    /// The most reads at the same time; the most long ones among them; and the most long ones of one user.
    static let (most, mostLong, mostLongOfOne) = (8, 6, 4)
    /// The most threads, without those for brief reads. Those beyond `most` are used only when too many reads prove to be long
    /// after they have begun.
    static let mostThreads = 12
    /// The number of threads that are replaced when a module's code keeps them for good.
    static let mostLost = 8
    /// The time from which a read counts as long.
    static let long = TimeAmount.milliseconds(100)
    /// The time from which the read's verb counts as long, where its processor time does not show that already: on a busy
    /// machine short reads have to wait too.
    private static let surelyLong = TimeAmount.seconds(1)
    /// Threads for requests about the state of the service, when modules keep all the others.
    private static let mostForBrief = 2
    /// The time for which a client may take nothing while others wait.
    private static let patience = TimeAmount.seconds(1)

    private let loop: any EventLoop
    /// The size of the store's write-ahead log in bytes.
    private let logBytes: @Sendable () -> Int64
    /// Takes the names of a module whose code has kept a thread, and of the verb.
    var lost: (_ module: String, _ verb: String) -> Void = { _, _ in }
    var limits: Limits

    private var waiting = ReadQueue<ReadTask>()
    private var running: [ObjectIdentifier: ReadTask] = [:]
    /// Long verbs: known from their last run, or from one that still runs.
    private var longVerbs: Set<String> = []
    private var threads = 0
    private var lostThreads = 0
    private var watch: Scheduled<Void>?
    private var isWatchingClosely = false
    private let ready = Mutex<[ReadTask]>([])
    private let work = DispatchSemaphore(value: 0)

    init(loop: any EventLoop, limits: Limits, logBytes: @escaping @Sendable () -> Int64) {
        self.loop = loop
        self.limits = limits
        self.logBytes = logBytes
    }

    /// Whether code that cannot be ended still holds a snapshot; then the store cannot be closed.
    var hasLost: Bool {
        loop.preconditionInEventLoop()
        return lostThreads > 0
    }

    /// Runs the read as soon as it is its turn.
    func run(_ task: ReadTask) {
        loop.preconditionInEventLoop()
        waiting.append(task, of: task.uid)
        dispatch()
    }

    // MARK: Turns

    private func dispatch() {
        let now = NIODeadline.now()
        let longs = running.values.filter { $0.isLong(at: now) }
        for task in longs where isLongWork(task, now) { longVerbs.insert(task.verb) }
        let suspects = Set(longs.map(\.verb))
        var (occupied, longCount) = (running.count, longs.count)
        var longOf: [UInt32: Int] = [:]
        for task in longs { longOf[task.uid, default: 0] += 1 }
        let available = Readers.mostThreads - max(0, lostThreads - Readers.mostLost)
        while occupied < available + Readers.mostForBrief {
            let isFull = occupied >= available || occupied - max(0, longCount - Readers.mostLong) >= Readers.most
            let next = waiting.next { task, uid in
                if task.isBrief { return true }
                let mayBeLong = longCount < Readers.mostLong && longOf[uid, default: 0] < Readers.mostLongOfOne
                // Threads beyond the usual number are not for the verbs that make them necessary.
                let isSuspect = occupied >= Readers.most && suspects.contains(task.verb)
                return !isFull && !isSuspect && (mayBeLong || !longVerbs.contains(task.verb))
            }
            guard let next else { break }
            next.isLong = longVerbs.contains(next.verb) && !next.isBrief
            if next.isLong {
                longCount += 1
                longOf[next.uid, default: 0] += 1
            }
            occupied += 1
            begin(next, now)
        }
        keepWatch()
    }

    private func begin(_ task: ReadTask, _ now: NIODeadline) {
        task.started = now
        running[ObjectIdentifier(task)] = task
        if running.count > threads - lostThreads {
            do {
                try NamedThread("reader").start { [self] in serve() }
                threads += 1
            } catch {
                // A thread that is at work takes the read when it is free.
                guard threads > lostThreads else { return refuse(task, error) }
            }
        }
        ready.withLock { $0.append(task) }
        work.signal()
    }

    /// Answers a read for which there is no thread, in a turn of its own, for its client may ask again at once.
    private func refuse(_ task: ReadTask, _ error: NamedThread.NotStarted) {
        running[ObjectIdentifier(task)] = nil
        let refusal = ModuleError(
            .busy, "\(error); try again in a moment", members: ["retry_after": Span(milliseconds: 1000)])
        loop.execute { [self] in
            task.abandoned(refusal)
            dispatch()
        }
    }

    /// The loop of a thread: it takes the next read, until the readers are stopped.
    private func serve() {
        // The event loop, on which everybody waits, comes first.
        _ = setpriority(__priority_which_t(PRIO_PROCESS.rawValue), 0, 5)
        while true {
            work.wait()
            guard let task = ready.withLock({ $0.isEmpty ? nil : $0.removeFirst() }) else { return }
            task.beginWork()
            let deliver = task.body()
            task.endWork()
            loop.execute { self.end(task, deliver) }
        }
    }

    private func end(_ task: ReadTask, _ deliver: () -> Void) {
        if task.isLost {
            lostThreads -= 1
        } else {
            running[ObjectIdentifier(task)] = nil
            note(task)
            deliver()
        }
        dispatch()
    }

    /// Whether the verb itself took long: waiting for a client, or for the processor, is not its fault.
    private func isLongWork(_ task: ReadTask, _ now: NIODeadline) -> Bool {
        task.processorTime >= Readers.long || task.working(at: now) >= Readers.surelyLong
    }

    /// Remembers whether the verb takes long.
    private func note(_ task: ReadTask) {
        if isLongWork(task, .now()) {
            longVerbs.insert(task.verb)
        } else {
            longVerbs.remove(task.verb)
        }
    }

    // MARK: Ends

    /// Checks again after a while, as long as any read runs.
    private func keepWatch() {
        guard !running.isEmpty else {
            watch?.cancel()
            watch = nil
            return
        }
        let isClose = !waiting.isEmpty
        if watch != nil, isWatchingClosely || !isClose { return }
        watch?.cancel()
        isWatchingClosely = isClose
        watch = loop.scheduleTask(in: isClose ? Readers.long : Readers.patience) { [self] in
            watch = nil
            look()
            dispatch()
        }
    }

    private func look() {
        let now = NIODeadline.now()
        for task in running.values where !task.isPatient { look(at: task, now) }
        if !waiting.isEmpty {
            for task in running.values.filter({ $0.stream.isStalled(for: Readers.patience) }).prefix(waiting.count) {
                task.stream.close()
            }
        }
        boundLog()
    }

    private func look(at task: ReadTask, _ now: NIODeadline) {
        let allowed = TimeAmount.milliseconds(limits.readingTime.milliseconds)
        let working = task.working(at: now)
        if working > allowed {
            task.stop(
                Readers.ended(
                    "it took more than \(limits.readingTime)", "ask for less, for one person or with since and count",
                    limits.readingTime))
        }
        if now - (task.started ?? now) > .milliseconds(limits.listingTime.milliseconds) {
            task.stop(
                Readers.ended(
                    "it was taken so slowly that it was under way for more than \(limits.listingTime)",
                    "read faster, or ask for less at a time with since or count", limits.listingTime))
        }
        if working > allowed + allowed { lose(task) }
    }

    /// Writes off the thread of a read whose code does not end.
    private func lose(_ task: ReadTask) {
        running[ObjectIdentifier(task)] = nil
        task.isLost = true
        lostThreads += 1
        let module = task.control.module
        task.abandoned(
            .moduleFailed(
                module,
                "module '\(module)' did not answer '\(task.verb)' and does not stop; the service's log says more"))
        lost(module, task.verb)
    }

    /// Checks the log after a commit: it cannot be emptied while somebody reads an older state, and must not outgrow its bound.
    func committed() {
        loop.preconditionInEventLoop()
        if !running.isEmpty { boundLog() }
    }

    private func boundLog() {
        guard logBytes() > Int64(limits.maxLogBytes), !running.values.contains(where: { $0.control.isStopped }) else {
            return
        }
        let now = NIODeadline.now()
        let oldest = running.values.filter {
            !$0.isPatient && ($0.stream.isStalled(for: .zero) || now - ($0.started ?? now) > Readers.patience)
        }.min { ($0.started ?? now) < ($1.started ?? now) }
        oldest?.stop(
            Readers.ended(
                "so much has changed since it began that the store's log reached \(limits.maxLogBytes) bytes",
                "read faster, or ask for less at a time with since or count", limits.readingTime))
    }

    private static func ended(_ why: String, _ next: String, _ limit: Span) -> ModuleError {
        ModuleError(
            .busy, "the read was ended: \(why); \(next)",
            members: ["limit": limit, "retry_after": Span(milliseconds: 1000)])
    }

    /// Ends the threads. Those that do not end are left to the end of the process.
    func stop() {
        loop.preconditionInEventLoop()
        let count = threads
        for _ in 0..<count { work.signal() }
    }
}
