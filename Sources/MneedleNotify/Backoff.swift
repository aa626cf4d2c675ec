/// The growing pause before the next attempt: half a second, then twice as long each time, a minute at most; for ever.
struct Backoff {
    private static let first = Duration.milliseconds(500)
    private static let longest = Duration.seconds(60)

    private var pause = Backoff.first
    /// The time at which the next attempt is due; `nil` while none is.
    private(set) var due: ContinuousClock.Instant?

    /// Notes that another attempt failed.
    mutating func failed(now: ContinuousClock.Instant = .now) {
        due = now + pause
        pause = min(pause * 2, Backoff.longest)
    }

    /// Notes that an attempt is under way, or has half succeeded: nothing is due, and the next failure still waits longer.
    mutating func rest() { due = nil }

    /// Notes that the attempt succeeded; the next failure is a first one.
    mutating func succeeded() { self = Backoff() }

    /// Whether an attempt may be made now.
    func isOver(now: ContinuousClock.Instant = .now) -> Bool { due.map { $0 <= now } ?? true }
}
