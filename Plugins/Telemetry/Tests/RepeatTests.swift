import MneedleKit
import MneedleTestKit
import Testing

@testable import Telemetry

@Suite("Telemetry that is sent more than once, or by anybody")
struct RepeatTests {
    static let noon = TelemetrySessionTests.noon

    /// What anybody can ask of the session's telemetry.
    struct Answers: Equatable {
        var summary: Object
        var query: [Object]
        var export: [Object]
        var byDevice: [Object]

        init(_ bench: Bench) throws {
            summary = try bench.call("telemetry.summary", ["session": 7])
            query = try bench.rows("telemetry.query", ["session": 7, "field": "depth_mm", "step": "1s"])
            export = try bench.rows("telemetry.export", ["session": 7])
            byDevice = try bench.rows("telemetry.query", ["device": "pen-1", "field": "depth_mm"])
        }
    }

    static func pieces(_ points: Int, of size: Int) -> [String] {
        stride(from: 0, to: points, by: size).map { start in
            (start..<min(start + size, points)).map {
                "pen,device=pen-1 depth_mm=0.\(10 + $0 % 60),n=\($0)i,note=\"n\($0 % 7)\" \(noon + Int64($0) * 1_000_000)\n"
            }.joined()
        }
    }

    @Test(
        "the same lines sent twice are stored once, by whatever way and in whatever pieces they come",
        arguments: [1, 2])
    func twice(way: Int) throws {
        let bench = try KeepingTests.bench()
        bench.clock.advance(seconds: 60)
        let lines = Self.pieces(20_000, of: 700)
        try bench.stream("telemetry.stream", ["session": 7], lines: lines)
        let once = try Answers(bench)
        #expect(once.summary.integer("points") == 20_000 && once.summary.integer("alarms") ?? 0 > 0)
        let again = Self.pieces(20_000, of: 3000)
        let reply =
            way == 1
            ? try bench.stream("telemetry.stream", ["session": 7], lines: again)
            : try bench.collect("telemetry", lines: again)
        // Each is on disk, so each is acknowledged.
        #expect(reply.integer("accepted") == 20_000 && reply.integer("rejected") == 0)
        #expect(try Answers(bench) == once)
        #expect(try bench.figures().contains("mneedle_telemetry_points 20000"))
    }

    @Test("a transfer that broke off and is repeated from some point before completes the first one")
    func brokenOff() throws {
        let (broken, whole) = (try KeepingTests.bench(), try KeepingTests.bench())
        let lines = Self.pieces(5000, of: 250)
        for bench in [broken, whole] { bench.clock.advance(seconds: 60) }
        try whole.stream("telemetry.stream", ["session": 7], lines: lines)
        try broken.stream("telemetry.stream", ["session": 7], lines: Array(lines[..<12]))
        try broken.stream("telemetry.stream", ["session": 7], lines: Array(lines[9...]))
        #expect(try Answers(broken).export == Answers(whole).export)
        #expect(try broken.call("telemetry.summary", ["session": 7]).integer("points") == 5000)
    }

    @Test("of two values of one time the later one counts, wherever the earlier one is stored")
    func later() throws {
        let bench = try KeepingTests.bench()
        let line = { (value: String, at: Int64) in "pen,device=pen-1 depth_mm=\(value) \(Self.noon + at)\n" }
        try bench.stream(
            "telemetry.stream", ["session": 7],
            lines: [line("0.1", 1) + line("0.2", 2) + line("0.25", 2), line("0.3", 3)])
        try bench.stream("telemetry.stream", ["session": 7], lines: [line("0.4", 1), line("0.30", 3) + line("0.5", 4)])
        let values = try bench.rows("telemetry.query", ["session": 7, "field": "depth_mm"]).map { $0.number("mean") }
        #expect(values == [0.4, 0.25, 0.3, 0.5])
        #expect(try bench.call("telemetry.summary", ["session": 7]).integer("points") == 4)
        // Other tags are another series.
        try bench.stream(
            "telemetry.stream", ["session": 7], lines: ["pen,device=pen-1,room=a depth_mm=0.9 \(Self.noon + 1)"])
        #expect(try bench.call("telemetry.summary", ["session": 7]).integer("points") == 5)
    }

    @Test("points without a time are each a point of their own, however fast they come")
    func untimed() throws {
        let bench = try KeepingTests.bench()
        let lines = String(repeating: "pen,device=pen-1 depth_mm=0.1\n", count: 1000)
        try bench.stream("telemetry.stream", ["session": 7], lines: [lines, lines])
        try bench.collect("telemetry", lines: [lines])
        #expect(try bench.call("telemetry.summary", ["session": 7]).integer("points") == 3000)
        // A clock that is set back is followed.
        let clock = ArrivalClock()
        #expect(clock.next(5_000_000_000) == 5_000_000_000 && clock.next(5_000_000_000) == 5_000_000_001)
        #expect(clock.next(4_999_000_000) == 5_000_000_002 && clock.next(1_000_000_000) == 1_000_000_000)
    }

    @Test(
        "points that one connection sends again are no clock that was set back; other ones of old times are",
        arguments: ["ns", "ms"], [false, true])
    func withinOneConnection(precision: String, collects: Bool) throws {
        let bench = try KeepingTests.bench(["precision": precision, "stop_on": ["clock-backwards"]])
        bench.fake("session.stop") { _ in [:] }
        func send(_ lines: [String]) throws -> [String] {
            let before = try bench.ledger(kind: "telemetry.alarm").count
            if collects {
                try bench.collect("telemetry", lines: lines)
            } else {
                try bench.stream("telemetry.stream", ["session": 7], lines: lines)
            }
            return try bench.ledger(kind: "telemetry.alarm").dropFirst(before).compactMap { $0.body.string("code") }
        }
        func points(_ range: Range<Int64>) -> String {
            range.map {
                "pen,device=pen-1 depth_mm=0.\(1 + $0 % 3),note=\"n\($0)\" \(Self.noon + $0 * 1_000_000_000 + 1)\n"
            }.joined()
        }
        // In one piece, piece after piece, in part, and by a connection that has not had them first.
        #expect(try send([points(0..<20) + points(0..<20)]) == [])
        #expect(try send([points(0..<20), points(0..<20), points(5..<12)]) == [])
        #expect(try send([points(20..<30), points(0..<25) + points(2..<4)]) == [])
        #expect(!bench.publishedLive.contains { $0.topic == "telemetry.breach" })
        let other = "pen,device=pen-1 depth_mm=0.1,note=\"x\" \(Self.noon + 3_000_000_001)\n"
        #expect(try send([points(0..<20), other]) == ["clock-backwards"])
        #expect(bench.publishedLive.contains { $0.topic == "telemetry.breach" })
        #expect(try bench.call("telemetry.summary", ["session": 7]).integer("points") == 30)
    }

    @Test("what a collector sends again from before the session is judged no second time, and stops nothing")
    func fromBefore() throws {
        let bench = try KeepingTests.bench(["stop_on": ["clock-off", "depth-over-plan"]])
        bench.fake("session.stop") { _ in [:] }
        let hour: Int64 = 3_600_000_000_000
        let old = (0..<50).map { "pen,device=pen-1 depth_mm=1.5 \(Self.noon - hour + Int64($0))\n" }.joined()
        try KeepingTests.end(bench)
        try bench.collect("telemetry", lines: [old])
        try TelemetrySessionTests.start(8, on: bench)
        let live = "pen,device=pen-1 depth_mm=0.1 \(Self.noon)\n"
        #expect(try bench.collect("telemetry", lines: [live + old, old]).integer("rejected") == 0)
        #expect(try bench.collect("telemetry", lines: [old]).integer("rejected") == 0)
        #expect(try bench.ledger(kind: "telemetry.alarm").isEmpty)
        // Another depth at a time that is stored already is none that was judged: a clock may stand still.
        let stuck = [1.6, 1.5].map { "pen,device=pen-1 depth_mm=\($0) \(Self.noon - hour)\n" }
        try bench.collect("telemetry", lines: [stuck.joined()])
        #expect(
            try bench.ledger(kind: "telemetry.alarm").map { $0.body.string("code") } == [
                "clock-off", "depth-over-plan",
            ])
    }

    @Test("points sent again after their session's end, or attached twice, are no others")
    func afterTheEnd() throws {
        let bench = try KeepingTests.bench()
        bench.clock.advance(seconds: 60)
        let lines = Self.pieces(3000, of: 500)
        try bench.collect("telemetry", lines: lines)
        try KeepingTests.end(bench)
        let once = try Answers(bench)
        #expect(try bench.collect("telemetry", lines: lines).integer("accepted") == 3000)
        #expect(try Answers(bench) == once)
        #expect(try bench.rows("telemetry.unmatched").isEmpty)
        // Of those that came late, each is attached once.
        let late = "pen,device=pen-1 depth_mm=0.2 \(Self.noon + 500_000)\n"
        for _ in 0..<2 { try bench.collect("telemetry", lines: [late, lines[0]]) }
        #expect(try bench.rows("telemetry.unmatched").first?.integer("points") == 1)
        #expect(try bench.call("telemetry.attach", ["session": 7]).integer("attached") == 1)
        #expect(try bench.collect("telemetry", lines: [late]).integer("accepted") == 1)
        #expect(try bench.call("telemetry.summary", ["session": 7]).integer("points") == 3001)
        #expect(try bench.rows("telemetry.unmatched").isEmpty)
    }

    @Test("partly attached, the points that are left stay, however many blocks they are in")
    func partly() throws {
        let bench = try KeepingTests.bench()
        try KeepingTests.end(bench)
        // A block each, half of them an hour before the session.
        for place in 0..<15 {
            let times = [Self.noon - 3_600_000_000_000 + Int64(place), Self.noon + Int64(place)]
            try bench.collect("telemetry", lines: [times.map { "pen,device=pen-1 a=\(place) \($0)\n" }.joined()])
        }
        let attached = try bench.call("telemetry.attach", ["session": 7])
        #expect(attached.integer("attached") == 15 && attached.integer("damaged") == nil)
        #expect(try bench.rows("telemetry.unmatched").first?.integer("points") == 15)
    }

    @Test("a session and a device have a bounded number of series; what would be one more is rejected with the reason")
    func bounded() throws {
        let bench = try KeepingTests.bench()
        func lines(_ range: Range<Int>) -> String {
            range.map { "pen,device=pen-1,t=\($0) a=1 \(Self.noon)\n" }.joined()
        }
        // A connection may have 256 of them.
        for start in stride(from: 0, to: Series.mostTogether, by: 256) {
            #expect(try bench.collect("telemetry", lines: [lines(start..<start + 256)]).integer("rejected") == 0)
        }
        let over = try bench.stream("telemetry.stream", ["session": 7], lines: [lines(2000..<2002)])
        #expect(over.integer("accepted") == 0 && over.integer("rejected") == 2)
        #expect(over.firstReason?.contains("one session") == true)
        // Those that are there take more.
        let known = try bench.stream(
            "telemetry.stream", ["session": 7], lines: ["pen,device=pen-1,t=3 a=1 \(Self.noon + 1)"])
        #expect(known.integer("accepted") == 1)
        let names = (0..<60).map { "f\($0)" + String(repeating: "x", count: 200) + "=1" }.joined(separator: ",")
        let long = "pen \(names) \(Self.noon)"
        let reply = try bench.stream("telemetry.stream", ["session": 7], lines: [long])
        #expect(reply.firstReason?.contains("8192 bytes") == true)
    }

    @Test("series outside of sessions that have no points left make room for others")
    func room() throws {
        let bench = try KeepingTests.bench(["unmatched_for": "1d"])
        try KeepingTests.end(bench)
        func fill(_ first: Int) throws -> Object {
            let times = Self.noon - 3_600_000_000_000
            let pieces = (0..<4).map { part in
                (0..<256).map { "pen,device=pen-1,t=\(first + part * 256 + $0) a=1 \(times)\n" }.joined()
            }
            return try pieces.map { try bench.collect("telemetry", lines: [$0]) }.last!
        }
        #expect(try fill(0).integer("rejected") == 0)
        #expect(try fill(5000).integer("rejected") == 256)
        bench.clock.advance(hours: 25)
        for _ in 0..<12 { try bench.fire() }
        #expect(try bench.rows("telemetry.unmatched").isEmpty)
        #expect(try fill(5000).integer("rejected") == 0)
    }
}

extension Object {
    /// The first reason among `first_errors`.
    fileprivate var firstReason: String? {
        if case .object(let error)? = list("first_errors")?.first { error.string("reason") } else { nil }
    }
}
