import MneedleKit
import Synchronization

/// Gives points without a time of their own the time of their arrival, and no two the same time, for they would be one
/// point.
final class ArrivalClock: Sendable {
    private let last = Mutex(Int64.min)
    /// The nanoseconds by which the machine's clock may be behind; one that is further behind was set back, and is followed.
    private static let mostBehind: Int64 = 1_000_000_000

    /// - Parameter now: The time of the machine's clock, in nanoseconds; it stands still for a millisecond at a time.
    func next(_ now: Int64) -> Int64 {
        last.withLock { last in
            let isOn = now > last || last.subtractingClamped(now) > ArrivalClock.mostBehind
            last = isOn ? now : last.addingClamped(1)
            return last
        }
    }
}
