import Foundation
import MneedleKit
import Testing

@testable import MneedleDaemon

@Suite("Statements that every store understands")
struct PortableSQLTests {
    @Test(
        "what one database alone takes is refused, with what to say instead",
        arguments: [
            ("INSERT OR REPLACE INTO a (b) VALUES (?)", "ON CONFLICT"),
            ("INSERT OR IGNORE INTO a (b) VALUES (?)", "ON CONFLICT"),
            ("UPDATE OR IGNORE a SET b = ?", "ON CONFLICT"), ("REPLACE INTO a (b) VALUES (?)", "ON CONFLICT"),
            ("SELECT rowid FROM a", ".id"), ("SELECT a._rowid_ FROM a", ".id"), ("SELECT OID FROM a", ".id"),
            ("PRAGMA user_version", "host"), ("SELECT b FROM a WHERE b GLOB 'x*'", "LIKE"),
            ("SELECT b FROM a WHERE b REGEXP 'x'", "LIKE"),
            ("SELECT b FROM a WHERE b LIKE ?", "lower(a) LIKE lower(?)"),
            ("SELECT b FROM a WHERE b NOT LIKE ?", "lower(a) LIKE lower(?)"),
            ("SELECT b FROM a ORDER BY b COLLATE NOCASE", "lower"), ("SELECT b FROM a INDEXED BY i", "database"),
            ("SELECT ifnull(b, 0) FROM a", "coalesce"), ("SELECT IIF(b = 1, 2, 3) FROM a", "CASE WHEN"),
            ("SELECT total(b) FROM a", "sum"), ("SELECT group_concat(b) FROM a", "Swift"),
            ("SELECT typeof(b) FROM a", "SQLValue"), ("SELECT strftime('%s', b) FROM a", "Instant"),
            ("SELECT datetime('now')", "Instant"), ("SELECT date (b) FROM a", "Instant"),
            ("SELECT json_extract(b, '$.x') FROM a", "column"), ("SELECT b -> 'x' FROM a", "column"),
            ("SELECT b ->> 'x' FROM a", "column"), ("SELECT hex(b) FROM a", "Swift"), ("SELECT random()", "Swift"),
            ("SELECT round(b, 2) FROM a", "Swift"), ("SELECT max(b, c) FROM a", "CASE WHEN"),
            ("SELECT min(b, sum(c)) FROM a", "CASE WHEN"), ("SELECT last_insert_rowid()", "insert"),
            ("SELECT b FROM a WHERE b == 1", "="),
            ("SELECT b FROM a WHERE b IS ?", "IS NOT DISTINCT FROM"), ("SELECT b FROM a WHERE b IS NOT c", "="),
            ("SELECT b FROM a WHERE b IS 1", "="), ("SELECT b FROM a WHERE b IS TRUE", "1"),
            ("SELECT b FROM a WHERE b = FALSE", "0"), ("SELECT b FROM a WHERE b ISNULL", "IS NULL"),
            ("SELECT b FROM a WHERE ? IS NULL OR b = ?", "COALESCE(?, a) = a"),
            ("SELECT b FROM a WHERE ? = ?", "bound"),
            ("SELECT \"b\" FROM a", "plain word"), ("SELECT `b` FROM a", "plain word"),
            ("SELECT [b] FROM a", "plain word"),
            ("SELECT b AS 'c' FROM a", "plain word"), ("SELECT x'00ff'", "bind"), ("SELECT X'00'", "bind"),
            ("SELECT b FROM a WHERE b = ?1", "order"), ("SELECT b FROM a WHERE b = :b", "order"),
            ("SELECT b FROM a WHERE b = @b", "order"), ("SELECT b::text FROM a", "CAST"),
            ("SELECT b FROM a LIMIT 1, 2", "OFFSET"), ("SELECT b FROM a LIMIT -1", "no LIMIT"),
            ("DELETE FROM a WHERE b = ? LIMIT 1", "WHERE id IN"), ("UPDATE a SET b = 1 ORDER BY c", "WHERE id IN"),
            ("SELECT b FROM a WHERE b IN ()", "1 = 0"), ("SELECT b FROM a WHERE b IN c", "SELECT"),
            ("SELECT b FROM (SELECT b FROM a)", "name"), ("SELECT b FROM (SELECT b FROM a) WHERE b = 1", "name"),
            ("SELECT CAST(b AS INTEGER) FROM a", "BIGINT"), ("SELECT CAST(b AS REAL) FROM a", "DOUBLE PRECISION"),
            ("SELECT b FROM main.a", "alone"), ("DELETE FROM a; DELETE FROM b", "one statement"),
            ("SELECT b FROM a WHERE b", "a = 1"), ("SELECT b FROM a WHERE a.b AND c = 1", "a = 1"),
            ("SELECT b FROM a WHERE NOT b ORDER BY c", "a = 1"), ("SELECT b FROM a WHERE c = 1 OR 1", "a = 1"),
        ])
    func refuses(sql: String, words: String) throws {
        let fault = PortableSQL.fault(in: sql)
        #expect(fault?.contains(words) == true, "\(sql): \(fault ?? "let pass")")
    }

    @Test(
        "what all take is let pass",
        arguments: [
            "INSERT INTO a (b, c) VALUES (?, ?) ON CONFLICT (b) DO UPDATE SET c = excluded.c RETURNING b",
            "INSERT INTO a (b) VALUES (?) ON CONFLICT DO NOTHING",
            "SELECT replace(b, 'a', 'it''s \"x\" [y] `z`; ?') FROM a",
            "SELECT coalesce(max(b), 0) AS newest, min(c) FROM a GROUP BY d HAVING count(*) > 1",
            "SELECT max(CASE WHEN b = 1 THEN c ELSE d END), e FROM a", "SELECT max(coalesce(b, c)) FROM a",
            "SELECT b FROM a WHERE b IS NULL OR c IS NOT NULL AND d IS NOT DISTINCT FROM ?",
            "SELECT b FROM a WHERE lower(b) LIKE lower(?) OR upper(c) NOT LIKE ?", "SELECT b FROM a LIMIT ? OFFSET ?",
            "DELETE FROM a WHERE id IN (SELECT id FROM a ORDER BY b LIMIT 5)", "SELECT b FROM a WHERE b IN (?, ?)",
            "SELECT b FROM (SELECT b FROM a ORDER BY c LIMIT 5) AS newest ORDER BY b",
            "SELECT b FROM (SELECT b FROM a) newest JOIN (SELECT c FROM d) AS e ON e.c = newest.b",
            "SELECT CAST(b AS BIGINT), CAST(c AS DOUBLE PRECISION), CAST(d AS TEXT) AS integer_text FROM a",
            "SELECT b FROM a WHERE b BETWEEN ? AND c AND d = 1", "SELECT b FROM a WHERE b BETWEEN c AND d",
            "SELECT b FROM a WHERE (b = 1 OR c = 2) AND NOT (d = 3) AND EXISTS (SELECT 1 FROM e WHERE e.b = a.b)",
            "SELECT b FROM a WHERE substr(b, 1, ?) = ? AND length(c) > 3 AND b || c = ?",
            "WITH x AS (SELECT b FROM a) SELECT count(*) FROM x -- rowid\n WHERE b <> 1 /* GLOB */ AND c != -2.5e3",
            "UPDATE a SET b = b + 1, c = NULL WHERE a.b = ? OR b = (SELECT max(b) FROM a LIMIT 1)",
        ])
    func letsPass(sql: String) throws {
        #expect(PortableSQL.fault(in: sql) == nil, "\(sql)")
    }

    @Test(
        "in a change of the schema names, conditions and statements are held against it too",
        arguments: [
            .table("a_user", [.text("user")]), .table("a_b", [.integer("b").check("b GLOB 1")]),
            .add(.text("window").optional(), to: "a_b"), .index("a_i", on: "a_b", ["b"], where: "b"),
            .sql("INSERT OR IGNORE INTO a_b (b) VALUES (1)"),
        ] as [SchemaChange])
    func changes(change: SchemaChange) throws {
        #expect(PortableSQL.fault(in: change) != nil)
        let workshop = try Workshop()
        #expect(throws: ModuleError.self) {
            try Migrations.apply([Migration(1, "one", [change])], of: "a", to: workshop.engine.store)
        }
    }

    @Test("a module's statement that is not portable is refused before it is run, as its defect")
    func isRefused() throws {
        let workshop = try Workshop()
        let outcome = try workshop.run(
            workshop.job { transaction in
                try transaction.execute("INSERT OR IGNORE INTO test_notes (text) VALUES (?)", "a")
                return [:]
            })
        let error = #expect(throws: ModuleError.self) { try outcome.results[0].get() }
        #expect(error?.code == .internal)
        #expect(try workshop.notes().isEmpty)
    }

    // MARK: Every statement

    private static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()

    /// What is written as SQL in a source file: texts that begin with one of its verbs. What is put into one when it is
    /// made counts for a comparison.
    static func statements(in source: String) -> [String] {
        let bytes = Array(source.utf8)
        var (position, found): (Int, [String]) = (0, [])
        func stands(_ text: String) -> Bool { bytes[position...].starts(with: text.utf8) }
        while let start = bytes[position...].firstIndex(of: UInt8(ascii: "\"")) {
            position = start
            let quote = stands("\"\"\"") ? "\"\"\"" : "\""
            position += quote.utf8.count
            var text: [UInt8] = []
            while position < bytes.count, !stands(quote) {
                if stands("\\(") {
                    position += 2
                    var open = 1
                    while open > 0, position < bytes.count {
                        if stands("(") { open += 1 } else if stands(")") { open -= 1 }
                        position += 1
                    }
                    text += "x = 1".utf8
                } else if stands("\\") {
                    position += 2
                } else {
                    text.append(bytes[position])
                    position += 1
                }
            }
            position = min(position + quote.utf8.count, bytes.count)
            let statement = String(decoding: text, as: UTF8.self)
            let words = statement.split(maxSplits: 2, whereSeparator: \.isWhitespace)
            let verbs: Set = ["SELECT", "INSERT", "UPDATE", "DELETE", "WITH", "REPLACE", "PRAGMA"]
            if words.count > 1, verbs.contains(String(words[0])) { found.append(statement) }
        }
        return found
    }

    @Test("they are found as they stand in the sources")
    func found() {
        let source = #"""
            let a = "SELECT b FROM a WHERE \(conditions.joined(separator: " AND "))"; say("no SQL")
            let c = """
                INSERT INTO a (b)
                VALUES (?)
                """
            """#
        let found = Self.statements(in: source).map { $0.split(whereSeparator: \.isWhitespace).joined(separator: " ") }
        #expect(found == ["SELECT b FROM a WHERE x = 1", "INSERT INTO a (b) VALUES (?)"])
    }

    @Test(
        "every statement of the host and of the modules is portable",
        arguments: ["Plugins", "Examples", "Sources/MneedleDaemon", "Sources/MneedleTestKit", "Tests/Fixtures"])
    func everyStatement(folder: String) throws {
        let paths = try FileManager.default.subpathsOfDirectory(atPath: Self.root.path + "/" + folder).filter {
            // A store's own folder speaks its own language, and tests of modules bring about what goes wrong.
            $0.hasSuffix(".swift") && !$0.hasPrefix("Store/") && !$0.contains("/Tests/") && !$0.contains(".build/")
        }
        #expect(!paths.isEmpty)
        for path in paths {
            let source = try String(contentsOf: Self.root.appending(path: folder + "/" + path), encoding: .utf8)
            for statement in Self.statements(in: source) {
                let fault = PortableSQL.fault(in: statement)
                #expect(fault == nil, "\(folder)/\(path): \(fault ?? ""): \(statement)")
            }
        }
    }
}
