import CMneedleSQLite
import Crypto
import Foundation
import GRDB
import GRDBSQLite
import MneedleKit
import Synchronization

/// A sum over the rows of a table: that of a keyed hash of each, so that it follows every change and does not depend on their
/// order. Nobody without the key can make rows that give a sum.
struct TableSum: Equatable {
    private var words: [UInt64]
    /// How many rows there are.
    private(set) var rows: Int64

    init() { (words, rows) = ([0, 0, 0, 0], 0) }

    /// - Returns: `nil` unless there are 32 bytes.
    init?(_ bytes: [UInt8], rows: Int64) {
        guard bytes.count == 32 else { return nil }
        words = (0..<4).map { word in bytes[word * 8..<word * 8 + 8].reversed().reduce(0) { $0 << 8 | UInt64($1) } }
        self.rows = rows
    }

    var bytes: [UInt8] { words.flatMap { word in withUnsafeBytes(of: word.littleEndian) { Array($0) } } }

    /// Adds the hash of a row, or takes it away, modulo 2^256.
    mutating func change(_ hash: SHA256.Digest, isAdded: Bool) {
        rows = isAdded ? rows &+ 1 : rows &- 1
        hash.withUnsafeBytes { bytes in
            var carry: UInt64 = 0
            for index in 0..<4 {
                let word = UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: index * 8, as: UInt64.self))
                let (once, first) =
                    isAdded
                    ? words[index].addingReportingOverflow(word) : words[index].subtractingReportingOverflow(word)
                let (twice, second) =
                    isAdded ? once.addingReportingOverflow(carry) : once.subtractingReportingOverflow(carry)
                words[index] = twice
                carry = first || second ? 1 : 0
            }
        }
    }
}

/// The sums over all tables but the ledger's, which is proved by itself. A change of a row by anybody else than the service does not
/// change the sum with it.
// Sendable: all but the key is touched on the writing connection only.
final class TableSums: @unchecked Sendable {
    private let key = Mutex<[UInt8]?>(nil)
    /// The sums as the open group leaves them; of those tables that were asked for.
    private var sums: [String: TableSum] = [:]
    /// What the open group has changed, in its order, so that the end of it can be taken back.
    private var changes: [(table: String, hash: SHA256.Digest, isAdded: Bool)] = []
    private var savepoints: [(name: Savepoint, count: Int)] = []
    private var isLost = false

    /// Whether rows are summed up.
    var isKept: Bool { key.withLock { $0 != nil } }

    // MARK: Rows

    private static let watched: mneedle_row_seen = { context, table, isAdded, row, length in
        guard let context, let table else { return }
        Unmanaged<TableSums>.fromOpaque(context).takeUnretainedValue().saw(
            String(cString: table), isAdded != 0, UnsafeRawBufferPointer(start: row, count: max(0, length)),
            isWhole: length >= 0)
    }

    /// Has the writing connection tell its changes.
    func watch(_ database: Database) {
        _ = mneedle_sqlite_watch_rows(
            database.sqliteConnection, Unmanaged.passUnretained(self).toOpaque(), TableSums.watched)
    }

    private func saw(_ table: String, _ isAdded: Bool, _ row: UnsafeRawBufferPointer, isWhole: Bool) {
        guard let key = key.withLock({ $0 }) else { return }
        if !isWhole { isLost = true }
        changes.append((table, TableSums.hash(row, of: table, key), isAdded))
    }

    private static func hash(_ row: UnsafeRawBufferPointer, of table: String, _ key: [UInt8]) -> SHA256.Digest {
        var hash = SHA256()
        key.withUnsafeBytes { hash.update(bufferPointer: $0) }
        var table = table
        table.withUTF8 { hash.update(bufferPointer: UnsafeRawBufferPointer($0)) }
        withUnsafeBytes(of: UInt8(0)) { hash.update(bufferPointer: $0) }
        hash.update(bufferPointer: row)
        return hash.finalize()
    }

    /// The sum over the rows that a connection sees.
    private func computed(_ table: String, _ database: Database, _ key: [UInt8]) throws -> TableSum {
        final class Adding {
            let key: [UInt8]
            var sum = TableSum()
            var isWhole = true
            init(_ key: [UInt8]) { self.key = key }
        }
        let adding = Adding(key)
        let code = withExtendedLifetime(adding) {
            mneedle_sqlite_read_rows(
                database.sqliteConnection, table, Unmanaged.passUnretained(adding).toOpaque()
            ) { context, table, _, row, length in
                guard let context, let table else { return }
                let adding = Unmanaged<Adding>.fromOpaque(context).takeUnretainedValue()
                adding.isWhole = adding.isWhole && length >= 0
                adding.sum.change(
                    TableSums.hash(
                        UnsafeRawBufferPointer(start: row, count: max(0, length)), of: String(cString: table),
                        adding.key), isAdded: true)
            }
        }
        guard code == SQLITE_OK, adding.isWhole else {
            throw StoreError(DatabaseError(resultCode: ResultCode(rawValue: code == SQLITE_OK ? SQLITE_NOMEM : code)))
        }
        return adding.sum
    }

    private static func stored(_ table: String, _ database: Database) throws -> TableSum? {
        guard
            let row = try GRDB.Row.fetchOne(
                database.cachedStatement(sql: "SELECT sum, row_count FROM mneedle_sums WHERE name = ?"),
                arguments: [table])
        else { return TableSum() }
        guard case .blob(let sum) = (row["sum"] as DatabaseValue).storage,
            case .int64(let rows) = (row["row_count"] as DatabaseValue).storage
        else { return nil }
        return TableSum(Array(sum), rows: rows)
    }

    /// The tables that are summed up.
    static func tables(_ database: Database) throws -> [String] {
        try String.fetchAll(database, sql: "SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name")
            .filter { mneedle_sqlite_is_summed($0) != 0 }
    }

    /// Whether the rows that a connection sees are those that the service wrote; `true` where none are summed up.
    func isWhole(_ table: String, _ database: Database) throws -> Bool {
        guard let key = key.withLock({ $0 }) else { return true }
        return try TableSums.stored(table, database) == computed(table, database, key)
    }

    // MARK: Groups

    /// Sums up from now on.
    /// - Parameter anew: Takes the rows that are there for right.
    func keep(_ key: [UInt8], anew: Bool, _ database: Database) throws {
        self.key.withLock { $0 = key }
        guard try anew || Int.fetchOne(database, sql: "SELECT COUNT(*) FROM mneedle_sums") == 0 else { return }
        try database.execute(sql: "DELETE FROM mneedle_sums")
        for table in try TableSums.tables(database) {
            try write(table, try computed(table, database, key), database)
        }
    }

    /// What a statement has changed so far, to be given to ``takeBack(to:)`` when it fails.
    var mark: Int { changes.count }

    func takeBack(to mark: Int) { changes.removeSubrange(mark...) }

    func set(_ savepoint: Savepoint) { savepoints.append((savepoint, changes.count)) }

    func release(_ savepoint: Savepoint) {
        guard let index = savepoints.lastIndex(where: { $0.name == savepoint }) else { return }
        savepoints.removeSubrange(index...)
    }

    func rollBack(to savepoint: Savepoint) {
        guard let found = savepoints.last(where: { $0.name == savepoint }) else { return }
        takeBack(to: found.count)
    }

    /// The group is over; what it changed counts if it was written.
    func end() {
        changes.removeAll(keepingCapacity: true)
        savepoints.removeAll(keepingCapacity: true)
        isLost = false
    }

    /// Writes the sums of the tables that the group has changed; part of it.
    func write(_ database: Database) throws {
        guard !changes.isEmpty else { return }
        guard !isLost else { throw StoreError(.failing, "there was no memory for the sum over a changed row") }
        var new: [String: TableSum] = [:]
        for change in changes {
            if new[change.table] == nil {
                // A sum that is damaged stays so: the check finds it.
                new[change.table] = try TableSums.stored(change.table, database) ?? TableSum()
            }
            new[change.table]?.change(change.hash, isAdded: change.isAdded)
        }
        for (table, sum) in new { try write(table, sum, database) }
    }

    private func write(_ table: String, _ sum: TableSum, _ database: Database) throws {
        let sql = """
            INSERT INTO mneedle_sums (name, sum, row_count) VALUES (?, ?, ?)
            ON CONFLICT (name) DO UPDATE SET sum = excluded.sum, row_count = excluded.row_count
            """
        try database.cachedStatement(sql: sql).execute(arguments: [table, Data(sum.bytes), sum.rows])
    }
}
