import MneedleKit
import MneedleTestKit
import Testing

@testable import Screening

@Suite("The knowledge file")
struct KnowledgeTests {
    /// A rule added at the end of the file.
    private func added(_ when: String, more: String = "", question: String = "") throws -> [String] {
        try problems { text in
            text.replacingOccurrences(
                of: "[[finding]]\ncode = \"not-screened\"",
                with: """
                    \(question)
                    [[rule]]
                    code = "extra"
                    severity = "caution"
                    when = \(when)
                    message = "Something."
                    reason = "Because."
                    advice = "Do something."
                    sources = ["S1"]
                    \(more)

                    [[finding]]
                    code = "not-screened"
                    """)
        }
    }

    @Test(
        "adding a rule is adding a table",
        arguments: [
            #"{ answer = "pregnant", is = true }"#,
            #"{ answer = "sunburn-on", within_days = 3 }"#,
            #"{ answer = "sunburn-on", from_days = 3, within_months = 2 }"#,
            #"{ answer = "born-on", age_from = 70 }"#,
            #"{ answer = "born-on", known = true }"#,
            #"{ person = "fitzpatrick", over = 2, under = 5 }"#,
            #"{ person = "goal", is = "acne-scars" }"#,
            #"{ person = "first_time", is = true }"#,
            #"{ device = "kind", in = ["roller", "stamp"] }"#,
            #"{ device = "needle_mm", over = 0.5 }"#,
            #"{ device = "material", known = false }"#,
            #"{ area = ["neck", "scalp"] }"#,
            #"{ history = "sessions", count_from = 10 }"#,
            #"{ history = "last-session", within_days = 3 }"#,
            #"{ all = [{ area = "neck" }, { not = { any = [{ answer = "warts", is = true }, { answer = "pregnant", is = false }] } }] }"#,
        ])
    func adding(when: String) throws {
        #expect(try added(when) == [])
    }

    @Test(
        "a condition that cannot be right is refused with its place and reason",
        arguments: [
            (
                #"{ answer = "pregnent", is = true }"#,
                "when.answer: there is no question 'pregnent'; did you mean pregnant"
            ),
            (#"{ answer = "pregnant", is = "yes" }"#, "when.is: expected true or false"),
            (#"{ answer = "pregnant" }"#, "when.is: missing"),
            (#"{ answer = "pregnant", within_days = 3 }"#, "when.is: missing"),
            (#"{ answer = "pregnant", is = true, within_days = 3 }"#, "when.within_days: unknown key"),
            (#"{ answer = "sunburn-on", is = true }"#, "when.within_days: give one of"),
            (#"{ answer = "sunburn-on", within_days = 3, within_months = 1 }"#, "when.within_months: give one of"),
            (
                #"{ answer = "sunburn-on", from_days = 14, within_days = 14 }"#,
                "when.from_days: the time is over before it begins"
            ),
            (#"{ answer = "sunburn-on", within_days = 0 }"#, "when.within_days: expected a whole number from 1"),
            (#"{ answer = "sunburn-on", within = "ceiling" }"#, "when.within: expected one of floor"),
            (#"{ answer = "sunburn-on", wash_out_days = 3 }"#, "sources: wash_out_days is in no source document"),
            (
                #"{ answer = "sunburn-on", wash_out_days = 3, configured = "sunburnt" }"#,
                "when.configured: expected one of retinoid, sunburn"
            ),
            (#"{ answer = "born-on", age_from = 22, age_under = 22 }"#, "when.age_under: 22 is not over age_from 22"),
            (
                #"{ answer = "born-on", known = true, within_days = 3 }"#,
                "when.within_days: cannot stand beside 'known'"
            ),
            (#"{ person = "fitzpatric", is = 3 }"#, "when.person: expected one of fitzpatrick, first_time, goal"),
            (#"{ person = "fitzpatrick", in = ["IV"] }"#, "when.in: expected a number"),
            (#"{ person = "fitzpatrick", in = [] }"#, "when.in: expected a list of values"),
            (#"{ person = "goal", is = "youth" }"#, "when.is: expected one of collagen, acne-scars, maintenance"),
            (#"{ device = "colour", is = "red" }"#, "when.device: expected one of kind"),
            (#"{ device = "kind", is = "laser" }"#, "when.is: expected one of roller, pen, stamp"),
            (#"{ area = "elbow" }"#, "when.area: no area 'elbow'"),
            (#"{ area = "eyelids" }"#, "when.area: no area 'eyelids' may be needled"),
            (#"{ area = [] }"#, "when.area: name at least one area"),
            (#"{ history = "meals", count_from = 1 }"#, "when.history: expected one of sessions, last-session"),
            (#"{ history = "sessions" }"#, "when.count_from: missing"),
            (#"{ all = [] }"#, "when.all: needs at least one condition"),
            (
                #"{ any = [{ answer = "pregnant", is = true }, { answr = "warts", is = true }] }"#,
                "when.any[1].answr: a condition has exactly one"
            ),
            (#"{ answer = "pregnant", is = true, area = "neck" }"#, "when.area: a condition has exactly one"),
            (#"{ not = { area = "elbow" } }"#, "when.not.area: no area 'elbow'"),
            (#"{ }"#, "when.answer: a condition has exactly one"),
            (#""always""#, "when: expected a table"),
        ])
    func wrongCondition(when: String, problem: String) throws {
        let found = try added(when)
        #expect(
            found.contains { $0.hasPrefix("screening.toml:") && $0.contains(": rule[") && $0.contains(problem) },
            "\(found)")
    }

    @Test(
        "a rule that cannot be right is refused",
        arguments: [
            ("evidence = \"label\"", "evidence: no source of this rule is 'label'"),
            ("liftable = \"yes\"", "liftable: expected true or false"),
            ("lifted = true", "lifted: unknown key"),
        ])
    func wrongRule(more: String, problem: String) throws {
        let found = try added(#"{ answer = "pregnant", is = true }"#, more: more)
        #expect(found.contains { $0.contains(problem) }, "\(found)")
    }

    @Test(
        "a question that cannot be right is refused",
        arguments: [
            ("[[question]]\nquestion = \"pregnant\"\ntext = \"?\"\ntype = \"yes-no\"\n", "'pregnant' is there twice"),
            ("[[question]]\nquestion = \"idle\"\ntext = \"?\"\ntype = \"yes-no\"\n", "no rule looks at 'idle'"),
            ("[[question]]\nquestion = \"Odd one\"\ntext = \"?\"\ntype = \"yes-no\"\n", "question: a name is of a-z"),
            ("[[question]]\nquestion = \"odd\"\ntext = \"?\"\ntype = \"maybe\"\n", "type: expected one of yes-no"),
            ("[[question]]\nquestion = \"odd\"\ntype = \"yes-no\"\n", "text: missing"),
            (
                "[[question]]\nquestion = \"odd\"\ntext = \"?\"\ntype = \"choice\"\nchoices = [\"a\"]\n",
                "choices: give at least two"
            ),
            (
                "[[question]]\nquestion = \"odd\"\ntext = \"?\"\ntype = \"number\"\nleast = 3\nmost = 2\n",
                "most: 2.0 is under 'least' 3.0"
            ),
            (
                "[[question]]\nquestion = \"odd\"\ntext = \"?\"\ntype = \"number\"\nleast = 0\nmost = 9\nremembered = true\n",
                "remembered: only a yes-no question or a date"
            ),
            (
                "[[question]]\nquestion = \"odd\"\ntext = \"?\"\ntype = \"date\"\ngate = true\n",
                "gate: only a yes-no question"
            ),
            (
                "[[question]]\nquestion = \"odd\"\ntext = \"?\"\ntype = \"yes-no\"\ngate = true\n",
                "nothing is asked after the gate 'odd'"
            ),
            (
                "[[question]]\nquestion = \"odd\"\ntext = \"?\"\ntype = \"yes-no\"\n"
                    + "asked_when = { answer = \"odd\", is = true }\n",
                "asked_when.answer: there is no question 'odd'"
            ),
            ("[[question]]\nquestion = \"odd\"\ntext = \"?\"\ntype = \"date\"\nneeded = true\n", "needed: unknown key"),
        ])
    func wrongQuestion(question: String, problem: String) throws {
        let found = try added(#"{ answer = "pregnant", is = true }"#, question: question)
        #expect(found.contains { $0.contains(problem) }, "\(found)")
    }

    @Test("a question that can refuse a session has to be required, and only a wait can be overridden")
    func required() throws {
        let found = try problems {
            $0.replacingOccurrences(of: "in the mouth, or one that is just beginning", with: "there, or just beginning")
                .replacingOccurrences(
                    of: "tingles or burns? When you are unsure, answer yes.\"\ntype = \"yes-no\"\nrequired = true",
                    with: "tingles or burns? When you are unsure, answer yes.\"\ntype = \"yes-no\""
                )
                .replacingOccurrences(
                    of: "code = \"pregnancy\"\n", with: "code = \"pregnancy\"\noverride = \"practitioner\"\n")
        }
        #expect(found.contains { $0.contains("'cold-sore' decides over 'cold-sore'") }, "\(found)")
        #expect(found.contains { $0.contains("override: only 'defer' can be overridden") }, "\(found)")
    }

    @Test("choices and numbers can be asked too")
    func otherTypes() throws {
        let question = """
            [[question]]
            question = "cigarettes"
            text = "How many cigarettes do you smoke?"
            type = "number"
            unit = "a day"
            least = 0
            most = 200

            [[question]]
            question = "tan"
            text = "How tanned are you?"
            type = "choice"
            choices = ["not", "lightly", "strongly"]

            """
        #expect(
            try added(
                #"{ any = [{ answer = "cigarettes", over = 10 }, { answer = "tan", in = ["strongly"] }] }"#,
                question: question) == [])
        let found = try added(
            #"{ any = [{ answer = "cigarettes", is = 10 }, { answer = "tan", is = "brown" }] }"#, question: question)
        #expect(found.contains { $0.contains("when.any[0].over: missing") })
        #expect(found.contains { $0.contains("when.any[1].is: expected one of not, lightly, strongly") })
    }

    @Test("a placeholder that nothing fills in is refused")
    func placeholders() throws {
        let found = try problems {
            $0.replacingOccurrences(of: "\"The skin is sensitive.\"", with: "\"Sensitive until {until}.\"")
                .replacingOccurrences(of: "Wait until {until}, longer", with: "Wait until {till}, longer")
                .replacingOccurrences(of: "ended on {time}", with: "ended on {day}")
        }
        #expect(found.contains { $0.contains("message: nothing fills in {until}; known here: {person}") })
        #expect(found.contains { $0.contains("advice: nothing fills in {till}") })
        #expect(found.contains { $0.contains("words.expired: nothing fills in {day}") })
    }

    @Test("that nobody is treated unscreened cannot be weakened")
    func firm() throws {
        let code = "code = \"not-screened\"\nseverity = "
        for severity in ["caution", "clearance", "none"] {
            let found = try problems {
                $0.replacingOccurrences(of: code + "\"contraindicated\"", with: code + "\"\(severity)\"")
            }
            #expect(found.contains { $0.contains("'not-screened' must be") }, "\(severity)")
        }
        let overridden = try problems {
            $0.replacingOccurrences(of: code, with: "override = \"practitioner\"\n" + code)
        }
        #expect(overridden.contains { $0.contains("'not-screened' is contraindicated in a clinic") })
    }

    @Test("all mistakes are reported at once, unknown keys among them")
    func atOnce() throws {
        let found = try problems {
            $0.replacingOccurrences(of: "answer = \"rosacea\"", with: "answer = \"rosacia\"")
                .replacingOccurrences(
                    of: "within_months = 6 }\nmessage = \"Isotretinoin", with: "months = 6 }\nmessage = \"Isotretinoin"
                )
                .replacingOccurrences(of: "sources = [\"S1\", \"S2\", \"S3\"]", with: "sources = [\"S9\"]")
                .replacingOccurrences(of: "liftable = true", with: "liftabel = true")
        }
        for part in ["no question 'rosacia'", "within_days: give one of", "no source 'S9'", "liftabel: unknown key"] {
            #expect(found.contains { $0.contains(part) }, "\(part)")
        }
    }

    @Test("a rule that is switched off finds nothing")
    func disabled() throws {
        let found = try problems { text in
            text.replacingOccurrences(
                of: "code = \"skin-type-unknown\"", with: "code = \"skin-type-unknown\"\nenabled = false")
        }
        #expect(found == [])
    }
}

@Suite("The configuration")
struct ConfigurationTests {
    @Test("the practice may set its own waiting days, and every report says that they are its own")
    func washOut() throws {
        let practice = try Practice(section: [
            "assessment_valid_for": "24h", "wash_out_days": ["retinoid": 2] as Object,
        ])
        let reply = try practice.assess(
            practice.healthy(but: ["retinoid-last-used": "2026-11-19", "sunburn-on": "2026-11-19"]))
        let retinoid = try #require(reply.found("retinoid"))
        #expect(retinoid.until == "2026-11-21")
        #expect(retinoid.message.contains("2 days are this practice's own setting"))
        #expect(reply.found("sunburn")?.message.contains("14 days are a practice default") == true)
        let after = try practice.assess(practice.healthy(but: ["retinoid-last-used": "2026-11-18"]))
        #expect(after.decision == "proceed")
    }

    @Test("no wait at all can be set too")
    func zero() throws {
        let practice = try Practice(section: ["wash_out_days": ["retinoid": 0] as Object])
        #expect(try practice.assess(practice.healthy(but: ["retinoid-last-used": "2026-11-20"])).decision == "proceed")
    }

    @Test(
        "nonsense is refused",
        arguments: [
            (["assessment_valid_for": "0h"] as Object, "screening.assessment_valid_for: expected a duration over zero"),
            (["assessment_valid_for": "soon"] as Object, "assessment_valid_for"),
            (["wash_out_days": ["retinoid": -1] as Object] as Object, "wash_out_days.retinoid"),
            (["wash_out_days": ["peel": 3] as Object] as Object, "wash_out_days.peel"),
            (["valid_for": "24h"] as Object, "valid_for"),
        ])
    func nonsense(section: Object, problem: String) throws {
        do {
            _ = try Practice(section: section)
            Issue.record("accepted")
        } catch let error as Bench.BadKnowledge {
            #expect(error.description.contains(problem), "\(error)")
        }
    }
}
