import MneedleKit
import MneedleTestKit
import Testing

@testable import Screening

@Suite("What a reaction has shown")
struct RememberedTests {
    private func raisedScar(_ practice: Practice, reaction: Int64 = 3) throws {
        try practice.bench.happen(
            .reactionOpened, subject: "reaction/\(reaction)", person: "anna",
            ReactionOpened(
                reaction: reaction, person: "anna", symptom: "raised-scar", action: "call", sets: ["keloid-history"]))
    }

    @Test("a raised scar is keloid history from then on, whatever is answered")
    func scar() throws {
        let practice = try Practice()
        try raisedScar(practice)
        let reply = try practice.assess(practice.healthy)
        #expect(reply.decision == "contraindicated")
        #expect(
            reply.found("keloid-history")?.message.contains("remembered since 2026-11-20 (from reaction/3)") == true)
        #expect(try practice.assess(practice.healthy, of: "cleo").decision == "proceed")
    }

    @Test("an allergy that a reaction turns out to be stays a yes")
    func allergy() throws {
        let practice = try Practice()
        try practice.bench.happen(
            .reactionResolved, subject: "reaction/4", person: "anna",
            ReactionResolved(
                reaction: 4, person: "anna", symptom: "hives", by: "Dr. Roe",
                sets: ["steel-allergy", "product-allergy"],
                resolved: practice.bench.clock.now()))
        let reply = try practice.assess(practice.healthy)
        #expect(reply.found("steel-allergy")?.severity == "contraindicated")
        #expect(reply.found("product-allergy")?.message.contains("(from reaction/4)") == true)
    }

    @Test("it blocks a session that was screened before the scar was seen")
    func blocks() throws {
        let practice = try Practice()
        try practice.assess(practice.healthy)
        try raisedScar(practice)
        #expect(try practice.findings().contains { $0.code == "keloid-history" && $0.blocks })
    }

    @Test("what is remembered need not be answered")
    func answered() throws {
        let practice = try Practice()
        try raisedScar(practice)
        let reply = try practice.assess(practice.healthy)
        #expect(reply.decision == "contraindicated" && reply.strings("missing") == [])
        let opened = try practice.assess(practice.healthy(but: ["skin-history": true]))
        #expect(!opened.strings("missing").contains("keloid-history"))
    }

    @Test("it is recorded once, with what it comes from")
    func once() throws {
        let practice = try Practice()
        try raisedScar(practice)
        try raisedScar(practice, reaction: 4)
        let entries = try practice.bench.ledger(kind: "screening.remembered")
        #expect(entries.count == 1)
        #expect(
            entries[0].body.string("question") == "keloid-history" && entries[0].body.string("because") == "reaction/3")
        let rows = try practice.bench.rows("screening.remembered", ["person": "anna"], as: .reader)
        #expect(rows.map { $0.string("question") } == ["keloid-history"])
    }

    @Test("a reaction that sets nothing, or something that no question asks, is no error")
    func nothing() throws {
        let practice = try Practice()
        for sets in [[], ["not-asked-yet"]] {
            try practice.bench.happen(
                .reactionOpened, subject: "reaction/1", person: "anna",
                ReactionOpened(reaction: 1, person: "anna", symptom: "rash", action: "call", sets: sets))
        }
        #expect(try practice.assess(practice.healthy).decision == "proceed")
    }

    @Test("a practitioner can take back what was reported for the wrong person")
    func corrected() throws {
        let practice = try Practice()
        try raisedScar(practice)
        let unreasoned: Object = ["person": "anna", "question": "keloid-history", "by": "Dr. Lee"]
        #expect(
            refusal { try practice.bench.call("screening.correct", unreasoned, as: .practitioner) }?.code
                == .invalidArgument)
        for (by, reason, argument) in [("anna", "reported for somebody else", "by"), ("Dr. Lee", "no", "reason")] {
            let request: Object = ["person": "anna", "question": "keloid-history", "by": by, "reason": reason]
            let error = refusal { try practice.bench.call("screening.correct", request, as: .practitioner) }
            #expect(error?.members.string("argument") == argument)
        }
        let request: Object = [
            "person": "anna", "question": "keloid-history", "by": "Dr. Lee", "reason": "reported for somebody else",
        ]
        #expect(refusal { try practice.bench.call("screening.correct", request, as: .operator) }?.code == .forbidden)
        try practice.bench.call("screening.correct", request, as: .practitioner)
        #expect(try practice.assess(practice.healthy).decision == "proceed")
        let entry = try practice.bench.ledger(kind: "screening.corrected").first
        #expect(entry?.body.string("because") == "reaction/3")
        #expect(entry?.body.string("reason") == "reported for somebody else")
        #expect(refusal { try practice.bench.call("screening.correct", request, as: .practitioner) }?.code == .notFound)
    }

    @Test(
        "what stays true is remembered from an answer, and a later no does not undo it",
        arguments: [
            ("keloid-history", "keloid-history"), ("autoimmune", "autoimmune"),
            ("blood-borne-infection", "blood-borne-infection"), ("steel-allergy", "steel-allergy"),
            ("anaesthetic-allergy", "anaesthetic-allergy"), ("herpes-history", "herpes-history"),
            ("pigment-disorder", "pigment-disorder"), ("implants", "implants"),
        ])
    func lasting(question: String, code: String) throws {
        let practice = try Practice()
        try practice.assess(practice.healthy(but: [question: true]))
        let later = try practice.assess(practice.healthy(but: [question: false]))
        #expect(later.found(code)?.message.contains("remembered since 2026-11-20 (from assessment/1)") == true)
        try practice.bench.call(
            "screening.correct",
            ["person": "anna", "question": question, "by": "Dr. Lee", "reason": "the wrong box was ticked"],
            as: .practitioner)
        #expect(try practice.assess(practice.healthy).found(code) == nil)
    }

    @Test("who was too young stays so, whatever day of birth is given later")
    func age() throws {
        let practice = try Practice()
        try practice.assess(practice.healthy(but: ["born-on": "2012-05-01"]))
        #expect(try practice.assess(practice.healthy).found("age")?.severity == "contraindicated")
        let rows = try practice.bench.rows("screening.remembered", ["person": "anna"], as: .reader)
        #expect(rows.first { $0.string("question") == "born-on" }?.string("day") == "2012-05-01")
    }
}

@Suite("Days where the person lives")
struct ZoneTests {
    private func live(_ practice: Practice, in zone: String) {
        practice.register([Person(person: "anna", setting: .home, goal: .collagen, timeZone: zone, fitzpatrick: 3)])
    }

    /// 2026-11-20 12:00 UTC is the 21st, 01:00, in Auckland.
    @Test("today is today there", arguments: [("Pacific/Auckland", true), ("UTC", false), ("America/New_York", false)])
    func today(zone: String, isPast: Bool) throws {
        let practice = try Practice()
        live(practice, in: zone)
        let error = refusal { try practice.assess(practice.healthy(but: ["retinoid-last-used": "2026-11-21"])) }
        #expect((error == nil) == isPast)
    }

    @Test(
        "a wash-out ends at midnight there",
        arguments: [
            ("2026-11-20T22:59:59Z", "defer"), ("2026-11-20T23:00:00Z", "proceed"),
        ])
    func midnight(now: String, decision: String) throws {
        let practice = try Practice(at: now)
        live(practice, in: "Europe/Berlin")
        #expect(try practice.assess(practice.healthy(but: ["retinoid-last-used": "2026-11-14"])).decision == decision)
    }

    @Test("24 hours are elapsed hours, also when the clocks change")
    func clocksChange() throws {
        let practice = try Practice(at: "2026-10-24T20:00:00Z")
        live(practice, in: "Europe/Berlin")
        #expect(try practice.assess(practice.healthy).string("valid_until") == "2026-10-25T20:00:00Z")
    }

    @Test("one day of validity is a calendar day there")
    func calendarDay() throws {
        let practice = try Practice(at: "2026-10-24T20:00:00Z", section: ["assessment_valid_for": "1d"])
        live(practice, in: "Europe/Berlin")
        #expect(try practice.assess(practice.healthy).string("valid_until") == "2026-10-25T21:00:00Z")
    }

    @Test("a clearance ends with its last day there")
    func clearance() throws {
        let practice = try Practice()
        live(practice, in: "Pacific/Auckland")
        practice.cleared([
            ["finding": "pregnancy", "by": "Dr. Lee", "at": "2026-11-01T10:00:00Z", "until": "2026-11-20"]
        ])
        #expect(try practice.assess(practice.healthy(but: ["pregnant": true])).decision == "clearance")
    }

    @Test("what was yesterday's date before a move westwards still counts")
    func moved() throws {
        let practice = try Practice()
        live(practice, in: "Pacific/Auckland")
        try practice.assess(practice.healthy(but: ["sunburn-on": "2026-11-21"]))
        live(practice, in: "America/New_York")
        #expect(try practice.findings().contains { $0.code == "sunburn" && $0.blocks })
    }
}
