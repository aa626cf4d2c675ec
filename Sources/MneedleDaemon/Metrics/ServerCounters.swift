import MneedleKit
import NIOCore

/// The server's counters. They live on the event loop: counting takes no lock and, except for the first of its kind, no memory.
struct ServerCounters {
    /// A refusal by its module and error code. Neither is ever a word from a client.
    struct Outcome: Hashable {
        /// The module's place, as in ``Verb/Account/slot``.
        var slot: Int
        var error: ModuleError.Code
    }

    /// The reason why a peer was not let in.
    enum Refusal: String, CaseIterable { case role, limit }

    /// Requests that succeeded, by ``Verb/Account/slot``.
    private(set) var successes: [Int64]
    private(set) var failures: [Outcome: Int64] = [:]
    private(set) var reads = Latencies()
    private(set) var writes = Latencies()
    private(set) var refusals: [Refusal: Int64] = [:]
    var commits: Int64 = 0
    var connections = 0

    /// - Parameter modules: The number of modules, running or not.
    init(modules: Int) { successes = [Int64](repeating: 0, count: modules + 1) }

    /// Counts a request whose reply is complete.
    mutating func count(_ account: Verb.Account, since arrived: NIODeadline, _ error: ModuleError.Code? = nil) {
        if let error {
            failures[Outcome(slot: account.slot, error: error), default: 0] += 1
        } else {
            successes[account.slot] += 1
        }
        switch account.timing {
        case .none: break
        case .read: reads.count(NIODeadline.now() - arrived)
        case .write: writes.count(NIODeadline.now() - arrived)
        }
    }

    /// Counts bare `ping` requests, which are answered before any command is looked up.
    mutating func count(pings: Int64) { successes[Verb.Account.host] += pings }

    mutating func count(_ refusal: Refusal, times: Int64 = 1) {
        if times > 0 { refusals[refusal, default: 0] += times }
    }
}

/// The latencies of requests, counted by bounds.
struct Latencies {
    /// The bounds in nanoseconds: from a look at a cached page to a time that nobody should wait.
    static let bounds: [Int64] = [
        25_000, 50_000, 100_000, 250_000, 500_000, 1_000_000, 2_500_000, 5_000_000, 10_000_000, 25_000_000, 50_000_000,
        100_000_000, 250_000_000, 500_000_000, 1_000_000_000,
    ]

    /// The requests up to each bound and above the one before; the last number is of those above all bounds.
    private(set) var counts = [Int64](repeating: 0, count: bounds.count + 1)
    private(set) var sum: Int64 = 0

    mutating func count(_ time: TimeAmount) {
        counts[Latencies.bounds.firstIndex { time.nanoseconds <= $0 } ?? Latencies.bounds.count] += 1
        sum += time.nanoseconds
    }
}
