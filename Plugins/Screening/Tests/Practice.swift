import MneedleKit
import MneedleTestKit
import Synchronization

@testable import Screening

/// A bench with people to screen.
final class Practice {
    let bench: Bench
    let knowledge: ScreeningKnowledge
    private var people: [Person] = []

    /// anna is treated at home, cleo in a clinic; both have skin type III and were needled before.
    init(at now: String = "2026-11-20T12:00:00Z", section: Object = [:], knowledge folder: String? = nil) throws {
        let seen = Mutex<ScreeningKnowledge?>(nil)
        let watched = ModuleDefinition(manifest: definition.manifest, migrations: definition.migrations) { setup in
            let module = try definition.make(setup)
            if setup.problems.found.isEmpty { try seen.withLock { $0 = try ScreeningKnowledge(setup) } }
            return module
        }
        bench = try Bench(watched, at: now, section: section, knowledge: folder)
        knowledge = seen.withLock { $0 }!
        register([
            Person(person: "anna", setting: .home, goal: .collagen, fitzpatrick: 3),
            Person(person: "cleo", setting: .clinic, goal: .collagen, fitzpatrick: 3),
        ])
        cleared([])
        treated([])
    }

    // MARK: Other modules

    func register(_ people: [Person]) {
        self.people = people
        bench.fake("records.show-person") { arguments in
            let name = arguments.text("person") ?? ""
            guard let person = people.first(where: { $0.person == name }) else {
                throw ModuleError.notFound("person", name)
            }
            return person.object
        }
    }

    func cleared(_ clearances: [Object]) {
        bench.fake("records.clearances") { _ in ["rows": clearances] }
    }

    /// - Parameter times: When earlier sessions ended.
    func treated(_ times: [String]) {
        let rows = times.compactMap(Instant.init).map { ended in
            SessionEntry(
                session: 1, person: "anna", device: "pen", areas: ["cheeks"], depthMM: 0.3, goal: .collagen,
                setting: .home, started: ended, ended: ended
            ).object
        }
        bench.fake("session.list") { _ in ["rows": rows] }
    }

    // MARK: Asking

    /// Every question that is asked first of a healthy person, answered with no or never; for the scalp too.
    var healthy: Object { Healthy.answers(but: ["hair-loss": false]) }

    func healthy(but others: Object) -> Object {
        var answers = healthy
        for member in others.members { answers[member.name] = member.value }
        return answers
    }

    func healthy(without question: String) -> Object {
        var answers = healthy
        answers[question] = nil
        return answers
    }

    @discardableResult
    func assess(
        _ answers: Object, of person: String = "anna", setting: String? = nil, areas: [String]? = nil
    ) throws -> Object {
        try bench.call(
            "screening.assess", ["person": person, "setting": setting, "areas": areas, "answers": answers],
            as: .operator)
    }

    /// What is asked now.
    func asked(_ arguments: Object) throws -> [String] {
        try bench.rows("screening.questions", arguments, as: .reader).compactMap { $0.string("question") }
    }

    func findings(
        _ person: String = "anna", areas: [String] = ["cheeks"], material: String? = nil,
        kind: DeviceKind = .roller, model: String? = nil, at: String? = nil
    ) throws -> [Finding] {
        let plan = SessionPlan(
            person: people.first { $0.person == person }!,
            device: Device(device: "device", kind: kind, material: material, model: model), areas: areas, depthMM: 0.3,
            goal: .collagen, at: at.flatMap(Instant.init) ?? bench.clock.now())
        return try bench.findings(for: plan)
    }
}

/// A finding of a reply.
struct Found {
    let code: String
    let severity: String
    let message: String
    let until: String?
    let sources: [String]

    init(_ object: Object) {
        code = object.string("code") ?? ""
        severity = object.string("severity") ?? ""
        message = object.string("message") ?? ""
        until = object.string("until")
        sources = (object.list("sources") ?? []).compactMap {
            if case .object(let source) = $0 { source.string("id") } else { nil }
        }
    }
}

extension Object {
    var found: [Found] {
        (list("findings") ?? []).compactMap { if case .object(let finding) = $0 { Found(finding) } else { nil } }
    }
    func found(_ code: String) -> Found? { found.first { $0.code == code } }
    var decision: String? { string("decision") }
}

/// The problems that the module finds in the project's knowledge after `edit`.
func problems(section: Object = [:], _ edit: (String) -> String) throws -> [String] {
    try EditedKnowledge.problems("screening.toml", edit) { try Practice(section: section, knowledge: $0) }
}
