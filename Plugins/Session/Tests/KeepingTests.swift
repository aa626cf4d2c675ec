import Foundation
import MneedleKit
import MneedleTestKit
import Testing

@testable import Session

/// A bench whose knowledge defers needles of an odd material, which a practitioner may pass over.
private func overridableBench() throws -> Bench {
    try bench(needleMaterial: "severity = \"defer\"\noverride = \"practitioner\"")
}

private func bench(needleMaterial: String) throws -> Bench {
    let code = "code = \"needle-material\"\n"
    return try EditedKnowledge.with(
        "session.toml",
        { $0.replacingOccurrences(of: code + "severity = \"caution\"\n", with: "\(code)\(needleMaterial)\n") },
        { try makeBench(knowledge: $0) })
}

private let odd = plan("carl", "brass", ["cheeks"], 1.0, operator: "kim")

private func with(_ plan: Object, _ override: [String]?, _ reason: String?) -> Object {
    var plan = plan
    plan["override"] = override?.value
    plan["override_reason"] = reason?.value
    return plan
}

private func refused(_ bench: Bench, _ plan: Object, as role: Role = .practitioner) throws -> ModuleError {
    try #require(#expect(throws: ModuleError.self) { try bench.call("session.start", plan, as: role) })
}

@Suite("Overrides")
struct OverrideTests {
    @Test("an override names what it passes over and why, and both are kept")
    func overrides() throws {
        let bench = try overridableBench()
        #expect(try refused(bench, odd).code == .blocked)
        let asked = with(odd, ["needle-material"], "Needles seen by me")
        #expect(try bench.call("session.check", asked, as: .practitioner).bool("allowed") == true)
        try bench.call("session.start", asked, as: .practitioner)
        let shown = try bench.call("session.show", ["session": 1])
        #expect(shown.strings("overridden") == ["needle-material"])
        #expect(shown.string("override_reason") == "Needles seen by me")
        #expect(try bench.ledger(kind: "session.started").first?.body.strings("overridden") == ["needle-material"])
    }

    @Test("what an override does not name goes on blocking")
    func others() throws {
        let bench = try overridableBench()
        let asked = with(
            plan("carl", "brass", ["lips"], 1.0, operator: "kim"), ["needle-material"], "seen by me myself")
        let error = try refused(bench, asked)
        #expect(error.code == .blocked && error.message.contains("area-not-allowed"))
        #expect(try bench.call("session.check", asked, as: .practitioner).bool("allowed") == false)
    }

    @Test("at home nothing can be overridden, whoever asks")
    func home() throws {
        let bench = try overridableBench()
        let asked = with(plan("anna", "brass", ["cheeks"], 0.3), ["needle-material"], "seen by me myself")
        let error = try refused(bench, asked, as: .admin)
        #expect(error.code == .invalidArgument && error.members.string("argument") == "override")
        #expect(error.message.contains("at home no finding can be"))
        let found = try bench.call("session.check", plan("anna", "brass", ["cheeks"], 0.3)).list("findings") ?? []
        let flags = found.compactMap { if case .object(let finding) = $0 { finding.bool("overridable") } else { nil } }
        #expect(flags == [false])
    }

    @Test("a code that is not there, or that nobody may override, is an error that says so")
    func wrongCodes() throws {
        let bench = try overridableBench()
        let absent = try refused(bench, with(odd, ["needle-material", "too-soon"], "seen by me myself"))
        #expect(absent.code == .invalidArgument && absent.members.string("got") == "too-soon")
        #expect(absent.message.contains("not among the findings") && absent.message.contains("needle-material"))
        let lips = plan("carl", "brass", ["lips"], 1.0, operator: "kim")
        let hard = try refused(bench, with(lips, ["area-not-allowed"], "seen by me myself"))
        #expect(hard.code == .invalidArgument && hard.members.string("expected") == "needle-material")
        #expect(hard.message.contains("cannot be overridden"))
        #expect(try bench.rows("session.list").isEmpty)
    }

    @Test(
        "a reason has ten letters of any script; blanks, digits and signs are none",
        arguments: [
            ("ok", false), ("ten letter", false), ("1234567890 !?.,;:", false), ("          ", false),
            ("asdfghjkl.", false), ("ten letters", true), ("皮膚科醫師已於今日檢查", true), ("проверено", false),
            ("проверено мной", true), ("é é é é é é é é é é", true),
        ])
    func reasons(reason: String, isEnough: Bool) throws {
        let bench = try overridableBench()
        let asked = with(odd, ["needle-material"], reason)
        if isEnough {
            #expect(try bench.call("session.start", asked, as: .practitioner).integer("session") == 1)
        } else {
            #expect(try refused(bench, asked).members.string("argument") == "override_reason")
        }
    }

    @Test("code and reason come together")
    func together() throws {
        let bench = try overridableBench()
        #expect(try refused(bench, with(odd, nil, "seen by me myself")).members.string("argument") == "override")
        #expect(
            try refused(bench, with(odd, ["needle-material"], nil)).members.string("argument") == "override_reason")
    }

    @Test(
        "a knowledge file that lets anything but a clinic's delay be overridden is refused",
        arguments: [
            "severity = \"clearance\"", "severity = \"contraindicated\"", "severity = \"caution\"",
            "home = \"defer\"\nclinic = \"clearance\"", "home = \"defer\"\nclinic = \"none\"",
        ])
    func refusedFiles(severity: String) throws {
        let error = #expect(throws: Bench.BadKnowledge.self) {
            try bench(needleMaterial: "\(severity)\noverride = \"practitioner\"")
        }
        #expect(
            error?.problems.map(\.file) == ["session.toml"] && error?.problems.first?.key.hasSuffix(".override") == true
        )
        #expect(error?.description.contains("only what is defer there can be overridden") == true)
    }

    @Test("only a practitioner overrides")
    func roles() throws {
        let bench = try overridableBench()
        let error = try refused(bench, with(odd, ["needle-material"], "seen by me myself"), as: .operator)
        #expect(error.code == .forbidden && error.members.string("needs") == "practitioner")
    }
}

@Suite("What a session and a refusal leave")
struct KeepingTests {
    private let good = plan("anna", "pen", ["cheeks"], 0.5)
    private let bad = plan("anna", "pen", ["lips"], 0.8)

    @Test("a refused start stands in the ledger with its plan and the codes, and nothing else has changed")
    func refusedStart() throws {
        let bench = try makeBench()
        #expect(try refused(bench, bad, as: .operator).code == .blocked)
        let entries = try bench.ledger()
        #expect(entries.map(\.kind) == ["session.refused"])
        let entry = try #require(entries.first)
        #expect(entry.person == "anna" && entry.subject == "person/anna")
        #expect(entry.body.string("device") == "pen" && entry.body.strings("areas") == ["lips"])
        #expect(entry.body.number("depth_mm") == 0.8 && entry.body.string("error") == "blocked")
        #expect(Set(entry.body.strings("codes")) == ["area-not-allowed", "depth-over-limit"])
        #expect(try bench.rows("session.list").isEmpty)
    }

    @Test("a refused override stands in the ledger with the codes it named and its reason")
    func refusedOverride() throws {
        let bench = try makeBench()
        _ = try refused(bench, with(bad, ["area-not-allowed"], "because I want to"))
        _ = try refused(bench, with(bad, ["area-not-allowed"], "because I want to"), as: .operator)
        _ = try refused(bench, with(bad, ["area-not-allowed"], "no"))
        let bodies = try bench.ledger(kind: "session.refused").map(\.body)
        #expect(bodies.map { $0.string("error") } == ["invalid-argument", "forbidden", "invalid-argument"])
        #expect(bodies.allSatisfy { $0.strings("override") == ["area-not-allowed"] })
        #expect(bodies.first?.string("override_reason") == "because I want to")
    }

    @Test("the same refusal within ten minutes is kept once, another one at once")
    func noFlood() throws {
        let bench = try makeBench()
        func kept() throws -> Int { try bench.ledger(kind: "session.refused").count }
        for _ in 0..<20 { _ = try refused(bench, bad) }
        #expect(try kept() == 1)
        _ = try refused(bench, plan("anna", "pen", ["lips"], 0.7))
        #expect(try kept() == 2)
        bench.clock.advance(hours: 9.9 / 60)
        _ = try refused(bench, bad)
        #expect(try kept() == 2)
        bench.clock.advance(hours: 0.2 / 60)
        _ = try refused(bench, bad)
        #expect(try kept() == 3)
    }

    @Test("a clock that is set back hides no refusal")
    func clockSetBack() throws {
        let bench = try makeBench()
        _ = try refused(bench, bad)
        bench.clock.jump(to: bench.clock.now().adding(hours: -1))
        _ = try refused(bench, bad)
        #expect(try bench.ledger(kind: "session.refused").count == 2)
    }

    @Test("a session.check leaves nothing, whatever it finds")
    func checks() throws {
        let bench = try makeBench()
        try bench.call("session.check", bad)
        _ = #expect(throws: ModuleError.self) { try bench.call("session.check", with(bad, ["x"], "because of this")) }
        #expect(try bench.ledger().isEmpty)
    }

    @Test("with every session the assessment and the knowledge that let it start are kept")
    func kept() throws {
        let bench = try makeBench()
        bench.fake("screening.history") { _ in
            func row(
                _ number: Int, _ setting: String, _ areas: [String]?, valid: Bool = true, missing: [String] = []
            ) -> Object {
                ["assessment": number, "setting": setting, "areas": areas, "valid": valid, "missing": missing]
            }
            let rows = [
                row(9, "home", ["cheeks"], missing: ["pregnant"]), row(8, "clinic", nil), row(7, "home", ["chin"]),
                row(6, "home", ["cheeks", "chin"]), row(5, "home", nil), row(4, "home", nil, valid: false),
            ]
            return ["rows": rows]
        }
        try bench.call("session.start", good)
        let shown = try bench.call("session.show", ["session": 1])
        #expect(shown.integer("assessment") == 6)
        let digest = try #require(shown.string("knowledge"))
        #expect(digest.count == 64 && digest.allSatisfy(\.isHexDigit))
        let entry = try #require(bench.ledger(kind: "session.started").first)
        #expect(entry.body.integer("assessment") == 6 && entry.body.string("knowledge") == digest)
        #expect(try bench.rows("session.list").first?.string("knowledge") == digest)
    }

    @Test("a session runs past the end of its assessment and is finished or stopped all the same")
    func outlives() throws {
        for verb in ["session.finish", "session.stop"] {
            let bench = try makeBench()
            bench.fake("screening.history") { _ in
                ["rows": [["assessment": 1, "setting": "home", "valid": true] as Object]]
            }
            try bench.call("session.start", good)
            bench.clock.advance(hours: 48)
            bench.fake("screening.history") { _ in ["rows": [] as [Object]] }
            try bench.call(verb, ["session": 1, "reason": verb == "session.stop" ? "other" : nil])
            #expect(try bench.call("session.show", ["session": 1]).integer("assessment") == 1)
        }
    }
}

@Suite("What comes up while a session runs")
struct FlagTests {
    private let good = plan("anna", "pen", ["cheeks"], 0.5)

    private func assess(_ bench: Bench, _ person: String, _ findings: [(String, String)]) throws {
        let found = findings.map { ["code": $0.0, "severity": $0.1] as Object }
        try bench.happen(
            "screening.assessed", subject: "assessment/2", person: person, ["person": person, "findings": found])
    }

    private func open(_ reaction: Int64, on bench: Bench) throws {
        try bench.happen(
            .reactionOpened, subject: "reaction/\(reaction)", person: "anna",
            ReactionOpened(reaction: reaction, person: "anna", symptom: "rash", action: "call"))
    }

    @Test("a red flag marks the running session of that person, and says so at once")
    func redFlag() throws {
        let bench = try makeBench()
        try bench.call("session.start", good)
        try bench.call("session.start", plan("carl", "pen-2", ["cheeks"], 1.0, operator: "kim"))
        try open(3, on: bench)
        #expect(try bench.call("session.show", ["session": 1]).strings("flagged") == ["open-reaction"])
        #expect(try bench.rows("session.list").map { $0.strings("flagged") } == [[], ["open-reaction"]])
        let entry = try #require(bench.ledger(kind: "session.flagged").first)
        #expect(entry.subject == "session/1" && entry.person == "anna")
        #expect(entry.body.strings("flagged") == ["open-reaction"] && entry.body.string("because") == "reaction/3")
        guard case .object(let finding)? = entry.body.list("findings")?.first else {
            return #expect(Bool(false), "no finding")
        }
        #expect(finding.string("advice")?.contains("session.stop session=1") == true)
        #expect(try bench.call("session.finish", ["session": 1]).integer("session") == 1)
        #expect(try bench.call("session.show", ["session": 1]).strings("flagged") == ["open-reaction"])
    }

    @Test("an answer that would have forbidden the session marks it, each code once")
    func answers() throws {
        let bench = try makeBench()
        try bench.call("session.start", good)
        try assess(
            bench, "anna",
            [
                ("cold-sore", "contraindicated"), ("pregnancy", "clearance"), ("sunburn", "defer"),
                ("rosacea", "caution"),
                ("unknown", "contraindicated"), ("not-screened", "defer"),
            ])
        #expect(
            try bench.call("session.show", ["session": 1]).strings("flagged") == ["cold-sore", "pregnancy", "sunburn"])
        try assess(bench, "anna", [("cold-sore", "contraindicated")])
        #expect(try bench.ledger(kind: "session.flagged").count == 1)
        try open(1, on: bench)
        #expect(try bench.ledger(kind: "session.flagged").count == 2)
    }

    @Test("what was passed over at the start, what is harmless, and what concerns another marks nothing")
    func unmarked() throws {
        let bench = try overridableBench()
        try bench.call("session.start", with(odd, ["needle-material"], "seen by me myself"), as: .practitioner)
        try assess(bench, "carl", [("needle-material", "defer"), ("rosacea", "caution")])
        try assess(bench, "anna", [("cold-sore", "contraindicated")])
        try bench.call("session.finish", ["session": 1])
        try assess(bench, "carl", [("cold-sore", "contraindicated")])
        #expect(try bench.ledger(kind: "session.flagged").isEmpty)
    }
}
