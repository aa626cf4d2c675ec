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
        #expect(codes(reply) == [code])
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
        #expect(Set(codes(reply)) == ["soak-agent", "soak-concentration", "soak-too-short"])
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
        #expect(codes(try room.soak("roller", percent: 80, minutes: 5)) == ["soak-concentration-advised", "soak-longer-advised"])
        #expect(codes(try room.soak("roller", percent: 70, minutes: 10)) == [])
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
}

@Suite("Before and after each use")
struct UseTests {
    @Test("a device that nobody logged anything about is not disinfected")
    func failsClosed() throws {
        let room = try Room()
        #expect(try room.codes("anna", "roller") == ["not-disinfected"])
        #expect(try room.findings("anna", "roller")[0].blocks)
    }

    @Test("after a session the head has to be cleaned and made ready again", arguments: ["session.finished", "session.stopped"])
    func cleaningDue(kind: String) throws {
        let room = try Room()
        _ = try room.soak("roller")
        try room.start(1, "anna", "roller")
        room.bench.clock.advance(seconds: 20 * 60)
        try room.end(1, "anna", "roller", as: kind)
        #expect(try room.codes("anna", "roller") == ["cleaning-due", "not-disinfected"])
        #expect(try room.status("roller").bool("cleaning_due") == true)
        #expect(try room.status("roller").string("last_person") == "anna")

        #expect(try room.soak("roller", minutes: 3).bool("counts") == false)
        #expect(try room.codes("anna", "roller") == ["cleaning-due", "not-disinfected"])

        room.bench.clock.advance(seconds: 6 * 60)
        #expect(try room.soak("roller", minutes: 5).bool("counts") == true)
        #expect(try room.codes("anna", "roller") == [])
        let cleaned = try room.bench.ledger(kind: "device.cleaned")
        #expect(cleaned.map { $0.body.string("device") } == ["roller"])
    }

    @Test("the soak after the last use suffices for the next use only while it lasts")
    func freshSoak() throws {
        let room = try Room()
        _ = try room.soak("roller")
        try room.treat(1, "anna", "roller")
        _ = try room.soak("roller")
        room.bench.clock.advance(hours: 24 * 20)
        #expect(try room.codes("anna", "roller") == ["not-disinfected"])
        _ = try room.soak("roller")
        #expect(try room.codes("anna", "roller") == [])
        #expect(try room.bench.ledger(kind: "device.cleaned").count == 1)
    }

    @Test("a soak that ended before the last use ended does not make the head ready")
    func soakBeforeUse() throws {
        let room = try Room()
        _ = try room.soak("roller")
        try room.start(1, "anna", "roller")
        room.bench.clock.advance(seconds: 20 * 60)
        try room.end(1, "anna", "roller")
        let reply = try room.soak("roller", at: "2026-11-20T12:10:00Z")
        #expect(reply.bool("counts") == false)
        #expect(codes(reply) == ["before-last-use"])
        #expect(try room.codes("anna", "roller") == ["cleaning-due", "not-disinfected"])
    }

    @Test("a head in use cannot be made ready")
    func inUse() throws {
        let room = try Room()
        _ = try room.soak("roller")
        try room.start(1, "anna", "roller")
        #expect(try room.codes("anna", "roller") == ["not-disinfected"])
        let reply = try room.soak("roller")
        #expect(reply.bool("counts") == false)
        #expect(codes(reply) == ["head-in-use"])
        #expect(try room.status("roller").string("state") == "in-use")
        #expect(try room.status("roller").bool("ready") == false)
    }

    @Test("anna's roller is not for ben, whether owned or only used")
    func another() throws {
        let room = try Room()
        _ = try room.soak("roller")
        #expect(try room.codes("ben", "roller") == ["device-of-another"])
        _ = try room.soak("loose-roller")
        #expect(try room.codes("ben", "loose-roller") == [])
        try room.treat(1, "anna", "loose-roller")
        _ = try room.soak("loose-roller")
        #expect(try room.codes("ben", "loose-roller") == ["device-of-another"])
        #expect(try room.codes("anna", "loose-roller") == [])
    }

    @Test("a roller that was used ten times is called worn")
    func worn() throws {
        let room = try Room()
        for session in 1...9 { try room.treat(Int64(session), "anna", "roller") }
        _ = try room.soak("roller")
        #expect(try room.codes("anna", "roller") == [])
        try room.treat(10, "anna", "roller")
        _ = try room.soak("roller")
        let findings = try room.findings("anna", "roller")
        #expect(findings.map(\.code) == ["roller-worn"])
        #expect(findings[0].severity == .caution)
        #expect(findings[0].sources.map(\.id).contains("practice-default"))
        #expect(try room.status("roller").bool("ready") == true)
    }

    @Test("nothing about hygiene can be overridden or cleared")
    func never() throws {
        let room = try Room()
        try room.treat(1, "anna", "loose-roller")
        let findings = try room.findings("ben", "loose-roller") + room.findings("cleo", "pen")
        #expect(Set(findings.map(\.code)) == ["cleaning-due", "not-disinfected", "device-of-another", "cartridge-missing"])
        #expect(findings.allSatisfy { $0.blocks && !$0.overridable && $0.severity > .clearance })
    }
}

@Suite("In a clinic")
struct ClinicTests {
    @Test("a reusable head needs a released cycle; alcohol does not replace it")
    func sterile() throws {
        let room = try Room()
        #expect(try room.codes("cleo", "steel") == ["not-sterile"])
        let soaked = try room.soak("steel")
        #expect(soaked.bool("counts") == true)
        #expect(codes(soaked) == ["disinfected-only"])
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
        #expect(codes(reply) == (counts ? [] : ["cycle-profile"]))
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
        #expect(codes(try room.cycle("steel", indicator: "fail")) == ["indicator-failed"])
        #expect(codes(try room.cycle("steel", indicator: "none")) == ["indicator-missing"])
        #expect(codes(try room.cycle("steel", indicator: nil)) == ["indicator-missing"])
        #expect(codes(try room.cycle("unowned", indicator: nil)) == ["indicator-missing"])
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
}

@Suite("A cartridge")
struct CartridgeTests {
    @Test("sealed until now and with a disinfected handpiece is fit at home and in a clinic", arguments: ["anna", "cleo"])
    func fit(person: String) throws {
        let room = try Room()
        try room.open("c1", for: person)
        #expect(try room.codes(person, "pen", cartridge: "c1") == ["not-disinfected"])
        _ = try room.soak("pen")
        #expect(try room.codes(person, "pen", cartridge: "c1") == [])
    }

    @Test("must be named and opened, for this very device")
    func missing() throws {
        let room = try Room()
        _ = try room.soak("pen")
        try room.open("c2", on: "other-pen", for: "anna")
        #expect(try room.codes("anna", "pen") == ["cartridge-missing"])
        #expect(try room.codes("anna", "pen", cartridge: "c1") == ["cartridge-missing"])
        #expect(try room.codes("anna", "pen", cartridge: "c2") == ["cartridge-missing"])
        _ = try room.soak("roller")
        #expect(try room.codes("anna", "roller", cartridge: "c2") == ["cartridge-missing"])
    }

    @Test("is never used for two people")
    func notForTwo() throws {
        let room = try Room()
        try room.open("c1", for: "anna")
        _ = try room.soak("pen")
        #expect(try room.codes("ben", "pen", cartridge: "c1") == ["cartridge-used"])
        try room.treat(1, "anna", "pen", cartridge: "c1")
        _ = try room.soak("pen")
        #expect(try room.codes("ben", "pen", cartridge: "c1") == ["cartridge-used"])
    }

    @Test("is never used twice for the same person, not even after a stop", arguments: ["session.finished", "session.stopped"])
    func notTwice(kind: String) throws {
        let room = try Room()
        try room.open("c1", for: "anna")
        _ = try room.soak("pen")
        try room.start(1, "anna", "pen", cartridge: "c1")
        #expect(try room.codes("anna", "pen", cartridge: "c1").contains("cartridge-used"))
        try room.end(1, "anna", "pen", cartridge: "c1", as: kind)
        _ = try room.soak("pen")
        #expect(try room.codes("anna", "pen", cartridge: "c1") == ["cartridge-used"])
        let used = try room.bench.ledger(kind: "cartridge.used")
        #expect(used.map { $0.body.integer("session") } == [1])
        #expect(used[0].body.string("cartridge") == "c1")
    }

    @Test("that another session took cannot be taken by a session that slipped past the check")
    func claimedOnce() throws {
        let room = try Room()
        try room.open("c1", for: "anna")
        try room.start(1, "anna", "pen", cartridge: "c1")
        #expect(refusal { try room.start(2, "anna", "other-pen", cartridge: "c1") }?.code == .conflict)
        #expect(refusal { try room.start(3, "anna", "other-pen", cartridge: "none") }?.code == .conflict)
        #expect(try room.status("other-pen").integer("uses") == 0)
    }

    @Test("pens go from person to person, each with a cartridge of their own")
    func shared() throws {
        let room = try Room()
        _ = try room.soak("pen")
        try room.open("c1", for: "cleo")
        try room.treat(1, "cleo", "pen", cartridge: "c1")
        _ = try room.soak("pen")
        try room.open("c2", for: "dan")
        #expect(try room.codes("dan", "pen", cartridge: "c2") == [])
    }

    @Test("a pen whose record says nothing of cartridges takes them all the same")
    func plainPen() throws {
        let room = try Room()
        _ = try room.soak("plain-pen")
        try room.open("c1", on: "plain-pen", for: "cleo")
        #expect(try room.codes("cleo", "plain-pen", cartridge: "c1") == [])
        #expect(try room.codes("cleo", "plain-pen") == ["not-sterile"])
        try room.treat(1, "cleo", "plain-pen", cartridge: "c1")
        _ = try room.soak("plain-pen")
        #expect(try room.codes("ben", "plain-pen") == ["device-of-another"])
    }

    @Test("is opened once: its name is never given again")
    func openedOnce() throws {
        let room = try Room()
        let reply = try room.open("c1", for: "anna", expires: "2026-11-20")
        #expect(reply.string("use_by") == "2026-11-21T12:00:00Z")
        let again = refusal { try room.open("c1", for: "ben") }
        #expect(again?.code == .conflict)
        #expect(again?.members.string("state") == "opened")
        try room.treat(1, "anna", "pen", cartridge: "c1")
        #expect(refusal { try room.open("c1", for: "anna") }?.members.string("state") == "used")
        _ = try room.bench.call("sterilization.discard-cartridge", ["cartridge": "c1"])
        #expect(refusal { try room.open("c1", for: "anna") }?.members.string("state") == "discarded")
        #expect(try room.bench.ledger(kind: "cartridge.opened").count == 1)
    }

    @Test("that has expired is not opened, nor used a day after its date")
    func expired() throws {
        let room = try Room(at: "2026-11-20T22:30:00Z")
        _ = try room.soak("pen")
        let error = refusal { try room.open("c1", for: "ben", expires: "2026-11-19") }
        #expect(error?.code == .blocked)
        #expect(codes(error?.members ?? [:]) == ["cartridge-expired"])
        try room.open("c1", for: "ben", expires: "2026-11-20")
        #expect(try room.codes("ben", "pen", cartridge: "c1") == [])
        room.bench.clock.advance(hours: 2)
        #expect(try room.codes("ben", "pen", cartridge: "c1") == ["cartridge-expired"])
        // In Berlin, where anna lives, it is already the 21st.
        #expect(refusal { try room.open("c2", for: "anna", expires: "2026-11-20") }?.code == .blocked)
    }

    @Test("that lay open for a day is not sterile any more")
    func openedTooLong() throws {
        let room = try Room()
        try room.open("c1", for: "anna")
        room.bench.clock.advance(seconds: 86_399)
        _ = try room.soak("pen")
        #expect(try room.codes("anna", "pen", cartridge: "c1") == [])
        room.bench.clock.advance(seconds: 1)
        #expect(try room.codes("anna", "pen", cartridge: "c1") == ["not-sterile"])
    }

    @Test("that was discarded is gone")
    func discarded() throws {
        let room = try Room()
        try room.open("c1", for: "anna")
        #expect(try room.status("pen").string("cartridge") == "c1")
        _ = try room.soak("pen")
        let reply = try room.bench.call("sterilization.discard-cartridge", ["cartridge": "c1"], as: .operator)
        #expect(reply.string("state") == "discarded")
        #expect(try room.codes("anna", "pen", cartridge: "c1") == ["cartridge-used"])
        #expect(try room.status("pen")["cartridge"] == nil)
        #expect(refusal { try room.bench.call("sterilization.discard-cartridge", ["cartridge": "c1"]) }?.code == .conflict)
        let unknown = refusal { try room.bench.call("sterilization.discard-cartridge", ["cartridge": "c9"]) }
        #expect(unknown?.code == .notFound)
        #expect(unknown?.members.strings("suggestions") == ["c1"])
    }

    @Test("in use is not discarded before its session ends")
    func discardInUse() throws {
        let room = try Room()
        try room.open("c1", for: "anna")
        try room.start(1, "anna", "pen", cartridge: "c1")
        let error = refusal { try room.bench.call("sterilization.discard-cartridge", ["cartridge": "c1"]) }
        #expect(error?.members.string("state") == "in-use")
        try room.end(1, "anna", "pen", cartridge: "c1")
        #expect(try room.bench.call("sterilization.discard-cartridge", ["cartridge": "c1"]).string("state") == "discarded")
    }

    @Test("is not opened for a roller or a retired pen")
    func unfit() throws {
        let room = try Room()
        #expect(refusal { try room.open("c1", on: "roller", for: "anna") }?.members.string("state") == "no-cartridges")
        #expect(refusal { try room.open("c1", on: "old-pen", for: "anna") }?.members.string("state") == "retired")
        #expect(refusal { try room.open("c1", for: "nobody") }?.code == .notFound)
    }
}

@Suite("What can be read")
struct ReadingTests {
    @Test("the log lists everything, newest first, by device and time")
    func list() throws {
        let room = try Room()
        _ = try room.soak("roller", minutes: 3, at: "2026-11-20T09:00:00Z")
        _ = try room.soak("pen")
        try room.open("c1", for: "anna")
        try room.treat(1, "anna", "pen", cartridge: "c1")
        _ = try room.cycle("steel")
        #expect(
            try room.bench.rows("sterilization.list", as: .reader).map { $0.string("kind") }
                == ["cycle", "cartridge-used", "cartridge-opened", "soak", "soak"])
        let pen = try room.bench.rows("sterilization.list", ["device": "pen"])
        #expect(pen.map { $0.string("kind") } == ["cartridge-used", "cartridge-opened", "soak"])
        let roller = try room.bench.rows("sterilization.list", ["device": "roller", "since": "2026-11-20T09:00:00Z"])
        #expect(roller.map { $0.bool("counts") } == [false])
        #expect(try room.bench.rows("sterilization.list", ["device": "roller", "since": "2026-11-20T09:00:01Z"]).isEmpty)
        #expect(refusal { try room.bench.rows("sterilization.list", ["device": "nothing"]) }?.code == .notFound)
    }

    @Test("status says all that a person has to know")
    func status() throws {
        let room = try Room()
        let before = try room.status("roller")
        #expect(before.bool("ready") == false)
        #expect(before.string("state") == "unknown")
        #expect(codes(before) == ["not-disinfected"])
        _ = try room.soak("roller")
        let after = try room.status("roller")
        #expect(after.bool("ready") == true)
        #expect(after.string("ready_until") == "2026-11-21T12:00:00Z")
        #expect(after.bool("cleaning_due") == false)
        room.bench.clock.advance(hours: 25)
        #expect(try room.status("roller")["ready_until"] == nil)
    }

    @Test("a soak is never called sterile")
    func words() throws {
        let room = try Room()
        _ = try room.soak("loose-roller")
        #expect(try room.status("loose-roller").string("state") == "disinfected")
        room.bench.clock.advance(hours: 30)
        for finding in try room.findings("anna", "loose-roller") {
            #expect(!finding.message.contains("steril"))
            #expect(!finding.message.contains("{") && !finding.advice.contains("{"))
        }
    }

    @Test("every rule is told with a reason and a source; what no document gives is marked as a practice default")
    func rules() throws {
        let rows = try Room().bench.rows("sterilization.rules")
        #expect(rows.count > 8)
        for row in rows {
            #expect(row.string("reason")?.isEmpty == false)
            #expect(row.list("sources")?.isEmpty == false)
        }
        let lasting = rows.first { $0.string("rule") == "lasting" }
        #expect(lasting?.list("sources")?.description.contains("practice default") == true)
    }
}
