import Logging
import Synchronization

/// Lets a message through a few times a minute. Further repeats are counted, and the count is logged when the minute is over
/// and the message comes again. A client that provokes the same error ten thousand times does not fill the journal.
struct RateLimitedLogHandler: LogHandler {
    private var inner: any LogHandler
    private let repeats: Repeats

    init(_ inner: any LogHandler, repeats: Repeats = Repeats()) {
        self.inner = inner
        self.repeats = repeats
    }

    var metadata: Logger.Metadata {
        get { inner.metadata }
        set { inner.metadata = newValue }
    }
    var logLevel: Logger.Level {
        get { inner.logLevel }
        set { inner.logLevel = newValue }
    }
    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { inner[metadataKey: key] }
        set { inner[metadataKey: key] = newValue }
    }

    func log(event: LogEvent) {
        switch repeats.judge("\(event.message)") {
        case .held: return
        case .said(let held):
            inner.log(event: event)
            guard held > 0 else { return }
            var summary = event
            summary.message = "the message before came \(held) more times in the minute before and was not logged again"
            inner.log(event: summary)
        }
    }
}

/// The number of times that each message was logged lately.
final class Repeats: Sendable {
    enum Judgement: Equatable {
        /// The message may be logged, with the number of repeats that were held back since the last time.
        case said(held: Int)
        case held
    }

    private struct Count {
        var since: ContinuousClock.Instant
        var said = 0
        var held = 0
    }

    /// The most times a minute that the same message is logged.
    static let limit = 20
    private static let window = Duration.seconds(60)
    private let counts = Mutex<[String: Count]>([:])

    func judge(_ message: String, now: ContinuousClock.Instant = .now) -> Judgement {
        counts.withLock { counts in
            // Messages that differ each time are no repeats; a bound keeps them from filling the memory.
            if counts.count >= 256 { counts = counts.filter { now - $0.value.since < Repeats.window } }
            if counts.count >= 256 { counts.removeAll() }
            var count = counts[message] ?? Count(since: now)
            defer { counts[message] = count }
            if now - count.since >= Repeats.window {
                defer { count = Count(since: now, said: 1) }
                return .said(held: count.held)
            }
            guard count.said < Repeats.limit else {
                count.held += 1
                return .held
            }
            count.said += 1
            return .said(held: 0)
        }
    }
}
