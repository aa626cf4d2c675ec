import MneedleKit
import MneedleTestKit
import Testing

@testable import Session

/// A bench with one home and one clinic person and some devices.
func makeBench(knowledge: String? = nil) throws -> Bench {
    let bench = try Bench(definition, knowledge: knowledge)
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
        let name = arguments.text("device") ?? ""
        var device = Device(device: name, kind: .pen, maxDepthMM: 3, material: "titanium")
        switch name {
        case "pen": (device.minDepthMM, device.maxDepthMM) = (0.2, 3)
        case "pen-2": break
        case "rangeless": device.maxDepthMM = nil
        case "brass": device.material = "brass"
        case "plain": device.material = "stainless-steel"
        case "blank": device.material = nil
        case "old": device.retired = true
        case "labelled": device.skinTypes = ["neck": [2, 3, 4]]
        case "roller-unknown": device.kind = .roller
        // roller-0.3 has needles of 0.3 mm.
        case let name where name.contains("-"):
            let parts = name.split(separator: "-").map(String.init)
            guard let length = Double(parts[1]) else { throw ModuleError.notFound("device", name) }
            device.kind = parts[0] == "stamp" ? .stamp : .roller
            device.needleMM = length
            device.areas = parts[0] == "scalp" ? ["scalp"] : []
        default: throw ModuleError.notFound("device", name)
        }
        return device.object
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
                "knowledge": entry.body.string("knowledge"),
            ])
    }

    @Test("what is forbidden is answered with all findings and begins nothing")
    func blocked() throws {
        let bench = try makeBench()
        let error = #expect(throws: ModuleError.self) {
            try bench.call("session.start", plan("anna", "pen", ["lips"], 0.8))
        }
        #expect(error?.code == .blocked)
        #expect(error?.members.list("findings")?.count == 2)
        #expect(try bench.ledger(kind: "session.started").isEmpty && bench.rows("session.list").isEmpty)
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
                "session": 1,
                "window": ["opens": "2026-12-18", "best": "2026-12-25", "closes": "2027-01-01"] as Object,
                "next": [] as [Object],
                "aftercare_until": "2026-11-23T12:00:00Z", "findings": [] as [Finding],
            ])
        #expect(try bench.call("session.show", ["session": 1]).string("state") == "finished")
        #expect(try bench.ledger(kind: "session.finished").first?.body.integer("passes") == 3)
    }

    @Test("more passes than are advised are said at the end: over three at home, over six in a clinic")
    func passes() throws {
        let bench = try makeBench()
        for (plan, passes, isTooMany) in [
            (good, 3, false), (good, 4, true), (plan("carl", "pen", ["cheeks"], 1.0, operator: "kim"), 6, false),
            (plan("carl", "pen", ["cheeks"], 1.0, operator: "kim"), 7, true),
        ] {
            let session = try bench.call("session.start", plan).integer("session")
            let reply = try bench.call("session.finish", ["session": session, "passes": passes])
            #expect(reply.objects("findings").map { $0.string("code") } == (isTooMany ? ["too-many-passes"] : []))
        }
    }

    @Test("a session ends even while nobody can say when the next is due")
    func finishesAlone() throws {
        let bench = try makeBench()
        bench.fake("scheduling.next") { _ in throw ModuleError.moduleFailed("scheduling", "gone") }
        bench.fake("aftercare.until") { _ in throw ModuleError.moduleFailed("aftercare", "gone") }
        try bench.call("session.start", good)
        #expect(
            try bench.call("session.finish", ["session": 1]) == [
                "session": 1, "next": [] as [Object], "findings": [] as [Finding],
            ])
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

    @Test("stopping shows the reaction that it opened, and ends the session where nobody can say")
    func stopShowsReaction() throws {
        for answers in [true, false] {
            let bench = try makeBench()
            try bench.call("session.start", good)
            if answers {
                bench.fake("aftercare.reactions") { arguments in
                    #expect(arguments.text("person") == "anna" && arguments.text("state") == "open")
                    let row: Object = [
                        "reaction": 3, "person": "anna", "symptom": "pain", "action": "call", "state": "open",
                    ]
                    return ["rows": [row]]
                }
            }
            let reply = try bench.call("session.stop", ["session": 1, "reason": "pain"])
            let shown: [Object] = [["reaction": 3, "symptom": "pain", "action": "call"]]
            #expect(reply["reactions"] == (answers ? shown.value : nil))
            #expect(reply.string("state") == "stopped")
        }
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
        #expect(reply.integer("session") == 1 && reply["window"] == nil && reply["aftercare_until"] == nil)
        #expect(try bench.rows("session.list", ["state": "finished"]).count == 1)
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
        let clinic = try bench.rows("session.steps", ["person": "carl"])
        #expect(clinic.first?.string("step") == "consultation")
        #expect(clinic.compactMap { $0.integer("passes") } == [6])
    }
}

extension Object {
    /// The objects of a list member.
    func objects(_ name: String) -> [Object] {
        (list(name) ?? []).compactMap { if case .object(let object) = $0 { object } else { nil } }
    }
}
