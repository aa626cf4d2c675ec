import MneedleKit
import MneedleTestKit
import Testing

@testable import Screening

@Suite("Every rule of the knowledge file")
struct RuleTests {
    private let today = CivilDate("2026-11-20")!

    /// Each is somebody else: what stays true for one must not show in another.
    private func ask(_ practice: Practice, _ witness: Witness, _ setting: Setting, _ number: Int) throws -> Object {
        var person = witness.person
        person.person = "witness-\(number)"
        practice.register([person])
        practice.treated(witness.sessions.map { "\($0)T10:00:00Z" })
        var answers = practice.healthy
        for (name, answer) in witness.answers { answers[name] = answer }
        return try practice.assess(answers, of: person.person, setting: setting.rawValue, areas: witness.areas)
    }

    private func fired(_ rule: Rule, _ reply: Object) -> Found? {
        reply.found.first { $0.code == rule.code && $0.message.contains(rule.reason) }
    }

    @Test("fires for somebody to whom it applies, with its severity in that setting and its sources")
    func witnesses() throws {
        let practice = try Practice()
        for (number, rule) in practice.knowledge.rules.enumerated() {
            for setting in Setting.allCases {
                let witness = Witness(today: today, for: rule.condition, holds: true)
                let found = fired(rule, try ask(practice, witness, setting, number))
                #expect(found?.severity == rule.severity(in: setting)?.rawValue, "\(rule.code) in \(setting)")
                if let found { #expect(found.sources == rule.sources.map(\.id), "\(rule.code)") }
                #expect(found?.message.contains("{") != true, "\(rule.code): \(found?.message ?? "")")
            }
        }
    }

    @Test("does not fire for somebody to whom it just does not apply")
    func counterWitnesses() throws {
        let practice = try Practice()
        for (number, rule) in practice.knowledge.rules.enumerated() {
            for setting in Setting.allCases {
                let witness = Witness(today: today, for: rule.condition, holds: false)
                #expect(fired(rule, try ask(practice, witness, setting, number)) == nil, "\(rule.code) in \(setting)")
            }
        }
    }

    @Test("with a window of time fires from its first day to its last and ends on the day it says")
    func windows() throws {
        let practice = try Practice()
        var count = 0
        for rule in practice.knowledge.rules {
            guard case .date(let question, let window) = rule.condition,
                practice.knowledge.interview.question(question)?.isRemembered == false
            else { continue }
            count += 1
            for days in 0...400 {
                let day = today.adding(days: -days)
                let end = try #require(window.period).end(from: day)
                let applies = days >= window.fromDays && today < end
                if applies || days.isMultiple(of: 7) || abs(end - today) <= 1 {
                    let reply = try practice.assess(practice.healthy(but: [question: day]))
                    let found = fired(rule, reply)
                    #expect((found != nil) == applies, "\(rule.code) \(days) days ago")
                    if let found { #expect(found.until == end.description, "\(rule.code) \(days) days ago") }
                }
            }
        }
        #expect(count >= 7)
    }

    @Test("is quiet when nothing is wrong: the sources' disagreement about home use is all that is said")
    func healthy() throws {
        let practice = try Practice()
        #expect(try practice.assess(practice.healthy, of: "anna").found.map(\.code) == ["home-use"])
        #expect(try practice.assess(practice.healthy, of: "cleo").found.isEmpty)
    }

    @Test("can be read with its reason, advice and sources; a row for each severity")
    func listing() throws {
        let practice = try Practice()
        let rows = try practice.bench.rows("screening.rules", as: .reader)
        for row in rows {
            #expect(row.string("reason")?.isEmpty == false && row.string("advice")?.isEmpty == false)
            #expect(row.list("sources")?.isEmpty == false && row.strings("settings").isEmpty == false)
        }
        let retinoid = try practice.bench.rows("screening.rules", ["code": "retinoid"], as: .reader)
        #expect(retinoid.map { $0.string("severity") } == ["defer", "clearance"])
        #expect(retinoid.map { $0.strings("settings") } == [["home"], ["clinic"]])
        #expect(retinoid.allSatisfy { $0.string("question") == "retinoid-last-used" })
        #expect(retinoid[0].string("reason")?.contains("7 days are a practice default") == true)
        #expect(rows.allSatisfy { !($0.string("advice") ?? "{").contains("{") })
        #expect(refusal { try practice.bench.rows("screening.rules", ["code": "retinod"]) }?.code == .invalidArgument)
    }

    @Test("can be overridden in a clinic only where it makes somebody wait, at home nowhere")
    func overrides() throws {
        let practice = try Practice()
        let anna = Person(person: "anna", setting: .home, goal: .collagen)
        for rule in practice.knowledge.rules {
            for setting in Setting.allCases {
                let verdict = Verdict(true, end: Ending(day: today, period: .days(1)))
                let found = try rule.finding(verdict, of: anna, setting, practice.knowledge.words, .utc)
                #expect(found?.overridable != true || (setting == .clinic && found?.severity == .defer), "\(rule.code)")
            }
        }
    }

    @Test("has the severities that the clinical table gives")
    func clinicalTable() throws {
        let table: [(code: String, home: Severity, clinic: Severity)] = [
            ("skin-infection", .contraindicated, .contraindicated), ("open-wound", .contraindicated, .contraindicated),
            ("cold-sore", .contraindicated, .contraindicated), ("active-acne", .contraindicated, .contraindicated),
            ("rosacea", .contraindicated, .contraindicated), ("inflamed-skin", .contraindicated, .contraindicated),
            ("keloid-history", .contraindicated, .contraindicated), ("pregnancy", .clearance, .clearance),
            ("autoimmune", .clearance, .clearance), ("clotting", .contraindicated, .clearance),
            ("blood-thinner", .contraindicated, .clearance), ("retinoid", .defer, .clearance),
            ("isotretinoin", .contraindicated, .clearance), ("sunburn", .defer, .defer),
            ("skin-tone", .caution, .caution), ("sensitive", .caution, .caution), ("patch-test", .caution, .caution),
            ("hair-loss", .clearance, .clearance), ("first-time", .caution, .caution),
        ]
        let rules = try Practice().knowledge.rules
        for row in table {
            let rule = try #require(rules.first { $0.code == row.code }, "\(row.code)")
            #expect(rule.severity(in: .home) == row.home, "\(row.code)")
            #expect(rule.severity(in: .clinic) == row.clinic, "\(row.code)")
        }
    }
}
