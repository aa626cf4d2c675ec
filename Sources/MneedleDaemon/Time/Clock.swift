import Glibc
import MneedleKit
import Synchronization

/// Where the time comes from. Everything takes it from here, so that tests travel in time.
public protocol Clock: Sendable {
    /// The clock's time, and how much time has gone by.
    func reading() -> ClockReading
}

extension Clock {
    /// The time of day, without how much time has gone by.
    public func now() -> Instant { reading().now }
}

/// A clock's time beside a count that setting the clock does not change: so a clock that was set is told from time that passed.
public struct ClockReading: Sendable, Equatable {
    /// The time of day, which somebody can set.
    public var now: Instant
    /// Milliseconds since some moment that stays the same while this process runs, those asleep included.
    public var elapsed: Int64

    /// - Parameter elapsed: Milliseconds.
    public init(now: Instant, elapsed: Int64) {
        self.now = now
        self.elapsed = elapsed
    }
}

/// The system's real-time clock.
public struct SystemClock: Clock {
    /// All of them show the same time.
    public init() {}

    /// The time of day, by one call of the kernel.
    public func now() -> Instant { Instant(milliseconds: SystemClock.milliseconds(CLOCK_REALTIME)) }

    /// Both at one moment: were the machine put to sleep between the two, it would look like a clock that was set.
    public func reading() -> ClockReading {
        var before = SystemClock.milliseconds(CLOCK_BOOTTIME)
        while true {
            let now = now()
            let after = SystemClock.milliseconds(CLOCK_BOOTTIME)
            if after - before < 1000 { return ClockReading(now: now, elapsed: after) }
            before = after
        }
    }

    private static func milliseconds(_ clock: clockid_t) -> Int64 {
        var time = timespec()
        clock_gettime(clock, &time)
        return Int64(time.tv_sec) * 1000 + Int64(time.tv_nsec) / 1_000_000
    }
}

/// A clock that stands still until it is moved.
public final class ManualClock: Clock {
    private let state: Mutex<ClockReading>

    /// Stands at `instant`, with no time gone by.
    public init(_ instant: Instant) { state = Mutex(ClockReading(now: instant, elapsed: 0)) }

    /// The time that it was moved to last.
    public func reading() -> ClockReading { state.withLock { $0 } }

    /// Lets time pass until then.
    public func set(_ newValue: Instant) {
        state.withLock {
            $0 = ClockReading(now: newValue, elapsed: $0.elapsed + newValue.milliseconds - $0.now.milliseconds)
        }
    }
    /// Lets that much time pass.
    public func advance(seconds: Double) { set(now().adding(seconds: seconds)) }

    /// Sets the clock, as somebody or a time server does: no time passes.
    public func jump(to newValue: Instant) { state.withLock { $0.now = newValue } }
    /// Lets that many hours pass.
    public func advance(hours: Double) { advance(seconds: hours * 3600) }
    /// Lets that many times 24 hours pass, whatever the calendar says.
    public func advance(days: Double) { advance(hours: days * 24) }
}
