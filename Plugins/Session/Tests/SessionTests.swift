import MneedleKit
import MneedleTestKit
import Testing

@testable import Session

/// A bench with one home and one clinic person and some devices.
func makeBench() throws -> Bench {
    let bench = try Bench(definition)
    bench.fake("records.show-person") { arguments in
        switch arguments.text("person") {
        case "anna":
            [
                "person": "anna", "setting": "home", "goal": "collagen", "time_zone": "Europe/Berlin",
                "first_time": false,
            ]
        case "nova": ["person": "nova", "setting": "home", "goal": "collagen", "first_time": true]
        case "carl": ["person": "carl", "setting": "clinic", "goal": "acne-scars", "time_zone": "Europe/Berlin"]
        case let name: throw ModuleError.notFound("person", name ?? "")
        }
    }
    bench.fake("records.show-device") { arguments in
        switch arguments.text("device") {
        case "pen": ["device": "pen", "kind": "pen", "min_depth_mm": 0.2, "max_depth_mm": 3.0]
        case "pen-2": ["device": "pen-2", "kind": "pen"]
        case "stamp": ["device": "stamp", "kind": "stamp"]
        case "roller": ["device": "roller", "kind": "roller", "needle_mm": 0.5]
        case "scalp": ["device": "scalp", "kind": "roller", "needle_mm": 1.0, "areas": ["scalp"]]
        case "brass": ["device": "brass", "kind": "pen", "material": "brass"]
        case "old": ["device": "old", "kind": "pen", "retired": true]
        case let name: throw ModuleError.notFound("device", name ?? "")
        }
    }
    bench.fake("records.show-operator") { arguments in
        switch arguments.text("operator") {
        case "kim": ["operator": "kim", "max_depth_mm": 1.5, "trained_until": "2026-11-20"]
        case "lapsed": ["operator": "lapsed", "max_depth_mm": 2.5, "trained_until": "2026-11-19"]
        case let name: throw ModuleError.notFound("operator", name ?? "")
        }
    }
    bench.fake("scheduling.next") { _ in
        ["window": ["opens": "2026-12-18", "best": "2026-12-25", "closes": "2027-01-01"] as Object]
    }
    bench.fake("aftercare.until") { _ in ["until": "2026-11-23T12:00:00Z"] }
    return bench
}

func plan(_ person: String, _ device: String, _ areas: [String], _ depth: Double, operator name: String? = nil)
    -> Object
{
    ["person": person, "device": device, "areas": areas, "depth_mm": depth, "operator": name]
}

/// The codes of what a check finds, with a mark on those that block.
func codes(_ bench: Bench, _ plan: Object) throws -> Set<String> {
    let findings = try bench.call("session.check", plan, as: .operator).list("findings") ?? []
    return Set(
        findings.compactMap { value in
            guard case .object(let finding) = value, let code = finding.string("code") else { return nil }
            return (["clearance", "defer", "contraindicated"].contains(finding.string("severity") ?? "") ? "!" : "")
                + code
        })
}

@Suite("What a session may be")
struct LimitTests {
    @Test(
        "depth limits hold to the hundredth of a millimetre",
        arguments: [
            (plan("anna", "pen", ["cheeks"], 0.5), []),
            (plan("anna", "pen", ["cheeks"], 0.51), ["!depth-over-limit"]),
            (plan("anna", "pen", ["cheeks"], 0.8), ["!depth-over-limit"]),
            (plan("anna", "scalp", ["scalp"], 0.8), ["scalp-depth"]),
            (plan("anna", "scalp", ["scalp"], 0.6), []),
            (plan("anna", "pen", ["scalp"], 0.8), ["!depth-over-limit", "scalp-depth"]),
            (
                plan("anna", "scalp", ["scalp", "cheeks"], 0.8),
                ["!depth-over-limit", "!area-not-allowed", "roller-depth"]
            ),
            (
                plan("anna", "scalp", ["scalp"], 1.01),
                ["!depth-over-limit", "!depth-out-of-device-range", "scalp-depth"]
            ),
            (plan("anna", "stamp", ["under-eyes"], 0.3), []),
            (plan("anna", "stamp", ["under-eyes"], 0.31), ["!depth-over-limit"]),
            (plan("anna", "roller", ["cheeks"], 0.3), []),
            (plan("anna", "roller", ["cheeks"], 0.31), ["roller-depth"]),
            (plan("carl", "pen", ["cheeks"], 1.0, operator: "kim"), []),
            (plan("carl", "pen", ["cheeks"], 1.01, operator: "kim"), ["depth-over-zone"]),
            (plan("carl", "pen", ["body"], 1.5, operator: "kim"), []),
            (plan("carl", "pen", ["body"], 2.51, operator: "kim"), ["!depth-over-limit", "!operator-not-qualified"]),
            (plan("carl", "pen", ["scalp"], 1.01, operator: "kim"), ["!depth-over-limit", "scalp-depth"]),
            (plan("carl", "pen", ["body"], 0.49, operator: "kim"), ["depth-under-clinic-range"]),
        ] as [(Object, [String])])
    func depth(plan: Object, expected: [String]) throws {
        #expect(try codes(makeBench(), plan) == Set(expected))
    }

    @Test("eyelids and lips are never needled", arguments: ["eyelids", "lips"], ["anna", "carl"])
    func areas(area: String, person: String) throws {
        let found = try codes(makeBench(), plan(person, "stamp", [area], 0.2, operator: "kim"))
        #expect(found.contains("!area-not-allowed"))
    }

    @Test("under the eyes only a stamp is meant at home")
    func underEyes() throws {
        #expect(try codes(makeBench(), plan("anna", "pen", ["under-eyes"], 0.2)) == ["!area-not-allowed"])
    }

    @Test("a depth that the device cannot be set to is refused")
    func range() throws {
        #expect(try codes(makeBench(), plan("anna", "pen", ["cheeks"], 0.1)) == ["!depth-out-of-device-range"])
        #expect(try codes(makeBench(), plan("anna", "roller", ["cheeks"], 0.5)) == ["roller-depth"])
    }

    @Test("a beginner is advised the shortest needles, and no long roller")
    func beginner() throws {
        #expect(try codes(makeBench(), plan("nova", "pen", ["cheeks"], 0.25)) == [])
        #expect(try codes(makeBench(), plan("nova", "pen", ["cheeks"], 0.3)) == ["beginner-depth"])
        #expect(
            try codes(makeBench(), plan("nova", "roller", ["cheeks"], 0.5)) == ["!beginner-roller", "beginner-depth"])
    }

    @Test("after the first session nobody is a beginner")
    func experienced() throws {
        let bench = try makeBench()
        let session = try bench.call("session.start", plan("nova", "pen", ["cheeks"], 0.25)).integer("session")
        try bench.call("session.finish", ["session": session])
        #expect(try codes(bench, plan("nova", "pen", ["cheeks"], 0.3)) == [])
    }

    @Test("in a clinic an operator is on record, trained to this depth, today")
    func operators() throws {
        let bench = try makeBench()
        #expect(try codes(bench, plan("carl", "pen", ["cheeks"], 1.0)) == ["!operator-not-qualified"])
        #expect(
            try codes(bench, plan("carl", "pen", ["cheeks"], 1.0, operator: "nobody")) == ["!operator-not-qualified"])
        #expect(
            try codes(bench, plan("carl", "pen", ["cheeks"], 1.0, operator: "lapsed")) == ["!operator-not-qualified"])
        #expect(try codes(bench, plan("carl", "pen", ["body"], 1.51, operator: "kim")) == ["!operator-not-qualified"])
        #expect(try codes(bench, plan("carl", "pen", ["cheeks"], 1.0, operator: "kim")) == [])
        // The training ends with the twentieth where the person lives: there the twenty-first has begun.
        bench.clock.advance(hours: 11.5)
        #expect(try codes(bench, plan("carl", "pen", ["cheeks"], 1.0, operator: "kim")) == ["!operator-not-qualified"])
    }

    @Test("a retired device is refused, odd needles are cautioned")
    func device() throws {
        #expect(try codes(makeBench(), plan("anna", "old", ["cheeks"], 0.3)) == ["!device-retired"])
        #expect(try codes(makeBench(), plan("anna", "brass", ["cheeks"], 0.3)) == ["needle-material"])
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

@Suite("From start to end")
struct LifeTests {
    let good = plan("anna", "pen", ["cheeks", "chin"], 0.5)

    @Test("what check allows, start starts, with the full facts in the ledger")
    func starts() throws {
        let bench = try makeBench()
        #expect(try bench.call("session.check", good).bool("allowed") == true)
        #expect(try bench.ledger().isEmpty)
        let reply = try bench.call("session.start", good, as: .operator)
        #expect(reply.integer("session") == 1)
        let entry = try #require(bench.ledger(kind: "session.started").first)
        #expect(entry.subject == "session/1" && entry.person == "anna")
        #expect(
            entry.body == [
                "session": 1, "person": "anna", "device": "pen", "areas": ["cheeks", "chin"], "depth_mm": 0.5,
                "goal": "collagen", "setting": "home", "time_zone": "Europe/Berlin", "started": "2026-11-20T12:00:00Z",
            ])
    }

    @Test("what is forbidden is answered with all findings and leaves nothing")
    func blocked() throws {
        let bench = try makeBench()
        let error = #expect(throws: ModuleError.self) {
            try bench.call("session.start", plan("anna", "pen", ["lips"], 0.8))
        }
        #expect(error?.code == .blocked)
        #expect(error?.members.list("findings")?.count == 2)
        #expect(try bench.ledger().isEmpty && bench.rows("session.list").isEmpty)
    }

    @Test("a person and a device are in one running session at a time")
    func oneAtATime() throws {
        let bench = try makeBench()
        try bench.call("session.start", good)
        #expect(try codes(bench, plan("anna", "pen-2", ["nose"], 0.2)) == ["!session-running"])
        #expect(try codes(bench, plan("carl", "pen", ["nose"], 0.5, operator: "kim")) == ["!session-running"])
        try bench.call("session.stop", ["session": 1, "reason": "other"])
        #expect(try codes(bench, plan("anna", "pen-2", ["nose"], 0.2)) == [])
    }

    @Test("finishing answers with the next window and the end of aftercare")
    func finishes() throws {
        let bench = try makeBench()
        try bench.call("session.start", good)
        let reply = try bench.call("session.finish", ["session": 1, "passes": 3])
        #expect(
            reply == [
                "session": 1, "next": ["opens": "2026-12-18", "best": "2026-12-25", "closes": "2027-01-01"] as Object,
                "aftercare_until": "2026-11-23T12:00:00Z",
            ])
        #expect(try bench.call("session.show", ["session": 1]).string("state") == "finished")
        #expect(try bench.ledger(kind: "session.finished").first?.body.integer("passes") == 3)
    }

    @Test("a session ends even while nobody can say when the next is due")
    func finishesAlone() throws {
        let bench = try makeBench()
        bench.fake("scheduling.next") { _ in throw ModuleError.moduleFailed("scheduling", "gone") }
        bench.fake("aftercare.until") { _ in throw ModuleError.moduleFailed("aftercare", "gone") }
        try bench.call("session.start", good)
        #expect(try bench.call("session.finish", ["session": 1]) == ["session": 1])
    }

    @Test("stopping says what to do now", arguments: ["pain", "bleeding", "rash", "other"])
    func stops(reason: String) throws {
        let bench = try makeBench()
        try bench.call("session.start", good)
        let reply = try bench.call("session.stop", ["session": 1, "reason": reason])
        #expect(reply.string("state") == "stopped")
        guard case .object(let finding)? = reply.list("findings")?.first else {
            return #expect(Bool(false), "no finding")
        }
        #expect(finding.string("code") == "stopped-\(reason)" && finding.string("advice")?.isEmpty == false)
        #expect(try bench.ledger(kind: "session.stopped").first?.body.string("reason") == reason)
    }

    @Test("what has ended does not end again", arguments: ["session.finish", "session.stop"])
    func endsOnce(verb: String) throws {
        let bench = try makeBench()
        try bench.call("session.start", good)
        try bench.call("session.finish", ["session": 1])
        let error = #expect(throws: ModuleError.self) {
            try bench.call(verb, ["session": 1, "reason": verb == "session.stop" ? "pain" : nil])
        }
        #expect(error?.code == .conflict && error?.members.string("state") == "finished")
        #expect(try bench.ledger().count == 2)
    }

    @Test(
        "by a clock that was set back a session never ends before it began, and its end is marked as uncertain",
        arguments: ["session.finish", "session.stop"])
    func clockSetBack(verb: String) throws {
        let bench = try makeBench()
        let started = bench.clock.now()
        try bench.call("session.start", good)
        bench.clock.jump(to: started.adding(hours: -3))
        try bench.call(verb, ["session": 1, "reason": verb == "session.stop" ? "pain" : nil])
        let ended = try bench.call("session.show", ["session": 1])
        #expect(ended.instant("ended") == started && ended.bool("clock_uncertain") == true)
        let entry = try bench.ledger().last
        #expect(entry?.body.instant("ended") == started && entry?.body.bool("clock_uncertain") == true)
        bench.clock.jump(to: started)
        try bench.call("session.start", good)
        try bench.call("session.finish", ["session": 2])
        #expect(try bench.call("session.show", ["session": 2])["clock_uncertain"] == nil)
    }

    @Test("a session is finished though nobody can say when the next one may be")
    func nobodyAnswers() throws {
        let bench = try makeBench()
        bench.fake("scheduling.next") { _ in throw ModuleError.internal("a damaged row") }
        bench.fake("aftercare.until") { _ in throw ModuleError(.storage, "a damaged page") }
        try bench.call("session.start", good)
        let reply = try bench.call("session.finish", ["session": 1])
        #expect(reply.integer("session") == 1 && reply["next"] == nil && reply["aftercare_until"] == nil)
        #expect(try bench.rows("session.list", ["state": "finished"]).count == 1)
    }

    @Test("only a practitioner may give a reason to override, and it lifts no hard limit")
    func overrides() throws {
        let bench = try makeBench()
        var asked = plan("anna", "pen", ["cheeks"], 0.8)
        asked["override_reason"] = .string("seen by me")
        let low = #expect(throws: ModuleError.self) { try bench.call("session.start", asked, as: .operator) }
        #expect(low?.code == .forbidden && low?.members.string("needs") == "practitioner")
        let hard = #expect(throws: ModuleError.self) { try bench.call("session.start", asked, as: .practitioner) }
        #expect(hard?.code == .blocked)
    }

    @Test("unknown people, devices and sessions are not found; areas are named once")
    func unknown() throws {
        let bench = try makeBench()
        for (arguments, code) in [
            (plan("zoe", "pen", ["cheeks"], 0.2), ModuleError.Code.notFound),
            (plan("anna", "zap", ["cheeks"], 0.2), .notFound),
            (plan("anna", "pen", ["cheeks", "cheeks"], 0.2), .invalidArgument),
            (plan("anna", "pen", [], 0.2), .invalidArgument),
            (plan("anna", "pen", ["elbow"], 0.2), .invalidArgument),
        ] {
            let error = #expect(throws: ModuleError.self) { try bench.call("session.check", arguments) }
            #expect(error?.code == code)
        }
        #expect(
            #expect(throws: ModuleError.self) { try bench.call("session.finish", ["session": 9]) }?.code == .notFound)
    }

    @Test("sessions are listed newest first, by person, device and state")
    func lists() throws {
        let bench = try makeBench()
        try bench.call("session.start", good)
        try bench.call("session.stop", ["session": 1, "reason": "pain"])
        try bench.call("session.start", plan("carl", "pen-2", ["cheeks"], 1.0, operator: "kim"))
        #expect(try bench.rows("session.list").map { $0.integer("session") } == [2, 1])
        #expect(try bench.rows("session.list", ["person": "anna"]).map { $0.string("state") } == ["stopped"])
        #expect(try bench.rows("session.list", ["state": "running", "device": "pen-2"]).count == 1)
    }

    @Test("the guided steps are those of the person's setting")
    func steps() throws {
        let bench = try makeBench()
        let home = try bench.rows("session.steps", ["person": "anna"])
        #expect(
            home.map { $0.string("step") } == [
                "hands", "cleanse", "soak", "areas", "passes", "serum", "clean", "aftercare",
            ])
        #expect(home[2].number("minutes") == 5)
        #expect(try bench.rows("session.steps", ["person": "carl"]).first?.string("step") == "consultation")
    }
}
