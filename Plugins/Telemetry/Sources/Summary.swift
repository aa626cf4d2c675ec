import MneedleKit
import MneedleSeries

/// The statistics of a session's telemetry, field by field.
struct Summary {
    private(set) var fields: [String: Statistics] = [:]
    private(set) var points = 0
    private(set) var from: Int64?
    private(set) var to: Int64?
    /// The number of blocks that could not be read and are left out.
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

/// The statistics of one field.
private struct FieldFigures: Reply {
    var statistics: Statistics

    static let members: [Member<FieldFigures>] = [
        Member("count", "how many values", \.statistics.count), Member("min", "least", \.statistics.least),
        Member("mean", "mean", \.statistics.mean),
        Member("p50", "the median") { $0.statistics.quantile(0.5) },
        Member("p95", "what 95 % do not exceed") { $0.statistics.quantile(0.95) },
        Member("max", "greatest", \.statistics.most), Member("last", "the last", \.statistics.last),
    ]
}

/// A limit that one field of a session is held against, in the field's own unit.
private struct FieldLimit: Reply {
    var field: String
    var code: String
    var least: Double?
    var most: Double?

    static let members: [Member<FieldLimit>] = [
        Member("field", "which field", \.field), Member("code", "the code of its alarm", \.code),
        Member("min", "less raises the alarm", \.least), Member("max", "more raises the alarm", \.most),
    ]
}

/// The reply of `telemetry.summary`.
private struct SummedUp: Reply {
    var summary: Summary
    var limits: [FieldLimit]
    var alarms: Int64

    static let members: [Member<SummedUp>] = [
        Member("points", "how many", \.summary.points),
        Member("from", "the first") { $0.summary.from.map(Telemetry.instant) },
        Member("to", "the last") { $0.summary.to.map(Telemetry.instant) },
        Member("duration", "between them", \.duration),
        Member("fields", "count, min, mean, p50, p95, max and last of each field", \.fields),
        Member("limits", "what these fields are held against, the depth first", \.limits),
        Member("alarms", "how many", \.alarms),
        Member("damaged", Unread.meaning) { $0.summary.damaged > 0 ? $0.summary.damaged : nil },
    ]

    private var duration: Span? {
        guard let from = summary.from, let to = summary.to else { return nil }
        return Span(milliseconds: to.subtractingClamped(from) / 1_000_000)
    }

    private var fields: Object {
        Object(
            uniqueMembers: summary.fields.sorted { $0.key < $1.key }.map { name, statistics in
                .init(name, .object(FieldFigures(statistics: statistics).object))
            })
    }
}

/// One row of `telemetry.compare`.
private struct Compared: Reply {
    var field: String
    var session: Statistics?
    var other: Statistics?

    static let members: [Member<Compared>] = [
        Member("field", "which field", \.field),
        Member("session", "its figures in the session") { $0.session.map(FieldFigures.init) },
        Member("with", "its figures in the other session") { $0.other.map(FieldFigures.init) },
        Member("mean_change_percent", "how much the other session's mean is higher", \.change),
    ]

    private var change: Double? {
        guard let session, let other, session.mean != 0 else { return nil }
        return (other.mean - session.mean) / abs(session.mean) * 100
    }
}

extension Telemetry {
    var summary: Command {
        Command(
            "summary", "Sums up a session's telemetry, field by field.", role: .reader, takes: Telemetry.session,
            gives: SummedUp.self, errors: [.notFound], concerns: .named("session"),
            example: "telemetry.summary session=17",
            reads: { reading, id in
                let session = try known(id, reading)
                let summary = try Summary(session: session.session, reading)
                let row = try reading.store.row(
                    "SELECT COUNT(*) AS n FROM telemetry_alarms WHERE session = ?", session.session)
                guard let alarms = row?.integer("n") else { throw ModuleError.internal("nothing counts the alarms") }
                return SummedUp(summary: summary, limits: try limits(of: session, reading), alarms: alarms)
            })
    }

    /// The limits of the fields that a session has reported, in the order of the knowledge.
    private func limits(of session: KnownSession, _ reading: any Reading) throws -> [FieldLimit] {
        let fields = try reading.series(session: session.session).flatMap(\.fields).filter { $0.kind != .text }
        return knowledge.limits(planned: session.depthMM).enumerated().flatMap { place, limit in
            let isDepth = place == TelemetryKnowledge.depthPlace
            let units = fields.compactMap { field in
                (isDepth ? knowledge.depthUnit(of: field) : field.name == limit.field ? 1 : nil)
                    .map { (field.name, $0) }
            }
            return Dictionary(units) { first, _ in first }.sorted { $0.key < $1.key }.map { name, unit in
                // Rounding takes away the error of dividing decimals in binary.
                let own = { (bound: Double) in (bound / unit * 1e9).rounded() / 1e9 }
                return FieldLimit(
                    field: name, code: limit.code, least: limit.least.map(own), most: limit.most.map(own))
            }
        }
    }

    private static let with = Parameter.required("with", .id, "The other session's number.")

    var compare: Command {
        Command(
            "compare", "Compares two sessions' telemetry, field by field.", role: .reader,
            takes: Telemetry.session, Telemetry.with, gives: Compared.self, closes: Unread.self, errors: [.notFound],
            concerns: .named("session", .init("with", names: "session")),
            example: "telemetry.compare session=17 with=18",
            lists: { reading, send, id, otherID in
                let (one, other) = (try known(id, reading), try known(otherID, reading))
                let left = try Summary(session: one.session, reading)
                let right = try Summary(session: other.session, reading)
                for name in Set(left.fields.keys).union(right.fields.keys).sorted() {
                    try send(Compared(field: name, session: left.fields[name], other: right.fields[name]))
                }
                return Unread(damaged: left.damaged + right.damaged)
            })
    }
}
