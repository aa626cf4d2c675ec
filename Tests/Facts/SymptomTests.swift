import MneedleKit
import MneedleTestKit
import Testing

@testable import Aftercare

/// The table's symptoms and products on the running module, after a session of anna at home and of cleo in a clinic.
@Suite("The facts in what the aftercare says")
struct SymptomTests {
    struct Row: Sendable, CustomTestStringConvertible {
        let fact: String
        let claim: Claim
        var testDescription: String { "\(fact): \(claim.name)" }
    }

    static func rows(_ kind: String, with key: String) -> [Row] {
        FactTable.held.flatMap { fact in
            fact.holds.filter { $0.file == "aftercare" && $0.kind == kind && $0.wanted[key] != nil }
                .map { Row(fact: fact.id, claim: $0) }
        }
    }

    static let ended = Instant("2026-11-20T12:00:00Z")!

    /// A bench on which both have just been treated.
    private func treated() throws -> Bench {
        let bench = try Bench(definition, at: "2026-11-20T12:00:00Z", knowledge: KnowledgeFolder.path)
        bench.fake("records.show-person") { arguments in
            let isClinic = arguments.text("person") == "cleo"
            return Person(
                person: isClinic ? "cleo" : "anna", setting: isClinic ? .clinic : .home, goal: .collagen
            ).object
        }
        for (session, person) in [(Int64(1), "anna"), (2, "cleo")] {
            for kind in ["session.started", "session.finished"] {
                try bench.happen(
                    kind, subject: "session/\(session)", person: person,
                    SessionEntry(
                        session: session, person: person, device: "pen", areas: ["cheeks"], depthMM: 0.3,
                        goal: .collagen, setting: person == "cleo" ? .clinic : .home, started: Self.ended,
                        ended: kind == "session.finished" ? Self.ended : nil
                    ).object)
            }
        }
        return bench
    }

    private func action(
        _ bench: Bench, _ symptom: String, after milliseconds: Int64, _ severity: String = "mild", of person: String
    ) throws -> Int {
        bench.clock.set(Self.ended.adding(seconds: Double(milliseconds) / 1000))
        let reply = try bench.call(
            "aftercare.report", ["person": person, "symptom": symptom, "severity": severity], as: .operator)
        return Ladder.actions.rank(reply.string("action") ?? "")
    }

    @Test(
        "a symptom that does not belong to healing any more gets at least what its source says",
        arguments: rows("symptom", with: "then"))
    func beyond(row: Row) throws {
        let bench = try treated()
        let least = Ladder.actions.rank(row.claim.wanted.string("then") ?? "")
        for person in ["anna", "cleo"] {
            // Later than any symptom belongs to healing.
            let found = try action(bench, row.claim.name, after: 60 * 86_400_000, of: person)
            #expect(found >= least, "\(person)")
        }
    }

    @Test(
        "how long a symptom belongs to healing is what its source says",
        arguments: rows("symptom", with: "expected_for"))
    func belongs(row: Row) throws {
        let bench = try treated()
        let span = try #require(row.claim.wanted.string("expected_for").flatMap(milliseconds))
        let last = try action(bench, row.claim.name, after: span, of: "cleo")
        let after = try action(bench, row.claim.name, after: span + 60_000, of: "cleo")
        // Nothing, or to watch it where the source says no more.
        let atFirst = row.claim.wanted.string("at_first").map(Ladder.actions.rank) ?? 0
        #expect(last == atFirst && after >= Ladder.actions.rank("call"))
    }

    @Test(
        "a severe symptom gets at least what its source says, from the first hour on",
        arguments: rows("symptom", with: "severe"))
    func severe(row: Row) throws {
        let bench = try treated()
        let least = Ladder.actions.rank(row.claim.wanted.string("severe") ?? "")
        for person in ["anna", "cleo"] {
            #expect(try action(bench, row.claim.name, after: 3_600_000, "severe", of: person) >= least, "\(person)")
        }
    }

    @Test("a red flag forbids the next session", arguments: rows("symptom", with: "red_flag"))
    func redFlag(row: Row) throws {
        let bench = try treated()
        for (person, setting) in [("anna", Setting.home), ("cleo", .clinic)] {
            // Later than any of them belongs to healing.
            _ = try action(bench, row.claim.name, after: 60 * 86_400_000, of: person)
            let plan = SessionPlan(
                person: Person(person: person, setting: setting, goal: .collagen),
                device: Device(device: "pen", kind: .pen), areas: ["cheeks"], depthMM: 0.3, goal: .collagen,
                at: bench.clock.now())
            let found = try bench.findings(for: plan)
            #expect(found.contains { $0.code == "open-reaction" && $0.blocks && !$0.overridable }, "\(person)")
        }
    }

    @Test(
        "a product is refused for as long as its source says, or is fine at once",
        arguments: rows("product", with: "use"))
    func product(row: Row) throws {
        let bench = try treated()
        let isAvoided = row.claim.wanted.string("use") == "avoid"
        let window = row.claim.wanted.string("window")
        let until = Self.rows("window", with: "until").first { $0.claim.name == window }?.claim.wanted.string("until")
        let hours = until.flatMap(milliseconds).map { $0 / 3_600_000 } ?? 72
        for (hours, allowed) in [(Int64(1), !isAvoided), (hours - 1, !isAvoided), (hours + 1, true)] {
            bench.clock.set(Self.ended.adding(hours: Double(hours)))
            for person in ["anna", "cleo"] {
                let reply = try bench.call(
                    "aftercare.may-use", ["person": person, "product": row.claim.name], as: .reader)
                #expect(reply.bool("allowed") == allowed, "\(person) after \(hours) hours")
            }
        }
    }

    private func milliseconds(_ text: String) -> Int64? {
        let units: [Character: Int64] = ["m": 60_000, "h": 3_600_000, "d": 86_400_000]
        guard let unit = text.last.flatMap({ units[$0] }), let number = Int64(text.dropLast()) else { return nil }
        return number * unit
    }
}
