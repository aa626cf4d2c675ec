import MneedleKit
import MneedleTestKit
import Testing

@testable import Sterilization

@Suite("A soak that the service's clock measures")
struct TimedSoakTests {
    private func begin(_ room: Room, percent: Double = 70, handsWashed: Bool = true) throws -> Object {
        try room.bench.call(
            "sterilization.begin-soak",
            [
                "device": "roller", "agent": "isopropyl-alcohol", "concentration_percent": percent,
                "hands_washed": handsWashed, "clean_surface": true,
            ], as: .operator)
    }

    private func end(_ room: Room) throws -> Object {
        try room.bench.call("sterilization.end-soak", ["device": "roller"], as: .operator)
    }

    @Test("five minutes after its begin it counts, and the ledger says that it was measured")
    func counts() throws {
        let room = try Room()
        let begun = try begin(room)
        #expect(
            begun.string("began") == "2026-11-20T12:00:00Z" && begun.string("counts_from") == "2026-11-20T12:05:00Z")
        #expect(begun.codes.isEmpty)
        room.bench.clock.advance(seconds: 300)
        let ended = try end(room)
        #expect(ended.bool("counts") == true && ended.number("minutes") == 5)
        #expect(ended.string("ready_until") == "2026-11-21T12:05:00Z")
        #expect(try room.bench.ledger(kind: "sterilization.soaked").last?.body.bool("timed") == true)
        #expect(try room.codes("anna", "roller") == [])
    }

    @Test("one that is ended a moment too early does not count, and is begun anew")
    func short() throws {
        let room = try Room()
        _ = try begin(room)
        room.bench.clock.advance(seconds: 299)
        let ended = try end(room)
        #expect(ended.bool("counts") == false && ended.number("minutes") == 4.9)
        #expect(ended.codes == ["soak-too-short"])
        #expect(try room.codes("anna", "roller") == ["not-disinfected"])
    }

    @Test("a clock that is set makes it neither longer nor shorter", arguments: [3600.0, -3600])
    func clock(by seconds: Double) throws {
        let room = try Room()
        _ = try begin(room)
        room.bench.clock.advance(seconds: 120)
        room.bench.clock.jump(to: room.bench.clock.now().adding(seconds: seconds))
        #expect(try end(room).number("minutes") == 2)
    }

    @Test("while the head lies in the alcohol it is not for the skin, also if it was ready before")
    func underWay() throws {
        let room = try Room()
        _ = try room.soak("roller")
        _ = try begin(room)
        let found = try room.findings("anna", "roller").filter(\.blocks)
        #expect(found.map(\.code) == ["soak-under-way"])
        #expect(found.first?.remedy == Remedy("sterilization.end-soak", ["device": "roller"]))
        #expect(try room.status("roller").bool("ready") == false)
    }

    @Test("what keeps it from counting is told while it can still be put right")
    func told() throws {
        let room = try Room()
        #expect(try begin(room, percent: 40).codes == ["soak-concentration"])
        #expect(
            try begin(room, handsWashed: false).codes == ["hands-not-washed"])
    }

    @Test("none that nobody has begun is ended, and none that was forgotten for a day")
    func refused() throws {
        let room = try Room()
        #expect(#expect(throws: ModuleError.self) { try end(room) }?.code == .notFound)
        _ = try begin(room)
        room.bench.clock.advance(seconds: 86_406)
        #expect(#expect(throws: ModuleError.self) { try end(room) }?.code == .conflict)
        #expect(try room.codes("anna", "roller") == ["soak-under-way"])
        _ = try begin(room)
        room.bench.clock.advance(seconds: 300)
        #expect(try end(room).bool("counts") == true)
    }

    @Test("who logs the soak by its minutes has taken the head out")
    func logged() throws {
        let room = try Room()
        _ = try begin(room)
        _ = try room.soak("roller")
        #expect(try room.codes("anna", "roller") == [])
        #expect(#expect(throws: ModuleError.self) { try end(room) }?.code == .notFound)
    }
}

extension Object {
    /// The codes of the reply's findings.
    fileprivate var codes: [String] {
        (list("findings") ?? []).compactMap {
            if case .object(let finding) = $0 { finding.string("code") } else { nil }
        }
    }
}
