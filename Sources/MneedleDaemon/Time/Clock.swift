import Glibc
import MneedleKit
import Synchronization

/// Where the time comes from. Everything takes it from here, so that tests travel in time.
public protocol Clock: Sendable {
    func now() -> Instant
}

/// The system's real-time clock.
public struct SystemClock: Clock {
    public init() {}

    public func now() -> Instant {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return Instant(milliseconds: Int64(time.tv_sec) * 1000 + Int64(time.tv_nsec) / 1_000_000)
    }
}

/// A clock that stands still until it is moved.
public final class ManualClock: Clock {
    private let instant: Mutex<Instant>

    public init(_ instant: Instant) { self.instant = Mutex(instant) }

    public func now() -> Instant { instant.withLock { $0 } }
    public func set(_ newValue: Instant) { instant.withLock { $0 = newValue } }
    public func advance(seconds: Double) { instant.withLock { $0 = $0.adding(seconds: seconds) } }
    public func advance(hours: Double) { advance(seconds: hours * 3600) }
    public func advance(days: Double) { advance(hours: days * 24) }
}
