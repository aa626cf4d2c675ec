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
        let reply = try practice.resolve(first)
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
        try practice.resolve(first)
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
        try practice.resolve(reaction, as: .practitioner)
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

    @Test("that is urgent is closed by a physician's word only, at home too: who and when")
    func physician() throws {
        let practice = try Practice()
        let reaction = try #require(try practice.report("anna", "pus").integer("reaction"))
        practice.bench.clock.advance(days: 2)
        func argument(_ arguments: Object) -> String? {
            var all = arguments
            all["reaction"] = .integer(reaction)
            let error = refusal { try practice.bench.call("aftercare.resolve", all, as: .operator) }
            #expect(error?.code == .invalidArgument)
            return error?.members.string("argument")
        }
        #expect(argument(["by": "me"]) == "physician")
        #expect(argument(["physician": "Dr. Lee"]) == "judged_on")
        #expect(argument(["physician": "Anna", "judged_on": "2026-11-21"]) == "physician")
        #expect(argument(["physician": "Me", "judged_on": "2026-11-21"]) == "physician")
        #expect(argument(["physician": "Dr. Lee", "judged_on": "2026-11-19"]) == "judged_on")
        #expect(argument(["physician": "Dr. Lee", "judged_on": "2026-11-23"]) == "judged_on")
        #expect(try practice.findings("anna").map(\.code) == ["open-reaction"])
        let word: Object = ["reaction": reaction, "physician": "Dr. Lee", "judged_on": "2026-11-21"]
        let reply = try practice.bench.call("aftercare.resolve", word, as: .operator)
        #expect(reply.string("physician") == "Dr. Lee" && reply.string("judged_on") == "2026-11-21")
        let row = try practice.bench.rows("aftercare.reactions")[0]
        #expect(row.string("physician") == "Dr. Lee" && row.string("judged_on") == "2026-11-21")
        let entry = try practice.bench.ledger(kind: "reaction.resolved")[0]
        #expect(entry.body.string("physician") == "Dr. Lee" && entry.body.string("judged_on") == "2026-11-21")
    }

    @Test("that is a call only is closed at home by whoever has judged it; red bumps need the physician all the same")
    func mild() throws {
        let practice = try Practice()
        let dark = try #require(try practice.report("anna", "dark-patches").integer("reaction"))
        let unsaid = refusal { try practice.bench.call("aftercare.resolve", ["reaction": dark], as: .operator) }
        #expect(unsaid?.members.string("argument") == "by")
        _ = try practice.bench.call("aftercare.resolve", ["reaction": dark, "by": "Kim"], as: .operator)
        let bumps = try #require(try practice.report("anna", "red-bumps").integer("reaction"))
        let error = refusal {
            try practice.bench.call("aftercare.resolve", ["reaction": bumps, "by": "Kim"], as: .operator)
        }
        #expect(error?.members.string("argument") == "physician")
    }

    @Test("that can have been an allergy is closed by saying so; what it was stays an answer of the screening")
    func allergy() throws {
        let practice = try Practice()
        let reaction = try #require(try practice.report("anna", "hives").integer("reaction"))
        #expect(refusal { try practice.resolve(reaction) }?.members.string("argument") == "allergy")
        #expect(refusal { try practice.resolve(reaction, allergy: ["none", "metal"]) }?.code == .invalidArgument)
        let unnamed: Object = ["reaction": reaction, "by": "Dr. Lee", "allergy": ["product"]]
        #expect(refusal { try practice.bench.call("aftercare.resolve", unnamed) }?.members.string("argument") == "note")
        let reply = try practice.resolve(reaction, allergy: ["metal", "anaesthetic"])
        #expect(reply.strings("sets") == ["steel-allergy", "anaesthetic-allergy"])
        let entry = try practice.bench.ledger(kind: "reaction.resolved")[0]
        #expect(entry.body.strings("sets") == ["steel-allergy", "anaesthetic-allergy"])
        let second = try #require(try practice.report("anna", "hives").integer("reaction"))
        #expect(try practice.resolve(second, allergy: ["none"])["sets"] == nil)
    }

    @Test(
        "is opened by a session that is stopped for pain, bleeding or a rash, as by a report",
        arguments: [("pain", "pain"), ("bleeding", "persistent-bleeding"), ("rash", "rash")])
    func stopped(reason: String, symptom: String) throws {
        let practice = try Practice()
        try practice.start(1, "anna")
        practice.bench.clock.advance(hours: 1)
        try practice.end(1, "anna", as: "session.stopped", reason: reason)
        let rows = try practice.bench.rows("aftercare.reactions", ["person": "anna", "state": "open"])
        #expect(rows.map { $0.string("symptom") } == [symptom])
        #expect(rows.map { $0.string("opened") } == ["2026-11-20T13:00:00Z"])
        #expect(try practice.findings("anna").map(\.code) == ["open-reaction"])
        #expect(try practice.bench.ledger(kind: "symptom.reported").map { $0.body.integer("session") } == [1])
        // Told again, it is the same one.
        #expect(try practice.report("anna", symptom).integer("reaction") == rows[0].integer("reaction"))
    }

    @Test("is not opened by a session that is stopped for another reason")
    func stoppedOtherwise() throws {
        let practice = try Practice()
        try practice.start(1, "anna")
        try practice.end(1, "anna", as: "session.stopped", reason: "other")
        #expect(try practice.findings("anna").isEmpty)
    }
}
