import MneedleKit

/// The bounds of what peers may use; all of them are reported by `status`.
struct Limits: Sendable {
    var maxLineBytes = 65_536
    var maxNesting = 32
    var maxConnections = 1024
    var maxConnectionsPerUID = 64
    /// Requests of one connection that are not answered yet; at this many the daemon stops reading it.
    var maxInFlight = 1024
    /// Bytes that one connection has not taken yet.
    var maxBacklogBytes = 1 << 20
    var idleTimeout = Span.minutes(5)

    init() {}

    /// Reads `[limits]`.
    init(_ table: Table) {
        maxLineBytes = table.integer("max_line_bytes", in: 1024...16_777_216, default: maxLineBytes)
        maxNesting = table.integer("max_nesting", in: 4...256, default: maxNesting)
        maxConnections = table.integer("max_connections", in: 1...65_536, default: maxConnections)
        maxConnectionsPerUID = table.integer("max_connections_per_uid", in: 1...65_536, default: maxConnectionsPerUID)
        maxInFlight = table.integer("max_in_flight", in: 1...65_536, default: maxInFlight)
        maxBacklogBytes = table.integer("max_backlog_bytes", in: 65_536...1_073_741_824, default: maxBacklogBytes)
        idleTimeout = table.elapsed(
            "idle_timeout", from: Span(milliseconds: 1000), to: .hours(24), default: idleTimeout)
    }

    var object: Object {
        [
            "max_line_bytes": maxLineBytes, "max_nesting": maxNesting, "max_connections": maxConnections,
            "max_connections_per_uid": maxConnectionsPerUID, "max_in_flight": maxInFlight,
            "max_backlog_bytes": maxBacklogBytes, "idle_timeout": idleTimeout,
        ]
    }
}
