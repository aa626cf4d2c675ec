import MneedleKit
import MneedleTestKit
import Testing

@testable import Sterilization

@Suite("A soak")
struct SoakTests {
    @Test("70 % isopropyl alcohol for five minutes counts and keeps the head ready for a day")
    func counts() throws {
        let room = try Room()
        let reply = try room.soak("roller", minutes: 5)
        #expect(reply.bool("counts") == true)
        #expect(reply.string("ready_until") == "2026-11-21T12:00:00Z")
        #expect(try room.codes("anna", "roller") == [])
        room.bench.clock.advance(seconds: 86_399)
        #expect(try room.codes("anna", "roller") == [])
        room.bench.clock.advance(seconds: 1)
        #expect(try room.codes("anna", "roller") == ["not-disinfected"])
    }

    @Test("a head that has just come out of the alcohol is said to be wet, until it has dried for five minutes")
    func wet() throws {
        let room = try Room()
        _ = try room.soak("roller", minutes: 10)
        let wet = try #require(room.findings("anna", "roller").first)
        #expect(wet.code == "head-wet" && wet.severity == .caution)
        #expect(wet.until == .instant(try #require(Instant("2026-11-20T12:05:00Z"))))
        #expect(wet.message.contains("13:00") && wet.message.contains("13:05"))
        room.bench.clock.advance(seconds: 299)
        #expect(try room.findings("anna", "roller").map(\.code) == ["head-wet"])
        room.bench.clock.advance(seconds: 1)
        #expect(try room.findings("anna", "roller").isEmpty)
    }

    @Test(
        "does not count when short, weak, too strong or of another agent, and says why",
        arguments: [
            ("isopropyl-alcohol", 70.0, 3.0, "soak-too-short"), ("isopropyl-alcohol", 70, 4.99, "soak-too-short"),
            ("isopropyl-alcohol", 70, 0, "soak-too-short"), ("isopropyl-alcohol", 40, 10, "soak-concentration"),
            ("isopropyl-alcohol", 59.9, 10, "soak-concentration"), ("ethanol", 90.5, 10, "soak-concentration"),
            ("ethanol", 91, 10, "soak-concentration"), ("hydrogen-peroxide", 70, 10, "soak-agent"),
            ("water", 70, 10, "soak-agent"), ("vinegar", 70, 10, "soak-agent"),
        ])
    func doesNotCount(agent: String, percent: Double, minutes: Double, code: String) throws {
        let room = try Room()
        let reply = try room.soak("roller", agent: agent, percent: percent, minutes: minutes)
        #expect(reply.bool("counts") == false)
        #expect(reply["ready_until"] == nil)
        #expect(reply.findingCodes == [code])
        #expect(try room.codes("anna", "roller") == ["not-disinfected"])
    }

    @Test(
        "counts at the very limits, for each alcohol and each of its names",
        arguments: [
            ("isopropyl-alcohol", 60.0, 5.0), ("isopropyl-alcohol", 90, 5), ("Isopropyl Alcohol", 70, 5),
            ("isopropanol", 70, 5), ("ethanol", 60, 5), ("ethyl_alcohol", 90, 5),
        ])
    func countsAtLimits(agent: String, percent: Double, minutes: Double) throws {
        #expect(try Room().soak("roller", agent: agent, percent: percent, minutes: minutes).bool("counts") == true)
    }

    @Test("every reason against it is given, not the first")
    func everyReason() throws {
        let reply = try Room().soak("roller", agent: "vinegar", percent: 5, minutes: 1)
        #expect(Set(reply.findingCodes) == ["soak-agent", "soak-concentration", "soak-too-short"])
    }

    @Test("an interrupted soak does not add up")
    func doesNotAddUp() throws {
        let room = try Room()
        #expect(try room.soak("roller", minutes: 3).bool("counts") == false)
        #expect(try room.soak("roller", minutes: 2).bool("counts") == false)
        #expect(try room.codes("anna", "roller") == ["not-disinfected"])
    }

    @Test("is advised to be of 70 % and ten minutes, and has nothing to better then")
    func advice() throws {
        let room = try Room()
        #expect(
            try room.soak("roller", percent: 80, minutes: 5).findingCodes == [
                "soak-concentration-advised", "soak-longer-advised",
            ])
        #expect(try room.soak("roller", percent: 70, minutes: 10).findingCodes == [])
    }

    @Test("is neither logged before it is over nor long after")
    func time() throws {
        let room = try Room()
        for at in ["2026-11-20T12:00:00.001Z", "2026-11-13T11:59:59Z", "1999-01-01T00:00:00Z"] {
            let error = refusal { try room.soak("roller", at: at) }
            #expect(error?.code == .invalidArgument)
            #expect(error?.members.string("argument") == "at")
        }
        #expect(try room.soak("roller", at: "2026-11-20T12:00:00Z").bool("counts") == true)
        #expect(try room.soak("roller", at: "2026-11-13T12:00:00Z").bool("counts") == true)
    }

    @Test("that was logged late keeps the head ready from when it ended, not from when it was logged")
    func late() throws {
        let room = try Room()
        #expect(try room.soak("roller", at: "2026-11-19T13:00:00Z").string("ready_until") == "2026-11-20T13:00:00Z")
        #expect(try room.codes("anna", "roller") == [])
        room.bench.clock.advance(hours: 1)
        #expect(try room.codes("anna", "roller") == ["not-disinfected"])
    }

    @Test("an older soak that is logged later does not shorten what a newer one gave")
    func order() throws {
        let room = try Room()
        _ = try room.soak("roller")
        _ = try room.soak("roller", at: "2026-11-19T13:00:00Z")
        room.bench.clock.advance(hours: 23)
        #expect(try room.codes("anna", "roller") == [])
    }

    @Test("of a device that does not exist is not found")
    func unknownDevice() throws {
        let room = try Room()
        #expect(refusal { try room.soak("rolller") }?.code == .notFound)
        #expect(try room.bench.ledger().isEmpty)
    }

    @Test("is one ledger entry with all its facts")
    func entry() throws {
        let room = try Room()
        _ = try room.soak("roller", minutes: 3)
        let entries = try room.bench.ledger()
        #expect(entries.map(\.kind) == ["sterilization.soaked"])
        #expect(entries[0].subject == "device/roller")
        #expect(entries[0].body.bool("counts") == false)
        #expect(entries[0].body.number("minutes") == 3)
        #expect(entries[0].body.strings("reasons") == ["soak-too-short"])
    }

    @Test("two soaks of one head do not overlap")
    func overlap() throws {
        let room = try Room()
        #expect(try room.soak("roller", minutes: 10, at: "2026-11-20T12:00:00Z").bool("counts") == true)
        #expect(try room.soak("roller", minutes: 10, at: "2026-11-20T11:55:00Z").findingCodes == ["head-overlaps"])
        #expect(try room.soak("pen", minutes: 10, at: "2026-11-20T11:55:00Z").bool("counts") == true)
        #expect(try room.soak("roller", minutes: 10, at: "2026-11-20T11:45:00Z").bool("counts") == true)
    }

    @Test("unwashed hands and a dirty surface make it not count, and a soak of which neither is said is not taken in")
    func hands() throws {
        let room = try Room()
        let bad = try room.soak("roller", handsWashed: false, cleanSurface: false)
        #expect(bad.bool("counts") == false && Set(bad.findingCodes) == ["hands-not-washed", "surface-not-clean"])
        let kept = try room.bench.ledger().count
        for (hands, surface, argument) in [(nil, true, "hands_washed"), (true, nil, "clean_surface")]
            as [(Bool?, Bool?, String)]
        {
            let refused = refusal { try room.soak("roller", handsWashed: hands, cleanSurface: surface) }
            #expect(refused?.code == .invalidArgument && refused?.members.string("argument") == argument)
        }
        #expect(try room.bench.ledger().count == kept)
    }
}
