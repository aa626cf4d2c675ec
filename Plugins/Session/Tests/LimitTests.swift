import MneedleKit
import MneedleTestKit
import Testing

@testable import Session

@Suite("What a session may be")
struct LimitTests {
    @Test(
        "depth limits hold to the hundredth of a millimetre",
        arguments: [
            (plan("anna", "pen", ["cheeks"], 0.5), []),
            (plan("anna", "pen", ["cheeks"], 0.51), ["!depth-over-limit"]),
            (plan("anna", "pen", ["cheeks"], 0.8), ["!depth-over-limit"]),
            (plan("anna", "scalp-0.8", ["scalp"], 0.8), ["scalp-depth"]),
            (plan("anna", "scalp-0.6", ["scalp"], 0.6), []),
            (plan("anna", "pen", ["scalp"], 0.8), ["!depth-over-limit", "scalp-depth"]),
            (
                plan("anna", "scalp-0.8", ["scalp", "cheeks"], 0.8),
                ["!depth-over-limit", "!area-not-allowed", "roller-depth"]
            ),
            (
                plan("anna", "scalp-1.01", ["scalp"], 1.01),
                ["!depth-over-limit", "scalp-depth"]
            ),
            (plan("anna", "stamp-0.3", ["under-eyes"], 0.3), []),
            (plan("anna", "stamp-0.31", ["under-eyes"], 0.31), ["!depth-over-limit"]),
            (plan("anna", "roller-0.3", ["cheeks"], 0.3), []),
            (plan("anna", "roller-0.31", ["cheeks"], 0.31), ["roller-depth"]),
            (plan("carl", "pen", ["cheeks"], 1.0, operator: "kim"), []),
            (plan("carl", "pen", ["cheeks"], 1.01, operator: "kim"), ["!depth-over-zone"]),
            (plan("carl", "pen", ["body"], 1.0, operator: "kim"), []),
            (plan("carl", "pen", ["body"], 1.5, operator: "kim"), ["!depth-over-zone"]),
            (plan("carl", "pen", ["neck"], 0.5, operator: "kim"), []),
            (plan("carl", "pen", ["neck"], 0.51, operator: "kim"), ["!depth-over-zone"]),
            (
                plan("carl", "pen", ["body"], 2.51, operator: "kim"),
                ["!depth-over-limit", "!depth-over-zone", "!operator-not-qualified"]
            ),
            (plan("carl", "pen", ["scalp"], 1.01, operator: "kim"), ["!depth-over-limit", "scalp-depth"]),
            (plan("carl", "pen", ["body"], 0.49, operator: "kim"), ["depth-under-clinic-range"]),
        ] as [(Object, [String])])
    func depth(plan: Object, expected: [String]) throws {
        #expect(try codes(makeBench(), plan) == Set(expected))
    }

    @Test("eyelids and lips are never needled", arguments: ["eyelids", "lips"], ["anna", "carl"])
    func areas(area: String, person: String) throws {
        let found = try codes(makeBench(), plan(person, "stamp-0.2", [area], 0.2, operator: "kim"))
        #expect(found.contains("!area-not-allowed"))
    }

    @Test("under the eyes only a stamp is meant at home")
    func underEyes() throws {
        #expect(try codes(makeBench(), plan("anna", "pen", ["under-eyes"], 0.2)) == ["!area-not-allowed"])
    }

    @Test("a depth that the device cannot be set to is refused")
    func range() throws {
        #expect(try codes(makeBench(), plan("anna", "pen", ["cheeks"], 0.1)) == ["!depth-out-of-device-range"])
        #expect(try codes(makeBench(), plan("anna", "roller-0.5", ["cheeks"], 0.5)) == ["roller-depth"])
    }

    @Test("a beginner is advised the shortest needles, and no long roller")
    func beginner() throws {
        #expect(try codes(makeBench(), plan("nova", "pen", ["cheeks"], 0.25)) == [])
        #expect(try codes(makeBench(), plan("nova", "pen", ["cheeks"], 0.3)) == ["beginner-depth"])
        #expect(
            try codes(makeBench(), plan("nova", "roller-0.5", ["cheeks"], 0.5))
                == ["!beginner-roller", "beginner-device"])
    }

    @Test("a beginner's advice for the scalp can be followed with the device on record")
    func scalpBeginner() throws {
        #expect(try codes(makeBench(), plan("nova", "scalp-0.5", ["scalp"], 0.5)) == [])
        let found = try makeBench().call("session.check", plan("nova", "scalp-1.0", ["scalp"], 1.0))
        let advice = try #require(found.objects("findings").first { $0.string("code") == "beginner-device" })
        #expect(advice.string("advice")?.hasPrefix("With this device: light pressure, once a month") == true)
        #expect(advice.string("message")?.contains("'scalp-1.0' cannot go under 1.0 mm") == true)
    }

    @Test("nobody is a beginner after three finished sessions; stopped ones do not count")
    func experienced() throws {
        let bench = try makeBench()
        for ending in ["session.finish", "session.stop", "session.finish", "session.stop", "session.finish"] {
            #expect(try codes(bench, plan("nova", "pen", ["cheeks"], 0.3)) == ["beginner-depth"])
            let session = try bench.call("session.start", plan("nova", "pen", ["cheeks"], 0.25)).integer("session")
            try bench.call(ending, ["session": session, "reason": ending == "session.stop" ? "other" : nil])
        }
        #expect(try codes(bench, plan("nova", "pen", ["cheeks"], 0.3)) == [])
        #expect(
            try bench.call("session.experience", ["person": "nova"])
                == ["person": "nova", "finished": 3, "needed": 3, "beginner": false])
    }

    @Test("the sessions of a twin are one's own")
    func twins() throws {
        let bench = try makeBench()
        try bench.call("session.start", plan("carl", "pen", ["cheeks"], 1.0, operator: "kim"))
        bench.fake("records.same-person") { arguments in
            let own = arguments.text("person") ?? ""
            return ["records": [own, own == "carl" ? "anna" : "carl"], "undecided": own == "anna" ? ["carl"] : []]
        }
        let found = try codes(bench, plan("anna", "pen-2", ["cheeks"], 0.3))
        #expect(found == ["!session-running", "!person-twin"])
        bench.fake("records.same-device") { _ in ["records": ["pen-2", "pen"], "undecided": ["pen"]] }
        #expect(try codes(bench, plan("nova", "pen-2", ["cheeks"], 0.2)).contains("!device-twin"))
    }

    @Test("a roller or stamp is as deep as its needles are long, whatever is planned")
    func needleLength() throws {
        #expect(
            try codes(makeBench(), plan("anna", "roller-1.5", ["cheeks"], 0.3))
                == ["!depth-is-needle-length", "!depth-over-limit", "roller-depth"])
        #expect(
            try codes(makeBench(), plan("anna", "stamp-0.5", ["under-eyes"], 0.3))
                == ["!depth-is-needle-length", "!depth-over-limit"])
        #expect(
            try codes(makeBench(), plan("carl", "stamp-1.5", ["cheeks"], 0.5, operator: "kim"))
                == ["!depth-is-needle-length", "!depth-over-zone"])
        #expect(
            try codes(makeBench(), plan("anna", "roller-unknown", ["cheeks"], 0.3)) == ["!needle-length-unknown"])
        let reply = try makeBench().call("session.check", plan("anna", "roller-unknown", ["cheeks"], 0.3))
        #expect(
            reply.objects("findings").first?.string("advice")?
                .contains("records.change-device device=roller-unknown needle_mm=") == true)
    }

    @Test("a pen of which nobody knows how deep it goes starts nothing, and the finding says how to tell")
    func depthRange() throws {
        #expect(try codes(makeBench(), plan("anna", "rangeless", ["cheeks"], 0.3)) == ["!depth-range-unknown"])
        #expect(
            try codes(makeBench(), plan("carl", "rangeless", ["cheeks"], 0.5, operator: "kim"))
                == ["!depth-range-unknown"])
        let reply = try makeBench().call("session.check", plan("anna", "rangeless", ["cheeks"], 0.3))
        #expect(
            reply.objects("findings").first?.string("advice")?
                .contains("records.change-device device=rangeless max_depth_mm=") == true)
    }

    @Test("in a clinic nothing inside the orbital rim is needled, and a zone's limit goes only by a practitioner")
    func clinicZones() throws {
        let rim = try codes(makeBench(), plan("carl", "pen", ["under-eyes"], 0.5, operator: "kim"))
        #expect(rim == ["!orbital-rim", "!depth-over-zone"])
        let bench = try makeBench()
        var deep = plan("carl", "pen", ["cheeks"], 1.2, operator: "kim")
        #expect(throws: ModuleError.self) { try bench.call("session.start", deep, as: .practitioner) }
        deep["override"] = .list([.string("depth-over-zone")])
        deep["override_reason"] = .string("deep acne scars, seen today")
        #expect(try bench.call("session.start", deep, as: .practitioner).integer("session") == 1)
    }

    @Test("where a label names skin types, another one waits and an unknown one is asked for")
    func skinTypes() throws {
        for (type, expected) in [(nil, ["!skin-type-needed"]), (3, []), (5, ["!skin-type-not-labelled"])]
            as [(Int?, [String])]
        {
            let bench = try makeBench()
            bench.fake("records.show-person") { _ in
                Person(person: "carl", setting: .clinic, goal: .collagen, fitzpatrick: type).object
            }
            #expect(try codes(bench, plan("carl", "labelled", ["neck"], 0.5, operator: "kim")) == Set(expected))
            #expect(try codes(bench, plan("carl", "labelled", ["body"], 0.5, operator: "kim")) == [])
        }
    }

    @Test("at home a device without an owner is the first one's on whom it was used; in a clinic it is everybody's")
    func firstUser() throws {
        let bench = try makeBench()
        let session = try bench.call("session.start", plan("anna", "pen", ["cheeks"], 0.3)).integer("session")
        try bench.call("session.stop", ["session": session, "reason": "other"])
        #expect(try codes(bench, plan("nova", "pen", ["cheeks"], 0.2)) == ["!device-of-first-user"])
        #expect(try codes(bench, plan("anna", "pen", ["cheeks"], 0.3)) == [])
        #expect(try codes(bench, plan("carl", "pen", ["cheeks"], 1.0, operator: "kim")) == [])
        // A second record of the same device makes nobody its first user.
        bench.fake("records.same-device") { _ in ["records": ["pen-2", "pen"], "undecided": [] as [String]] }
        #expect(try codes(bench, plan("nova", "pen-2", ["cheeks"], 0.2)) == ["!device-of-first-user"])
    }

    @Test("in a clinic an operator is on record, trained to this depth, today")
    func operators() throws {
        let bench = try makeBench()
        #expect(try codes(bench, plan("carl", "pen", ["cheeks"], 1.0)) == ["!operator-not-qualified"])
        #expect(
            try codes(bench, plan("carl", "pen", ["cheeks"], 1.0, operator: "nobody")) == ["!operator-not-qualified"])
        #expect(
            try codes(bench, plan("carl", "pen", ["cheeks"], 1.0, operator: "lapsed")) == ["!operator-not-qualified"])
        #expect(
            try codes(bench, plan("carl", "pen", ["body"], 1.51, operator: "kim")) == [
                "!depth-over-zone", "!operator-not-qualified",
            ])
        #expect(try codes(bench, plan("carl", "pen", ["cheeks"], 1.0, operator: "kim")) == [])
        // The training ends with the twentieth where the person lives: there the twenty-first has begun.
        bench.clock.advance(hours: 11.5)
        #expect(try codes(bench, plan("carl", "pen", ["cheeks"], 1.0, operator: "kim")) == ["!operator-not-qualified"])
    }

    @Test("a retired device is refused, odd needles are cautioned")
    func device() throws {
        #expect(try codes(makeBench(), plan("anna", "old", ["cheeks"], 0.3)) == ["!device-retired"])
        #expect(try codes(makeBench(), plan("anna", "brass", ["cheeks"], 0.3)) == ["needle-material"])
        #expect(try codes(makeBench(), plan("anna", "plain", ["cheeks"], 0.3)) == ["needle-material-unclear"])
        #expect(try codes(makeBench(), plan("anna", "blank", ["cheeks"], 0.3)) == ["needle-material-unknown"])
    }

    @Test("every finding that speaks against a plan is named, not the first")
    func all() throws {
        #expect(
            try codes(makeBench(), plan("anna", "old", ["eyelids", "lips"], 0.8))
                == ["!device-retired", "!area-not-allowed", "!depth-over-limit"])
        let findings = try makeBench().call("session.check", plan("anna", "old", ["eyelids", "lips"], 0.8)).list(
            "findings")
        #expect(findings?.count == 4)
    }
}
