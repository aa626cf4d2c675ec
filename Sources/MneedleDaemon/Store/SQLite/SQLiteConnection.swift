import GRDB
import MneedleKit

/// A connection to the file, valid as long as GRDB lends it.
class SQLiteConnection: StoreConnection {
    let database: Database
    let statements: StatementCache
    let permissions: Permissions
    let sums: TableSums
    private let control: ReadControl?
    private let connections: SQLiteConnections?

    /// - Parameter connections: Those of a store that others use as well.
    init(
        _ database: Database, _ statements: StatementCache, _ permissions: Permissions, _ sums: TableSums,
        _ control: ReadControl? = nil, _ connections: SQLiteConnections? = nil
    ) {
        self.database = database
        self.statements = statements
        self.permissions = permissions
        self.sums = sums
        self.control = control
        self.connections = connections
    }

    final var faults: RowFaults { statements.faults }

    /// A statement that the module may run.
    final func entry(_ sql: String, of module: String) throws -> StatementCache.Cached {
        try statements.entry(sql, database, of: module, permissions)
    }

    final func forEach(_ sql: String, _ values: [SQLValue], of module: String, _ body: (MneedleKit.Row) throws -> Void)
        throws
    {
        let entry = try entry(sql, of: module)
        entry.isBusy = true
        defer {
            entry.statement.reset()
            entry.isBusy = false
        }
        try entry.statement.bind(values)
        while try entry.statement.step() {
            try body(MneedleKit.Row(columns: entry.columns, values: entry.statement.values))
        }
    }

    func renew() throws {
        try statements.entry("COMMIT", database).statement.run()
        connections?.waitWhilePaused()
        try statements.entry("BEGIN DEFERRED", database).statement.run()
    }

    final func hasTable(_ name: String) throws -> Bool { try StoreError.mapping { try database.tableExists(name) } }

    final func findDamage() throws -> String? {
        try StoreError.mapping {
            let tables = try String.fetchAll(database, sql: "SELECT name FROM sqlite_master WHERE type = 'table'")
            for table in tables where control?.isStopped != true {
                let quoted = table.replacing("'", with: "''")
                let said = try String.fetchOne(database, sql: "PRAGMA quick_check('\(quoted)')")
                guard said == "ok" else { return said ?? "no answer" }
            }
            return nil
        }
    }

    final func summedTables() throws -> [String] {
        guard sums.isKept else { return [] }
        return try StoreError.mapping { try TableSums.tables(database) }
    }

    final func isWhole(_ table: String) throws -> Bool { try StoreError.mapping { try sums.isWhole(table, database) } }

    final func copy<T>(to path: String, _ look: (any StoreConnection) throws -> T) throws -> T {
        try StoreError.mapping {
            let copy = try DatabaseQueue(path: path)
            try copy.writeWithoutTransaction { try database.backup(to: $0) }
            let result = try copy.read { try look(SQLiteConnection($0, StatementCache(), permissions, sums)) }
            try copy.close()
            return result
        }
    }
}
