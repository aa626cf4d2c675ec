import MneedleKit
import MneedleTestKit
import Testing

@testable import Aftercare

@Suite("A reaction")
struct ReactionTests {
    @Test("is one for a symptom: a second report joins it and can make it more serious")
    func joined() throws {
        let practice = try Practice()
        let first = try practice.report("anna", "pain")
        let second = try practice.report("anna", "pain", severity: "severe")
        #expect(first.integer("reaction") == second.integer("reaction"))
        let rows = try practice.bench.rows("aftercare.reactions", ["person": "anna", "state": "open"], as: .reader)
        #expect(rows.count == 1)
        #expect(rows[0].string("action") == "urgent")
        #expect(try practice.bench.ledger(kind: "reaction.opened").count == 1)
        _ = try practice.report("anna", "pain")
        #expect(try practice.bench.rows("aftercare.reactions")[0].string("action") == "urgent")
    }

    @Test("is closed once, and may come back")
    func closedOnce() throws {
        let practice = try Practice()
        let first = try #require(try practice.report("anna", "pus").integer("reaction"))
        let reply = try practice.bench.call(
            "aftercare.resolve", ["reaction": first, "by": "Dr. Lee", "note": "healed"])
        #expect(reply.string("state") == "resolved")
        #expect(
            refusal { try practice.bench.call("aftercare.resolve", ["reaction": first, "by": "x"]) }?.code == .conflict)
        #expect(
            refusal { try practice.bench.call("aftercare.resolve", ["reaction": 99, "by": "x"]) }?.code == .notFound)
        let second = try #require(try practice.report("anna", "pus").integer("reaction"))
        #expect(second != first)
        #expect(try practice.findings("anna").count == 1)
        let rows = try practice.bench.rows("aftercare.reactions", ["state": "resolved"])
        #expect(rows.map { $0.string("by") } == ["Dr. Lee"])
        #expect(try practice.bench.ledger(kind: "reaction.resolved").count == 1)
    }

    @Test("every open reaction has to be closed")
    func all() throws {
        let practice = try Practice()
        let first = try #require(try practice.report("anna", "pus").integer("reaction"))
        _ = try practice.report("anna", "fever")
        #expect(try practice.findings("anna").count == 2)
        _ = try practice.bench.call("aftercare.resolve", ["reaction": first, "by": "Dr. Lee"])
        #expect(try practice.findings("anna").count == 1)
    }

    @Test("of a clinic's person is resolved by a practitioner")
    func roles() throws {
        let practice = try Practice()
        let reaction = try #require(try practice.report("cleo", "pus").integer("reaction"))
        let error = refusal {
            try practice.bench.call("aftercare.resolve", ["reaction": reaction, "by": "me"], as: .operator)
        }
        #expect(error?.code == .forbidden)
        #expect(error?.members.string("role") == "operator")
        #expect(error?.members.string("needs") == "practitioner")
        #expect(try practice.findings("cleo").count == 1)
        _ = try practice.bench.call("aftercare.resolve", ["reaction": reaction, "by": "Dr. Lee"], as: .practitioner)
        #expect(try practice.findings("cleo").isEmpty)
    }

    @Test("that began in a clinic stays a practitioner's when the person's plan moves home")
    func movedHome() throws {
        let practice = try Practice()
        let reaction = try #require(try practice.report("cleo", "pus").integer("reaction"))
        practice.bench.fake("records.show-person") { _ in
            Person(person: "cleo", setting: .home, goal: .collagen).object
        }
        let error = refusal {
            try practice.bench.call("aftercare.resolve", ["reaction": reaction, "by": "me"], as: .operator)
        }
        #expect(error?.code == .forbidden)
    }

    @Test("a raised scar sets the keloid history, and no home lifts it by itself")
    func raisedScar() throws {
        let practice = try Practice()
        let reaction = try #require(try practice.report("anna", "raised-scar").integer("reaction"))
        #expect(try practice.bench.ledger(kind: "reaction.opened")[0].body.strings("sets") == ["keloid-history"])
        #expect(try practice.findings("anna")[0].advice.contains("No further session"))
        let error = refusal {
            try practice.bench.call("aftercare.resolve", ["reaction": reaction, "by": "me"], as: .operator)
        }
        #expect(error?.code == .forbidden)
    }
}
