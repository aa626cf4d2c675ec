import GRDB
import MneedleKit

/// The compiled statements of one connection, found by their text.
final class StatementCache {
    final class Cached {
        let sql: String
        let statement: SQLStatement
        /// The columns, the same for every run.
        lazy var columns = Columns(statement.columnNames) { [faults] in faults.report($0) }
        private let faults: RowFaults
        /// Whether the statement is still being stepped: another user of the same text meanwhile gets a statement of its own.
        var isBusy = false
        /// The module that was last found to be allowed to run it.
        fileprivate var admitted = ""

        fileprivate init(_ sql: String, _ statement: SQLStatement, _ faults: RowFaults) {
            self.faults = faults
            self.sql = sql
            self.statement = statement
        }
    }

    /// The faults of the rows that these statements gave.
    let faults = RowFaults()
    /// Statements by the place of their text: literals, which almost all are, never move, and need not be hashed.
    private var byPlace: [UnsafeRawPointer: Cached] = [:]
    private var byText: [String: Cached] = [:]
    /// The most statements that are kept. Modules write them, not peers; the bound is for a module that builds them.
    private static let most = 1000

    func removeAll() { (byPlace, byText) = ([:], [:]) }

    /// A statement of a module.
    /// - Throws: `internal` when the module may not run it.
    func entry(_ sql: String, _ database: Database, of module: String, _ permissions: Permissions) throws -> Cached {
        guard module != Verb.host else { return try entry(sql, database) }
        if let entry = known(sql) {
            // A statement that one module may run need not be allowed to the next.
            if entry.admitted != module { try permissions.require(sql, for: module, database) }
            entry.admitted = module
            return try free(entry, database)
        }
        // The check comes before compiling: some pragmas do their work while they are compiled.
        try permissions.require(sql, for: module, database)
        let entry = try entry(sql, database)
        entry.admitted = module
        return entry
    }

    private func known(_ sql: String) -> Cached? {
        let place = sql.utf8.withContiguousStorageIfAvailable { UnsafeRawPointer($0.baseAddress) } ?? nil
        if let place, let entry = byPlace[place], entry.sql == sql { return entry }
        return byText[sql]
    }

    /// A statement of the host.
    func entry(_ sql: String, _ database: Database) throws -> Cached {
        let place = sql.utf8.withContiguousStorageIfAvailable { UnsafeRawPointer($0.baseAddress) } ?? nil
        // Another text may lie there now. A comparison of a text with itself compares the places first.
        if let place, let entry = byPlace[place], entry.sql == sql { return try free(entry, database) }
        let entry: Cached
        if let known = byText[sql] {
            entry = known
        } else {
            let statement = try StoreError.mapping { try database.cachedStatement(sql: sql) }
            entry = Cached(sql, SQLStatement(statement), faults)
            if byText.count < StatementCache.most { byText[sql] = entry }
        }
        if let place, byPlace.count < StatementCache.most { byPlace[place] = entry }
        return try free(entry, database)
    }

    private func free(_ entry: Cached, _ database: Database) throws -> Cached {
        guard entry.isBusy else { return entry }
        let statement = try StoreError.mapping { try database.makeStatement(sql: entry.sql) }
        return Cached(entry.sql, SQLStatement(statement), faults)
    }
}
