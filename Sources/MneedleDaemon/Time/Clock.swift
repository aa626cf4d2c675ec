import Glibc
import MneedleKit
import Synchronization

/// The source of the time. All code takes it from here, so that tests can travel in time.
public protocol Clock: Sendable {
    /// The clock's time, and the time that has gone by.
    func reading() -> ClockReading
}

extension Clock {
    /// The time of day alone.
    public func now() -> Instant { reading().now }
}

/// A clock's time beside a count that setting the clock does not change: so a set clock is told from time that has passed.
public struct ClockReading: Sendable, Equatable {
    /// The time of day, which can be set.
    public var now: Instant
    /// Milliseconds since a moment that stays the same while this process runs; time asleep counts.
    public var elapsed: Int64

    /// - Parameter elapsed: The time that has gone by, in milliseconds.
    public init(now: Instant, elapsed: Int64) {
        self.now = now
        self.elapsed = elapsed
    }
}

/// The system's real-time clock.
public struct SystemClock: Clock {
    /// Makes a system clock; all of them show the same time.
    public init() {}

    /// The time of day, by one call of the kernel.
    public func now() -> Instant { Instant(milliseconds: SystemClock.milliseconds(CLOCK_REALTIME)) }

    /// Both at one moment: if the machine slept between the two, the clock would seem to have been set.
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

    /// Makes a clock that stands at `instant`, with no time gone by.
    public init(_ instant: Instant) { state = Mutex(ClockReading(now: instant, elapsed: 0)) }

    /// The time that the clock was last moved to.
    public func reading() -> ClockReading { state.withLock { $0 } }

    /// Lets time pass until `newValue`.
    public func set(_ newValue: Instant) {
        state.withLock {
            $0 = ClockReading(now: newValue, elapsed: $0.elapsed + newValue.milliseconds - $0.now.milliseconds)
        }
    }
    /// Lets so many seconds pass.
    public func advance(seconds: Double) { set(now().adding(seconds: seconds)) }

    /// Sets the clock, as a person or a time server does: no time passes.
    public func jump(to newValue: Instant) { state.withLock { $0.now = newValue } }
    /// Lets so many hours pass.
    public func advance(hours: Double) { advance(seconds: hours * 3600) }
    /// Lets so many times 24 hours pass, whatever the calendar says.
    public func advance(days: Double) { advance(hours: days * 24) }
}
