import MneedleKit
import MneedleTestKit
import Testing

@testable import Telemetry

@Suite("Needling that no session explains is kept for the owner")
struct WithoutSessionTests {
    /// No session runs; pen-1 is anna's, nobody owns pen-2.
    private static func bench() throws -> Bench {
        let bench = try Bench(definition)
        know(bench)
        return bench
    }

    private static func know(_ bench: Bench) {
        bench.fake("records.show-device") { arguments in
            let name = arguments.text("device") ?? ""
            return Device(device: name, kind: .pen, owner: name == "pen-1" ? "anna" : nil).object
        }
    }

    private static func kept(_ bench: Bench) throws -> [Entry] {
        try bench.ledger(kind: "telemetry.needled-without-session")
    }

    @discardableResult
    private static func needle(_ bench: Bench, _ device: String = "pen-1", at stamp: String = "") throws -> Int {
        try bench.collect("telemetry", lines: ["pen,device=\(device) depth_mm=0.3 \(stamp)\n"])
        return try kept(bench).count
    }

    @Test("a stretch of it is one entry for the owner; after half an hour without any the next one begins")
    func stretch() throws {
        let bench = try Self.bench()
        #expect(try Self.needle(bench) == 1)
        let entry = try #require(try Self.kept(bench).first)
        #expect(entry.person == "anna" && entry.subject == "device/pen-1")
        #expect(entry.body.string("device") == "pen-1" && entry.body.string("at") == "2026-11-20T12:00:00Z")
        for minutes in [0, 1, 29, 29.9] {
            bench.clock.advance(seconds: minutes * 60)
            #expect(try Self.needle(bench) == 1, "\(minutes)")
        }
        bench.clock.advance(seconds: 30 * 60)
        #expect(try Self.needle(bench) == 2)
        // Another device is another matter, and an owner's only where there is one.
        #expect(try Self.needle(bench, "pen-2") == 3)
        #expect(try Self.kept(bench).map(\.person) == ["anna", "anna", nil])
    }

    @Test("a clock that was set back hides none")
    func clockSetBack() throws {
        let bench = try Self.bench()
        try Self.needle(bench)
        bench.clock.advance(seconds: -7200)
        #expect(try Self.needle(bench) == 2)
    }

    @Test("needles that do not move are nothing to tell")
    func nothing() throws {
        let bench = try Self.bench()
        try bench.collect("telemetry", lines: ["pen,device=pen-1 depth_mm=0\npen,device=pen-1 speed_hz=90\n"])
        #expect(try Self.kept(bench).isEmpty)
    }

    @Test("what a device tells hours later is kept with when it was, but not what it only sends again")
    func late() throws {
        let bench = try Self.bench()
        let morning = "\(TelemetrySessionTests.noon - 4 * 3_600_000_000_000)"
        #expect(try Self.needle(bench, at: morning) == 1)
        #expect(try Self.kept(bench)[0].body.string("at") == "2026-11-20T08:00:00Z")
        // It does not move now.
        #expect(!bench.publishedLive.contains { $0.topic == "telemetry.without-session" })
        bench.clock.advance(seconds: 3600)
        #expect(try Self.needle(bench, at: morning) == 1)
        // What is late hides nothing that is now.
        #expect(try Self.needle(bench, at: "\(TelemetrySessionTests.noon - 3 * 3_600_000_000_000)") == 2)
        #expect(try Self.needle(bench) == 3)
    }

    @Test(
        "a depth that nobody can read, or that is negative, is told too",
        arguments: ["depth=0.9", #"depth_mm="0.9""#, "depth_mm=-0.9", "depth_mm=0.3 1700000000"])
    func unreadable(field: String) throws {
        let bench = try Self.bench()
        try bench.collect("telemetry", lines: ["pen,device=pen-1 \(field)\n"])
        #expect(try Self.kept(bench).map(\.person) == ["anna"])
    }

    @Test("what arrives after the end of a session and was measured in it is of that session; a minute later it is not")
    func tail() throws {
        let bench = try TelemetrySessionTests.bench()
        Self.know(bench)
        bench.clock.advance(seconds: 600)
        try TelemetrySessionTests.end(bench)
        bench.clock.advance(seconds: 20)
        #expect(try Self.needle(bench, at: "\(TelemetrySessionTests.noon + 599_000_000_000)") == 0)
        #expect(try Self.needle(bench) == 0)
        #expect(!bench.publishedLive.contains { $0.topic == "telemetry.without-session" })
        bench.clock.advance(seconds: 41)
        #expect(try Self.needle(bench) == 1)
    }

    @Test("a session between two stretches parts them, however short it was")
    func parted() throws {
        let bench = try Self.bench()
        try Self.needle(bench)
        try TelemetrySessionTests.start(7, at: bench.clock.now(), on: bench)
        try TelemetrySessionTests.end(bench)
        bench.clock.advance(seconds: 120)
        #expect(try Self.needle(bench) == 2)
    }

    @Test("while nobody can say whose the device is, everybody is told nothing; the owner is when the records answer")
    func recordsAway() throws {
        let bench = try Bench(definition)
        #expect(try Self.needle(bench) == 0)
        Self.know(bench)
        bench.clock.advance(seconds: 60)
        #expect(try Self.needle(bench) == 1)
        #expect(try Self.kept(bench).map(\.person) == ["anna"])
    }
}
