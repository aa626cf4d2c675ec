import MneedleKit
import MneedleSeries

extension Telemetry {
    static let session = Parameter.required("session", .integer(1...Int64.max), "The session's number.")

    var stream: Command {
        Command(
            "stream", "Streams a device's telemetry into a running session, as InfluxDB line protocol.",
            role: .operator,
            parameters: [
                Telemetry.session,
                .optional(
                    "precision", .choice(Precision.allCases.map(\.rawValue)), "The unit of the timestamps.",
                    default: "ns"),
            ],
            reply: [
                ReplyMember("accepted", "points stored"), ReplyMember("rejected", "lines that were no usable points"),
                ReplyMember("alarms", "alarms raised"),
                ReplyMember("first_errors", "the first ten bad lines: line, column, reason"),
            ],
            errors: [.notFound, .conflict], concerns: .named("session"), example: "telemetry.stream session=17",
            .receives { request, transaction in
                let session = try known(request.arguments.requiredInteger("session"), transaction)
                guard session.isRunning else {
                    throw ModuleError.conflict(
                        "session \(session.session) has ended; telemetry is streamed while it runs", state: "ended")
                }
                let unit = request.arguments.text("precision").flatMap(Precision.init) ?? .ns
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
