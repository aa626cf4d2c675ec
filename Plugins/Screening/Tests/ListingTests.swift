import MneedleKit
import MneedleTestKit
import Testing

@testable import Screening

@Suite("Questions and history")
struct ListingTests {
    @Test("each question says its type and the findings that rest on it")
    func questions() throws {
        let practice = try Practice()
        let rows = try practice.bench.rows("screening.questions", ["all": true], as: .reader)
        #expect(rows.map { $0.string("question") } == practice.knowledge.questions.map(\.name))
        #expect(rows.contains { $0.bool("required") == true })
        let retinoid = rows.first { $0.string("question") == "retinoid-last-used" }
        #expect(retinoid?.string("type") == "date-or-never" && retinoid?.strings("codes") == ["retinoid"])
        #expect(rows.first { $0.string("question") == "pregnant" }?.strings("codes") == ["pregnancy"])
        let gate = rows.first { $0.string("question") == "vitamin-a" }
        #expect(Set(gate?.strings("codes") ?? []) == ["retinoid", "isotretinoin"])
    }

    @Test(
        "a home user is asked what matters to everybody, and no more; each question says what to answer when unsure"
    )
    func ordinary() throws {
        let practice = try Practice()
        let asked = try practice.asked(["person": "anna", "areas": ["cheeks"]])
        #expect(
            asked == [
                "born-on", "needled-on", "skin-condition", "cold-sore", "skin-history", "pregnancy-or-nursing",
                "health-condition", "medicine", "vitamin-a", "allergy", "sunburn-on", "recent-procedure",
                "topical-anaesthetic", "new-product", "beyond-needling", "home-risks-acknowledged",
            ])
        for question in practice.knowledge.questions {
            let text = question.text.lowercased()
            #expect(text.contains("unsure"), "\(question.name)")
            #expect(
                text.contains("for example") || text.contains("such as") || question.isGate || text.contains("("),
                "\(question.name)")
        }
        for herpes in ["cold-sore", "herpes-history"] {
            let text = practice.knowledge.interview.question(herpes)?.text ?? ""
            #expect(text.contains("anywhere on the face") && text.contains("mouth") && !text.contains("want to treat"))
        }
    }

    @Test("an answer leads to the questions that it opens, in order, and to no others")
    func followed() throws {
        let practice = try Practice()
        func asked(_ answers: Object) throws -> [String] {
            try practice.asked(["person": "anna", "areas": ["cheeks"], "answers": answers])
        }
        #expect(try asked(practice.healthy) == ["home-risks-acknowledged"])
        let risks: Object = ["home-risks-acknowledged": true]
        func opened(_ others: Object) throws -> [String] {
            var answers = practice.healthy(but: risks)
            for member in others.members { answers[member.name] = member.value }
            return try asked(answers)
        }
        #expect(try opened(["vitamin-a": true]) == ["retinoid-last-used", "isotretinoin-last-used"])
        #expect(try opened(["new-product": true]) == ["patch-tested"])
        #expect(
            try opened(["topical-anaesthetic": true]) == [
                "anaesthetic-percent", "anaesthetic-wide-area", "anaesthetic-covered", "patch-tested",
            ])
        #expect(try opened(["pregnancy-or-nursing": true]) == ["pregnant", "breastfeeding"])
        #expect(try opened(["pregnancy-or-nursing": true, "pregnant": true]) == [])
    }

    @Test("what is remembered of somebody is not asked again")
    func notAgain() throws {
        let practice = try Practice()
        try practice.assess(practice.healthy(but: ["home-risks-acknowledged": true]))
        let asked = try practice.asked(["person": "anna", "areas": ["cheeks"]])
        #expect(!asked.contains("born-on") && !asked.contains("home-risks-acknowledged"))
        #expect(asked.contains("needled-on") && asked.contains("medicine"))
    }

    @Test("questions that cannot matter there are left out")
    func filtered() throws {
        let bench = try Practice().bench
        func names(_ arguments: Object) throws -> [String] {
            try bench.rows("screening.questions", arguments).compactMap { $0.string("question") }
        }
        #expect(try !names(["areas": ["cheeks"]]).contains("hair-loss"))
        #expect(try names(["areas": ["cheeks", "scalp"]]).contains("hair-loss"))
        #expect(try names(["setting": "home"]).contains("home-risks-acknowledged"))
        #expect(try !names(["setting": "clinic"]).contains("home-risks-acknowledged"))
    }

    @Test("history shows each assessment as it was judged, newest first")
    func history() throws {
        let practice = try Practice()
        try practice.assess(practice.healthy(but: ["pregnant": true]))
        practice.bench.clock.advance(hours: 25)
        try practice.assess(practice.healthy, areas: ["chin"])
        try practice.assess(practice.healthy, of: "cleo")
        let rows = try practice.bench.rows("screening.history", ["person": "anna"], as: .reader)
        #expect(rows.map(\.decision) == ["proceed", "clearance"])
        #expect(rows.map { $0.bool("valid") } == [true, false])
        #expect(rows[0].strings("areas") == ["chin"] && rows[1]["areas"] == nil)
        #expect(rows[1].found.map(\.code) == ["pregnancy", "home-use"])
        #expect(rows[1].object("answers")?.bool("pregnant") == true)
        #expect(rows[0].string("at") == "2026-11-21T13:00:00Z")
        #expect(refusal { try practice.bench.rows("screening.history", ["person": "nobody"]) }?.code == .notFound)
    }

    @Test("a damaged assessment is an error and lets nothing start; it is not taken for one with nothing missing")
    func damaged() throws {
        let practice = try Practice()
        try practice.assess(practice.healthy)
        #expect(try !practice.findings().contains(where: \.blocks))
        try practice.bench.damage("UPDATE screening_assessments SET missing = '[7]'")
        #expect(try practice.findings().map(\.code) == ["module-unavailable"])
        #expect(refusal { try practice.bench.rows("screening.history", ["person": "anna"]) }?.code == .internal)
    }
}
