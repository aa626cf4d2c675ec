import Foundation
import MneedleKit
import Testing

@testable import MneedleDaemon

@Suite("What a module's statements may touch")
struct PermissionTests {
    private final class Shelf {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("permit-\(UUID().uuidString)")
        let store: any Store
        let engine: Engine

        init() throws {
            try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
            store = try Stores.open(path: folder.appendingPathComponent("test.sqlite").path)
            for module in ["mine", "other"] {
                try Migrations.apply(
                    [Migration(1, "one", [.table("\(module)_one", [.id, .text("text").optional()])])],
                    of: module, to: store)
            }
            engine = try Engine(store: store, registry: ModuleRegistry(), clock: SystemClock())
        }

        deinit {
            try? engine.close()
            try? FileManager.default.removeItem(at: folder)
        }

        func run(_ sql: String, as module: String) throws {
            let job = Job(
                actor: .service, module: module,
                run: { transaction in
                    try transaction.store.execute(sql, [])
                    return [:]
                })
            _ = try engine.run([job]).results[0].get()
        }

        func read(_ sql: String, as module: String) throws {
            try engine.read(actor: .service, module: module) { try $0.store.forEach(sql, []) { _ in } }
        }
    }

    private static let foreign = [
        "SELECT text FROM other_one", "SELECT COUNT(*) FROM other_one", "SELECT COUNT(*) FROM mneedle_ledger",
        "SELECT body FROM Mneedle_Ledger", "SELECT name FROM sqlite_master",
        "SELECT * FROM pragma_table_info('mine_one')",
        "SELECT mine_one.id FROM mine_one JOIN other_one ON other_one.id = mine_one.id",
        "SELECT (SELECT MAX(id) FROM other_one) FROM mine_one",
        "WITH x AS (SELECT id FROM other_one) SELECT COUNT(*) FROM x", "PRAGMA query_only = 1", "PRAGMA user_version",
    ]

    @Test("a module reads its own tables alone", arguments: foreign)
    func reads(sql: String) throws {
        let shelf = try Shelf()
        #expect(throws: ModuleError.self) { try shelf.read(sql, as: "mine") }
        #expect(throws: ModuleError.self) { try shelf.run(sql, as: "mine") }
        try shelf.read("SELECT text FROM mine_one", as: "mine")
        try shelf.run("INSERT INTO mine_one (text) VALUES ('still works')", as: "mine")
    }

    @Test(
        "a module changes its own tables alone, and neither schema nor transaction",
        arguments: [
            "INSERT INTO other_one (text) VALUES ('a')", "UPDATE other_one SET text = 'a'", "DELETE FROM other_one",
            "INSERT INTO mine_one (text) SELECT text FROM other_one",
            "INSERT INTO mneedle_ledger (seq, at, actor, module, kind, subject, hash, body) VALUES (1,1,'','','','',x'','{}')",
            "UPDATE mneedle_store SET value = ''", "DELETE FROM mneedle_idempotency", "DROP TABLE mine_one",
            "CREATE TABLE mine_two (id INTEGER)", "CREATE TEMP TABLE mine_two (id INTEGER)",
            "CREATE VIEW mine_v AS SELECT 1",
            "CREATE TRIGGER mine_t AFTER INSERT ON mine_one BEGIN DELETE FROM other_one; END", "COMMIT", "ROLLBACK",
            "BEGIN",
            "SAVEPOINT a", "RELEASE request", "ATTACH '/tmp/x' AS x", "DETACH main", "PRAGMA synchronous = OFF",
            "VACUUM",
            "REINDEX", "ANALYZE", "ALTER TABLE mine_one ADD COLUMN more TEXT",
            "CREATE VIRTUAL TABLE mine_f USING fts5(a)", "UPDATE sqlite_master SET sql = ''",
        ])
    func changes(sql: String) throws {
        let shelf = try Shelf()
        #expect(throws: ModuleError.self) { try shelf.run(sql, as: "mine") }
        try shelf.run("INSERT INTO mine_one (text) VALUES ('still works')", as: "mine")
        try shelf.run("INSERT INTO other_one (text) VALUES ('still works')", as: "other")
    }

    @Test("what one module may run is no right of another that runs the same words")
    func shared() throws {
        let shelf = try Shelf()
        let sql = "UPDATE other_one SET text = 'a'"
        try shelf.run(sql, as: "other")
        #expect(throws: ModuleError.self) { try shelf.run(sql, as: "mine") }
        try shelf.run(sql, as: Verb.host)
        #expect(throws: ModuleError.self) { try shelf.run(sql, as: "mine") }
        try shelf.run(sql, as: "other")
    }

    @Test(
        "a step of a module's schema makes and changes its own tables alone, and a refused one has done nothing",
        arguments: [
            "CREATE TABLE other_two (id INTEGER)", "DROP TABLE other_one", "ALTER TABLE other_one ADD COLUMN x TEXT",
            "CREATE INDEX mine_i ON other_one (text)", "CREATE INDEX other_i ON mine_one (text)",
            "DROP TABLE mneedle_ledger",
            "CREATE TABLE mine_two AS SELECT * FROM other_one", "DELETE FROM mneedle_schema",
            "PRAGMA synchronous = OFF",
            "CREATE TRIGGER mine_t AFTER INSERT ON mine_one BEGIN SELECT 1; END", "CREATE VIEW mine_v AS SELECT 1",
            "COMMIT",
            "ATTACH '/tmp/x' AS x",
        ])
    func migrations(sql: String) throws {
        let shelf = try Shelf()
        let steps = [Migration(2, "two", [.table("mine_first", [.id]), .sql(sql)])]
        #expect(throws: ModuleError.self) { try Migrations.apply(steps, of: "mine", to: shelf.store) }
        #expect(throws: (any Error).self) { try shelf.store.execute(["SELECT * FROM mine_first"]) }
        try Migrations.apply(
            [
                Migration(
                    2, "two",
                    [
                        .table("mine_second", [.id, .text("a").unique()]),
                        .index("mine_second_a", on: "mine_second", ["a"]),
                        .add(.integer("more", default: 0), to: "mine_one"),
                        .sql("INSERT INTO mine_second (a) SELECT text FROM mine_one WHERE text IS NOT NULL"),
                        .sql("DROP INDEX mine_second_a"), .sql("ALTER TABLE mine_second RENAME TO mine_third"),
                        .sql("DROP TABLE mine_third"),
                    ])
            ], of: "mine", to: shelf.store)
        try shelf.run("UPDATE mine_one SET more = 1", as: "mine")
    }
    @Test(
        "a declared change makes and changes its own tables alone too",
        arguments: [
            .table("other_two", [.id]), .table("mneedle_two", [.id]), .table("mine_two AS SELECT * FROM other_one", []),
            .index("mine_i", on: "other_one", ["text"]), .index("other_i", on: "mine_one", ["text"]),
            .add(.text("more").optional(), to: "other_one"), .add(.text("more").optional(), to: "mneedle_ledger"),
        ] as [SchemaChange])
    func declared(change: SchemaChange) throws {
        let shelf = try Shelf()
        let steps = [Migration(2, "two", [.table("mine_first", [.id]), change])]
        #expect(throws: ModuleError.self) { try Migrations.apply(steps, of: "mine", to: shelf.store) }
        #expect(throws: (any Error).self) { try shelf.store.execute(["SELECT * FROM mine_first"]) }
    }
}
