import MneedleKit
import NIOCore

/// What the server counts while it works. Lives on the event loop: counting takes no lock, and memory only for what has
/// never been counted before.
struct ServerCounters {
    /// Who answered a request, and how. Neither is ever a word of the client's.
    struct Outcome: Hashable {
        var module: String
        /// `nil` for `OK`.
        var error: ModuleError.Code?
    }

    /// Why somebody was not let in.
    enum Refusal: String, CaseIterable { case role, limit }

    private(set) var outcomes: [Outcome: Int64] = [:]
    /// The bare `ping`, which is answered before anything is looked up.
    var pings: Int64 = 0
    private(set) var reads = Latencies()
    private(set) var writes = Latencies()
    private(set) var refusals: [Refusal: Int64] = [:]
    var commits: Int64 = 0
    var connections = 0

    /// Counts a request of which the reply is complete.
    mutating func count(_ request: PendingRequest, _ result: Result<Object, ModuleError>) {
        var error: ModuleError.Code?
        if case .failure(let reason) = result { error = reason.code }
        outcomes[Outcome(module: request.module, error: error), default: 0] += 1
        switch request.work {
        case .read: reads.count(NIODeadline.now() - request.arrived)
        case .write: writes.count(NIODeadline.now() - request.arrived)
        default: break
        }
    }

    mutating func count(_ refusal: Refusal) { refusals[refusal, default: 0] += 1 }
}

/// How long requests took.
struct Latencies {
    /// In nanoseconds: from what a look at a cached page takes to what nobody should wait for.
    static let bounds: [Int64] = [
        25_000, 50_000, 100_000, 250_000, 500_000, 1_000_000, 2_500_000, 5_000_000, 10_000_000, 25_000_000, 50_000_000,
        100_000_000, 250_000_000, 500_000_000, 1_000_000_000,
    ]

    /// How many were up to each bound and above the one before; the last are above all.
    private(set) var counts = [Int64](repeating: 0, count: bounds.count + 1)
    private(set) var sum: Int64 = 0

    mutating func count(_ time: TimeAmount) {
        counts[Latencies.bounds.firstIndex { time.nanoseconds <= $0 } ?? Latencies.bounds.count] += 1
        sum += time.nanoseconds
    }
}
