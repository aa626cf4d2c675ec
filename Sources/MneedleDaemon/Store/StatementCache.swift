import GRDB

/// The compiled statements of one connection, found by their text at the cost of one look-up.
final class StatementCache {
    final class Entry {
        let statement: SQLStatement
        /// Column name to position; the same for every run.
        lazy var columns: [String: Int] = Dictionary(
            statement.columnNames.enumerated().map { ($1, $0) }, uniquingKeysWith: { first, _ in first })
        /// Still being stepped: whoever wants the same text meanwhile gets a statement of their own.
        var isBusy = false

        init(_ statement: SQLStatement) { self.statement = statement }
    }

    private var entries: [String: Entry] = [:]

    func removeAll() { entries = [:] }

    func entry(_ sql: String, _ database: Database) throws -> Entry {
        if let entry = entries[sql] {
            return entry.isBusy ? Entry(SQLStatement(try database.makeStatement(sql: sql))) : entry
        }
        let entry = Entry(SQLStatement(try database.cachedStatement(sql: sql)))
        // Statements are written by modules, not by peers; the bound is for one that builds them.
        if entries.count < 1000 { entries[sql] = entry }
        return entry
    }
}
