import MneedleKit
import MneedleTestKit
import Testing

@testable import Sterilization

@Suite("A cartridge")
struct CartridgeTests {
    @Test(
        "sealed until now and with a disinfected handpiece is fit at home and in a clinic", arguments: ["anna", "cleo"])
    func fit(person: String) throws {
        let room = try Room()
        try room.open("c1", for: person)
        #expect(try room.codes(person, "pen", cartridge: "c1") == ["not-disinfected"])
        _ = try room.soak("pen")
        #expect(try room.codes(person, "pen", cartridge: "c1") == [])
    }

    @Test("that was opened in the future of a clock that was set back is not usable")
    func openedAhead() throws {
        let room = try Room()
        _ = try room.soak("pen")
        let soaked = room.bench.clock.now()
        room.bench.clock.advance(hours: 1)
        try room.open("c1", for: "anna")
        #expect(try room.codes("anna", "pen", cartridge: "c1") == [])
        room.bench.clock.set(soaked)
        let found = try room.findings("anna", "pen", cartridge: "c1")
        let own = found.filter { $0.module == "sterilization" }
        #expect(own.filter(\.blocks).map(\.code) == ["not-sterile"], "\(found.map(\.code))")
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
        #expect(try room.codes("ben", "pen", cartridge: "c1") == ["device-of-another", "cartridge-used"])
    }

    @Test(
        "is never used twice for the same person, not even after a stop",
        arguments: ["session.finished", "session.stopped"])
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
        #expect(try room.codes("ben", "plain-pen") == ["device-of-another", "head-used-up"])
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
        #expect((error?.members ?? [:]).findingCodes == ["cartridge-expired"])
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
        #expect(
            refusal { try room.bench.call("sterilization.discard-cartridge", ["cartridge": "c1"]) }?.code == .conflict)
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
        #expect(
            try room.bench.call("sterilization.discard-cartridge", ["cartridge": "c1"]).string("state") == "discarded")
    }

    @Test("is not opened for a roller or a retired pen")
    func unfit() throws {
        let room = try Room()
        #expect(refusal { try room.open("c1", on: "roller", for: "anna") }?.members.string("state") == "no-cartridges")
        #expect(refusal { try room.open("c1", on: "old-pen", for: "anna") }?.members.string("state") == "retired")
        #expect(refusal { try room.open("c1", for: "nobody") }?.code == .notFound)
    }

    @Test("is named as its box has it: upper case and blanks, exactly, without those around it")
    func asPrinted() throws {
        let room = try Room()
        #expect(try room.open(" LOT7-1 A ", for: "anna").string("cartridge") == "LOT7-1 A")
        _ = try room.soak("pen")
        #expect(try room.codes("anna", "pen", cartridge: "LOT7-1 A") == [])
        #expect(try room.codes("anna", "pen", cartridge: "lot7-1 a") == ["cartridge-missing"])
        #expect(try room.open("lot7-1 a", for: "anna").findingCodes == ["cartridge-look-alike"])
        #expect(refusal { try room.open("   ", for: "anna") }?.code == .invalidArgument)
        #expect(refusal { try room.open("LOT\u{7}", for: "anna") }?.code == .invalidArgument)
    }

    @Test("has a lot and a last day in a clinic; at home they are asked for")
    func labelled() throws {
        let room = try Room()
        #expect(try room.open("c1", for: "anna", lot: nil, expires: nil).findingCodes == ["cartridge-unlabelled"])
        for (lot, expires) in [(nil, "2027-03-31"), ("L1", nil)] as [(String?, String?)] {
            let error = refusal { try room.open("c2", for: "cleo", lot: lot, expires: expires) }
            #expect(error?.code == .blocked)
        }
        #expect(try room.open("c2", for: "cleo").findingCodes == [])
    }
}
