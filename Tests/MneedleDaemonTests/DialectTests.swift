import MneedleKit
import Testing

@testable import MneedleDaemon

@Suite("What a migration declares, the database keeps")
struct DialectTests {
    private static let steps = [
        Migration(
            1, "shelves and books",
            [
                .table("shop_shelf", [.text("shelf").primaryKey(), .integer("room").optional()]),
                .table(
                    "shop_book",
                    [
                        .id, .text("title").unique(), .text("shelf").references("shop_shelf", "shelf"),
                        .integer("copies", default: 1).check("copies > 0"), .boolean("lent", default: false),
                        .real("price").optional(), .time("came"), .date("due").optional(), .bytes("cover").optional(),
                    ], unique: ["shelf", "came"]),
                .table(
                    "shop_loan", [.integer("book"), .text("reader"), .boolean("over")], primaryKey: ["book", "reader"]),
                .index("shop_loan_once", on: "shop_loan", ["book"], isUnique: true, where: "over = 0"),
            ])
    ]

    private static func shop(_ body: (Engine) throws -> Void) throws {
        let workshop = try Workshop()
        defer { withExtendedLifetime(workshop) {} }
        let store = workshop.engine.store
        try Migrations.apply(steps, of: "shop", to: store)
        try store.execute([
            "INSERT INTO shop_shelf (shelf) VALUES ('a'), ('b')",
            "INSERT INTO shop_book (title, shelf, came) VALUES ('one', 'a', 1), ('two', 'a', 2)",
            "INSERT INTO shop_loan (book, reader, over) VALUES (1, 'anna', 1), (1, 'bea', 0)",
        ])
        try body(workshop.engine)
    }

    @Test(
        "what a declaration forbids is refused",
        arguments: [
            "INSERT INTO shop_shelf (room) VALUES (1)", "INSERT INTO shop_shelf (shelf) VALUES ('a')",
            "INSERT INTO shop_book (title, shelf) VALUES ('three', 'b')",
            "INSERT INTO shop_book (title, shelf, came) VALUES ('one', 'b', 3)",
            "INSERT INTO shop_book (title, shelf, came) VALUES ('three', 'nowhere', 3)",
            "INSERT INTO shop_book (title, shelf, came) VALUES ('three', 'a', 2)",
            "INSERT INTO shop_book (title, shelf, came, copies) VALUES ('three', 'b', 3, 0)",
            "INSERT INTO shop_book (title, shelf, came, lent) VALUES ('three', 'b', 3, NULL)",
            "INSERT INTO shop_loan (book, reader, over) VALUES (1, 'anna', 0)",
            "INSERT INTO shop_loan (book, reader, over) VALUES (1, 'cleo', 0)",
        ])
    func forbids(sql: String) throws {
        try Self.shop { engine in #expect(throws: (any Error).self) { try engine.store.execute([sql]) } }
    }

    @Test("what it allows is kept, with the store's numbers and its defaults")
    func allows() throws {
        try Self.shop { engine in
            try engine.store.execute([
                "INSERT INTO shop_book (title, shelf, came) VALUES ('three', 'b', 2)",
                "INSERT INTO shop_loan (book, reader, over) VALUES (2, 'anna', 0), (1, 'cleo', 1)",
            ])
            let rows = try engine.read(actor: .service, module: "shop") {
                try $0.store.rows("SELECT id || title || copies || lent AS book, price FROM shop_book ORDER BY id")
            }
            #expect(rows.map { $0.text("book") } == ["1one10", "2two10", "3three10"])
            #expect(rows.allSatisfy { $0["price"] == .null })
        }
    }

    @Test("a whole number that is a key is never made up by the store")
    func keyIsGiven() throws {
        let workshop = try Workshop()
        defer { withExtendedLifetime(workshop) {} }
        let store = workshop.engine.store
        try Migrations.apply(
            [Migration(1, "keys", [.table("keys_key", [.integer("key").primaryKey(), .text("text")])])], of: "keys",
            to: store)
        #expect(throws: (any Error).self) { try store.execute(["INSERT INTO keys_key (text) VALUES ('a')"]) }
        #expect(throws: (any Error).self) {
            try store.execute(["INSERT INTO keys_key (key, text) VALUES (NULL, 'a')"])
        }
    }

    @Test("the number of a row that went with its person is given to no other row")
    func numberedOnce() throws {
        let workshop = try Workshop()
        defer { withExtendedLifetime(workshop) {} }
        let store = workshop.engine.store
        try Migrations.apply(
            [Migration(1, "visits", [.table("visits_visit", [.id, .person(), .time("at")])])], of: "visits", to: store)
        try store.execute([
            "INSERT INTO visits_visit (person, at) VALUES (x'00', 1), (x'01', 2)",
            "DELETE FROM visits_visit WHERE person = x'01'",
            "INSERT INTO visits_visit (person, at) VALUES (x'00', 3)",
        ])
        let ids = try store.read(nil) { try $0.first("SELECT MAX(id) AS id FROM visits_visit")?.integer("id") }
        #expect(ids == 3)
    }

    @Test("a column that the rows that are there could not have is refused, and says what to do")
    func added() throws {
        try Self.shop { engine in
            let store = engine.store
            func add(_ column: ColumnDeclaration) throws {
                try Migrations.apply(
                    Self.steps + [Migration(2, "more", [.add(column, to: "shop_book")])], of: "shop", to: store)
            }
            let error = #expect(throws: ModuleError.self) { try add(.text("isbn")) }
            #expect(error?.message.contains("'isbn'") == true && error?.message.contains("optional()") == true)
            #expect(throws: (any Error).self) { try store.execute(["SELECT isbn FROM shop_book"]) }
            try add(.integer("pages", default: 7))
            try store.execute(["UPDATE shop_book SET pages = pages + 1"])
        }
    }
}
