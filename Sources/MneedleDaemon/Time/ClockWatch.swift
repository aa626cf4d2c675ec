import MneedleKit

/// Notices that the clock was set while the service runs, and that it is behind the ledger's latest time.
///
/// The clock and the time that has passed go on at one pace: a time server's gradual correction slows or speeds both, and
/// sleep counts in both. So a clock that moves away from the other was set. Small corrections add up until they are noted.
///
/// Belongs to the writing connection, as the ledger's head does.
final class ClockWatch {
    /// The clock as the store has known it; a part of the open transaction's state.
    struct State: Sendable, Equatable {
        /// The latest time that the service has known, even if the clock shows an earlier one now.
        var latest = Instant(milliseconds: .min / 4096)
        /// The sum of all jumps in milliseconds: the clock without it goes on evenly.
        var jumped: Int64 = 0
        /// The difference of the clock and the time that has passed, when the clock was last taken for right.
        var offset: Int64 = 0
    }

    /// A jump: the clock showed `to` when it should have shown `from`.
    struct Jump: Sendable, Equatable {
        var from: Instant
        var to: Instant

        /// Positive when it was set forward.
        var milliseconds: Int64 { to.milliseconds - from.milliseconds }
    }

    /// The usual limit up to which a person or a time server may move the clock without a note of it.
    package static let usualTolerance = Span.minutes(2)

    var state: State
    let tolerance: Int64

    /// - Parameters:
    ///   - known: The state at the last stop; its offset counts for nothing any more.
    ///   - newest: The time at which the newest entry of the ledger was recorded.
    init(_ reading: ClockReading, _ known: State, newest: Instant?, _ tolerance: Span) {
        self.tolerance = tolerance.milliseconds
        state = known
        // A clock that is behind the ledger at the start should show at least the time of its newest entry.
        state.offset = max(reading.now, newest ?? reading.now).milliseconds - reading.elapsed
    }

    /// The jump of the clock since ``take(_:)``; `nil` where there is none.
    func jump(at reading: ClockReading) -> Jump? {
        let expected = Instant(milliseconds: state.offset + reading.elapsed)
        let jump = Jump(from: expected, to: reading.now)
        return abs(jump.milliseconds) > tolerance ? jump : nil
    }

    /// Accepts a jump: from now on the clock is right.
    func take(_ jump: Jump) {
        state.offset += jump.milliseconds
        state.jumped += jump.milliseconds
        if jump.milliseconds < 0 { state.latest = max(state.latest, jump.from) }
    }
}
