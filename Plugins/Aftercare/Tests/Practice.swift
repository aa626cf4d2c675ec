import MneedleKit
import MneedleTestKit

@testable import Aftercare

/// A bench with people who have sessions.
struct Practice {
    let bench: Bench

    /// anna (in Berlin) and ben are treated at home, cleo in a clinic.
    init(at now: String = "2026-11-20T12:00:00Z", section: Object = [:], knowledge: String? = nil) throws {
        bench = try Bench(definition, at: now, section: section, knowledge: knowledge)
        bench.fake("records.show-person") { arguments in
            let name = arguments.text("person") ?? ""
            guard let person = Practice.people[name] else { throw ModuleError.notFound("person", name) }
            return person.object
        }
    }

    static let people: [String: Person] = [
        "anna": Person(person: "anna", setting: .home, goal: .collagen, timeZone: "Europe/Berlin"),
        "ben": Person(person: "ben", setting: .home, goal: .collagen),
        "cleo": Person(person: "cleo", setting: .clinic, goal: .collagen),
    ]

    func start(_ session: Int64, _ person: String, areas: [String] = ["cheeks"]) throws {
        try happen("session.started", session, person, ended: nil, areas: areas)
    }

    /// The session ends now.
    func end(
        _ session: Int64, _ person: String, as kind: String = "session.finished", reason: String? = nil,
        areas: [String] = ["cheeks"]
    ) throws {
        try happen(kind, session, person, ended: bench.clock.now(), reason: reason, areas: areas)
    }

    func treat(_ session: Int64, _ person: String) throws {
        try start(session, person)
        try end(session, person)
    }

    private func happen(
        _ kind: String, _ session: Int64, _ person: String, ended: Instant?, reason: String? = nil,
        areas: [String]
    ) throws {
        try bench.happen(
            kind, subject: "session/\(session)", person: person,
            SessionEntry(
                session: session, person: person, device: "pen", areas: areas, depthMM: 0.3, goal: .collagen,
                setting: Practice.people[person]?.setting ?? .home, started: bench.clock.now(), ended: ended,
                reason: reason
            ).object)
    }

    func mayUse(_ person: String, _ product: String, at: String? = nil) throws -> Object {
        try bench.call("aftercare.may-use", ["person": person, "product": product, "at": at], as: .reader)
    }

    func report(
        _ person: String, _ symptom: String, since: String? = nil, severity: String? = nil, worsening: Bool? = nil,
        with others: [String]? = nil
    ) throws -> Object {
        try bench.call(
            "aftercare.report",
            [
                "person": person, "symptom": symptom, "since": since, "severity": severity, "worsening": worsening,
                "also": others,
            ], as: .operator)
    }

    /// Resolves by a physician's word, today.
    @discardableResult
    func resolve(_ reaction: Int64, allergy: [String]? = nil, as role: Role = .admin) throws -> Object {
        try bench.call(
            "aftercare.resolve",
            [
                "reaction": reaction, "physician": "Dr. Lee",
                "judged_on": String(bench.clock.now().description.prefix(10)),
                "allergy": allergy, "note": "healed",
            ], as: role)
    }

    func action(_ person: String, _ symptom: String, since: String? = nil, severity: String? = nil) throws -> String? {
        try report(person, symptom, since: since, severity: severity).string("action")
    }

    func findings(_ person: String) throws -> [Finding] {
        try bench.findings(
            for: SessionPlan(
                person: Practice.people[person]!, device: Device(device: "pen", kind: .pen), areas: ["cheeks"],
                depthMM: 0.3, goal: .collagen, at: bench.clock.now()))
    }
}

/// The problems that the module finds in the project's knowledge after `edit`.
func problems(_ edit: (String) -> String) throws -> [String] {
    try EditedKnowledge.problems("aftercare.toml", edit) { try Practice(knowledge: $0) }
}
