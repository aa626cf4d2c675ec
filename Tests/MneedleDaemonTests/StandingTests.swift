import MneedleKit
import Testing

@testable import MneedleDaemon

@Suite("What speaks against any session of a person")
struct StandingTests {
    private static let anna = Person(person: "anna", setting: .home, goal: .collagen)

    private static func finding(
        _ code: String, _ severity: Severity = .contraindicated, until: Deadline? = nil, module: String = "first"
    ) -> Finding {
        Finding(code: code, severity: severity, message: code, advice: "", until: until, sources: [], module: module)
    }

    private static func module(_ findings: Finding..., checks: Finding...) -> Module {
        Module(
            checks: checks.isEmpty ? [] : [SafetyCheck("a plan") { _, _ in checks }],
            standing: [StandingCheck("a person") { person, _ in person.person == "anna" ? findings : [] }])
    }

    @Test("the gate holds against a session what the standing says, from every module and once")
    func gate() throws {
        let workshop = try Workshop([
            ("first", Self.module(Self.finding("open"), checks: Self.finding("open"), Self.finding("deep"))),
            ("second", Self.module(Self.finding("never", module: "second"))),
        ])
        #expect(try workshop.standing().findings.map(\.code) == ["open", "never"])
        #expect(try workshop.blocks() == ["open", "never", "deep"])
    }

    @Test("a module whose standing cannot be told blocks, in advice as at the gate, and is no matter of the person")
    func failing() throws {
        let failing = Module(standing: [StandingCheck("fails") { _, _ in throw ModuleError.internal("broken") }])
        let workshop = try Workshop([("first", failing)])
        let standing = try workshop.standing()
        #expect(standing.findings.map(\.code) == ["module-unavailable"])
        #expect(standing.isOpenEnded && standing.isUnknown && !standing.isPersonsMatter)
        #expect(try workshop.blocks() == ["module-unavailable"])
    }

    @Test("a module that only answers for persons is missed like one with safety checks")
    func missed() throws {
        var registry = ModuleRegistry()
        let definition = ModuleDefinition(
            manifest: Manifest(name: "first", version: "1", summary: ""), make: { _ in Self.module() })
        registry.add(definition, Self.module())
        #expect(registry.guards == ["first": true])
        #expect(registry.failing("first", reason: "told").unavailableModules.map(\.name) == ["first"])
        #expect(registry.failing("first", reason: "told").standing.isEmpty)
    }

    @Test("a clock that is behind what was known is part of it")
    func clock() throws {
        let workshop = try Workshop([("first", Self.module())])
        try workshop.run(workshop.note("x"))
        #expect(try workshop.standing().findings.isEmpty)
        workshop.clock.advance(days: -30)
        #expect(try workshop.standing().blocking.map(\.code) == ["clock-behind"])
    }

    @Test("what there is to do begins with what stands against a session, in the order of urgency")
    func agenda() throws {
        let day = CivilDate("2026-12-01")!
        var mend = Self.finding("mend")
        mend.remedy = Remedy("garden.mend")
        let told = Module(agenda: [
            Agenda("to do") { scope, _ in
                #expect(scope.people.map(\.person) == ["anna", "ben"] && scope.free == ["ben"] && !scope.isOfOne)
                return [
                    AgendaItem(.upcoming, Self.finding("comes", .info)),
                    AgendaItem(.open, Self.finding("clean", .info)),
                ]
            }
        ])
        let workshop = try Workshop([
            ("first", Self.module(mend, Self.finding("never"), Self.finding("soon", .defer, until: .date(day)))),
            ("second", told), ("records", Self.people("anna", "ben")),
        ])
        let items = try workshop.read { try $0.agenda(of: nil) }
        #expect(items.map(\.finding.code) == ["mend", "clean", "soon", "comes", "never"])
        #expect(items.map(\.kind) == [.open, .open, .waiting, .upcoming, .never])
        #expect(items.map(\.person) == ["anna", nil, "anna", nil, "anna"])
    }

    private struct Row: Reply {
        var person: String
        static let members: [Member<Row>] = [
            Member("person", "the name", \.person), Member("setting", "where") { _ in "home" },
            Member("goal", "what for") { _ in "collagen" },
        ]
    }

    private static func people(_ names: String...) -> Module {
        Module(commands: [
            Command(
                "list-people", "Lists people.", role: .reader, gives: Row.self, example: "records.list-people",
                lists: { (_: any Reading, send: (Row) throws -> Void) in
                    for name in names { try send(Row(person: name)) }
                })
        ])
    }

    @Test("a module that cannot say what there is to do is named, and the others are heard")
    func silent() throws {
        let failing = Module(agenda: [Agenda("fails") { _, _ in throw ModuleError.internal("broken") }])
        let heard = Module(agenda: [Agenda("tells") { _, _ in [AgendaItem(.due, Self.finding("clean", .info))] }])
        let workshop = try Workshop([("first", failing), ("second", heard), ("records", Self.people())])
        let items = try workshop.read { try $0.agenda(of: nil) }
        #expect(items.map(\.finding.code) == ["agenda-unavailable", "clean"])
        #expect(items.first?.finding.message.contains("'first'") == true)
    }

    @Test("what ends by itself has an earliest day, the latest of all; what does not has none")
    func ends() {
        let day = CivilDate("2026-12-01")!
        let soon = Self.finding("soon", .defer, until: .date(day))
        let later = Self.finding("later", .defer, until: .instant(Instant("2026-12-02T10:00:00Z")!))
        let advice = Self.finding("advice", .caution, until: .date(day.adding(days: 90)))
        let both = Standing([advice, soon, later], service: Verb.host)
        #expect(both.earliest(in: .utc) == CivilDate("2026-12-03") && !both.isOpenEnded)
        #expect(both.findings.map(\.code) == ["soon", "later", "advice"])
        let exact = Self.finding("exact", .defer, until: .instant(Instant("2026-12-02T00:00:00Z")!))
        #expect(Standing([exact], service: Verb.host).earliest(in: .utc) == CivilDate("2026-12-02"))
        let never = Standing([soon, Self.finding("never")], service: Verb.host)
        #expect(never.isOpenEnded && never.isPersonsMatter && never.earliest(in: .utc) == nil)
        #expect(Standing([advice], service: Verb.host).earliest(in: .utc) == nil)
    }
}
