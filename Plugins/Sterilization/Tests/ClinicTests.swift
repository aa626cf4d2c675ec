import MneedleKit
import MneedleTestKit
import Testing

@testable import Sterilization

@Suite("In a clinic")
struct ClinicTests {
    @Test("a reusable head needs a released cycle; alcohol does not replace it")
    func sterile() throws {
        let room = try Room()
        #expect(try room.codes("cleo", "steel") == ["not-sterile"])
        let soaked = try room.soak("steel")
        #expect(soaked.bool("counts") == true)
        #expect(soaked.findingCodes == ["disinfected-only"])
        #expect(try room.codes("cleo", "steel") == ["not-sterile"])
        #expect(try room.status("steel").bool("ready") == false)
        #expect(try room.status("steel").string("state") == "disinfected")
        #expect(try room.cycle("steel").bool("counts") == true)
        #expect(try room.codes("cleo", "steel") == [])
        #expect(try room.status("steel").string("state") == "sterile")
        #expect(try room.status("steel").bool("ready") == true)
    }

    @Test("alcohol on a sterile head ends its sterility, for its pouch was opened")
    func soakedAfterCycle() throws {
        let room = try Room()
        _ = try room.cycle("steel")
        _ = try room.soak("steel")
        #expect(try room.codes("cleo", "steel") == ["not-sterile"])
    }

    @Test("a cycle serves one session, and ends the cleaning that is due")
    func cycleOnce() throws {
        let room = try Room()
        _ = try room.cycle("steel")
        try room.treat(1, "cleo", "steel")
        #expect(try room.codes("cleo", "steel") == ["cleaning-due", "not-sterile"])
        _ = try room.cycle("steel")
        #expect(try room.codes("cleo", "steel") == [])
        #expect(try room.bench.ledger(kind: "device.cleaned").count == 1)
    }

    @Test(
        "a cycle counts when it meets a profile of its method",
        arguments: [
            ("gravity", 121.0, 30.0, true), ("gravity", 121, 29.9, false), ("gravity", 120.9, 30, false),
            ("gravity", 132, 15, true), ("gravity", 132, 14.9, false), ("gravity", 131.9, 15, false),
            ("prevacuum", 132, 4, true), ("prevacuum", 132, 3.9, false), ("prevacuum", 131, 4, false),
            ("Pre Vacuum", 134, 5, true), ("autoclave", 121, 30, true), ("autoclave", 134, 5, false),
            ("gravity", 250, 60, false), ("microwave", 121, 30, false),
        ])
    func profiles(method: String, celsius: Double, minutes: Double, counts: Bool) throws {
        let reply = try Room().cycle("steel", method: method, celsius: celsius, minutes: minutes)
        #expect(reply.bool("counts") == counts)
        #expect(reply.findingCodes == (counts ? [] : ["cycle-profile"]))
    }

    @Test("the maker's profiles count only where the practice switched them on")
    func makerProfiles() throws {
        #expect(try Room().cycle("steel", method: "autoclave", celsius: 134, minutes: 5).bool("counts") == false)
        let room = try Room(section: ["cycle_profiles": ["cdc", "maker"]])
        #expect(try room.cycle("steel", method: "autoclave", celsius: 134, minutes: 5).bool("counts") == true)
        #expect(throws: Bench.BadKnowledge.self) { try Room(section: ["cycle_profiles": ["mine"]]) }
    }

    @Test("a load without a passed indicator is not released")
    func indicator() throws {
        let room = try Room()
        #expect(try room.cycle("steel", indicator: "fail").findingCodes == ["indicator-failed"])
        #expect(try room.cycle("steel", indicator: "none").findingCodes == ["indicator-missing"])
        #expect(try room.cycle("steel", indicator: nil).findingCodes == ["indicator-missing"])
        #expect(try room.cycle("unowned", indicator: nil).findingCodes == ["indicator-missing"])
        #expect(try room.codes("cleo", "steel") == ["not-sterile"])
        #expect(try room.cycle("roller", indicator: nil).bool("counts") == true)
        #expect(try room.codes("anna", "roller") == [])
    }

    @Test("a failed indicator takes back what the same load released")
    func recall() throws {
        let room = try Room()
        #expect(try room.cycle("steel", load: "17").bool("counts") == true)
        #expect(try room.cycle("steel-2", load: "18").bool("counts") == true)
        let reply = try room.cycle("unowned", indicator: "fail", load: "17")
        #expect(reply.strings("recalled") == ["steel"])
        #expect(try room.codes("cleo", "steel") == ["not-sterile"])
        #expect(try room.codes("dan", "steel-2") == [])
    }

    @Test("a cycle that fails ends what an earlier one released")
    func failedAfter() throws {
        let room = try Room()
        _ = try room.cycle("steel")
        _ = try room.cycle("steel", indicator: "fail")
        #expect(try room.codes("cleo", "steel") == ["not-sterile"])
    }

    @Test("sterility in the pouch ends with its time")
    func shelfLife() throws {
        let room = try Room()
        _ = try room.cycle("steel")
        room.bench.clock.advance(hours: 24 * 30 - 1)
        #expect(try room.codes("cleo", "steel") == [])
        room.bench.clock.advance(hours: 1)
        #expect(try room.codes("cleo", "steel") == ["not-sterile"])
    }

    @Test("a steriliser runs one cycle at a time; heads of one load share it")
    func oneCycleAtATime() throws {
        let room = try Room()
        #expect(try room.cycle("steel", load: "17").bool("counts") == true)
        #expect(try room.cycle("steel-2", load: "17", waits: false).bool("counts") == true)
        #expect(try room.cycle("unowned", load: "18", waits: false).findingCodes == ["steriliser-busy"])
    }

    @Test("a load that failed names whom it treated, and releases nothing more")
    func exposed() throws {
        let room = try Room()
        _ = try room.cycle("steel", load: "17")
        try room.treat(1, "cleo", "steel")
        let reply = try room.cycle("steel-2", indicator: "fail", load: "17")
        #expect((reply.list("treated") ?? []).compactMap(personNamed) == ["cleo"])
        #expect(try room.bench.ledger(kind: "sterilization.exposed").map(\.person) == ["cleo"])
        #expect(try room.cycle("unowned", load: "17").findingCodes == ["load-failed"])
        let body = try #require(try room.bench.ledger(kind: "sterilization.exposed").first?.body)
        // It is told now; the session was then.
        #expect(body.instant("treated") == Instant("2026-11-20T12:00:00Z"))
        #expect(body.instant("at").map { $0 > Instant("2026-11-20T12:00:00Z")! } == true)
    }

    @Test("a load that no indicator ever proved names whom it treated, once; one that was proven names nobody")
    func unproven() throws {
        let room = try Room()
        _ = try room.cycle("roller", indicator: nil, load: "17")
        try room.treat(1, "anna", "roller")
        for _ in 0..<2 {
            let reply = try room.cycle("steel", indicator: nil, load: "17")
            #expect((reply.list("treated") ?? []).compactMap(personNamed) == ["anna"])
        }
        let told = try room.bench.ledger(kind: "sterilization.exposed")
        #expect(told.map(\.person) == ["anna"] && told.map { $0.body.string("indicator") } == ["none"])

        let proven = try Room()
        _ = try proven.cycle("steel", load: "18")
        try proven.treat(1, "cleo", "steel")
        #expect(try proven.cycle("steel-2", indicator: nil, load: "18").list("treated") == nil)
        #expect(try proven.bench.ledger(kind: "sterilization.exposed").isEmpty)
    }
}

private func personNamed(_ value: Value) -> String? {
    guard case .object(let one) = value else { return nil }
    return one.string("person")
}
