import MneedleKit

/// Tells when the clock was set while the service runs, and when it is behind what the ledger knows.
///
/// The clock and the time that has passed go on at one pace: what a time server corrects by and by slows or speeds both, and
/// sleep counts in both. So one that moves away from the other was set. Small corrections add up until they are worth a note.
///
/// Belongs to the writing connection, as the ledger's head does.
final class ClockWatch {
    /// The clock as the store has known it; a part of the open transaction's state.
    struct State: Sendable, Equatable {
        /// The latest time that the service has known, whether the clock still shows a later one or not.
        var latest = Instant(milliseconds: .min / 4096)
        /// The sum of all jumps in milliseconds: what the clock shows without it goes on evenly.
        var jumped: Int64 = 0
        /// The difference of the clock and the time that has passed, as it was last taken for right.
        var offset: Int64 = 0
    }

    /// The clock showed `to` when it should have shown `from`.
    struct Jump: Sendable, Equatable {
        var from: Instant
        var to: Instant

        /// Positive when it was set forward.
        var milliseconds: Int64 { to.milliseconds - from.milliseconds }
    }

    /// A person or a time server may move the clock by this much without a note of it.
    package static let usualTolerance = Span.minutes(2)

    var state: State
    let tolerance: Int64

    /// - Parameters:
    ///   - known: What was known at the last stop; its offset counts for nothing any more.
    ///   - newest: When the newest entry of the ledger was recorded.
    init(_ reading: ClockReading, _ known: State, newest: Instant?, _ tolerance: Span) {
        self.tolerance = tolerance.milliseconds
        state = known
        // A clock that is behind the ledger at the start should show the time of its newest entry at least.
        state.offset = max(reading.now, newest ?? reading.now).milliseconds - reading.elapsed
    }

    /// How the clock has jumped since ``take(_:)``.
    func jump(at reading: ClockReading) -> Jump? {
        let expected = Instant(milliseconds: state.offset + reading.elapsed)
        let jump = Jump(from: expected, to: reading.now)
        return abs(jump.milliseconds) > tolerance ? jump : nil
    }

    /// Goes on from what the clock shows now.
    func take(_ jump: Jump) {
        state.offset += jump.milliseconds
        state.jumped += jump.milliseconds
        if jump.milliseconds < 0 { state.latest = max(state.latest, jump.from) }
    }
}
