import MneedleKit
import MneedleTestKit
import Testing

@testable import Sterilization

@Suite("Before and after each use")
struct UseTests {
    @Test("a device that nobody logged anything about is not disinfected")
    func failsClosed() throws {
        let room = try Room()
        #expect(try room.codes("anna", "roller") == ["not-disinfected"])
        #expect(try room.findings("anna", "roller")[0].blocks)
    }

    @Test(
        "after a session the head has to be cleaned and made ready again",
        arguments: ["session.finished", "session.stopped"])
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

    @Test("two records that are the same device have one head: their uses and cleanings count together")
    func twins() throws {
        let room = try Room()
        func decide(_ same: Bool) throws {
            room.bench.fake("records.same-device") { arguments in
                let device = arguments.text("device") ?? ""
                let pair = ["roller", "loose-roller"]
                let records = same && pair.contains(device) ? [device] + pair.filter { $0 != device } : [device]
                return ["records": records, "undecided": [] as [String]]
            }
            try room.bench.happen(
                .deviceDecided, subject: "device/roller", person: "anna",
                DeviceDecision(
                    device: "roller", twin: "loose-roller", isSame: same, reason: "seen by me", by: "anna",
                    at: room.bench.clock.now()))
        }
        for session in 1...6 {
            _ = try room.soak("roller")
            try room.treat(Int64(session), "anna", "roller")
        }
        for session in 7...10 {
            _ = try room.soak("loose-roller")
            try room.treat(Int64(session), "anna", "loose-roller")
        }
        _ = try room.soak("loose-roller")
        #expect(try room.status("roller").integer("uses") == 6)
        try decide(true)
        // Said again, it is still one.
        try decide(true)
        for device in ["roller", "loose-roller"] {
            #expect(try room.status(device).integer("uses") == 10)
            // Which of the two was soaked after the other's last use nobody knows.
            #expect(try room.codes("anna", device) == ["cleaning-due", "not-disinfected", "roller-worn"])
        }
        _ = try room.soak("roller")
        for device in ["roller", "loose-roller"] { #expect(try room.codes("anna", device) == ["roller-worn"]) }
        let cleaned = try room.bench.ledger(kind: "device.cleaned").map { $0.body.string("device") }
        #expect(cleaned.suffix(2) == ["roller", "loose-roller"])
        let again = try room.soak("loose-roller", at: room.bench.clock.now().description)
        #expect(again.bool("counts") == false, "the head lay in the other record's soak")
        try room.start(11, "anna", "loose-roller")
        #expect(try room.status("roller").string("state") == "in-use")
        try room.end(11, "anna", "loose-roller")
        #expect(try room.codes("anna", "roller") == ["cleaning-due", "not-disinfected", "roller-worn"])
        // Told apart again, each keeps what is known of both.
        try decide(false)
        #expect(try room.status("roller").integer("uses") == 11)
        #expect(try room.status("loose-roller").integer("uses") == 11)
    }

    @Test("two records that nobody has decided about keep each its own head")
    func undecidedTwins() throws {
        let room = try Room()
        room.bench.fake("records.same-device") { arguments in
            let device = arguments.text("device") ?? ""
            let twin = device == "roller" ? "loose-roller" : "roller"
            return ["records": [device, twin], "undecided": [twin]]
        }
        _ = try room.soak("roller")
        #expect(try room.codes("anna", "roller") == [])
        #expect(try room.codes("anna", "loose-roller") == ["not-disinfected"])
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
        #expect(reply.findingCodes == ["before-last-use"])
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
        #expect(reply.findingCodes.contains("head-in-use"))
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
        #expect(findings.map(\.code) == ["head-wet", "roller-worn"])
        #expect(findings[1].severity == .caution)
        #expect(findings[1].sources.map(\.id).contains("practice-default"))
        #expect(try room.status("roller").bool("ready") == true)
    }

    @Test("nothing about hygiene can be overridden or cleared")
    func never() throws {
        let room = try Room()
        try room.treat(1, "anna", "loose-roller")
        let findings = try room.findings("ben", "loose-roller") + room.findings("cleo", "pen")
        #expect(
            Set(findings.map(\.code)) == ["cleaning-due", "not-disinfected", "device-of-another", "cartridge-missing"])
        #expect(findings.allSatisfy { $0.blocks && !$0.overridable && $0.severity > .clearance })
    }

    @Test("a pen's own head is used once, a stamp's ten times")
    func usedUp() throws {
        let room = try Room()
        _ = try room.soak("plain-pen")
        #expect(try room.codes("anna", "plain-pen") == [])
        try room.treat(1, "anna", "plain-pen")
        _ = try room.soak("plain-pen")
        #expect(try room.codes("anna", "plain-pen") == ["head-used-up"])
        for session in 2...10 { try room.treat(Int64(session), "ben", "unowned") }
        _ = try room.soak("unowned")
        #expect(try room.codes("ben", "unowned") == [])
        try room.treat(11, "ben", "unowned")
        _ = try room.soak("unowned")
        #expect(try room.codes("ben", "unowned") == ["head-used-up"])
        #expect(try room.status("unowned").bool("ready") == false)
    }

    @Test("at home nothing is shared, not even a pen with a cartridge for each")
    func notSharedAtHome() throws {
        let room = try Room()
        try room.open("c1", for: "anna")
        _ = try room.soak("pen")
        try room.treat(1, "anna", "pen", cartridge: "c1")
        _ = try room.soak("pen")
        try room.open("c2", for: "ben")
        #expect(try room.codes("ben", "pen", cartridge: "c2") == ["device-of-another"])
    }

    @Test("a soak cannot have begun before the last use ended")
    func soakBegan() throws {
        let room = try Room()
        try room.treat(1, "anna", "roller")
        room.bench.clock.advance(seconds: 9 * 60)
        #expect(try room.soak("roller", minutes: 10, at: "2026-11-20T12:09:00Z").findingCodes == ["before-last-use"])
        room.bench.clock.advance(seconds: 60)
        #expect(
            try room.soak("roller", minutes: 10, at: "2026-11-20T12:10:00Z").findingCodes.contains("before-last-use")
                == false
        )
    }

    @Test("a clock that was set back makes no head ready")
    func clockSetBack() throws {
        let room = try Room()
        _ = try room.soak("roller")
        room.bench.clock.set(Instant("2026-11-10T12:00:00Z")!)
        #expect(try room.codes("anna", "roller").contains("not-disinfected"))
        let status = try room.status("roller")
        #expect(status.bool("ready") == false && status["ready_until"] == nil && status.string("state") == "unknown")
        #expect(try room.soak("roller", at: "2026-11-10T12:00:00Z").bool("counts") == true)
        #expect(try room.codes("anna", "roller") == [])
    }
}
