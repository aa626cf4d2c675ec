import MneedleKit

/// The database's own form of the changes that migrations declare. The names of types are its own; all else is standard SQL.
package struct Dialect: Sendable {
    /// The database's name of a type.
    let type: @Sendable (ColumnDeclaration.Kind) -> String
    /// The words by which the number of a row that is gone is given to no other row.
    let neverAgain: String

    /// The statement that makes a change.
    /// - Throws: `internal` for a column that existing rows could not have: a defect of that module.
    func statement(_ change: SchemaChange) throws -> String {
        switch change {
        case .table(let table, let columns, let primaryKey, let unique):
            // Rows go with their person when that one is erased. Entries, replies and other tables still have their numbers.
            let isErased = columns.contains { $0.protection == .person && !$0.outlivesPerson }
            let keys = [("PRIMARY KEY", primaryKey), ("UNIQUE", unique)].filter { !$0.1.isEmpty }
            return "CREATE TABLE \(table) "
                + list(columns.map { definition($0, isErased: isErased) } + keys.map { "\($0.0) \(list($0.1))" })
        case .index(let index, let table, let columns, let isUnique, let condition):
            return "CREATE \(isUnique ? "UNIQUE " : "")INDEX \(index) ON \(table) \(list(columns))"
                + (condition.map { " WHERE \($0)" } ?? "")
        case .add(let column, let table):
            // A database refuses such a column only where there are rows, and a rehearsal has none.
            guard column.isOptional || column.defaultValue != nil else {
                throw ModuleError.internal(
                    "column '\(column.name)' is added to '\(table)' without a value for the rows that are there; "
                        + "give it a default, or make it optional()")
            }
            return "ALTER TABLE \(table) ADD COLUMN \(definition(column, isErased: false))"
        case .sql(let statement): return statement
        }
    }

    private func definition(_ column: ColumnDeclaration, isErased: Bool) -> String {
        let words = [
            column.name, type(column.protection == .none ? column.kind : .bytes),
            column.isOptional || column.kind == .id ? nil : "NOT NULL",
            isErased && column.kind == .id ? neverAgain : nil,
            column.isPrimaryKey ? "PRIMARY KEY" : nil, column.isUnique ? "UNIQUE" : nil,
            column.defaultValue.map { "DEFAULT \($0)" },
            column.reference.map { "REFERENCES \($0.table) (\($0.column))" },
            column.condition.map { "CHECK (\($0))" },
        ]
        return words.compactMap { $0 }.joined(separator: " ")
    }

    private func list(_ parts: [String]) -> String { "(\(parts.joined(separator: ", ")))" }
}
