import MneedleKit
import MneedleTestKit
import Testing

@testable import Screening

@Suite("A physician's clearance")
struct ClearanceTests {
    private func clearance(_ finding: String, until: String? = "2027-01-31") -> Object {
        ["finding": finding, "by": "Dr. Lee", "at": "2026-11-01T10:00:00Z", "until": until]
    }

    @Test("lifts what it names, and the reply says who gave it")
    func lifts() throws {
        let practice = try Practice()
        let answers = practice.healthy(but: ["pregnant": true])
        #expect(try practice.assess(answers).decision == "clearance")
        practice.cleared([clearance("pregnancy")])
        let reply = try practice.assess(answers)
        #expect(reply.decision == "proceed")
        #expect(reply.found("pregnancy") == nil)
        guard case .object(let lifted)? = reply.list("lifted")?.first else {
            Issue.record("nothing was lifted")
            return
        }
        #expect(lifted.string("code") == "pregnancy" && lifted.string("by") == "Dr. Lee")
    }

    @Test("lifts nothing else")
    func nothingElse() throws {
        let practice = try Practice()
        practice.cleared([clearance("autoimmune")])
        #expect(try practice.assess(practice.healthy(but: ["pregnant": true])).decision == "clearance")
    }

    @Test(
        "counts through its last day where the person lives",
        arguments: [
            ("2026-11-19", "clearance"), ("2026-11-20", "proceed"), ("2026-11-21", "proceed"),
            ("not a day", "clearance"),
        ])
    func lastDay(until: String, decision: String) throws {
        let practice = try Practice()
        practice.cleared([clearance("pregnancy", until: until)])
        #expect(try practice.assess(practice.healthy(but: ["pregnant": true])).decision == decision)
    }

    @Test("without an end is none")
    func endless() throws {
        let practice = try Practice()
        practice.cleared([clearance("pregnancy", until: nil)])
        #expect(try practice.assess(practice.healthy(but: ["pregnant": true])).decision == "clearance")
    }

    @Test("that has ended does not hide one that counts")
    func several() throws {
        let practice = try Practice()
        practice.cleared([clearance("pregnancy", until: "2026-11-01"), clearance("pregnancy", until: "2026-12-01")])
        #expect(try practice.assess(practice.healthy(but: ["pregnant": true])).decision == "proceed")
    }

    @Test("lifts prohibitions and delays only where the file says so")
    func prohibitions() throws {
        let practice = try Practice()
        practice.cleared(practice.knowledge.codes.map { clearance($0) })
        let liftable: [(String, Value)] = [
            ("blood-thinner", true.value), ("retinoid-last-used", "2026-11-20".value),
            ("isotretinoin-last-used", "2026-11-20".value),
        ]
        for (question, answer) in liftable {
            #expect(try practice.assess(practice.healthy(but: [question: answer])).decision == "proceed", "\(question)")
        }
        let firm: [(String, Value)] = [
            ("keloid-history", true.value), ("clotting-disorder", true.value), ("sunburn-on", "2026-11-20".value),
            ("open-wound", true.value), ("diabetes", true.value), ("born-on", "2015-01-01".value),
        ]
        for (question, answer) in firm {
            let decision = try practice.assess(practice.healthy(but: [question: answer])).decision
            #expect(decision == "contraindicated" || decision == "defer", "\(question)")
        }
    }

    @Test("lifts every finding of severity clearance")
    func every() throws {
        let practice = try Practice()
        for rule in practice.knowledge.rules {
            for setting in Setting.allCases where rule.severity(in: setting) == .clearance {
                #expect(rule.canBeLifted(in: setting), "\(rule.code)")
            }
        }
    }

    @Test("cannot be told from none when records do not answer: the assessment fails, nothing is kept")
    func unavailable() throws {
        let practice = try Practice()
        practice.bench.fake("records.clearances") { _ in throw ModuleError.moduleFailed("records", "it does not run") }
        #expect(refusal { try practice.assess(practice.healthy) }?.code == .moduleFailed)
        #expect(try practice.bench.ledger().isEmpty)
    }
}
