import MneedleKit
import MneedleTestKit
import Testing

@testable import Screening

/// The table's rules on the running module: somebody gives just the answers that the fact speaks of.
@Suite("The facts in what the screening finds")
struct RuleTests {
    struct Row: Sendable, CustomTestStringConvertible {
        let fact: String
        let claim: Claim
        let condition: Object
        var testDescription: String { "\(fact): \(claim.name)" }
    }

    static let rows: [Row] = FactTable.held.flatMap { fact in
        fact.holds.compactMap { claim in
            guard claim.file == "screening", claim.kind == "rule", let when = claim.wanted.object("when") else {
                return nil
            }
            return Row(fact: fact.id, claim: claim, condition: when)
        }
    }

    @Test("each finds what its source says, as strongly, and on its last day too", arguments: rows)
    func found(row: Row) throws {
        var person = Situation()
        person.meet(row.condition)
        let bench = try person.bench()
        for setting in Setting.allCases {
            guard let least = row.claim.severity(in: setting) else { continue }
            let found = try person.assessed(setting, on: bench).filter { $0.code == row.claim.name }
            let strongest = found.map { Ladder.severities.rank($0.severity) }.max() ?? -1
            #expect(strongest >= Ladder.severities.rank(least), "\(setting): \(found)")
        }
    }

    @Test("a waiting time is over on the day that its source says, not earlier", arguments: rows.filter(\.ends))
    func over(row: Row) throws {
        var person = Situation(isOver: true)
        person.meet(row.condition)
        let bench = try person.bench()
        for setting in Setting.allCases {
            guard let severity = row.claim.severity(in: setting) else { continue }
            let found = try person.assessed(setting, on: bench).filter {
                $0.code == row.claim.name && $0.severity == severity
            }
            #expect(found.isEmpty, "\(setting): \(found)")
        }
    }
}

extension RuleTests.Row {
    fileprivate var ends: Bool {
        ["within_days", "within_months", "wash_out_days", "age_under"].contains { condition[$0] != nil }
    }
}

extension Claim {
    fileprivate func severity(in setting: Setting) -> String? {
        let severity = wanted.string(setting.rawValue) ?? wanted.string("severity")
        return severity == "none" ? nil : severity
    }
}

/// A healthy person, of whom then something is said.
private struct Situation {
    static let today = CivilDate("2026-11-20")!

    /// Whether a waiting time has just ended, instead of ending tomorrow.
    var isOver = false
    private var answers: Object = Situation.healthy
    private var fitzpatrick: Int? = 3
    private var firstTime = false
    private var areas = ["cheeks"]

    init(isOver: Bool = false) { self.isOver = isOver }

    /// Written out there, so that a question that vanishes is missed here.
    private static let healthy = Healthy.answers()

    /// Makes a condition true, with as little as it takes.
    mutating func meet(_ condition: Object) {
        for part in condition.objects("all") { meet(part) }
        if let first = condition.objects("any").first { meet(first) }
        if let question = condition.string("answer") { answer(question, condition) }
        if condition.string("area") != nil { areas = ["scalp"] }
        switch condition.string("person") {
        case "fitzpatrick": fitzpatrick = condition.list("in") == nil ? nil : 4
        case "first_time": firstTime = true
        default: break
        }
    }

    private mutating func answer(_ question: String, _ condition: Object) {
        if condition.bool("known") == false { return answers[question] = nil }
        if let flag = condition.bool("is") { return answers[question] = .bool(flag) }
        if let least = condition.integer("over") { return answers[question] = .integer(least + 1) }
        answers[question] = day(condition).value
    }

    /// The day of what happened, for a waiting time that ends tomorrow, or today where it is over.
    private func day(_ condition: Object) -> CivilDate {
        let spare = isOver ? 0 : 1
        if condition["within"] != nil { return Situation.today }
        if let days = condition.integer("within_days") ?? condition.integer("wash_out_days") {
            return Situation.today.adding(days: spare - Int(days))
        }
        if let months = condition.integer("within_months") {
            return Situation.today.adding(months: -Int(months)).adding(days: spare)
        }
        let years = Int(condition.integer("age_under") ?? condition.integer("age_from") ?? 0)
        return Situation.today.adding(months: -12 * years).adding(days: spare)
    }

    /// The module, with this person on record.
    func bench() throws -> Bench {
        let bench = try Bench(definition, at: "\(Situation.today)T12:00:00Z", knowledge: KnowledgeFolder.path)
        let person = Person(
            person: "anna", setting: .home, goal: .collagen, fitzpatrick: fitzpatrick, firstTime: firstTime)
        bench.fake("records.show-person") { _ in person.object }
        bench.fake("records.clearances") { _ in ["rows": [] as [Object]] }
        bench.fake("session.list") { _ in ["rows": [] as [Object]] }
        return bench
    }

    func assessed(_ setting: Setting, on bench: Bench) throws -> [(code: String, severity: String)] {
        let reply = try bench.call(
            "screening.assess",
            ["person": "anna", "setting": setting.rawValue, "areas": areas, "answers": answers], as: .operator)
        return reply.objects("findings").map { ($0.string("code") ?? "", $0.string("severity") ?? "") }
    }
}
