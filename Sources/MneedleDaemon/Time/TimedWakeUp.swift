import CMneedleSystem
import Glibc
import MneedleKit
import MneedleSystem

/// The writer's wait for new work, or for the time of the next timer. One descriptor each, one `poll` for both, and no
/// wake-up while there is neither.
struct TimedWakeUp: Sendable {
    private let work: WakeUp
    private let timer: Descriptor

    init() throws {
        work = try WakeUp()
        let result = mneedle_timer_create()
        guard let timer = Descriptor(result) else { throw SystemError(-result) }
        self.timer = timer
    }

    /// Wakes the waiting thread; cheap, from any thread.
    func signal() { work.signal() }

    /// Sets the time of the next wake-up by the clock; `nil` for never. Setting the clock wakes in any case.
    func arm(_ instant: Instant?) {
        _ = mneedle_timer_arm(timer.number, instant.map { max(0, $0.milliseconds) } ?? -1)
    }

    /// Blocks until there is work or the time has come.
    /// - Returns: Whether the time has come.
    func wait() -> Bool {
        let ready = waitUntilReadable([work.descriptor.number, timer.number])
        if ready[0] { work.clear() }
        if ready[1] { mneedle_timer_drain(timer.number) }
        return ready[1]
    }
}
