import MneedleKit
import MneedleTestKit
import Testing

@testable import Telemetry

@Suite("Telemetry of a session")
struct TelemetrySessionTests {
    /// A bench at noon with session 7 running at 0.5 mm.
    static func bench(_ section: Object = [:], of module: ModuleDefinition = definition) throws -> Bench {
        let bench = try Bench(module, section: section)
        try start(7, on: bench)
        return bench
    }

    /// A session of pen-1 at 0.5 mm runs since noon.
    static func session(_ number: Int64) -> SessionEntry {
        SessionEntry(
            session: number, person: "anna", device: "pen-1", areas: ["cheeks"], depthMM: 0.5, goal: .collagen,
            setting: .home, started: Instant("2026-11-20T12:00:00Z")!)
    }

    static func start(_ number: Int64, at begin: Instant? = nil, on bench: Bench) throws {
        var session = session(number)
        if let begin { session.started = begin }
        try bench.happen(.sessionStarted, subject: "session/\(number)", person: "anna", session)
    }

    /// Session 7 ends now.
    static func end(_ bench: Bench) throws {
        var session = session(7)
        session.ended = bench.clock.now()
        try bench.happen(.sessionFinished, subject: "session/7", person: "anna", session)
    }

    static let noon: Int64 = 1_795_176_000_000_000_000

    static func lines(_ values: [Double], field: String = "depth_mm", from: Int64 = 0) -> String {
        values.enumerated().map { "pen,device=pen-1 \(field)=\($1) \(noon + (from + Int64($0)) * 10_000_000)\n" }
            .joined()
    }

    @Test("points are counted, bad ones reported and never fatal, whatever pieces they come in")
    func counts() throws {
        let bench = try Self.bench()
        let reply = try bench.stream(
            "telemetry.stream", ["session": 7],
            lines: [Self.lines([0.3, 0.4]), "nonsense\n# comment\r\r\n\n", Self.lines([0.5], from: 2)])
        #expect(reply.integer("accepted") == 3 && reply.integer("rejected") == 1 && reply.integer("alarms") == 0)
        guard case .object(let error)? = reply.list("first_errors")?.first else {
            return #expect(Bool(false), "no error kept")
        }
        #expect(error.integer("line") == 3 && error.integer("column") == 9)
        #expect(try bench.ledger(kind: "telemetry.stored").first?.body.integer("points") == 3)
    }

    @Test(
        "one alarm a breach of the planned depth, with its peak and how long it lasted, over once the value has settled"
    )
    func alarms() throws {
        let bench = try Self.bench()
        let settled = Array(repeating: 0.49, count: 101)
        let reply = try bench.stream(
            "telemetry.stream", ["session": 7],
            lines: [
                Self.lines([0.5, 0.51, 0.6, 0.5, 0.505, 0.49, 0.52, 0.49, 0.5]), Self.lines(settled, from: 9),
                Self.lines([0.7], from: 110),
            ])
        #expect(reply.integer("alarms") == 2)
        let events = try bench.ledger(kind: "telemetry.alarm")
        #expect(events.map { $0.body.number("value") } == [0.51, 0.7])
        #expect(events[0].body.string("code") == "depth-over-plan" && events[0].body.number("limit") == 0.5)
        #expect(events[0].person == "anna")
        let rows = try bench.rows("telemetry.alarms", ["session": 7])
        #expect(rows.map { $0.has("over_at") } == [true, false])
        #expect(rows.map { $0.number("peak") } == [0.6, 0.7])
        // From the second point to the first of those that stayed inside.
        #expect(rows[0].string("duration") == "PT0.080S")
        let over = try bench.ledger(kind: "telemetry.alarm-over")
        #expect(over.map { $0.body.number("peak") } == [0.6] && over[0].body.string("duration") == "PT0.080S")
    }

    @Test(
        "each limit has its alarm",
        arguments: [
            ("temperature_c", 45.1, "temperature-high"), ("battery_percent", 14.9, "battery-low"),
            ("speed_hz", 201, "speed-out-of-range"), ("current_ma", 1001, "current-out-of-range"),
        ])
    func limits(field: String, value: Double, code: String) throws {
        let bench = try Self.bench()
        try bench.stream("telemetry.stream", ["session": 7], lines: [Self.lines([20, value], field: field)])
        #expect(try bench.ledger(kind: "telemetry.alarm").map { $0.body.string("code") } == [code])
    }

    @Test("a clock that runs backwards is an alarm, a time from another world is rejected")
    func clocks() throws {
        let bench = try Self.bench()
        let reply = try bench.stream(
            "telemetry.stream", ["session": 7],
            lines: [
                "pen depth_mm=0.1 \(Self.noon + 5_000_000_000)\npen depth_mm=0.1 \(Self.noon)\npen depth_mm=0.1 1700000000\npen depth_mm=0.1 \(Self.noon + 90_000_000_000)\n"
            ])
        #expect(reply.integer("accepted") == 2 && reply.integer("rejected") == 2)
        #expect(
            try Set(bench.ledger(kind: "telemetry.alarm").map { $0.body.string("code") }) == [
                "clock-backwards", "clock-off",
            ])
    }

    @Test("silence of a session that has reported is one alarm; its next point makes it heard again")
    func silence() throws {
        let bench = try Self.bench()
        #expect(try bench.nextDue() == nil)
        try bench.stream("telemetry.stream", ["session": 7], lines: ["pen depth_mm=0.1\n"])
        bench.clock.advance(seconds: 29)
        try bench.fire()
        #expect(try bench.ledger(kind: "telemetry.alarm").isEmpty)
        bench.clock.advance(seconds: 1)
        try bench.fire()
        bench.clock.advance(hours: 1)
        try bench.fire()
        #expect(try bench.ledger(kind: "telemetry.alarm").map { $0.body.string("code") } == ["silence"])
        try bench.stream("telemetry.stream", ["session": 7], lines: ["pen depth_mm=0.1\n"])
        #expect(try bench.nextDue() != nil)
    }

    @Test("only a running session takes a stream")
    func ended() throws {
        let bench = try Self.bench()
        #expect(
            #expect(throws: ModuleError.self) { try bench.stream("telemetry.stream", ["session": 8], lines: []) }?.code
                == .notFound)
        try Self.end(bench)
        #expect(
            #expect(throws: ModuleError.self) { try bench.stream("telemetry.stream", ["session": 7], lines: []) }?.code
                == .conflict)
        #expect(try bench.nextDue() == nil)
    }

    @Test("a summary and a query give back what was measured, across blocks and streams")
    func queries() throws {
        let bench = try Self.bench()
        let values = (0..<20_000).map { Double($0 % 50) / 100 }
        for start in stride(from: 0, to: values.count, by: 3000) {
            let piece = Array(values[start..<min(start + 3000, values.count)])
            bench.clock.advance(seconds: 30)
            try bench.stream("telemetry.stream", ["session": 7], lines: [Self.lines(piece, from: Int64(start))])
        }
        let summary = try bench.call("telemetry.summary", ["session": 7])
        let depth = try #require(summary.object("fields")?.object("depth_mm"))
        #expect(summary.integer("points") == 20_000 && summary.string("duration") == "PT3M19.990S")
        #expect(depth.number("min") == 0 && depth.number("max") == 0.49 && depth.number("last") == values.last)
        #expect(depth.number("p50") == 0.24 && abs((depth.number("mean") ?? 0) - 0.245) < 1e-9)
        let rows = try bench.rows("telemetry.query", ["session": 7, "field": "depth_mm", "step": "10s"])
        #expect(rows.count == 20 && rows.allSatisfy { $0.integer("count") == 1000 })
        #expect(rows[1].string("t") == "2026-11-20T12:00:10Z")
        let few = try bench.rows(
            "telemetry.query",
            ["session": 7, "field": "depth_mm", "from": "2026-11-20T12:00:01Z", "to": "2026-11-20T12:00:01.050Z"])
        #expect(few.map { $0.number("mean") } == (100..<105).map { values[$0] })
        #expect(
            #expect(throws: ModuleError.self) { try bench.rows("telemetry.query", ["session": 7, "field": "depth"]) }?
                .code == .notFound)
    }

    @Test(
        "a summary names what its fields are held against, the depth first and each in its own unit",
        arguments: [("depth_mm", 0.5), ("Depth_mm", 0.5), ("depth_um", 500), ("DEPTH_CM", 0.05)])
    func limits(field: String, most: Double) throws {
        let bench = try Self.bench()
        #expect(try Self.limits(bench).isEmpty)
        let line = "pen,device=pen-1 \(field)=0.01,battery_percent=80i,colour=\"red\" \(Self.noon)\n"
        try bench.stream("telemetry.stream", ["session": 7], lines: [line])
        let limits = try Self.limits(bench)
        #expect(limits.map { $0.string("field") } == [field, "battery_percent"])
        #expect(limits.map { $0.string("code") } == ["depth-over-plan", "battery-low"])
        #expect(limits.map { $0.number("max") } == [most, nil] && limits.map { $0.has("min") } == [false, true])
    }

    private static func limits(_ bench: Bench) throws -> [Object] {
        (try bench.call("telemetry.summary", ["session": 7]).list("limits") ?? []).compactMap { limit in
            if case .object(let object) = limit { object } else { nil }
        }
    }

    @Test("no limit is claimed for a depth that is not judged", arguments: ["depth_mm=t", "depth_mm=\"0.9\""])
    func noLimit(field: String) throws {
        let bench = try Self.bench()
        try bench.stream("telemetry.stream", ["session": 7], lines: ["pen,device=pen-1 \(field) \(Self.noon)\n"])
        #expect(try Self.limits(bench).isEmpty)
    }

    @Test(
        "a depth in another case or unit is judged",
        arguments: [("Depth_mm", 0.6), ("depth_um", 600), ("DEPTH_CM", 0.06)])
    func depthNames(field: String, value: Double) throws {
        let bench = try Self.bench()
        try bench.stream("telemetry.stream", ["session": 7], lines: [Self.lines([value], field: field)])
        let alarms = try bench.ledger(kind: "telemetry.alarm")
        #expect(alarms.map { $0.body.string("code") } == ["depth-over-plan"])
        #expect(abs((alarms.first?.body.number("value") ?? 0) - 0.6) < 1e-9)
    }

    @Test("a depth that nobody can read says so at once", arguments: ["depth=0.9", "depth_mm=\"0.9\"", "depth_mm=t"])
    func unreadableDepth(field: String) throws {
        let bench = try Self.bench()
        try bench.stream("telemetry.stream", ["session": 7], lines: ["pen \(field)\n"])
        #expect(try bench.ledger(kind: "telemetry.alarm").map { $0.body.string("code") } == ["depth-unwatched"])
    }

    @Test("a depth that does not come for half a minute is unwatched, also where the device connects anew meanwhile")
    func missingDepth() throws {
        let bench = try Self.bench()
        func codes() throws -> [String?] {
            try bench.ledger(kind: "telemetry.alarm").map { $0.body.string("code") }
        }
        for (seconds, expected) in [(10.0, []), (19, []), (1, ["depth-unwatched"]), (10, ["depth-unwatched"])] {
            bench.clock.advance(seconds: seconds)
            try bench.stream("telemetry.stream", ["session": 7], lines: ["pen speed_hz=90\n"])
            #expect(try codes() == expected)
        }
        #expect(try bench.rows("telemetry.alarms", ["session": 7]).map { $0.has("over_at") } == [false])
        try bench.stream("telemetry.stream", ["session": 7], lines: ["pen speed_hz=90,depth_mm=0.3\n"])
        #expect(try bench.rows("telemetry.alarms", ["session": 7]).map { $0.has("over_at") } == [true])
    }

    @Test("a depth that stops in mid-session is unwatched, also where the device connects anew and tells other things")
    func depthStops() throws {
        let bench = try Self.bench()
        try bench.stream("telemetry.stream", ["session": 7], lines: ["pen speed_hz=90,depth_mm=0.3\n"])
        for (seconds, expected) in [(10.0, []), (19, []), (2, ["depth-unwatched"]), (10, ["depth-unwatched"])] {
            bench.clock.advance(seconds: seconds)
            try bench.stream("telemetry.stream", ["session": 7], lines: ["pen speed_hz=90\n"])
            #expect(try bench.ledger(kind: "telemetry.alarm").map { $0.body.string("code") } == expected)
        }
    }

    @Test("needling without a session is told to the owner, and to nobody else")
    func withoutSession() throws {
        let bench = try Bench(definition)
        bench.fake("records.show-device") { arguments in
            let name = arguments.text("device") ?? ""
            return Device(device: name, kind: .pen, owner: name == "pen-1" ? "anna" : nil).object
        }
        func told(_ line: String) throws -> [Object] {
            let before = bench.publishedLive.count
            _ = try bench.collect("telemetry", lines: [line + "\n"])
            return bench.publishedLive.dropFirst(before).filter { $0.topic == "telemetry.without-session" }.map(\.body)
        }
        let own = try told("pen,device=pen-1 depth_mm=0.3")
        #expect(own.map { $0.string("device") } == ["pen-1"] && own.map { $0.string("person") } == ["anna"])
        #expect(own.map { $0.string("at") } == ["2026-11-20T12:00:00Z"])
        // Without an owner it is for those who see everybody.
        #expect(try told("pen,device=pen-2 depth_um=300").map { $0.string("person") } == [nil])
        // Needles that do not move harm nobody.
        #expect(try told("pen,device=pen-1 depth_mm=0").isEmpty)
        #expect(try told("pen,device=pen-1 speed_hz=90").isEmpty)
    }

    @Test("a depth is judged by its arrival where the clock is wrong, also before a collector knows the session")
    func wrongClock() throws {
        for sends in [
            { (bench: Bench, line: String) in try bench.stream("telemetry.stream", ["session": 7], lines: [line]) },
            { (bench: Bench, line: String) in try bench.collect("telemetry", lines: [line]) },
        ] {
            for stamp in [1_700_000_000, Self.noon + 900_000_000_000, Self.noon - 900_000_000_000] {
                let bench = try Self.bench()
                bench.fake("records.show-device") { _ in Device(device: "pen-1", kind: .pen).object }
                _ = try sends(bench, "pen,device=pen-1 depth_mm=0.9 \(stamp)\n")
                #expect(
                    try bench.ledger(kind: "telemetry.alarm").map { $0.body.string("code") } == [
                        "clock-off", "depth-over-plan",
                    ], "\(stamp)")
            }
        }
    }

    @Test("a negative depth and another device's lines are rejected with the reason")
    func rejected() throws {
        let bench = try Self.bench()
        let reply = try bench.stream(
            "telemetry.stream", ["session": 7],
            lines: ["pen depth_mm=-0.1\npen depth_um=-5i\npen,device=pen-2 depth_mm=0.1\n"])
        #expect(reply.integer("accepted") == 0 && reply.integer("rejected") == 3)
        let reasons = (reply.list("first_errors") ?? []).map {
            if case .object(let one) = $0 { one.string("reason") ?? "" } else { "" }
        }
        #expect(reasons[0].contains("no depth is negative") && reasons[2].contains("'pen-2'"))
    }

    @Test("negative depths are rejected, and that nobody watches the depth then is said at once")
    func negativeIsUnwatched() throws {
        let line = "pen,device=pen-1 depth_mm=-0.9\n"
        for collects in [false, true] {
            let bench = try Self.bench()
            bench.fake("records.show-device") { _ in Device(device: "pen-1", kind: .pen).object }
            if collects {
                try bench.collect("telemetry", lines: [line])
            } else {
                try bench.stream("telemetry.stream", ["session": 7], lines: [line])
            }
            #expect(
                try bench.ledger(kind: "telemetry.alarm").map { $0.body.string("code") } == ["depth-unwatched"],
                "\(collects)")
        }
    }

    @Test("the collector finds the session by the device tag; it rejects what has none or one that nobody knows")
    func collector() throws {
        let bench = try Self.bench()
        bench.fake("records.show-device") { throw ModuleError.notFound("device", $0.text("device") ?? "") }
        let reply = try bench.collect(
            "telemetry", lines: ["pen,device=pen-1 depth_mm=0.9\npen,device=pen-2 depth_mm=0.9\npen depth_mm=0.9\n"])
        #expect(reply.integer("accepted") == 1 && reply.integer("rejected") == 2 && reply.integer("alarms") == 1)
        #expect(try bench.call("telemetry.summary", ["session": 7]).integer("alarms") == 1)
    }
}

extension Object {
    func has(_ name: String) -> Bool { self[name] != nil }
}
