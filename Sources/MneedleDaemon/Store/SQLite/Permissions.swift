import Foundation
import GRDB
import GRDBSQLite
import MneedleKit
import Synchronization

/// Makes sure that a module's statements touch its own tables, `<module>_…`, and nothing else.
///
/// Each statement of a module is compiled once on a connection that has the store's schema and no data; its authorizer
/// judges every table. GRDB has an authorizer of its own on the store's connections, and setting another one there would
/// have SQLite compile every statement anew.
final class Permissions: Sendable {
    private struct Key: Hashable {
        var module: String
        var sql: String
    }

    private struct State {
        var mirror: Mirror?
        var admitted: Set<Key> = []
    }

    private let state = Mutex(State())
    /// The most statements that are remembered. Modules write them, not peers; the bound is for a module that builds them.
    private static let most = 4096

    /// Forgets everything about a schema that has changed; it is read again when it is needed.
    func forget() { state.withLock { $0 = State() } }

    /// Takes over the store's schema as it is now.
    func adopt(_ database: Database) throws {
        let statements = try schema(of: database)
        try state.withLock { $0 = State(mirror: try Mirror(statements)) }
    }

    private func schema(of database: Database) throws -> [String] {
        let sql = """
            SELECT sql FROM sqlite_master WHERE sql IS NOT NULL AND type IN ('table', 'index') AND name NOT LIKE 'sqlite_%'
            ORDER BY rowid
            """
        return try StoreError.mapping { try String.fetchAll(database, sql: sql) }
    }

    /// - Throws: `internal` when the module may not run the statement: a defect of that module.
    func require(_ sql: String, for module: String, _ database: Database) throws {
        if state.withLock({ $0.mirror == nil }) { try adopt(database) }
        let key = Key(module: module, sql: sql)
        try state.withLock { state in
            guard !state.admitted.contains(key) else { return }
            guard let mirror = state.mirror else { throw ModuleError.internal("the store's schema is not known yet") }
            try PortableSQL.require(sql, of: module)
            try mirror.compile(sql, for: module)
            if state.admitted.count >= Permissions.most { state.admitted.removeAll() }
            state.admitted.insert(key)
        }
    }

    /// Tries a step of a module's schema where there is no data, so that a bad one is refused before it has changed anything.
    func rehearse(_ statements: [String], of module: String, _ database: Database) throws {
        let mirror = try Mirror(schema(of: database))
        for sql in statements { try mirror.run(sql, of: module) }
    }
}

/// The schema without the data.
private final class Mirror {
    private let connection: OpaquePointer
    private let judge = Judge()

    init(_ statements: [String]) throws {
        var opened: OpaquePointer?
        guard sqlite3_open(":memory:", &opened) == SQLITE_OK, let opened else {
            sqlite3_close(opened)
            throw ModuleError(.storage, "there is no memory for the store's schema")
        }
        connection = opened
        for sql in statements where sqlite3_exec(connection, sql, nil, nil, nil) != SQLITE_OK {
            throw ModuleError(.storage, "the store's schema is damaged: \(message)")
        }
        sqlite3_set_authorizer(
            connection,
            { context, action, first, second, _, _ in
                guard let context else { return SQLITE_DENY }
                return Unmanaged<Judge>.fromOpaque(context).takeUnretainedValue().judge(
                    action, first.map { String(cString: $0) } ?? "", second.map { String(cString: $0) } ?? "")
            }, Unmanaged.passUnretained(judge).toOpaque())
    }

    deinit { sqlite3_close(connection) }

    private var message: String { String(cString: sqlite3_errmsg(connection)) }

    func compile(_ sql: String, for module: String) throws {
        judge.begin(module, changesSchema: false)
        var statement: OpaquePointer?
        defer { sqlite3_finalize(statement) }
        guard sqlite3_prepare_v2(connection, sql, -1, &statement, nil) == SQLITE_OK else { throw refusal(module) }
    }

    func run(_ sql: String, of module: String) throws {
        judge.begin(module, changesSchema: true)
        guard sqlite3_exec(connection, sql, nil, nil, nil) == SQLITE_OK else { throw refusal(module) }
    }

    private func refusal(_ module: String) -> ModuleError {
        .internal(
            judge.refused.map { "module '\(module)' may not \($0); its own tables are named '\(module)_…'" }
                ?? "a statement of module '\(module)' cannot be compiled: \(message)")
    }
}

/// The authorizer: SQLite asks it about each action while it compiles a statement of a module.
private final class Judge {
    private var prefix = ""
    private var changesSchema = false
    private(set) var refused: String?

    func begin(_ module: String, changesSchema: Bool) {
        prefix = module + "_"
        self.changesSchema = changesSchema
        refused = nil
    }

    private func owns(_ name: String) -> Bool { name.lowercased().hasPrefix(prefix) }

    /// Whether a table is one that SQLite itself reads and writes to change a schema; no statement can write there.
    private func isSchema(_ name: String) -> Bool {
        changesSchema
            && ["sqlite_master", "sqlite_temp_master", "sqlite_sequence", "sqlite_stat1", "pragma_quick_check"]
                .contains(name)
    }

    func judge(_ action: Int32, _ first: String, _ second: String) -> Int32 {
        switch action {
        case SQLITE_SELECT, SQLITE_FUNCTION, SQLITE_RECURSIVE: return SQLITE_OK
        case SQLITE_READ:
            // Without a column, a row is counted, or the name is that of a subquery. Every table of the host or a module has an
            // underscore in its name.
            let isSubquery = second.isEmpty && !first.contains("_")
            return answer(owns(first) || isSchema(first) || isSubquery, "read table '\(first)'")
        case SQLITE_INSERT, SQLITE_UPDATE, SQLITE_DELETE:
            return answer(owns(first) || isSchema(first), "write table '\(first)'")
        case SQLITE_CREATE_TABLE, SQLITE_DROP_TABLE, SQLITE_REINDEX:
            // SQLite makes the table of the numbers that are never given again, which no statement can name here.
            let isOfNumbers = action == SQLITE_CREATE_TABLE && first == "sqlite_sequence"
            return answer(changesSchema && (owns(first) || isOfNumbers), "make or remove '\(first)'")
        case SQLITE_CREATE_INDEX, SQLITE_DROP_INDEX:
            // A unique column has an index that SQLite names.
            let isNamed = owns(first) || first.hasPrefix("sqlite_autoindex_")
            return answer(
                changesSchema && isNamed && owns(second), "make or remove index '\(first)' of '\(second)'")
        case SQLITE_ALTER_TABLE: return answer(changesSchema && owns(second), "alter table '\(second)'")
        case SQLITE_PRAGMA: return answer(changesSchema && first == "quick_check", "use PRAGMA \(first)")
        case SQLITE_TRANSACTION, SQLITE_SAVEPOINT: return answer(false, "begin or end a transaction")
        case SQLITE_ATTACH, SQLITE_DETACH: return answer(false, "attach or detach a file")
        default: return answer(false, "do anything but read and change rows (SQLite's action \(action))")
        }
    }

    private func answer(_ isAllowed: Bool, _ what: String) -> Int32 {
        if !isAllowed && refused == nil { refused = what }
        return isAllowed ? SQLITE_OK : SQLITE_DENY
    }
}
