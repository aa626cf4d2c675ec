import MneedleKit

extension Telemetry {
    private static let session = Parameter.required("session", .integer(1...Int64.max), "The session's number.")

    var stream: Command {
        Command(
            "stream", "Streams a device's telemetry into a running session, as InfluxDB line protocol.",
            role: .operator,
            parameters: [Telemetry.session],
            reply: [
                ReplyMember("accepted", "points stored"), ReplyMember("rejected", "lines that were no usable points"),
                ReplyMember("alarms", "alarms raised"),
                ReplyMember("first_errors", "the first ten bad lines: line, column, reason"),
            ],
            errors: [.notFound, .conflict], example: "telemetry.stream session=17",
            .receives { request, transaction in
                let session = try known(request.arguments.requiredInteger("session"), transaction)
                guard session.isRunning else {
                    throw ModuleError.conflict(
                        "session \(session.session) has ended; telemetry is streamed while it runs", state: "ended")
                }
                return Receiver(self, only: session)
            })
    }

    /// `telemetry.sock`: points find their session by the tag `device`.
    var collector: Collector {
        Collector(socket: "telemetry", role: .operator) { _, _ in Receiver(self, only: nil) }
    }

    var alarms: Command {
        Command(
            "alarms", "Lists a session's alarms in their order.", role: .reader, parameters: [Telemetry.session],
            reply: [
                ReplyMember("at", "when"), ReplyMember("code", "what"), ReplyMember("field", "which field"),
                ReplyMember("value", "the value that broke the limit"), ReplyMember("limit", "the limit"),
                ReplyMember("over_at", "when it was over"),
            ],
            errors: [.notFound], example: "telemetry.alarms session=17",
            .lists { request, reading, sink in
                let session = try known(request.arguments.requiredInteger("session"), reading)
                try reading.forEach(
                    "SELECT * FROM telemetry_alarms WHERE session = ? ORDER BY id", [session.session.sql]
                ) {
                    try sink([
                        "at": $0.instant("at"), "code": $0.text("code"), "field": $0.text("field"),
                        "value": $0.number("value"), "limit": $0.number("limit_value"),
                        "over_at": $0.instant("over_at"),
                    ])
                }
                return [:]
            })
    }

    var summary: Command {
        Command(
            "summary", "Sums up a session's telemetry, field by field.", role: .reader, parameters: [Telemetry.session],
            reply: [
                ReplyMember("points", "values of the field that has most"), ReplyMember("from", "the first"),
                ReplyMember("to", "the last"), ReplyMember("duration", "between them"),
                ReplyMember("fields", "min, mean, p50, p95, max and last of each field"),
                ReplyMember("alarms", "how many"),
                ReplyMember("damaged", "chunks that could not be read, if any"),
            ],
            errors: [.notFound], example: "telemetry.summary session=17",
            .reads { request, reading in
                let session = try known(request.arguments.requiredInteger("session"), reading)
                var fields: Object = [:]
                var (points, damaged) = (0, 0)
                var times: [Int64] = []
                for field in try Chunks.fields(session.session, reading) {
                    var all = Chunk()
                    damaged += try Chunks.forEach(session: session.session, field: field, reading) {
                        all.times += $0.times
                        all.values += $0.values
                    }
                    guard let first = all.times.min(), let last = all.times.max() else { continue }
                    times += [first, last]
                    points = max(points, all.count)
                    fields[field] = .object(Telemetry.figures(all.values))
                }
                let alarms = try reading.row(
                    "SELECT COUNT(*) AS n FROM telemetry_alarms WHERE session = ?", session.session)
                let (from, to) = (times.min(), times.max())
                return [
                    "points": points, "from": from.map(Telemetry.instant), "to": to.map(Telemetry.instant),
                    "duration": from.flatMap { first in to.map { Span(milliseconds: ($0 - first) / 1_000_000) } },
                    "fields": fields, "alarms": alarms?.integer("n"), "damaged": damaged > 0 ? damaged : nil,
                ]
            })
    }

    private static func figures(_ values: [Double]) -> Object {
        let sorted = values.sorted()
        func quantile(_ share: Double) -> Double { sorted[min(sorted.count - 1, Int(share * Double(sorted.count)))] }
        return [
            "min": sorted.first, "mean": values.reduce(0, +) / Double(values.count), "p50": quantile(0.5),
            "p95": quantile(0.95), "max": sorted.last, "last": values.last,
        ]
    }

    var query: Command {
        Command(
            "query", "Lists a field's values over time, one by one or summed up by steps.", role: .reader,
            parameters: [
                Telemetry.session, .required("field", .text(maximum: 200), "Which field, for example depth_mm."),
                .optional("from", .time, "From this time on."),
                .optional("to", .time, "Up to this time, not included."),
                .optional("step", .duration, "One row for each such step; each value by itself if left out."),
            ],
            reply: [
                ReplyMember("t", "the value's or step's time"), ReplyMember("count", "values in it"),
                ReplyMember("min", "least"),
                ReplyMember("mean", "mean"), ReplyMember("max", "greatest"),
            ],
            errors: [.notFound], example: "telemetry.query session=17 field=depth_mm step=10s",
            .lists { request, reading, sink in
                let session = try known(request.arguments.requiredInteger("session"), reading)
                let field = try request.arguments.requiredText("field")
                let fields = try Chunks.fields(session.session, reading)
                guard fields.contains(field) else {
                    throw ModuleError.notFound("field", field, suggestions: suggestions(for: field, in: fields))
                }
                let span = request.arguments.duration("step")
                let step = try span.map { span in
                    let milliseconds = span.milliseconds + Int64(span.days) * 86_400_000
                    guard milliseconds > 0 else {
                        throw ModuleError.invalidArgument("step", expected: "more than nothing", got: span.description)
                    }
                    return milliseconds * 1_000_000
                }
                var buckets = Buckets(step: step)
                let from = request.arguments.time("from").map { $0.milliseconds * 1_000_000 } ?? .min
                let to = request.arguments.time("to").map { $0.milliseconds * 1_000_000 } ?? .max
                let damaged = try Chunks.forEach(session: session.session, field: field, reading) { chunk in
                    for (time, value) in zip(chunk.times, chunk.values) where time >= from && time < to {
                        if let row = buckets.add(time, value) { try sink(row) }
                    }
                }
                if let row = buckets.end() { try sink(row) }
                return damaged > 0 ? ["damaged": damaged] : [:]
            })
    }

    static func instant(_ nanoseconds: Int64) -> Instant { Instant(milliseconds: nanoseconds / 1_000_000) }
}

/// Sums values up by steps of time, one row when a step is over.
struct Buckets {
    let step: Int64?
    private var start: Int64?
    private var (count, sum, least, most) = (0, 0.0, Double.infinity, -Double.infinity)

    init(step: Int64?) { self.step = step }

    /// - Returns: The row of the step that this value ends.
    mutating func add(_ time: Int64, _ value: Double) -> Object? {
        let bucket = step.map { time - (time % $0 + $0) % $0 } ?? time
        let isNew = start != nil && (start != bucket || step == nil)
        let row = isNew ? end() : nil
        start = bucket
        (count, sum, least, most) = (count + 1, sum + value, min(least, value), max(most, value))
        return row
    }

    mutating func end() -> Object? {
        guard let start, count > 0 else { return nil }
        defer { (self.start, count, sum, least, most) = (nil, 0, 0, .infinity, -.infinity) }
        return [
            "t": Telemetry.instant(start), "count": count, "min": least, "mean": sum / Double(count), "max": most,
        ]
    }
}
