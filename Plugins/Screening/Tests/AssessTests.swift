import MneedleKit
import MneedleTestKit
import Testing

@testable import Screening

@Suite("An assessment")
struct AssessTests {
    @Test("proceeds at home when every answer is no or never and the skin type is III")
    func proceeds() throws {
        let practice = try Practice()
        let reply = try practice.assess(practice.healthy)
        #expect(reply.decision == "proceed")
        #expect(reply.strings("missing") == [])
        #expect(reply["until"] == nil)
        #expect(reply.string("valid_until") == "2026-11-21T12:00:00Z")
    }

    @Test("is contraindicated by a history of keloids, with every document that says so")
    func keloid() throws {
        let practice = try Practice()
        let reply = try practice.assess(practice.healthy(but: ["keloid-history": true]))
        #expect(reply.decision == "contraindicated")
        #expect(reply.found("keloid-history")?.sources == ["S1", "S2", "S3"])
    }

    @Test("asks for clearance in pregnancy and while breastfeeding")
    func pregnancy() throws {
        let practice = try Practice()
        for question in ["pregnant", "breastfeeding"] {
            let reply = try practice.assess(practice.healthy(but: [question: true]))
            #expect(reply.decision == "clearance")
            #expect(reply.found("pregnancy")?.severity == "clearance")
        }
    }

    @Test(
        "defers for a retinoid three days ago until four days from today, and says that the 7 days are a practice default"
    )
    func retinoid() throws {
        let practice = try Practice()
        let reply = try practice.assess(practice.healthy(but: ["retinoid-last-used": "2026-11-17"]))
        #expect(reply.decision == "defer")
        #expect(reply.string("until") == "2026-11-24")
        let found = try #require(reply.found("retinoid"))
        #expect(found.message.contains("7 days are a practice default"))
        #expect(found.sources.contains("practice-default"))
    }

    @Test("is incomplete when any needed answer is missing, and names it", arguments: [Setting.home, .clinic])
    func incomplete(setting: Setting) throws {
        let practice = try Practice()
        let needed = practice.knowledge.questions.filter(\.isRequired)
        #expect(needed.count == 19)
        for question in needed {
            let reply = try practice.assess(practice.healthy(without: question.name), setting: setting.rawValue)
            #expect(reply.decision == "incomplete")
            #expect(reply.strings("missing") == [question.name])
        }
    }

    @Test("that is incomplete still shows what speaks against a session")
    func incompleteAndContraindicated() throws {
        let practice = try Practice()
        let reply = try practice.assess(["keloid-history": true])
        #expect(reply.decision == "incomplete")
        #expect(reply.found("keloid-history")?.severity == "contraindicated")
        #expect(reply.strings("missing").count == 18)
    }

    @Test("needs the question about hair loss only where the scalp may be treated")
    func scalp() throws {
        let practice = try Practice()
        let answers = practice.healthy(without: "hair-loss-medical")
        #expect(try practice.assess(answers, areas: ["cheeks", "chin"]).decision == "proceed")
        #expect(try practice.assess(answers, areas: ["scalp"]).strings("missing") == ["hair-loss-medical"])
        #expect(try practice.assess(answers).strings("missing") == ["hair-loss-medical"])
        let yes = practice.healthy(but: ["hair-loss-medical": true])
        #expect(try practice.assess(yes, areas: ["cheeks"]).decision == "proceed")
        #expect(try practice.assess(yes, areas: ["scalp"]).decision == "clearance")
        #expect(try practice.assess(yes).decision == "clearance")
    }

    @Test("names the optional questions that were left out, and finds nothing from them")
    func optional() throws {
        let practice = try Practice()
        let reply = try practice.assess(practice.healthy)
        let names = reply.strings("missing_optional")
        #expect(names.contains("born-on") && names.contains("herpes-history") && names.contains("recent-procedure"))
        let answered = try practice.assess(practice.healthy(but: ["born-on": "2010-01-01"]))
        #expect(!answered.strings("missing_optional").contains("born-on"))
        #expect(answered.decision == "contraindicated")
    }

    @Test("reports everything that fired, gravest first, and decides by the gravest")
    func all() throws {
        let practice = try Practice()
        let reply = try practice.assess(
            practice.healthy(but: [
                "pregnant": true, "open-wound": true, "sensitive-skin": true, "retinoid-last-used": "2026-11-20",
                "sunburn-on": "2026-11-18",
            ]))
        #expect(reply.decision == "contraindicated")
        #expect(
            Set(reply.found.map(\.code)) == ["open-wound", "retinoid", "sunburn", "pregnancy", "sensitive", "home-use"])
        #expect(reply.found.map(\.severity) == ["contraindicated", "defer", "defer", "clearance", "caution", "info"])
        #expect(reply["until"] == nil)
    }

    @Test("defers until the latest day of all")
    func latest() throws {
        let practice = try Practice()
        let reply = try practice.assess(
            practice.healthy(but: [
                "retinoid-last-used": "2026-11-20", "sunburn-on": "2026-11-18", "peel-on": "2026-11-10",
                "waxing-on": "2026-11-19",
            ]))
        #expect(reply.decision == "defer")
        #expect(reply.string("until") == "2026-12-10")
    }

    @Test("judges by the setting that is given, else by the person's")
    func setting() throws {
        let practice = try Practice()
        let answers = practice.healthy(but: ["clotting-disorder": true])
        #expect(try practice.assess(answers, of: "anna").decision == "contraindicated")
        #expect(try practice.assess(answers, of: "anna", setting: "clinic").decision == "clearance")
        #expect(try practice.assess(answers, of: "cleo").decision == "clearance")
    }

    @Test(
        "draws the lines of age at the birthdays",
        arguments: [
            ("2008-11-21", "contraindicated"), ("2008-11-20", "clearance"), ("2004-11-21", "clearance"),
            ("2004-11-20", "proceed"),
        ])
    func age(born: String, decision: String) throws {
        let practice = try Practice()
        #expect(try practice.assess(practice.healthy(but: ["born-on": born])).decision == decision)
    }

    @Test("asks which procedure it was when only that there was one is said")
    func procedure() throws {
        let practice = try Practice()
        #expect(try practice.assess(practice.healthy(but: ["recent-procedure": true])).decision == "clearance")
        let told = practice.healthy(but: ["recent-procedure": true, "laser-on": "2026-10-01"])
        #expect(try practice.assess(told).decision == "proceed")
    }

    @Test("lets nobody be treated for the first time twice")
    func firstTime() throws {
        let practice = try Practice()
        practice.register([Person(person: "anna", setting: .home, goal: .collagen, fitzpatrick: 2, firstTime: true)])
        #expect(try practice.assess(practice.healthy).found("first-time")?.severity == "caution")
        practice.treated(["2026-10-01T12:00:00Z"])
        #expect(try practice.assess(practice.healthy).found("first-time") == nil)
    }

    @Test("shows that the sources disagree about home use until that is acknowledged, once")
    func acknowledged() throws {
        let practice = try Practice()
        #expect(try practice.assess(practice.healthy).found("home-use")?.severity == "info")
        #expect(try practice.assess(practice.healthy(but: ["home-risks-acknowledged": true])).found.isEmpty)
        #expect(try practice.assess(practice.healthy).found.isEmpty)
    }

    @Test("refuses questions that it does not ask and answers of another type")
    func refused() throws {
        let practice = try Practice()
        let unknown = refusal { try practice.assess(practice.healthy(but: ["pregnent": true])) }
        #expect(unknown?.code == .invalidArgument)
        #expect(unknown?.members.strings("suggestions").first == "answers.pregnant")
        #expect(refusal { try practice.assess(practice.healthy(but: ["pregnant": "maybe"])) }?.code == .invalidArgument)
        #expect(
            refusal { try practice.assess(practice.healthy(but: ["sunburn-on": "2026-02-30"])) }?.code
                == .invalidArgument)
        #expect(refusal { try practice.assess(practice.healthy, of: "nobody") }?.code == .notFound)
        #expect(refusal { try practice.assess(practice.healthy, areas: ["eyelids"]) }?.code == .invalidArgument)
        #expect(try practice.bench.ledger().isEmpty)
    }

    @Test("refuses a date that has not come yet without repeating it", arguments: ["retinoid-last-used", "born-on"])
    func future(question: String) throws {
        let practice = try Practice()
        let error = try #require(refusal { try practice.assess(practice.healthy(but: [question: "2026-11-21"])) })
        #expect(error.code == .invalidArgument)
        #expect(error.members.string("argument") == "answers.\(question)")
        #expect(error.members["got"] == nil && !error.message.contains("2026-11-21"))
        let today = practice.healthy(but: ["retinoid-last-used": "2026-11-20"])
        #expect(try practice.assess(today).decision == "defer")
    }

    @Test("is one entry of the ledger, complete on its own")
    func entry() throws {
        let practice = try Practice()
        let reply = try practice.assess(
            practice.healthy(but: ["sensitive-skin": true]), areas: ["chin", "cheeks", "chin"])
        let entries = try practice.bench.ledger()
        #expect(entries.map(\.kind) == ["screening.assessed"])
        let body = entries[0].body
        #expect(entries[0].person == "anna" && entries[0].subject == "assessment/\(reply.integer("assessment") ?? 0)")
        #expect(
            body.decision == "caution" && body.string("setting") == "home"
                && body.strings("areas") == ["chin", "cheeks"])
        #expect(body.object("answers")?.bool("sensitive-skin") == true)
        #expect(body.found.map(\.code) == reply.found.map(\.code))
    }

    @Test("needs an operator")
    func role() throws {
        let practice = try Practice()
        #expect(
            refusal {
                try practice.bench.call(
                    "screening.assess", ["person": "anna", "answers": practice.healthy], as: .reader)
            }?.code == .forbidden)
    }
}

@Suite("Questions and history")
struct ListingTests {
    @Test("each question says its type and the findings that rest on it")
    func questions() throws {
        let rows = try Practice().bench.rows("screening.questions", as: .reader)
        let listed = [
            "skin-infection", "open-wound", "cold-sore", "active-acne", "rosacea", "inflamed-skin", "keloid-history",
            "pregnant", "breastfeeding", "autoimmune", "clotting-disorder", "blood-thinner", "retinoid-last-used",
            "isotretinoin-last-used", "sunburn-on", "sensitive-skin", "new-product", "patch-tested",
            "hair-loss-medical",
        ]
        #expect(rows.filter { $0.bool("required") == true }.compactMap { $0.string("question") } == listed)
        let retinoid = rows.first { $0.string("question") == "retinoid-last-used" }
        #expect(retinoid?.string("type") == "date-or-never" && retinoid?.strings("codes") == ["retinoid"])
        #expect(rows.first { $0.string("question") == "pregnant" }?.strings("codes") == ["pregnancy"])
    }

    @Test("questions that cannot matter there are left out")
    func filtered() throws {
        let bench = try Practice().bench
        func names(_ arguments: Object) throws -> [String] {
            try bench.rows("screening.questions", arguments).compactMap { $0.string("question") }
        }
        #expect(try !names(["areas": ["cheeks"]]).contains("hair-loss-medical"))
        #expect(try names(["areas": ["cheeks", "scalp"]]).contains("hair-loss-medical"))
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
}
