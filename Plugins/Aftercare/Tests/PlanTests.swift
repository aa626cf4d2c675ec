import MneedleKit
import MneedleTestKit
import Testing

@testable import Aftercare

@Suite("The plan after a session")
struct PlanTests {
    @Test("lists what to avoid, to do and to expect, each with its time and sources")
    func plan() throws {
        let practice = try Practice()
        try practice.treat(1, "anna")
        let rows = try practice.bench.rows("aftercare.plan", ["person": "anna"], as: .reader)
        #expect(Set(rows.compactMap { $0.string("kind") }) == ["avoid", "do", "expect"])
        #expect(rows.allSatisfy { $0.list("sources")?.isEmpty == false && $0.string("text")?.isEmpty == false })
        func until(_ window: String) -> String? { rows.first { $0.string("window") == window }?.string("until") }
        #expect(until("actives") == "2026-11-23T12:00:00Z")
        #expect(until("sun") == "2026-11-22T12:00:00Z")
        #expect(until("redness") == "2026-11-23T12:00:00Z")
        let spf = rows.first { $0.string("window") == "spf" }
        #expect(spf?.string("from") == "2026-11-21T12:00:00Z")
        #expect(try practice.bench.rows("aftercare.plan", ["session": 1]) == rows)
    }

    @Test("days are calendar days where the person lives")
    func days() throws {
        let practice = try Practice(at: "2026-10-20T12:00:00Z")
        try practice.treat(1, "anna")
        let rows = try practice.bench.rows("aftercare.plan", ["person": "anna"])
        // Berlin leaves summer time on 25 October: seven days later the same clock shows an hour more of UTC.
        #expect(rows.first { $0.string("window") == "flaking" }?.string("until") == "2026-10-27T13:00:00Z")
    }

    @Test("is of the last session, and of any session by number")
    func last() throws {
        let practice = try Practice()
        #expect(try practice.bench.rows("aftercare.plan", ["person": "anna"]).isEmpty)
        try practice.treat(1, "anna")
        practice.bench.clock.advance(days: 30)
        try practice.treat(2, "anna")
        #expect(try practice.bench.rows("aftercare.plan", ["person": "anna"]).allSatisfy { $0.integer("session") == 2 })
        #expect(try practice.bench.rows("aftercare.plan", ["session": 1]).allSatisfy { $0.bool("over") == true })
        #expect(refusal { try practice.bench.rows("aftercare.plan", ["session": 3]) }?.code == .notFound)
        #expect(refusal { try practice.bench.rows("aftercare.plan", ["person": "nobody"]) }?.code == .notFound)
        #expect(refusal { try practice.bench.rows("aftercare.plan") }?.code == .invalidArgument)
        #expect(
            refusal { try practice.bench.rows("aftercare.plan", ["person": "anna", "session": 1]) }?.code
                == .invalidArgument)
    }

    @Test(
        "a session whose setting cannot be read is cared for as the person's own setting asks",
        arguments: ["anna", "cleo"])
    func unreadableSetting(person: String) throws {
        var plans: [[Object]] = []
        for setting in [nil, Practice.people[person]?.setting] {
            let practice = try Practice(section: ["actives_hours": 72])
            let now = practice.bench.clock.now()
            try practice.bench.happen(
                .sessionFinished, subject: "session/1", person: person,
                SessionEntry(
                    session: 1, person: person, device: "pen", areas: [], depthMM: nil, goal: nil, setting: setting,
                    started: now, ended: now))
            #expect(try practice.bench.ledger(kind: "mneedled.reaction-failed").isEmpty)
            plans.append(try practice.bench.rows("aftercare.plan", ["person": person]))
        }
        #expect(plans[0] == plans[1] && !plans[0].isEmpty)
    }

    @Test("until is the end of the last thing to avoid, and nothing when there is none")
    func until() throws {
        let practice = try Practice()
        func until() throws -> String? {
            try practice.bench.call("aftercare.until", ["person": "anna"], as: .reader).string("until")
        }
        #expect(try until() == nil)
        try practice.treat(1, "anna")
        #expect(try until() == "2026-11-23T12:00:00Z")
        let began = try practice.bench.ledger(kind: "aftercare.began")
        #expect(began.map { $0.body.string("until") } == ["2026-11-23T12:00:00Z"])
        practice.bench.clock.advance(hours: 72)
        #expect(try until() == nil)
    }
}
