import MneedleKit
import MneedleTestKit
import Testing

@testable import Session

@Suite("A damaged row of a session")
struct DamageTests {
    /// What stands in a row that somebody with a tool has changed: words that are none of the column's, and values of other types.
    static let damage = [
        "goal = 'beauty'", "setting = 'moon'", "goal = x'00'", "setting = x'00'", "areas = x'00'", "depth_mm = 'deep'",
        "time_zone = x'00'", "goal = '', setting = '', depth_mm = ''",
    ]

    private func bench(_ damage: String) throws -> Bench {
        let bench = try makeBench()
        try bench.call("session.start", plan("anna", "pen", ["cheeks"], 0.5), as: .operator)
        try bench.damage("UPDATE session_sessions SET \(damage) WHERE id = 1")
        return bench
    }

    @Test("does not hold up the end of that session", arguments: damage, ["session.stop", "session.finish"])
    func ends(damage: String, verb: String) throws {
        let bench = try bench(damage)
        let reason = verb == "session.stop" ? "pain" : nil
        let reply = try bench.call(verb, ["session": 1, "reason": reason, "passes": reason == nil ? 4 : nil])
        // The words are those of the person's setting.
        #expect(reply.findingCodes == [reason == nil ? "too-many-passes" : "stopped-pain"])
        let state = reason == nil ? "finished" : "stopped"
        #expect(try bench.call("session.show", ["session": 1]).string("state") == state)
        #expect(try bench.ledger(kind: "session.\(state)").map(\.subject) == ["session/1"])
    }

    @Test(
        "is listed as far as it can be read, and the others beside it; what cannot be read is absent", arguments: damage
    )
    func lists(damage: String) throws {
        let bench = try bench(damage)
        try bench.call("session.start", plan("carl", "pen-2", ["cheeks"], 1.0, operator: "kim"), as: .operator)
        let rows = try bench.rows("session.list")
        #expect(rows.map { $0.string("person") } == ["carl", "anna"])
        #expect(rows[0].string("setting") == "clinic" && rows[0].string("goal") == "acne-scars")
        for column in ["goal", "setting", "depth_mm", "time_zone"] {
            #expect((rows[1][column] == nil) == damage.contains("\(column) ="))
        }
        #expect(rows[1].strings("areas") == (damage.contains("areas") ? [] : ["cheeks"]))
    }

    @Test("is flagged all the same, and forbids nobody else's session", arguments: damage)
    func flags(damage: String) throws {
        let bench = try bench(damage)
        try bench.happen(
            .reactionOpened, subject: "reaction/3", person: "anna",
            ReactionOpened(reaction: 3, person: "anna", symptom: "rash", action: "call"))
        #expect(try bench.call("session.show", ["session": 1]).strings("flagged") == ["open-reaction"])
        #expect(try bench.ledger(kind: "mneedled.reaction-failed").isEmpty)
        #expect(try codes(bench, plan("carl", "pen-2", ["cheeks"], 1.0, operator: "kim")) == [])
    }

    @Test(
        "is an error where nobody can say whose it is, what state it is in or when it began",
        arguments: ["state = 'dreaming'", "started = 400000000000000"])
    func unreadable(damage: String) throws {
        let bench = try bench(damage)
        #expect(refusal { try bench.call("session.show", ["session": 1]) } != nil)
        // It is not taken for a session that does not exist.
        #expect(refusal { try bench.rows("session.list", ["person": "anna"]) } != nil)
    }
}
