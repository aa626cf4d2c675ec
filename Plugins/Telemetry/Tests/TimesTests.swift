import MneedleKit
import MneedleSeries
import MneedleTestKit
import Testing

@testable import Telemetry

@Suite("Points of any time that are in the store")
struct TimesTests {
    /// Every kind of time that 64 bits of nanoseconds have: none that a device may send, but a damaged store may hold any.
    static let times: [Int64] = [
        .min, .min + 1, -9_223_372_036_854_775_000, -9_214_560_000_000_000_000, -1, 0, 1, TelemetrySessionTests.noon,
        9_214_646_400_000_000_000, .max - 1, .max,
    ]

    /// The module, with a command that stores points without judging their times.
    private static let unjudged = ModuleDefinition(manifest: definition.manifest, migrations: definition.migrations) {
        var module = try definition.make($0)
        module.commands.append(
            Command(
                "put", "Stores points of every time.", role: .admin, example: "telemetry.put",
                .writes { _, transaction in
                    let blocks = Blocks(transaction: transaction)
                    let series = try blocks.series(
                        session: 7, device: "pen-1", name: "telemetry", fields: [.init(name: "depth_mm", kind: .float)])
                    let values = times.indices.map { Double($0 + 1) * 0.25 }
                    try blocks.appendAll(Points(times: times, columns: [Column(values, decimals: 2)]), to: series)
                    try transaction.record(Entry("telemetry.put", subject: "session/7", body: [:]))
                    return [:]
                }))
        return module
    }

    /// The session runs since noon and has a point of each of the times.
    static func bench() throws -> Bench {
        let bench = try TelemetrySessionTests.bench(
            ["points_for": "30d", "seconds_for": "60d", "minutes_for": "90d"], of: unjudged)
        bench.fake("session.show") { _ in [:] }
        try bench.call("telemetry.put")
        return bench
    }

    @Test("are listed, summed up by any step, exported and summarised without an end of the service")
    func asked() throws {
        let bench = try Self.bench()
        let all = try bench.rows("telemetry.query", ["session": 7, "field": "depth_mm"])
        #expect(all.count == Self.times.count)
        #expect(
            all.first?.string("t") == "1677-09-21T00:12:43.145Z" && all.last?.string("t") == "2262-04-11T23:47:16.854Z")
        for step in ["1s", "1d", "4w", "36525d", "PT0.001S"] where Span(step) != nil {
            let rows = try bench.rows("telemetry.query", ["session": 7, "field": "depth_mm", "step": step])
            let count = rows.reduce(0) { $0 + ($1.integer("count") ?? 0) }
            #expect(count == Int64(Self.times.count), "\(step)")
        }
        for (from, to) in [
            ("1900-01-01T00:00:00Z", "2200-12-31T23:59:59Z"), ("2200-12-31T00:00:00Z", "1900-01-01T00:00:00Z"),
        ] {
            let rows = try bench.rows(
                "telemetry.query",
                ["session": 7, "field": "depth_mm", "step": "1d", "from": from, "to": to])
            #expect(rows.count == (from < to ? 3 : 0))
        }
        let summary = try bench.call("telemetry.summary", ["session": 7])
        #expect(
            summary.integer("points") == Int64(Self.times.count) && summary.string("duration")?.hasPrefix("PT") == true)
        #expect(try bench.rows("telemetry.export", ["session": 7]).count == Self.times.count)
        #expect(try bench.rows("telemetry.query", ["device": "pen-1", "field": "depth_mm"]).count == Self.times.count)
    }

    @Test("are thinned form after form like any others, and sealed with their session")
    func thinned() throws {
        let bench = try Self.bench()
        try bench.stream(
            "telemetry.stream", ["session": 7], lines: ["telemetry depth_mm=0.3 \(TelemetrySessionTests.noon)"])
        try KeepingTests.end(bench)
        for days in [31, 31, 31] {
            bench.clock.advance(hours: Double(days) * 24)
            try bench.fire()
        }
        #expect(try bench.ledger(kind: "telemetry.thinned").map { $0.body.string("into") } == ["PT1S", "PT1M", nil])
        #expect(try bench.call("telemetry.summary", ["session": 7]).integer("points") == 0)
    }

    @Test("sessions whose stored times are damaged cover nothing that they did not, and nothing traps")
    func damaged() throws {
        for (started, ended) in [(Int64.min, Int64.max), (.max, .min), (.min, .min), (.max, .max)] {
            let bench = try Self.bench()
            try KeepingTests.end(bench)
            try bench.damage("UPDATE telemetry_sessions SET started = \(started), ended = \(ended)")
            _ = try? bench.call("telemetry.summary", ["session": 7])
            _ = try? bench.call("telemetry.attach", ["session": 7])
            _ = try? bench.rows("telemetry.alarms", ["session": 7])
            _ = try? bench.nextDue()
            _ = try? bench.fire()
        }
    }

    @Test("a time outside of 1900 to 2200 is a rejected point with its reason")
    func rejected() throws {
        let bench = try KeepingTests.bench()
        let stamps = ["-9223372036854775807", "9223372036854775807", "-2208988800000000001", "7289654400000000000"]
        let lines = stamps.map { "pen,device=pen-1 a=1 \($0)\n" }.joined()
        for reply in [
            try bench.collect("telemetry", lines: [lines]),
            try bench.stream("telemetry.stream", ["session": 7], lines: [lines]),
            try bench.stream("telemetry.stream", ["session": 7, "precision": "s"], lines: [lines]),
        ] {
            #expect(reply.integer("accepted") == 0 && reply.integer("rejected") == 4)
            for error in reply.list("first_errors") ?? [] {
                guard case .object(let error) = error else { continue }
                #expect(error.string("reason")?.contains("outside of the years 1900 to 2200") == true)
            }
        }
        // The first that may be is kept for whoever attaches it.
        #expect(
            try bench.collect("telemetry", lines: ["pen,device=pen-1 a=1 -2208988800000000000\n"]).integer("accepted")
                == 1)
        let attached = try bench.call(
            "telemetry.attach", ["session": 7, "from": "1900-01-01T00:00:00Z", "to": "1900-01-01T00:00:00.001Z"])
        #expect(attached.integer("attached") == 1)
    }

    @Test("a time, a date or a duration beyond its bounds is refused with what is expected")
    func bounds() throws {
        let bench = try KeepingTests.bench()
        try bench.stream("telemetry.stream", ["session": 7], lines: ["pen a=1"])
        for (name, value, expected) in [
            ("from", "0001-01-01T00:00:00Z", "from 1900-01-01 to 2200-12-31"),
            ("from", "1899-12-31T23:59:59.999Z", "1900"),
            ("to", "9999-12-31T23:59:59Z", "2200-12-31"), ("to", "2201-01-01T00:00:00Z", "2200-12-31"),
            ("step", "106752d", "at most P36525D"), ("step", "999999999w", "at most P36525D"),
            ("step", "0s", "more than"),
        ] {
            let error = #expect(throws: ModuleError.self) {
                try bench.rows("telemetry.query", ["session": 7, "field": "a", name: value])
            }
            #expect(error?.code == .invalidArgument && error?.members.string("argument") == name, "\(name)=\(value)")
            #expect(error?.members.string("expected")?.contains(expected) == true, "\(name)=\(value)")
        }
    }
}
