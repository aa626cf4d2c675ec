import Glibc
import MneedleKit
import NIOCore
import Synchronization

/// One read: its work, its client, and the time that it has taken.
// Sendable: it lives on the event loop, except the body, which a thread calls.
final class ReadTask: @unchecked Sendable {
    let verb: String
    let uid: UInt32
    let stream: RowStream
    let control: ReadControl
    /// The work, on a reader's thread; its result is called on the event loop unless the task was given up before.
    let body: @Sendable () -> @Sendable () -> Void
    /// Called on the event loop in place of the result.
    let abandoned: (ModuleError) -> Void

    var started: NIODeadline?
    /// Whether it is expected to take long.
    var isLong = false
    var isLost = false

    init(
        verb: String, uid: UInt32, stream: RowStream, control: ReadControl,
        abandoned: @escaping (ModuleError) -> Void, body: @escaping @Sendable () -> @Sendable () -> Void
    ) {
        self.verb = verb
        self.uid = uid
        self.stream = stream
        self.control = control
        self.body = body
        self.abandoned = abandoned
    }

    private enum Work {
        case none
        /// The thread's clock, and its time at the beginning.
        case running(clockid_t, Int64)
        case done(Int64)
    }

    private let work = Mutex(Work.none)

    /// Begins to count the processor's time, on the reader's thread.
    func beginWork() {
        var clock = clockid_t()
        guard pthread_getcpuclockid(pthread_self(), &clock) == 0 else { return }
        work.withLock { $0 = .running(clock, ReadTask.time(clock)) }
    }

    func endWork() {
        work.withLock { if case .running(let clock, let began) = $0 { $0 = .done(ReadTask.time(clock) - began) } }
    }

    /// The processor time that it has used.
    var processorTime: TimeAmount {
        work.withLock {
            switch $0 {
            case .none: .zero
            case .running(let clock, let began): .nanoseconds(ReadTask.time(clock) - began)
            case .done(let time): .nanoseconds(time)
            }
        }
    }

    private static func time(_ clock: clockid_t) -> Int64 {
        var time = timespec()
        clock_gettime(clock, &time)
        return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
    }

    /// Whether it always finds a thread: a client that asks for the state of the service is answered.
    var isBrief: Bool { verb == "status" }
    /// Whether it has to read everything, and takes the time for that.
    var isPatient: Bool { verb == "ledger.verify" || verb == "ledger.backup" }

    func isLong(at now: NIODeadline) -> Bool { isLong || now - (started ?? now) >= Readers.long }

    /// The time that it has worked, without the time in which the client did not take its rows.
    func working(at now: NIODeadline) -> TimeAmount { now - (started ?? now) - stream.waited(at: now) }

    /// Has the read end with an error at its next use of the store or its stream.
    func stop(_ error: ModuleError) {
        control.stop(error)
        stream.wake()
    }
}
