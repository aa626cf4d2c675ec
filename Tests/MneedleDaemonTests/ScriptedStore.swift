import MneedleKit

@testable import MneedleDaemon

/// A store without a database: it keeps the statements of the groups that were committed, knows no row but the newest of
/// the ledger, and fails where a test says.
// Sendable: a test uses it on its own thread alone.
final class ScriptedStore: Store, @unchecked Sendable {
    struct Change: Equatable {
        var sql: String
        var values: [SQLValue]
    }

    /// Where it fails.
    enum Point: Equatable {
        case opening
        case begin
        /// - Parameter stands: Whether the group is kept all the same.
        case commit(stands: Bool = false)
        /// A statement that binds this text.
        case statement(String)
        /// A statement that binds this text, after which nothing of the group is left.
        case takeBack(String)
    }

    /// Every statement that stands.
    private(set) var kept: [Change] = []
    /// What was done with groups and savepoints, in order.
    fileprivate(set) var steps: [String] = []
    func forgetSteps() { steps = [] }
    /// Whether a statement that fails breaks its group.
    var breaks = false
    private var failures: [(point: Point, error: StoreError, times: Int)] = []

    /// Fails at a point from now on, so many times.
    func fail(_ point: Point, _ kind: StoreError.Kind, times: Int = 1) {
        failures.append((point, StoreError(kind, "told to fail"), times))
    }

    fileprivate func failure(_ point: Point) -> StoreError? {
        guard let index = failures.firstIndex(where: { $0.point == point && $0.times > 0 }) else { return nil }
        failures[index].times -= 1
        return failures[index].error
    }

    fileprivate func keep(_ changes: [Change]) { kept += changes }

    /// The texts of the notes that stand.
    var notes: [String] {
        kept.filter { $0.sql.contains("test_notes") }.compactMap {
            if case .text(let text)? = $0.values.first { text } else { nil }
        }
    }

    static let ledgerColumns = ["seq", "at", "actor", "module", "kind", "subject", "person", "hash", "body"]

    /// The entries of the ledger that stand.
    var entries: [Row] {
        kept.filter { $0.sql.contains("INTO mneedle_ledger") }.map {
            Row(columns: Columns(ScriptedStore.ledgerColumns), values: $0.values)
        }
    }

    // MARK: Store

    let dialect = Dialect(type: { _ in "ANYTHING" }, neverAgain: "")
    let place = "nowhere"
    let (bytes, logBytes): (Int64, Int64) = (0, 0)

    func read<T>(_ control: ReadControl?, _ body: (any StoreConnection) throws -> T) throws -> T {
        try body(Connection(self))
    }

    func write<T>(_ body: (any WritingConnection) throws -> T) throws -> T {
        if let error = failure(.opening) { throw error }
        return try body(Connection(self))
    }

    func unusable(_ error: StoreError) -> ModuleError { ModuleError(.storage, "'\(place)' cannot be used: \(error)") }

    func keepSums(_ key: [UInt8], anew: Bool) {}
    func emptyLog() -> Bool { true }
    func close() throws {}
}

private final class Connection: WritingConnection {
    private let store: ScriptedStore
    let faults = RowFaults()
    private var group: [ScriptedStore.Change]?
    private var savepoints: [(name: Savepoint, count: Int)] = []
    private(set) var isBroken = false

    init(_ store: ScriptedStore) { self.store = store }

    var isInTransaction: Bool { group != nil }
    func summedTables() -> [String] { [] }
    func isWhole(_ table: String) -> Bool { true }

    private func step(_ name: String) throws {
        store.steps.append(name)
        if isBroken, !name.hasPrefix("roll back") { throw StoreError(.other, "the group is broken") }
    }

    func begin() throws {
        try step("begin")
        if let error = store.failure(.begin) { throw error }
        group = []
    }

    func commit() throws {
        try step("commit")
        if let error = store.failure(.commit()) { throw error }
        store.keep(group ?? [])
        group = nil
        if let error = store.failure(.commit(stands: true)) { throw error }
    }

    func rollback() {
        store.steps.append("rollback")
        (group, savepoints, isBroken) = (nil, [], false)
    }

    func shielded<T>(_ body: () throws -> T) throws -> T {
        guard store.breaks else { return try body() }
        defer { isBroken = false }
        return try body()
    }

    func set(_ savepoint: Savepoint) throws {
        try step("set \(savepoint)")
        savepoints.append((savepoint, group?.count ?? 0))
    }

    func release(_ savepoint: Savepoint) throws {
        try step("release \(savepoint)")
        _ = try take(savepoint)
    }

    func rollBack(to savepoint: Savepoint) throws {
        try step("roll back to \(savepoint)")
        group?.removeSubrange(try take(savepoint)...)
        isBroken = false
    }

    private func take(_ savepoint: Savepoint) throws -> Int {
        guard let index = savepoints.lastIndex(where: { $0.name == savepoint }) else {
            throw StoreError(.other, "there is no such savepoint")
        }
        defer { savepoints.removeSubrange(index...) }
        return savepoints[index].count
    }

    /// Fails where the test says.
    private func check(_ values: [SQLValue]) throws {
        if isBroken { throw StoreError(.other, "the group is broken") }
        for case .text(let text) in values {
            if let error = store.failure(.takeBack(text)) {
                group = nil
                throw error
            }
            if let error = store.failure(.statement(text)) {
                isBroken = store.breaks
                throw error
            }
        }
    }

    func run(_ sql: String, _ values: [SQLValue], of module: String) throws -> Int {
        try check(values)
        group?.append(ScriptedStore.Change(sql: sql, values: values))
        return 1
    }

    func run(_ sql: String, _ give: (any StatementValues) throws -> Void) throws {
        let given = GivenValues()
        try give(given)
        _ = try run(sql, given.values, of: Verb.host)
    }

    func insert(_ sql: String, _ values: [SQLValue], of module: String) throws -> Int64 {
        Int64(try run(sql, values, of: module))
    }

    func forEach(_ sql: String, _ values: [SQLValue], of module: String, _ body: (Row) throws -> Void) throws {
        try check(values)
        if sql.hasPrefix("SELECT seq FROM mneedle_ledger"), let newest = store.entries.last {
            try body(Row(columns: Columns(["seq"]), values: [newest["seq"]]))
        } else if sql.hasPrefix("SELECT seq - 1 AS number, hash FROM mneedle_ledger") {
            guard case .integer(let first) = values[0], case .integer(let last) = values[1] else { return }
            for entry in store.entries {
                guard case .integer(let sequence) = entry["seq"], sequence > first, sequence <= last else { continue }
                try body(Row(columns: Columns(["number", "hash"]), values: [.integer(sequence - 1), entry["hash"]]))
            }
        }
    }

    func execute(_ sql: String) throws {}
    func rehearse(_ statements: [String], of module: String) throws {}
    func renew() {}
    func hasTable(_ name: String) throws -> Bool { true }
    func findDamage() throws -> String? { nil }
    func copy<T>(to path: String, _ look: (any StoreConnection) throws -> T) throws -> T { try look(self) }
}

private final class GivenValues: StatementValues {
    var values: [SQLValue] = []
    func give(_ number: Int64) { values.append(.integer(number)) }
    func give(_ text: String) { values.append(.text(text)) }
    func give(text: [UInt8]) { values.append(.text(String(decoding: text, as: UTF8.self))) }
    func give(bytes: [UInt8]) { values.append(.blob(bytes)) }
    func giveNull() { values.append(.null) }
}
