import MneedleKit
import MneedleTestKit

@testable import Scheduling

/// A bench with people whose sessions are told to it.
struct Diary {
    let bench: Bench
    let people: [String: Person]

    init(
        at now: String = "2026-11-20T12:00:00Z", section: Object = [:], knowledge: String? = nil,
        _ more: [Person] = []
    ) throws {
        bench = try Bench(definition, at: now, section: section, knowledge: knowledge)
        let people = Dictionary((Diary.people + more).map { ($0.person, $0) }) { _, last in last }
        self.people = people
        bench.fake("records.show-person") { arguments in
            let name = arguments.text("person") ?? ""
            guard let person = people[name] else { throw ModuleError.notFound("person", name) }
            return person.object
        }
        // Asked about beginners only.
        bench.fake("session.experience") { _ in ["beginner": true] }
        // What ends is told to the module; a test that lists sessions says so itself.
        bench.fake("session.list") { _ in ["rows": [] as [Object]] }
    }

    /// anna (in Berlin), ben and the beginner bea are treated at home, cleo and cid in a clinic.
    static let people = [
        Person(person: "anna", name: "Anna", setting: .home, goal: .collagen, timeZone: "Europe/Berlin"),
        Person(person: "ben", setting: .home, goal: .maintenance),
        Person(person: "bea", setting: .home, goal: .collagen, firstTime: true),
        Person(person: "cleo", setting: .clinic, goal: .collagen, timeZone: "America/New_York"),
        Person(person: "cid", setting: .clinic, goal: .acneScars),
    ]

    static func person(_ name: String) -> Person { people.first { $0.person == name }! }

    /// A session that ends now, by default for the person's goal and in the person's setting.
    func end(
        _ session: Int64, _ person: String, device: String = "roller", as kind: String = "session.finished",
        goal: Goal? = nil, setting: Setting? = nil
    ) throws {
        let known = people[person]
        try bench.happen(
            kind, subject: "session/\(session)", person: person,
            SessionEntry(
                session: session, person: person, device: device, areas: ["cheeks"], depthMM: 0.3,
                goal: goal ?? known?.goal ?? .collagen, setting: setting ?? known?.setting ?? .home,
                started: bench.clock.now().adding(hours: -0.5), ended: bench.clock.now()
            ).object)
    }

    func next(_ person: String) throws -> Object {
        try bench.call("scheduling.next", ["person": person], as: .reader)
    }

    /// `opens best closes` of the next window.
    func window(_ person: String) throws -> [String] {
        let window = try next(person).object("window") ?? [:]
        return ["opens", "best", "closes"].map { window.string($0) ?? "" }
    }

    func findings(_ person: String, goal: Goal? = nil) throws -> [Finding] {
        try findings(Diary.person(person), goal: goal)
    }

    func findings(_ person: Person, goal: Goal? = nil) throws -> [Finding] {
        try bench.findings(
            for: SessionPlan(
                person: person, device: Device(device: "roller", kind: .roller), areas: ["cheeks"], depthMM: 0.3,
                goal: goal ?? person.goal, at: bench.clock.now()))
    }

    func reminders(_ person: String? = nil, state: String? = nil) throws -> [Object] {
        try bench.rows("scheduling.list-reminders", ["person": person, "state": state], as: .reader)
    }

    func remind(_ person: String, at: String, _ title: String = "Buy alcohol") throws -> Object {
        try bench.call("scheduling.remind", ["person": person, "at": at, "title": title], as: .operator)
    }

    /// The one reminder of that kind in that state.
    func reminder(_ kind: String, state: String = "pending") throws -> Object? {
        let found = try reminders(state: state).filter { $0.string("kind") == kind }
        return found.count == 1 ? found[0] : nil
    }

    /// The state of the reminder with that number.
    func state(_ reminder: Int64) throws -> String? {
        try reminders().first { $0.integer("reminder") == reminder }?.string("state")
    }

    func due(_ kind: String) throws -> String? { try reminder(kind)?.string("due") }
}

/// The problems that the module finds in the project's knowledge after `edit` of one file.
func problems(in file: String, _ edit: (String) -> String) throws -> [String] {
    try EditedKnowledge.problems(file, edit) { try Diary(knowledge: $0) }
}
