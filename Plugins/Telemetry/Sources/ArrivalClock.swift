import MneedleKit
import Synchronization

/// Gives points that have no time of their own that of their arrival, and no two the same: they would be one point.
final class ArrivalClock: Sendable {
    private let last = Mutex(Int64.min)
    /// Further behind than so many nanoseconds the machine's clock has been set back, and is followed.
    private static let mostBehind: Int64 = 1_000_000_000

    /// - Parameter now: What the machine's clock says, in nanoseconds; it stands still for a millisecond at a time.
    func next(_ now: Int64) -> Int64 {
        last.withLock { last in
            let isOn = now > last || last.subtractingClamped(now) > ArrivalClock.mostBehind
            last = isOn ? now : last.addingClamped(1)
            return last
        }
    }
}
