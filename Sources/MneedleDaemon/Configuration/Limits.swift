import Glibc
import MneedleKit
import MneedleWire

/// The bounds on the use by peers; `status` reports all of them.
struct Limits: Sendable {
    var maxLineBytes = 65_536
    var maxNesting = 32
    var maxConnections = 1024
    var maxConnectionsPerUID = 64
    /// The number of times that a user other than an administrator may connect in a second.
    var connectsPerSecond = 256
    /// Places beyond those two that are kept for peers with the role `admin`.
    var reservedConnections = 8
    /// Requests of one connection that are not answered yet; at this many the daemon stops reading it.
    var maxInFlight = 1024
    /// Bytes sent to one connection that it has not taken yet.
    var maxBacklogBytes = 1 << 20
    /// Bytes sent to all connections together that they have not taken yet.
    var maxBacklogTotalBytes = 64 << 20
    var idleTimeout = Span.minutes(5)
    /// The longest time that a read may work, and that a listing may be under way when its client takes it slowly.
    var readingTime = Span(milliseconds: 30_000)
    var listingTime = Span.minutes(5)
    /// The largest size of the store's write-ahead log, which grows while somebody still reads an older state.
    var maxLogBytes = 64 << 20

    /// These limits belong to the protocol and are not configured.
    static let mostSubscriptions = 64
    static let mostTopics = 64

    init() {}

    /// Reads `[limits]`.
    init(_ table: Table) {
        maxLineBytes = table.integer("max_line_bytes", in: 1024...16_777_216, default: maxLineBytes)
        maxNesting = table.integer("max_nesting", in: 4...256, default: maxNesting)
        maxConnections = table.integer("max_connections", in: 1...65_536, default: maxConnections)
        maxConnectionsPerUID = table.integer("max_connections_per_uid", in: 1...65_536, default: maxConnectionsPerUID)
        connectsPerSecond = table.integer("connects_per_second", in: 1...1_000_000, default: connectsPerSecond)
        reservedConnections = table.integer("reserved_connections", in: 0...1024, default: reservedConnections)
        maxInFlight = table.integer("max_in_flight", in: 1...65_536, default: maxInFlight)
        maxBacklogBytes = table.integer("max_backlog_bytes", in: 65_536...1_073_741_824, default: maxBacklogBytes)
        maxBacklogTotalBytes = table.integer(
            "max_backlog_total_bytes", in: 1_048_576...4_294_967_296, default: maxBacklogTotalBytes)
        let second = Span(milliseconds: 1000)
        idleTimeout = table.elapsed("idle_timeout", from: second, to: .hours(24), default: idleTimeout)
        readingTime = table.elapsed("reading_time", from: second, to: .hours(1), default: readingTime)
        listingTime = table.elapsed("listing_time", from: second, to: .hours(24), default: listingTime)
        // The log itself keeps 32 MiB on disk even when it is empty.
        maxLogBytes = table.integer("max_log_bytes", in: 50_331_648...17_179_869_184, default: maxLogBytes)
    }

    /// Whether there may be fewer connections than the configuration says.
    private(set) var isReduced = false

    /// Descriptors for everything else: the store, listening sockets, programs that are run.
    private static let otherDescriptors = 128
    private static let leastConnections = 8

    /// Lowers the number of connections to what the descriptors suffice for.
    mutating func fit(descriptors: Int) {
        let room = max(Limits.leastConnections, descriptors - Limits.otherDescriptors - reservedConnections)
        isReduced = room < maxConnections
        maxConnections = min(maxConnections, room)
    }

    /// The number of descriptors that this process may have.
    static var descriptors: Int {
        var limit = rlimit()
        getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
        return Int(clamping: limit.rlim_cur)
    }
}

/// The limits in force, in `status`.
extension Limits: Reply {
    static let members: [Member<Limits>] = [
        Member("max_line_bytes", "the longest request", \.maxLineBytes),
        Member("max_nesting", "how deep JSON may be", \.maxNesting),
        Member("max_values", "how many values a request may have") { _ in RequestBounds.mostValues },
        Member("max_connections", "of all peers", \.maxConnections),
        Member("max_connections_per_uid", "of one user", \.maxConnectionsPerUID),
        Member("connects_per_second", "of one user who is no administrator", \.connectsPerSecond),
        Member("reserved_connections", "kept free for administrators", \.reservedConnections),
        Member("max_in_flight", "requests of a connection that are not answered yet", \.maxInFlight),
        Member("max_subscriptions", "of one connection") { _ in mostSubscriptions },
        Member("max_topics", "of one subscription") { _ in mostTopics },
        Member("max_backlog_bytes", "what waits for one client", \.maxBacklogBytes),
        Member("max_backlog_total_bytes", "what waits for all clients", \.maxBacklogTotalBytes),
        Member("idle_timeout", "after which a silent connection is closed", \.idleTimeout),
        Member("reading_time", "how long a read may take", \.readingTime),
        Member("listing_time", "how long a listing may take", \.listingTime),
        Member("max_log_bytes", "how much the store's log may grow before it is cut", \.maxLogBytes),
    ]
}
