import GRDB
import MneedleKit

/// The compiled statements of one connection, found by their text.
final class StatementCache {
    final class Entry {
        let sql: String
        let statement: SQLStatement
        /// The same for every run.
        lazy var columns = Columns(statement.columnNames)
        /// Still being stepped: whoever wants the same text meanwhile gets a statement of their own.
        var isBusy = false

        init(_ sql: String, _ statement: SQLStatement) {
            self.sql = sql
            self.statement = statement
        }
    }

    /// By where the text lies: literals, which almost all are, never move, and their text need not be hashed.
    private var byPlace: [UnsafeRawPointer: Entry] = [:]
    private var byText: [String: Entry] = [:]
    /// Statements are written by modules, not by peers; the bound is for one that builds them.
    private static let most = 1000

    func removeAll() { (byPlace, byText) = ([:], [:]) }

    func entry(_ sql: String, _ database: Database) throws -> Entry {
        let place = sql.utf8.withContiguousStorageIfAvailable { UnsafeRawPointer($0.baseAddress) } ?? nil
        // Another text may lie there now. Comparing a text with itself looks at where it lies first.
        if let place, let entry = byPlace[place], entry.sql == sql { return try free(entry, database) }
        let entry: Entry
        if let known = byText[sql] {
            entry = known
        } else {
            entry = Entry(sql, SQLStatement(try database.cachedStatement(sql: sql)))
            if byText.count < StatementCache.most { byText[sql] = entry }
        }
        if let place, byPlace.count < StatementCache.most { byPlace[place] = entry }
        return try free(entry, database)
    }

    private func free(_ entry: Entry, _ database: Database) throws -> Entry {
        entry.isBusy ? Entry(entry.sql, SQLStatement(try database.makeStatement(sql: entry.sql))) : entry
    }
}
