import CMneedleSystem
import Glibc
import MneedleKit

/// The two events that wake the writer: new work, or the time of the next thing due. One descriptor each,
/// one `poll` for both, and no wake-up while there is neither.
struct WakeUp: Sendable {
    private let work: Int32
    private let timer: Int32

    init() throws {
        work = mneedle_event_create()
        timer = mneedle_timer_create()
        guard work >= 0, timer >= 0 else {
            throw ModuleError.internal(
                "cannot make the writer's descriptors: \(String(cString: strerror(-min(work, timer))))")
        }
    }

    /// Wakes the waiting thread; cheap, from any thread.
    func signal() {
        var one: UInt64 = 1
        _ = write(work, &one, 8)
    }

    /// When to wake next by the clock; `nil` for never. The clock being set wakes in any case.
    func arm(_ instant: Instant?) {
        _ = mneedle_timer_arm(timer, instant.map { max(0, $0.milliseconds) } ?? -1)
    }

    enum Reason { case work, time }

    /// Blocks until there is work or the time has come.
    func wait() -> Set<Reason> {
        var descriptors = [
            pollfd(fd: work, events: Int16(POLLIN), revents: 0), pollfd(fd: timer, events: Int16(POLLIN), revents: 0),
        ]
        while poll(&descriptors, 2, -1) < 0 && errno == EINTR {}
        var reasons: Set<Reason> = []
        if descriptors[0].revents != 0 {
            var count: UInt64 = 0
            _ = read(work, &count, 8)
            reasons.insert(.work)
        }
        if descriptors[1].revents != 0 {
            mneedle_timer_drain(timer)
            reasons.insert(.time)
        }
        return reasons
    }

    func close() {
        Glibc.close(work)
        Glibc.close(timer)
    }
}
