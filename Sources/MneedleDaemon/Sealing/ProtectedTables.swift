import MneedleKit

/// A table's columns, in their order.
struct ProtectedTable: Sendable {
    var name: String
    var columns: [(name: String, protection: ColumnDeclaration.Protection)]
    /// The columns that hold times, and those that hold yes or no.
    var (times, booleans): (Set<String>, Set<String>)
    /// The columns with people's names whose rows go when the person is erased.
    var owning: [String]
    /// The tables that have to have its rows' people and things.
    var references: Set<String>

    /// The protection of a column; `nil` where the table has no such column.
    subscript(column: String) -> ColumnDeclaration.Protection? { columns.first { $0.name == column }?.protection }

    /// The columns with people's names.
    var people: [String] { columns.filter { $0.protection == .person }.map(\.name) }
}

/// The columns that say something about a person, as the modules' migrations declare them.
struct ProtectedTables: Sendable {
    private(set) var tables: [String: ProtectedTable] = [:]

    init(_ migrations: [Migration] = []) {
        for migration in migrations.sorted(by: { $0.version < $1.version }) {
            for change in migration.changes { add(change) }
        }
    }

    private mutating func add(_ change: SchemaChange) {
        switch change {
        case .table(let name, let columns, _, _):
            tables[name.lowercased()] = ProtectedTable(
                name: name, columns: columns.map { ($0.name.lowercased(), $0.protection) },
                times: Set(columns.filter { $0.kind == .time }.map { $0.name.lowercased() }),
                booleans: Set(columns.filter { $0.kind == .boolean }.map { $0.name.lowercased() }),
                owning: columns.filter { $0.protection == .person && !$0.outlivesPerson }.map(\.name),
                references: Set(columns.compactMap { $0.reference?.table.lowercased() }))
        case .add(let column, let table):
            let name = column.name.lowercased()
            tables[table.lowercased()]?.columns.append((name, column.protection))
            if column.kind == .time { tables[table.lowercased()]?.times.insert(name) }
            if column.kind == .boolean { tables[table.lowercased()]?.booleans.insert(name) }
        case .index, .sql: break
        }
    }

    /// The tables whose rows go with a person, those that refer to others before them.
    var owning: [ProtectedTable] {
        var (rest, sorted) = (
            tables.values.filter { !$0.owning.isEmpty }.sorted { $0.name < $1.name }, [ProtectedTable]()
        )
        while !rest.isEmpty {
            let free = rest.filter { table in !rest.contains { $0.references.contains(table.name.lowercased()) } }
            sorted += free.isEmpty ? rest : free
            rest = free.isEmpty ? [] : rest.filter { table in !free.contains { $0.name == table.name } }
        }
        return sorted
    }

    mutating func add(_ other: ProtectedTables) { tables.merge(other.tables) { _, new in new } }

    /// Whether nothing in these tables is protected.
    var areEmpty: Bool { tables.values.allSatisfy { $0.columns.allSatisfy { $0.protection == .none } } }
}
