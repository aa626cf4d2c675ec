import MneedleBulkKit
import MneedleKit
import MneedleSeries

/// A line that was no usable point.
struct BadLine: Reply {
    var line: Int
    var column: Int
    var reason: String

    static let members: [Member<BadLine>] = [
        Member("line", "its number, from 1", \.line), Member("column", "where in it, from 1", \.column),
        Member("reason", "why it was rejected", \.reason),
    ]
}

/// The reply of `telemetry.stream` and `telemetry.sock` at the end.
struct Streamed: Reply {
    var accepted: Int
    var rejected: Int
    var alarms: Int
    var firstErrors: [BadLine]

    static let members: [Member<Streamed>] = [
        Member("accepted", "points stored", \.accepted),
        Member("rejected", "lines that were no usable points", \.rejected),
        Member("alarms", "alarms raised", \.alarms),
        Member("first_errors", "the first ten bad lines: line, column, reason", \.firstErrors),
    ]
}

extension Telemetry {
    static let session = Parameter.required("session", .id, "The session's number.")
    private static let unit = Parameter.optional(
        "precision", .choice(Precision.self), "The unit of the timestamps.", default: .ns)

    var stream: Command {
        Command(
            "stream", "Streams a device's telemetry into a running session, as InfluxDB line protocol.",
            role: .operator, takes: Telemetry.session, Telemetry.unit, gives: Streamed.self,
            errors: [.notFound, .conflict], concerns: .named("session"), example: "telemetry.stream session=17",
            receives: { transaction, id, unit in
                let session = try known(id, transaction)
                guard session.isRunning else {
                    throw ModuleError.conflict(
                        "session \(session.session) has ended; telemetry is streamed while it runs", state: "ended")
                }
                return Receiver(self, only: try watch(session, transaction), unit: unit)
            })
    }

    /// `telemetry.sock`: points find their session by the tag `device`.
    var collector: Collector {
        Collector(socket: "telemetry", role: .operator) { _, _ in
            Receiver(self, only: nil, unit: collectorPrecision)
        }
    }
}
