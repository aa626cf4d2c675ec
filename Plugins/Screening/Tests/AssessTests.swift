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
        let needed = practice.healthy.members.map(\.name)
        for (number, question) in needed.enumerated() {
            // What was answered before is remembered, and this one has never been asked.
            let person = "person-\(number)"
            practice.register([Person(person: person, setting: setting, goal: .collagen, fitzpatrick: 3)])
            let reply = try practice.assess(practice.healthy(without: question), of: person)
            #expect(reply.decision == "incomplete")
            #expect(reply.strings("missing") == [question])
            #expect(reply["valid_until"] == nil)
            let unknown = reply.found.filter { $0.code == "unknown" }
            #expect(unknown.count == 1 && unknown[0].message.hasPrefix("This is not known: "))
        }
    }

    @Test("that is incomplete still shows what speaks against a session")
    func incompleteAndContraindicated() throws {
        let practice = try Practice()
        let reply = try practice.assess(["keloid-history": true])
        #expect(reply.decision == "incomplete")
        #expect(reply.found("keloid-history")?.severity == "contraindicated")
        // All that a healthy person is asked first, but the gate before keloids: other things are asked after it.
        #expect(Set(reply.strings("missing")) == Set(practice.healthy.members.map(\.name)))
    }

    @Test("needs the question about hair loss only where the scalp may be treated")
    func scalp() throws {
        let practice = try Practice()
        let answers = practice.healthy(without: "hair-loss")
        #expect(try practice.assess(answers, areas: ["cheeks", "chin"]).decision == "proceed")
        #expect(try practice.assess(answers, areas: ["scalp"]).strings("missing") == ["hair-loss"])
        #expect(try practice.assess(answers).strings("missing") == ["hair-loss"])
        let treated = practice.healthy(but: ["hair-loss": true])
        #expect(try practice.assess(treated, areas: ["scalp"]).strings("missing") == ["hair-loss-medical"])
        let no = practice.healthy(but: ["hair-loss": true, "hair-loss-medical": false])
        #expect(try practice.assess(no, areas: ["scalp"]).decision == "caution")
        let yes = practice.healthy(but: ["hair-loss": true, "hair-loss-medical": true])
        #expect(try practice.assess(yes, areas: ["cheeks"]).decision == "proceed")
        #expect(try practice.assess(yes, areas: ["scalp"]).decision == "clearance")
        #expect(try practice.assess(yes).decision == "clearance")
    }

    @Test("needs all that can refuse a session; what is left to choose only adds to what is said")
    func optional() throws {
        let practice = try Practice()
        #expect(try practice.assess(practice.healthy).strings("missing_optional") == ["home-risks-acknowledged"])
        let clinic = try practice.assess(practice.healthy, of: "cleo")
        #expect(clinic.strings("missing_optional") == [])
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

    @Test("refuses anybody under 18 in a clinic too, and who gives no age anywhere")
    func minors() throws {
        let practice = try Practice()
        let minor = practice.healthy(but: ["born-on": "2012-01-01"])
        #expect(try practice.assess(minor, of: "cleo").found("age")?.severity == "contraindicated")
        let ageless = try practice.assess(practice.healthy(without: "born-on"))
        #expect(ageless.decision == "incomplete")
        #expect(ageless.found("unknown")?.severity == "contraindicated")
        #expect(try practice.findings().first?.code == "not-screened")
    }

    @Test("asks which procedure it was when only that there was one is said, and each day judges by itself")
    func procedure() throws {
        let practice = try Practice()
        let dates = ["peel-on", "deep-peel-or-surgery-on", "laser-on", "waxing-on", "toxin-or-filler-on"]
        var answers = practice.healthy(but: ["recent-procedure": true])
        let open = try practice.assess(answers)
        #expect(open.decision == "incomplete" && open.strings("missing") == dates)
        #expect(open.found.filter { $0.code == "unknown" }.allSatisfy { $0.severity == "defer" })
        for date in dates { answers[date] = "never".value }
        answers["laser-on"] = "2026-10-01".value
        #expect(try practice.assess(answers).decision == "proceed")
        answers["waxing-on"] = "2026-11-19".value
        #expect(try practice.assess(answers).found("recent-procedure")?.until == "2026-11-26")
        answers["waxing-on"] = nil
        #expect(try practice.assess(answers).strings("missing") == ["waxing-on"])
    }

    @Test(
        "refuses a yes to any of these with a no to each of them, and keeps nothing",
        arguments: [
            "recent-procedure", "skin-condition", "skin-history", "pregnancy-or-nursing", "health-condition",
            "medicine", "vitamin-a", "allergy", "beyond-needling",
        ])
    func contradiction(gate: String) throws {
        let practice = try Practice()
        var answers = practice.healthy(but: [gate: true])
        let followUps = practice.knowledge.interview.followUps(of: gate)
        for question in followUps { answers[question.name] = question.kind == .yesNo ? false.value : "never".value }
        let error = try #require(refusal { try practice.assess(answers) })
        #expect(error.code == .invalidArgument && error.members.string("argument") == "answers.\(gate)")
        #expect(error.message.contains("answers.\(followUps[0].name)"))
        #expect(try practice.bench.ledger().isEmpty)
        answers[followUps[0].name] = nil
        #expect(try practice.assess(answers).strings("missing") == [followUps[0].name])
    }

    @Test("takes a no to any of these for a no to each, and never passes over a yes beside it")
    func gates() throws {
        let practice = try Practice()
        #expect(try practice.assess(practice.healthy).decision == "proceed")
        let reply = try practice.assess(practice.healthy(but: ["diabetes": true]))
        #expect(reply.found("diabetes")?.severity == "contraindicated")
    }

    @Test("while a question is open finds what is not known as gravely as the gravest rule that wants it")
    func unknown() throws {
        let practice = try Practice()
        let severities = [
            ("cold-sore", "contraindicated"), ("sunburn-on", "defer"), ("pregnancy-or-nursing", "clearance"),
            ("medicine", "contraindicated"), ("topical-anaesthetic", "contraindicated"), ("new-product", "caution"),
        ]
        for (question, severity) in severities {
            let reply = try practice.assess(practice.healthy(without: question))
            #expect(reply.found("unknown")?.severity == severity, "\(question)")
        }
    }

    @Test(
        "refuses numbing cream at home that is strong, wide or covered, and lets the rest pass",
        arguments: [
            (4.0, false, false, "proceed"), (4.5, false, false, "contraindicated"),
            (4, true, false, "contraindicated"), (4, false, true, "contraindicated"),
        ])
    func numbing(percent: Double, isWide: Bool, isCovered: Bool, decision: String) throws {
        let practice = try Practice()
        let answers = practice.healthy(but: [
            "topical-anaesthetic": true, "anaesthetic-percent": percent, "anaesthetic-wide-area": isWide,
            "anaesthetic-covered": isCovered, "patch-tested": true,
        ])
        #expect(try practice.assess(answers).decision == decision)
        var open = answers
        open["anaesthetic-percent"] = nil
        #expect(try practice.assess(open).strings("missing").contains("anaesthetic-percent"))
    }

    @Test(
        "refuses radiofrequency and platelet-rich plasma at home",
        arguments: ["radiofrequency", "platelet-rich-plasma"])
    func beyond(question: String) throws {
        let practice = try Practice()
        var answers = practice.healthy(but: [
            "beyond-needling": true, "radiofrequency": false, "platelet-rich-plasma": false,
        ])
        answers[question] = true.value
        #expect(try practice.assess(answers).found(question)?.severity == "contraindicated")
        #expect(try practice.assess(answers, of: "cleo").found(question)?.severity == "caution")
    }

    @Test("defers for 14 days after the skin was needled elsewhere, and a later never does not undo that")
    func needledElsewhere() throws {
        let practice = try Practice()
        let reply = try practice.assess(practice.healthy(but: ["needled-on": "2026-11-10"]))
        #expect(reply.decision == "defer" && reply.string("until") == "2026-11-24")
        #expect(reply.found("recently-needled")?.message.contains("14 days") == true)
        #expect(try practice.assess(practice.healthy).decision == "defer")
        #expect(try practice.assess(practice.healthy(but: ["needled-on": "2026-01-01"])).decision == "defer")
        let told = try practice.bench.call("screening.last-needled", ["person": "anna"], as: .reader)
        #expect(told.string("needled_on") == "2026-11-10" && told.string("at") == "2026-11-10T00:00:00Z")
        practice.bench.clock.advance(hours: 4 * 24)
        #expect(try practice.assess(practice.healthy).decision == "proceed")
        #expect(try practice.assess(practice.healthy(without: "needled-on")).strings("missing") == ["needled-on"])
        let nothing = try practice.bench.call("screening.last-needled", ["person": "cleo"], as: .reader)
        #expect(nothing["needled_on"] == nil && nothing["at"] == nil)
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
