import MneedleKit
import MneedleTestKit
import Testing

@testable import Screening

@Suite("The check before a session")
struct CheckTests {
    private func codes(_ findings: [Finding]) -> [String] { findings.map(\.code) }

    @Test("refuses a person who was never screened, and nobody can override it")
    func never() throws {
        let found = try Practice().findings()
        #expect(codes(found) == ["not-screened"])
        #expect(found[0].blocks && !found[0].overridable && !found[0].sources.isEmpty)
        #expect(found[0].message.contains("nobody has been screened"))
        #expect(found[0].advice.contains("person=anna"))
    }

    @Test("accepts an assessment that is complete, for this setting and these areas")
    func accepts() throws {
        let practice = try Practice()
        try practice.assess(practice.healthy(but: ["home-risks-acknowledged": true]), areas: ["cheeks", "chin"])
        #expect(try practice.findings(areas: ["cheeks"]).isEmpty)
        #expect(try practice.findings(areas: ["chin", "cheeks"]).isEmpty)
    }

    @Test("accepts an assessment without areas for any area")
    func anyArea() throws {
        let practice = try Practice()
        try practice.assess(practice.healthy(but: ["home-risks-acknowledged": true]))
        #expect(try practice.findings(areas: ["scalp", "nose"]).isEmpty)
    }

    @Test("refuses once the 24 hours are over, to the second")
    func expires() throws {
        let practice = try Practice()
        try practice.assess(practice.healthy)
        #expect(try codes(practice.findings(at: "2026-11-21T11:59:59Z")) == ["home-use"])
        let late = try practice.findings(at: "2026-11-21T12:00:00Z")
        #expect(codes(late) == ["not-screened"])
        #expect(late[0].message.contains("2026-11-21 12:00 (UTC)"))
    }

    @Test("does not count an assessment from the future, after the clock was set back")
    func future() throws {
        let practice = try Practice()
        try practice.assess(practice.healthy)
        #expect(try codes(practice.findings(at: "2026-11-20T11:00:00Z")) == ["not-screened"])
    }

    @Test("refuses an assessment for another setting")
    func otherSetting() throws {
        let practice = try Practice()
        try practice.assess(practice.healthy, setting: "clinic")
        let found = try practice.findings()
        #expect(found.first?.code == "not-screened")
        #expect(found.first?.message.contains("'clinic'") == true)
    }

    @Test("refuses an area that the assessment was not made for")
    func otherAreas() throws {
        let practice = try Practice()
        try practice.assess(practice.healthy, areas: ["cheeks"])
        let found = try practice.findings(areas: ["cheeks", "nose"])
        #expect(found.first?.code == "not-screened")
        #expect(found.first?.message.contains("cheeks") == true)
    }

    @Test("refuses an incomplete assessment, names what is missing, and shows what was found")
    func incomplete() throws {
        let practice = try Practice()
        var answers = practice.healthy(but: ["keloid-history": true])
        answers["pregnancy-or-nursing"] = nil
        try practice.assess(answers)
        let found = try practice.findings()
        #expect(found.contains { $0.code == "not-screened" && $0.message.contains("pregnancy-or-nursing") })
        #expect(codes(found).contains("keloid-history"))
        let unknown = found.filter { $0.code == "unknown" }
        #expect(unknown.map(\.severity) == [.clearance] && unknown.allSatisfy { $0.blocks && !$0.overridable })
        #expect(unknown.first?.advice.contains("answers.pregnancy-or-nursing=") == true)
    }

    @Test("does not let an incomplete assessment take away a complete one")
    func complete() throws {
        let practice = try Practice()
        try practice.assess(practice.healthy)
        try practice.assess(["sensitive-skin": true])
        #expect(try codes(practice.findings()) == ["sensitive", "home-use"])
        #expect(try practice.bench.rows("screening.history", ["person": "anna"])[0]["valid_until"] == nil)
    }

    @Test("never passes over a newer yes, whatever it was given for")
    func newerYes() throws {
        let practice = try Practice()
        try practice.assess(practice.healthy, areas: ["cheeks"])
        practice.bench.clock.advance(hours: 1)
        try practice.assess(practice.healthy(but: ["open-wound": true]), areas: ["scalp"])
        #expect(try codes(practice.findings(areas: ["cheeks"])).contains("open-wound"))
        practice.bench.clock.advance(hours: 1)
        try practice.assess(practice.healthy, areas: ["cheeks"])
        #expect(try codes(practice.findings(areas: ["cheeks"])) == ["home-use"])
    }

    @Test("a newer yes to any of these opens its questions until they are answered")
    func opened() throws {
        let practice = try Practice()
        try practice.assess(practice.healthy)
        try practice.assess(["vitamin-a": true], setting: "clinic", areas: ["nose"])
        let found = try practice.findings().filter(\.blocks)
        #expect(!found.isEmpty && found.allSatisfy { $0.code == "unknown" && !$0.overridable })
        #expect(found.contains { $0.advice.contains("answers.isotretinoin-last-used=") })
        try practice.assess(practice.healthy)
        #expect(try codes(practice.findings()) == ["home-use"])
    }

    @Test("what was incomplete when it was made starts nothing, although less is planned now")
    func incompleteForMore() throws {
        let practice = try Practice()
        try practice.assess(practice.healthy(without: "hair-loss"), areas: ["cheeks", "scalp"])
        let found = try practice.findings(areas: ["cheeks"])
        #expect(found.first?.code == "not-screened" && found.first?.message.contains("hair-loss") == true)
    }

    @Test("of the birth date on record and the one that is told the later counts, from then on")
    func birthDate() throws {
        let practice = try Practice()
        practice.register([Person(person: "anna", setting: .home, goal: .collagen, fitzpatrick: 3)])
        try practice.assess(practice.healthy)
        let young = Person(
            person: "anna", setting: .home, goal: .collagen, fitzpatrick: 3, birthDate: CivilDate("2012-05-05"))
        practice.register([young])
        #expect(try codes(practice.findings()).contains("age"))
        try practice.assess(practice.healthy)
        practice.register([Person(person: "anna", setting: .home, goal: .collagen, fitzpatrick: 3)])
        #expect(try codes(practice.findings()).contains("age"))
    }

    @Test("returns what blocks, and a clearance recorded since lifts it")
    func clearedSince() throws {
        let practice = try Practice()
        try practice.assess(practice.healthy(but: ["pregnant": true]))
        let before = try practice.findings()
        #expect(before.first?.code == "pregnancy" && before.first?.blocks == true)
        practice.cleared([
            ["finding": "pregnancy", "by": "Dr. Lee", "at": "2026-11-20T12:30:00Z", "until": "2027-01-31"]
        ])
        #expect(try !codes(practice.findings()).contains("pregnancy"))
    }

    @Test("judges by the day of the session: a wash-out that is over no longer defers")
    func washedOut() throws {
        let practice = try Practice()
        try practice.assess(practice.healthy(but: ["retinoid-last-used": "2026-11-14"]))
        #expect(
            try practice.findings().contains { $0.code == "retinoid" && $0.until == .date(CivilDate("2026-11-21")!) })
        #expect(try !codes(practice.findings(at: "2026-11-21T00:00:00Z")).contains("retinoid"))
    }

    @Test("knows the device: an allergy to steel does not concern needles of titanium")
    func device() throws {
        let practice = try Practice()
        try practice.assess(practice.healthy(but: ["steel-allergy": true]))
        #expect(try codes(practice.findings()).contains("steel-allergy"))
        #expect(try codes(practice.findings(material: "surgical-steel")).contains("steel-allergy"))
        #expect(try !codes(practice.findings(material: "titanium")).contains("steel-allergy"))
    }

    @Test("lets nobody lift what the label of the device rules out", arguments: ["anna", "cleo"])
    func label(person: String) throws {
        let practice = try Practice()
        try practice.assess(practice.healthy(but: ["pregnant": true]), of: person)
        practice.cleared([
            ["finding": "pregnancy", "by": "Dr. Lee", "at": "2026-11-20T10:00:00Z", "until": "2027-01-01"]
        ])
        #expect(try !codes(practice.findings(person)).contains("pregnancy"))
        // Also a pen of which no label is known.
        for model in ["skinpen-precision", nil] {
            let found = try practice.findings(person, kind: .pen, model: model).first { $0.code == "pregnancy" }
            #expect(found?.severity == .contraindicated && found?.overridable == false)
            #expect(found?.message.contains("label of the device") == true)
            #expect(found?.sources.contains { $0.id == "label" } == true)
        }
    }

    @Test(
        "knows the contraindications of a pen's label",
        arguments: [
            ("active-skin-cancer", true.value, "active-skin-cancer"), ("open-wound", true.value, "open-wound"),
            ("irritated-skin", true.value, "irritated-skin"), ("steel-allergy", true.value, "steel-allergy"),
            ("anaesthetic-allergy", true.value, "anaesthetic-allergy"),
            ("clotting-disorder", true.value, "clotting"), ("pregnant", true.value, "pregnancy"),
            ("breastfeeding", true.value, "pregnancy"),
            ("isotretinoin-last-used", "2026-09-01".value, "isotretinoin"),
        ])
    func labelled(question: String, answer: Value, code: String) throws {
        let practice = try Practice()
        practice.cleared([["finding": code, "by": "Dr. Lee", "at": "2026-11-20T10:00:00Z", "until": "2027-01-01"]])
        try practice.assess(practice.healthy(but: [question: answer]), of: "cleo")
        let found = try practice.findings("cleo", kind: .pen, model: "skinpen-precision")
        #expect(found.contains { $0.code == code && $0.severity == .contraindicated && !$0.overridable })
    }

    @Test("lets a practitioner in a clinic override delays, never clearances and prohibitions")
    func overrides() throws {
        let practice = try Practice()
        let bad = practice.healthy(but: ["pregnant": true, "sunburn-on": "2026-11-19", "keloid-history": true])
        try practice.assess(bad)
        #expect(try practice.findings().allSatisfy { !$0.overridable })
        try practice.assess(practice.healthy(but: ["pregnant": true, "sunburn-on": "2026-11-19"]), of: "cleo")
        let clinic = Dictionary(
            uniqueKeysWithValues: try practice.findings("cleo").map { ($0.code, $0.overridable) })
        #expect(clinic == ["pregnancy": false, "sunburn": true])
        let facts = Facts(
            answers: [:], person: Person(person: "p", setting: .home, goal: .collagen), device: nil, areas: [],
            today: CivilDate("2026-11-20")!, sessions: { [] })
        for rule in practice.knowledge.rules {
            for setting in Setting.allCases {
                guard let found = try rule.finding(facts, setting, practice.knowledge.words, .utc) else { continue }
                #expect(!found.overridable || (setting == .clinic && found.severity == .defer), "\(rule.code)")
            }
        }
    }

    @Test("an advice that names a command names the person in it")
    func spelledOut() throws {
        let practice = try Practice()
        try practice.assess(practice.healthy(but: ["pregnant": true]))
        let advice = try #require(practice.findings().first { $0.code == "pregnancy" }).advice
        #expect(advice.contains("records.clear person=anna finding=pregnancy by=PHYSICIAN until=YYYY-MM-DD"))
    }

    @Test("fails closed while records do not answer")
    func closed() throws {
        let practice = try Practice()
        try practice.assess(practice.healthy)
        practice.bench.fake("records.clearances") { _ in throw ModuleError.moduleFailed("records", "it does not run") }
        #expect(try practice.findings().contains { $0.blocks })
    }

    @Test("lets the practice say how long an assessment counts")
    func validity() throws {
        let practice = try Practice(section: ["assessment_valid_for": "2h"])
        #expect(try practice.assess(practice.healthy).string("valid_until") == "2026-11-20T14:00:00Z")
        #expect(try codes(practice.findings(at: "2026-11-20T14:00:00Z")) == ["not-screened"])
    }
}
