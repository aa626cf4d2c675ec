import Crypto
import Foundation
import MneedleKit
import MneedleTestKit
import Testing

@testable import MneedleDaemon

/// A store whose rows are summed up, and what somebody else does to it.
@Suite("Sums over the rows of tables")
struct TableSumTests {
    private let folder: TemporaryFolder
    private let path: String
    private static let key = [UInt8](repeating: 7, count: 32)

    init() throws {
        folder = try TemporaryFolder()
        path = folder.path + "/mneedle.sqlite"
    }

    private func opened(anew: Bool = false, key: [UInt8] = TableSumTests.key) throws -> any Store {
        let store = try Stores.open(path: path)
        try store.keepSums(key, anew: anew)
        return store
    }

    private func filled() throws -> any Store {
        let store = try opened()
        try store.execute([
            "CREATE TABLE shop_book (id INTEGER PRIMARY KEY, title TEXT NOT NULL UNIQUE, price REAL, cover BLOB)",
            "CREATE TABLE shop_loan (book INTEGER, reader TEXT, PRIMARY KEY (book, reader))",
            "INSERT INTO shop_book (title, price, cover) VALUES ('a', 2, x'00'), ('b', 2.5, NULL), ('', -1e300, x'')",
            "INSERT INTO shop_loan VALUES (1, 'anna'), (2, 'bea')",
        ])
        return store
    }

    private func altered(_ store: any Store) throws -> [String] {
        try store.read(nil) { connection in
            try connection.summedTables().filter { try !connection.isWhole($0) }
        }
    }

    private func behind(_ sql: String) throws {
        let change = "import sqlite3,sys; c=sqlite3.connect(sys.argv[1]); c.execute(sys.argv[2]); c.commit()"
        #expect(try ChildProcess.run(["python3", "-c", change, path, sql]).exitCode == 0)
    }

    @Test("they follow every change that the service makes, and are there after a restart")
    func follow() throws {
        var store = try filled()
        try store.execute([
            "UPDATE shop_book SET price = price * 2, title = title || '!' WHERE id < 3",
            "UPDATE shop_book SET price = 3 WHERE title = 'nothing'", "DELETE FROM shop_loan WHERE book = 2",
            "INSERT INTO shop_book (title) VALUES ('a!') ON CONFLICT (title) DO UPDATE SET cover = x'0102'",
            "ALTER TABLE shop_loan ADD COLUMN since INTEGER", "UPDATE shop_loan SET since = 5",
            "INSERT INTO shop_loan SELECT id, 'cleo', id FROM shop_book",
        ])
        #expect(try store.read(nil) { try $0.summedTables() }.contains("shop_book") && altered(store).isEmpty)
        try store.close()
        store = try opened()
        #expect(try altered(store).isEmpty)
        try store.execute(["DELETE FROM shop_book", "DROP TABLE shop_loan"])
        #expect(try altered(store).isEmpty)
        try store.close()
    }

    @Test("what is taken back, by a statement that fails, to a savepoint, or with its group, counts for nothing")
    func takenBack() throws {
        let store = try filled()
        try store.write { connection in
            try connection.begin()
            try connection.set(.request)
            _ = try connection.run("UPDATE shop_loan SET book = 9 WHERE book = ?", [.integer(1)], of: Verb.host)
            try connection.set(.reaction)
            _ = try connection.run("DELETE FROM shop_loan WHERE book = ?", [.integer(2)], of: Verb.host)
            try connection.rollBack(to: .reaction)
            // The first row is added before the second fails.
            #expect(throws: (any Error).self) {
                try connection.run(
                    "INSERT INTO shop_book (title) VALUES (?), (?)", [.text("new"), .text("a")], of: Verb.host)
            }
            try connection.rollBack(to: .request)
            _ = try connection.run("DELETE FROM shop_loan WHERE book = ?", [.integer(1)], of: Verb.host)
            try connection.commit()
            try connection.begin()
            _ = try connection.run("DELETE FROM shop_book WHERE id > ?", [.integer(0)], of: Verb.host)
            connection.rollback()
        }
        #expect(try altered(store).isEmpty)
        #expect(
            try store.read(nil) { connection in
                try ["shop_book", "shop_loan"].map {
                    try connection.first("SELECT COUNT(*) AS n FROM \($0)")?.integer("n")
                }
            } == [3, 1])
        try store.close()
    }

    @Test(
        "any row that somebody else alters, adds or takes away is found, and only in its table",
        arguments: [
            ("UPDATE shop_book SET title = 'A' WHERE id = 1", "shop_book"),
            ("UPDATE shop_book SET price = 2.0000000001 WHERE id = 1", "shop_book"),
            ("UPDATE shop_book SET cover = '' WHERE id = 3", "shop_book"),
            ("UPDATE shop_book SET cover = NULL WHERE id = 3", "shop_book"),
            ("UPDATE shop_book SET id = 7 WHERE id = 3", "shop_book"),
            ("DELETE FROM shop_book WHERE id = 2", "shop_book"),
            ("INSERT INTO shop_loan VALUES (3, 'anna')", "shop_loan"),
            ("UPDATE shop_loan SET book = 3 - book", "shop_loan"),
            ("UPDATE mneedle_sums SET sum = zeroblob(32) WHERE name = 'shop_loan'", "shop_loan"),
            ("UPDATE mneedle_sums SET row_count = 'x' WHERE name = 'shop_loan'", "shop_loan"),
            ("DELETE FROM mneedle_sums WHERE name = 'shop_loan'", "shop_loan"),
        ])
    func found(change: String, table: String) throws {
        var store = try filled()
        try store.close()
        try behind(change)
        store = try opened()
        #expect(try altered(store) == [table])
        // And still after the service has changed the table itself.
        try store.execute(["UPDATE shop_book SET price = 9", "INSERT INTO shop_loan VALUES (77, 'x')"])
        #expect(try altered(store) == [table])
        try store.close()
        store = try opened(anew: true)
        #expect(try altered(store).isEmpty, "an administrator has said that it is right")
        try store.close()
    }

    @Test("another key finds every table with rows, and rows alone say nothing of their sum")
    func anotherKey() throws {
        var store = try filled()
        try store.close()
        store = try opened(key: [UInt8](repeating: 8, count: 32))
        #expect(try altered(store).filter { $0.hasPrefix("shop_") } == ["shop_book", "shop_loan"])
        try store.close()
    }

    @Test("a sum goes up and down to what it was, whatever the order")
    func arithmetic() throws {
        let hashes = (0..<50).map { SHA256.hash(data: Array("\($0)".utf8)) }
        var (forth, back) = (TableSum(), TableSum())
        for hash in hashes { forth.change(hash, isAdded: true) }
        for hash in hashes.reversed() { back.change(hash, isAdded: true) }
        #expect(forth == back && forth.rows == 50 && forth != TableSum())
        #expect(TableSum(forth.bytes, rows: 50) == forth)
        for hash in hashes.shuffled() { forth.change(hash, isAdded: false) }
        #expect(forth == TableSum())
        // Below nothing, and back over it.
        forth.change(hashes[0], isAdded: false)
        forth.change(hashes[0], isAdded: true)
        #expect(forth == TableSum())
    }
}
