import MneedleKit
import MneedleTestKit
import Testing

@testable import Telemetry

@Suite("What is kept of telemetry")
struct KeepingTests {
    static let noon = TelemetrySessionTests.noon

    /// Session 7 of pen-1 runs since noon, nobody knows pen-9.
    static func bench(_ section: Object = [:]) throws -> Bench {
        let bench = try TelemetrySessionTests.bench(section)
        bench.fake("records.show-device") { arguments in
            guard arguments.text("device") != "pen-9" else { throw ModuleError.notFound("device", "pen-9") }
            return [:]
        }
        return bench
    }

    static func end(_ bench: Bench) throws {
        try TelemetrySessionTests.end(bench)
    }

    @Test("every kind of value, every tag and every nanosecond is exported as it was sent")
    func export() throws {
        let bench = try Self.bench()
        let lines = [
            #"pen\ 1,device=pen-1,room=a\,b depth_mm=0.480,n=-3i,u=18446744073709551615u,on=true,note="a \"b\" \\ c" \#(Self.noon + 1)"#,
            #"pen\ 1,device=pen-1,room=a\,b depth_mm=0.5,n=9223372036854775807i,u=0u,on=f,note="" \#(Self.noon + 3)"#,
            "other a\\ b=1e-7 \(Self.noon + 2)",
        ]
        try bench.stream("telemetry.stream", ["session": 7], lines: lines)
        let expected = [
            #"pen\ 1,device=pen-1,room=a\,b depth_mm=0.480,n=-3i,u=18446744073709551615u,on=true,note="a \"b\" \\ c" \#(Self.noon + 1)"#,
            #"pen\ 1,device=pen-1,room=a\,b depth_mm=0.500,n=9223372036854775807i,u=0u,on=false,note="" \#(Self.noon + 3)"#,
            "other a\\ b=1e-07 \(Self.noon + 2)",
        ]
        let rows = try bench.rows("telemetry.export", ["session": 7]).map { $0.string("text") }
        #expect(rows == expected)
        let csv = try bench.rows("telemetry.export", ["session": 7, "format": "csv"]).map { $0.string("text") }
        #expect(csv.first == "time_ns,series,field,value" && csv.count == 12)
        #expect(csv[5] == #"\#(Self.noon + 1),"pen\ 1,device=pen-1,room=a\,b",note,"a ""b"" \ c""#)
    }

    @Test("times are kept to the unit that the configuration asks for, else to the nanosecond")
    func precision() throws {
        let bench = try Self.bench(["precision": "ms"])
        try bench.stream("telemetry.stream", ["session": 7], lines: ["pen a=1 \(Self.noon + 1_999_999)"])
        #expect(
            try bench.rows("telemetry.export", ["session": 7]).first?.string("text")
                == "pen a=1 \(Self.noon + 1_000_000)")
        try bench.stream(
            "telemetry.stream", ["session": 7, "precision": "s"], lines: ["pen b=1 \(Self.noon / 1_000_000_000 + 5)"])
        #expect(
            try bench.rows("telemetry.export", ["session": 7]).last?.string("text")
                == "pen b=1 \(Self.noon + 5_000_000_000)")
    }

    @Test("small pieces become few blocks, and nothing is lost or doubled on the way")
    func merging() throws {
        let bench = try Self.bench()
        let lines = (0..<5000).map { "pen depth_mm=0.\(100 + $0 % 300),n=\($0)i \(Self.noon + Int64($0) * 1_000_000)" }
        try bench.stream("telemetry.stream", ["session": 7], lines: lines)
        let rows = try bench.rows("telemetry.export", ["session": 7])
        #expect(rows.count == 5000 && rows[4321].string("text") == lines[4321])
        let stored = try #require(try bench.ledger(kind: "telemetry.stored").last?.body)
        #expect(stored.integer("points") == 5000 && stored.integer("blocks") == 1)
        #expect(stored.string("digest")?.utf8.count == 64)
    }

    @Test("what cannot be found is named, with what there is instead")
    func notFound() throws {
        let bench = try Self.bench([:])
        let none = #expect(throws: ModuleError.self) { try bench.call("telemetry.attach", ["session": 7]) }
        #expect(none?.message.hasPrefix("no points of device 'pen-1' wait for a session") == true)
        #expect(none?.members.string("kind") == "points")
        try bench.stream("telemetry.stream", ["session": 7], lines: ["pen depth_mm=0.2,speed_hz=80"])
        let field = #expect(throws: ModuleError.self) {
            try bench.rows("telemetry.query", ["session": 7, "field": "depth"])
        }
        #expect(field?.message == "no field 'depth'; there are depth_mm, speed_hz")
        #expect(field?.members.strings("suggestions") == ["depth_mm"])
    }

    @Test("points of no session are kept under their device, and attached they are judged and counted")
    func attach() throws {
        let bench = try Self.bench(["unmatched_for": "2d"])
        try Self.end(bench)
        bench.clock.advance(seconds: 120)
        let late =
            "pen,device=pen-1 depth_mm=0.9 \(Self.noon - 1_000_000_000)\npen,device=pen-1 depth_mm=0.4 \(Self.noon)"
        let other = "pen,device=pen-1 depth_mm=0.3 \(Self.noon - 900_000_000_000)"
        let unknown = "pen,device=pen-9 depth_mm=0.3 \(Self.noon)"
        let reply = try bench.collect("telemetry", lines: [late, other, unknown])
        #expect(reply.integer("accepted") == 3 && reply.integer("rejected") == 1)
        let unmatched = try bench.rows("telemetry.unmatched")
        #expect(unmatched.map { $0.string("device") } == ["pen-1"] && unmatched[0].integer("points") == 3)

        let attached = try bench.call("telemetry.attach", ["session": 7])
        #expect(attached.integer("attached") == 2 && attached.integer("alarms") == 1)
        #expect(try bench.call("telemetry.summary", ["session": 7]).integer("points") == 2)
        #expect(try bench.rows("telemetry.unmatched")[0].integer("points") == 1)
        let alarm = try #require(try bench.rows("telemetry.alarms", ["session": 7]).first)
        #expect(alarm.string("code") == "depth-over-plan" && alarm.has("over_at"))
        #expect(try bench.ledger(kind: "telemetry.attached").last?.body.integer("points") == 2)
        // Twice the same finds nothing more.
        #expect(try bench.call("telemetry.attach", ["session": 7]).integer("attached") == 0)

        bench.clock.advance(hours: 49)
        try bench.fire()
        #expect(try bench.rows("telemetry.unmatched").isEmpty)
        #expect(try bench.ledger(kind: "telemetry.discarded").map { $0.body.integer("points") } == [1])
        #expect(
            #expect(throws: ModuleError.self) { try bench.call("telemetry.attach", ["session": 7, "device": "none"]) }?
                .code == .notFound)
    }

    @Test("a collector's points before the session are kept apart, those within it belong to it")
    func early() throws {
        let bench = try Self.bench()
        try bench.collect(
            "telemetry",
            lines: [
                "pen,device=pen-1 a=1 \(Self.noon - 120_000_000_000)\npen,device=pen-1 a=2 \(Self.noon)\n",
                "pen,device=pen-1 a=3 \(Self.noon + 1)",
            ])
        #expect(try bench.call("telemetry.summary", ["session": 7]).integer("points") == 2)
        #expect(try bench.rows("telemetry.unmatched").first?.integer("points") == 1)
        let all = try bench.rows("telemetry.query", ["device": "pen-1", "field": "a"])
        #expect(all.map { $0.number("mean") } == [1, 2, 3])
    }

    @Test("kept long enough, points become seconds, then minutes, then nothing; a summary stays the same meanwhile")
    func thinning() throws {
        let bench = try Self.bench(["points_for": "30d", "seconds_for": "365d", "minutes_for": "3650d"])
        let values = (0..<12_000).map { Double($0 % 60) / 100 }
        let lines = values.enumerated().map {
            "pen depth_mm=\($1),n=\($0)i,t=\"x\" \(Self.noon + Int64($0) * 10_000_000)\n"
        }
        bench.clock.advance(seconds: 120)
        try bench.stream("telemetry.stream", ["session": 7], lines: [lines.joined()])
        let before = try bench.call("telemetry.summary", ["session": 7])
        let seconds = try bench.rows("telemetry.query", ["session": 7, "field": "depth_mm", "step": "1s"])
        let minutes = try bench.rows("telemetry.query", ["session": 7, "field": "depth_mm", "step": "60s"])
        #expect(try bench.nextDue() != nil)
        try Self.end(bench)

        bench.clock.advance(hours: 24 * 31)
        try bench.fire()
        #expect(try bench.rows("telemetry.export", ["session": 7]).count == 120)
        #expect(try bench.rows("telemetry.query", ["session": 7, "field": "depth_mm", "step": "1s"]) == seconds)
        #expect(try bench.call("telemetry.summary", ["session": 7]).object("fields") == before.object("fields"))
        #expect(try bench.call("telemetry.summary", ["session": 7]).integer("points") == 12_000)

        bench.clock.advance(hours: 24 * 366)
        try bench.fire()
        #expect(try bench.rows("telemetry.query", ["session": 7, "field": "depth_mm", "step": "60s"]) == minutes)
        #expect(try bench.call("telemetry.summary", ["session": 7]).object("fields") == before.object("fields"))

        bench.clock.advance(hours: 24 * 3651)
        try bench.fire()
        #expect(try bench.call("telemetry.summary", ["session": 7]).integer("points") == 0)
        #expect(try bench.ledger(kind: "telemetry.thinned").map { $0.body.string("into") } == ["PT1S", "PT1M", nil])
        #expect(try bench.nextDue() == nil)
    }

    @Test("two sessions are compared field by field")
    func compare() throws {
        let bench = try Self.bench()
        try bench.stream("telemetry.stream", ["session": 7], lines: ["pen a=1,b=5\npen a=3,b=5\n"])
        try Self.end(bench)
        try TelemetrySessionTests.start(8, on: bench)
        try bench.stream("telemetry.stream", ["session": 8], lines: ["pen a=3,c=1\n"])
        let rows = try bench.rows("telemetry.compare", ["session": 7, "with": 8])
        #expect(rows.map { $0.string("field") } == ["a", "b", "c"])
        #expect(rows.map { $0.number("mean_change_percent") } == [50, nil, nil])
        #expect(rows[0].object("session")?.number("mean") == 2 && rows[0].object("with")?.number("mean") == 3)
    }

    @Test("an alarm that the configuration names stops the session in the transaction that keeps it")
    func stopping() throws {
        let bench = try Self.bench(["stop_on": ["depth-over-plan"]])
        bench.fake("session.stop") { arguments in
            #expect(arguments.integer("session") == 7 && arguments.text("note")?.contains("depth-over-plan") == true)
            return [:]
        }
        try bench.stream("telemetry.stream", ["session": 7], lines: ["pen depth_mm=0.4\npen depth_mm=0.6\n"])
        #expect(throws: Bench.BadKnowledge.self) { try Self.bench(["stop_on": ["depth-over-pln"]]) }
    }

    @Test("a breach is told before its point is stored, with all that is known of it")
    func live() throws {
        let bench = try Self.bench()
        try bench.stream("telemetry.stream", ["session": 7], lines: ["pen depth_mm=0.6\npen depth_mm=0.7\n"])
        #expect(bench.toldLive.map(\.topic) == ["telemetry.breach"])
        let body = try #require(bench.toldLive.first?.body)
        let alarm = try #require(try bench.ledger(kind: "telemetry.alarm").first?.body)
        #expect(body == alarm && body.number("value") == 0.6 && body.string("person") == "anna")
    }

    @Test("a damaged block is reported and left out, the rest is read")
    func damage() throws {
        let bench = try Self.bench()
        for round in 0..<3 {
            try bench.stream(
                "telemetry.stream", ["session": 7], lines: ["pen a=\(round),b=2 \(Self.noon + Int64(round))"])
        }
        func block(_ number: Int) -> String {
            "id = (SELECT id FROM telemetry_blocks ORDER BY first_ns LIMIT 1 OFFSET \(number))"
        }
        try bench.damage(
            "UPDATE telemetry_blocks SET data = CAST(x'7f' || substr(data, 2) AS BLOB) WHERE \(block(1))")
        let rows = try bench.rows("telemetry.query", ["session": 7, "field": "a"])
        #expect(rows.map { $0.number("mean") } == [0, 2])
        #expect(try bench.call("telemetry.query", ["session": 7, "field": "a"]).integer("damaged") == 1)
        let exported = try bench.call("telemetry.export", ["session": 7])
        #expect(exported.integer("points") == 2 && exported.integer("damaged") == 1)
        try bench.damage(
            "UPDATE telemetry_blocks SET header = CAST(x'02' || substr(header, 2) AS BLOB) WHERE \(block(0))")
        let summary = try bench.call("telemetry.summary", ["session": 7])
        #expect(summary.integer("damaged") == 1 && summary.integer("points") == 2)
        #expect(try bench.call("telemetry.compare", ["session": 7, "with": 7]).integer("damaged") == 2)
    }

    @Test("the figures count points and alarms, and name nobody")
    func figures() throws {
        let bench = try Self.bench()
        try bench.stream("telemetry.stream", ["session": 7], lines: ["pen depth_mm=0.6\npen depth_mm=0.7\n"])
        let figures = try bench.figures()
        #expect(figures.contains("mneedle_telemetry_points 2"))
        #expect(figures.contains("mneedle_telemetry_alarms_total{code=\"depth-over-plan\"} 1"))
        #expect(figures.contains("mneedle_telemetry_alarms_total{code=\"silence\"} 0"))
        #expect(figures.contains("mneedle_telemetry_running 1"))
        #expect(!figures.contains { $0.contains("pen-1") || $0.contains("anna") })
    }
}
