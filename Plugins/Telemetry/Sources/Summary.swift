import MneedleKit
import MneedleSeries

/// What was measured in a session, field by field.
struct Summary {
    private(set) var fields: [String: Statistics] = [:]
    private(set) var points = 0
    private(set) var from: Int64?
    private(set) var to: Int64?
    /// Blocks that could not be read and are left out.
    private(set) var damaged = 0

    /// Reads the blocks' headers only.
    init(session: Int64, _ reading: any Reading) throws {
        var all: [(block: StoredBlock, series: Series)] = []
        for series in try reading.series(session: session) {
            all += try reading.blocks(series.id).map { ($0, series) }
        }
        for (block, series) in all.sorted(by: { $0.block.first < $1.block.first }) {
            guard let header = try? block.header(withHistograms: true), header.statistics.count == series.fields.count
            else {
                damaged += 1
                continue
            }
            for (field, statistics) in zip(series.fields, header.statistics) where statistics.count > 0 {
                fields[field.name, default: Statistics()].append(statistics)
            }
            points += series.stepMilliseconds == 0 ? block.count : header.statistics.map(\.count).max() ?? 0
            from = min(from ?? .max, block.first)
            to = max(to ?? .min, block.last)
        }
    }
}

extension Statistics {
    var object: Object {
        [
            "count": count, "min": least, "mean": mean, "p50": quantile(0.5), "p95": quantile(0.95), "max": most,
            "last": last,
        ]
    }
}

extension Telemetry {
    var summary: Command {
        Command(
            "summary", "Sums up a session's telemetry, field by field.", role: .reader, parameters: [Telemetry.session],
            reply: [
                ReplyMember("points", "how many"), ReplyMember("from", "the first"),
                ReplyMember("to", "the last"), ReplyMember("duration", "between them"),
                ReplyMember("fields", "count, min, mean, p50, p95, max and last of each field"),
                ReplyMember("alarms", "how many"),
                ReplyMember("damaged", "blocks that could not be read, if any"),
            ],
            errors: [.notFound], concerns: .named("session"), example: "telemetry.summary session=17",
            .reads { request, reading in
                let session = try known(request.arguments.requiredInteger("session"), reading)
                let summary = try Summary(session: session.session, reading)
                var fields: Object = [:]
                for (name, statistics) in summary.fields.sorted(by: { $0.key < $1.key }) {
                    fields[name] = .object(statistics.object)
                }
                let alarms = try reading.row(
                    "SELECT COUNT(*) AS n FROM telemetry_alarms WHERE session = ?", session.session)
                let (from, to) = (summary.from, summary.to)
                return [
                    "points": summary.points, "from": from.map(Telemetry.instant), "to": to.map(Telemetry.instant),
                    "duration": from.flatMap { first in
                        to.map { Span(milliseconds: $0.subtractingClamped(first) / 1_000_000) }
                    },
                    "fields": fields, "alarms": alarms?.integer("n"),
                    "damaged": summary.damaged > 0 ? summary.damaged : nil,
                ]
            })
    }

    var compare: Command {
        Command(
            "compare", "Compares two sessions' telemetry, field by field.", role: .reader,
            parameters: [
                Telemetry.session, .required("with", .integer(1...Int64.max), "The other session's number."),
            ],
            reply: [
                ReplyMember("field", "which field"), ReplyMember("session", "its figures in the session"),
                ReplyMember("with", "its figures in the other session"),
                ReplyMember("mean_change_percent", "how much the other session's mean is higher"),
            ],
            errors: [.notFound], concerns: .named("session", .init("with", names: "session")),
            example: "telemetry.compare session=17 with=18",
            .lists { request, reading, sink in
                let one = try known(request.arguments.requiredInteger("session"), reading)
                let other = try known(request.arguments.requiredInteger("with"), reading)
                let left = try Summary(session: one.session, reading)
                let right = try Summary(session: other.session, reading)
                for name in Set(left.fields.keys).union(right.fields.keys).sorted() {
                    let (old, new) = (left.fields[name], right.fields[name])
                    var change: Double?
                    if let old, let new, old.mean != 0 { change = (new.mean - old.mean) / abs(old.mean) * 100 }
                    try sink([
                        "field": name, "session": old?.object, "with": new?.object, "mean_change_percent": change,
                    ])
                }
                let damaged = left.damaged + right.damaged
                return damaged > 0 ? ["damaged": damaged] : [:]
            })
    }
}
