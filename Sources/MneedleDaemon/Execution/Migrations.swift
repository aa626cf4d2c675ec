import MneedleKit

/// Brings the tables of the modules and of the host to the version that their code expects, step by step, each once.
package enum Migrations {
    /// The state in the error about a store that a newer program wrote.
    private static let newerSchema = "newer-schema"

    static func isNewerSchema(_ error: any Error) -> Bool {
        (error as? ModuleError)?.members.string("state") == newerSchema
    }

    /// - Parameter limit: Stops at this version; for tests of the way from an older one.
    /// - Throws: `conflict` when the store was written by a newer version of the module, `storage` when the version of its tables
    ///   cannot be read.
    package static func apply(
        _ migrations: [Migration], of module: String, to store: any Store, upTo limit: Int = .max
    ) throws {
        try store.write { connection in
            let version = try version(of: module, connection)
            let newest = migrations.map(\.version).max() ?? 0
            guard version <= newest else {
                throw ModuleError.conflict(
                    "the store has version \(version) of module '\(module)'s tables, this build knows \(newest); "
                        + "install the newer build again, or restore a backup made before it", state: newerSchema)
            }
            for step in migrations.sorted(by: { $0.version < $1.version })
            where step.version > version && step.version <= limit {
                for change in step.changes {
                    try PortableSQL.require(change, of: module)
                    try requireProtected(change, of: module)
                }
                var statements: [String] = []
                for change in step.changes {
                    statements.append(try store.dialect.statement(change))
                    // The rows get the new column's value in truth, and not only when they are read: sums over them go by it.
                    if case .add(let column, let table) = change, column.defaultValue != nil {
                        statements.append("UPDATE \(table) SET \(column.name) = \(column.name)")
                    }
                }
                // The host's own tables are no module's, and may be there before any schema is known.
                if module != Verb.host { try connection.rehearse(statements, of: module) }
                try connection.group {
                    for statement in statements { try connection.execute(statement) }
                    _ = try connection.run(
                        "INSERT INTO mneedle_schema (module, version, summary) VALUES (?, ?, ?)",
                        bindings(module, step.version, step.summary), of: Verb.host)
                }
            }
        }
    }

    /// - Throws: `internal` for a column with people's names that is not declared as one: they would stand in clear.
    private static func requireProtected(_ change: SchemaChange, of module: String) throws {
        let columns: [ColumnDeclaration] =
            switch change {
            case .table(_, let columns, _, _): columns
            case .add(let column, _): [column]
            case .index, .sql: []
            }
        for column in columns where column.name == "person" && column.protection != .person {
            throw ModuleError.internal(
                "column 'person' of module '\(module)' has people's names; declare it as .person()")
        }
    }

    /// The version of a module's tables; 0 where it has none yet. A version that cannot be read is not taken for none: the steps
    /// would run over tables that are there.
    private static func version(of module: String, _ connection: any StoreConnection) throws -> Int {
        let sql = "SELECT COALESCE(MAX(version), 0) AS version FROM mneedle_schema WHERE module = ?"
        let row = try connection.first(sql, .text(module))
        let stored: Int64? = row.map { $0.integer("version") } ?? 0
        let fault = connection.faults.take()
        guard let stored, stored >= 0 else {
            throw ModuleError(
                .storage,
                "the version of module '\(module)'s tables cannot be read in mneedle_schema; restore a copy",
                members: ["detail": fault ?? "the version is \(stored.map(String.init) ?? "absent")"])
        }
        return Int(stored)
    }
}
