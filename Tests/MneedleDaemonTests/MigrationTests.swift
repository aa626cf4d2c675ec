import MneedleKit
import MneedleTestKit
import Testing

@testable import MneedleDaemon

/// The model for a module's next migration: its first version, its second, and a store that the first one has written.
@Suite("A store of the version before is brought up to date and loses nothing")
struct MigrationTests {
    static let first = Migration(
        1, "visits",
        [
            .table("visits_visit", [.id, .person()]),
            .index("visits_visit_person", on: "visits_visit", ["person"]),
        ])
    static let second = Migration(
        2, "which room, and how often a person came",
        [
            .add(.text("room").optional(), to: "visits_visit"),
            .table("visits_count", [.person().primaryKey(), .integer("visits")]),
            .sql("INSERT INTO visits_count (person, visits) SELECT person, COUNT(*) FROM visits_visit GROUP BY person"),
        ])

    static func visits(_ migrations: [Migration]) -> ModuleDefinition {
        ModuleDefinition(
            manifest: Manifest(name: "visits", version: "1", summary: "Counts visits."), migrations: migrations
        ) { _ in
            Module(commands: [
                Command(
                    "list", "Lists visits.", role: .reader, example: "visits.list",
                    .lists { _, reading, send in
                        let sql = """
                            SELECT id, v.person, room, visits FROM visits_visit v
                            JOIN visits_count c ON c.person = v.person ORDER BY id
                            """
                        try reading.store.forEach(sql, []) { row in
                            try send([
                                "visit": row.integer("id"), "person": row.text("person"), "room": row.text("room"),
                                "visits": row.integer("visits"),
                            ])
                        }
                        return [:]
                    })
            ])
        }
    }

    private static let written = ["anna", "bea", "anna"].map { "INSERT INTO visits_visit (person) VALUES ('\($0)')" }

    @Test("what version 1 wrote is there in version 2, whatever order the steps are declared in")
    func keeps() throws {
        for steps in [[Self.first, Self.second], [Self.second, Self.first]] {
            let bench = try Bench(Self.visits(steps), from: (version: 1, sql: Self.written))
            let rows = try bench.rows("visits.list")
            #expect(rows.map { $0.string("person") } == ["anna", "bea", "anna"])
            #expect(rows.map { $0.integer("visits") } == [2, 1, 2])
            #expect(rows.allSatisfy { $0["room"] == nil })
        }
    }

    @Test("each step runs once, and one that is refused has changed nothing")
    func once() throws {
        let workshop = try Workshop()
        defer { withExtendedLifetime(workshop) {} }
        let store = workshop.engine.store
        try Migrations.apply([Self.first], of: "visits", to: store)
        try store.execute(Self.written)
        let greedy = Migration(
            3, "the ledger too", [.sql("DROP TABLE visits_count"), .sql("DELETE FROM mneedle_ledger")])
        #expect(throws: ModuleError.self) {
            try Migrations.apply([Self.first, Self.second, greedy], of: "visits", to: store)
        }
        // The second has been taken, and stays.
        try Migrations.apply([Self.first, Self.second], of: "visits", to: store)
        try store.execute(["UPDATE visits_count SET visits = visits + 1"])
    }

    @Test(
        "a version that cannot be read is not taken for none: no step runs, and the module is named",
        arguments: ["'two'", "x'02'", "-1", "1.5"])
    func damagedVersion(value: String) throws {
        let workshop = try Workshop()
        defer { withExtendedLifetime(workshop) {} }
        let store = workshop.engine.store
        try Migrations.apply([Self.first], of: "visits", to: store)
        try store.execute(["UPDATE mneedle_schema SET version = \(value) WHERE module = 'visits'"])
        let error = #expect(throws: ModuleError.self) {
            try Migrations.apply([Self.first, Self.second], of: "visits", to: store)
        }
        #expect(
            error?.code == .storage && error?.message.contains("module 'visits'") == true, "\(error?.message ?? "")")
        #expect(error?.message.contains("restore a copy") == true)
        // Another module's version is its own, and a request after it finds no fault that is not its own.
        try Migrations.apply([], of: "other", to: store)
        #expect(try workshop.notes().isEmpty)
    }

    @Test("a store of a newer version is refused, by what it has and what this build knows")
    func newer() throws {
        let workshop = try Workshop()
        defer { withExtendedLifetime(workshop) {} }
        let store = workshop.engine.store
        try Migrations.apply([Self.first, Self.second], of: "visits", to: store)
        let error = #expect(throws: ModuleError.self) {
            try Migrations.apply([Self.first], of: "visits", to: store)
        }
        #expect(error?.message.contains("version 2 of module 'visits'") == true && error?.code == .conflict)
        #expect(error.map(Migrations.isNewerSchema) == true)
    }
}
