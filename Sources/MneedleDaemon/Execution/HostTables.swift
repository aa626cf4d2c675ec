import MneedleKit

/// The host's own tables, `mneedle_…`: the ledger, and the service's notes about itself.
enum HostTables {
    /// The table of all tables' versions. It is there before any other, and is no step itself.
    static let versions = SchemaChange.table(
        "mneedle_schema", [.text("module"), .integer("version"), .text("summary")], primaryKey: ["module", "version"])

    /// Brings the tables to the form that this build needs; called when a store is opened.
    static func make(in store: any Store) throws {
        try store.write { connection in
            guard try !connection.hasTable("mneedle_schema") else { return }
            try connection.group { try connection.execute(store.dialect.statement(versions)) }
        }
        try Migrations.apply(migrations, of: Verb.host, to: store)
    }

    static let migrations: [Migration] = {
        [
            Migration(
                1, "the ledger, and what the service remembers of itself",
                [
                    .table("mneedle_store", [.text("name").primaryKey(), .text("value")]),
                    .sql("INSERT INTO mneedle_store (name, value) VALUES ('id', '\(randomID)')"),
                    .table("mneedle_modules", [.text("name").primaryKey(), .integer("guards")]),
                    .table(
                        "mneedle_ledger",
                        [
                            .id(named: "seq"), .time("at"), .text("actor"), .text("module"), .text("kind"),
                            .text("subject"), .person().optional().outliving(), .bytes("hash"), .text("body").sealed(),
                        ]),
                    .table(
                        "mneedle_ledger_nodes", [.integer("level"), .integer("number"), .bytes("hash")],
                        primaryKey: ["level", "number"]),
                    .table(
                        "mneedle_idempotency",
                        [
                            .integer("uid"), .text("key"), .bytes("request").sealed(),
                            .person().optional().outliving(),
                            .text("reply").sealed(), .time("at"),
                        ],
                        primaryKey: ["uid", "key"]),
                    .index("mneedle_idempotency_at", on: "mneedle_idempotency", ["at"]),
                    .table(
                        "mneedle_failed_reactions",
                        [.integer("seq"), .text("module"), .text("kind"), .integer("attempts"), .time("retry_at")],
                        primaryKey: ["seq", "module"]),
                    .table("mneedle_people", [.bytes("id").primaryKey(), .time("erased_at").optional()]),
                    .table("mneedle_sums", [.text("name").primaryKey(), .bytes("sum"), .integer("row_count")]),
                    .table("mneedle_clock", [.id.check("id = 1"), .time("latest"), .integer("jumped")]),
                ])
        ]
    }()

    /// A random id that tells one store from another.
    private static var randomID: String { (0..<16).map { _ in UInt8.random(in: .min ... .max) }.hex }
}
