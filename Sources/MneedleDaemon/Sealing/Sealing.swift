import MneedleKit
import Synchronization

/// Seals what statements bind and opens what they read, between the modules and the store.
package final class Sealing: Sendable {
    let keys: PersonKeys
    let tables: ProtectedTables

    private struct Known {
        var sql: String
        var module: String
        var plan: StatementPlan
    }

    private struct State {
        /// By the place of the statement's text: comparing two texts at one place is quicker than hashing one.
        var byPlace: [UInt: Known] = [:]
        var byText: [String: StatementPlan] = [:]
    }

    private let state = Mutex(State())
    /// The most plans that are kept. Modules write the statements; the bound is for a module that builds them.
    private static let most = 4096

    init(keys: PersonKeys, tables: ProtectedTables) {
        self.keys = keys
        self.tables = tables
    }

    // MARK: Binding

    /// The values as the store gets them.
    /// - Parameter make: Gives the id of a person of whom a row is made.
    /// - Throws: `internal` for a statement of which it cannot be told what it does with what is protected.
    func bind(
        _ sql: String, _ values: [SQLValue], of module: String, on connection: any StoreConnection,
        make: (String) throws -> PersonID
    ) throws -> [SQLValue] {
        let plan = try plan(sql, module)
        if plan.isPlain { return values }
        guard plan.places.count == values.count else {
            throw ModuleError.internal(
                "a statement has \(plan.places.count) places, and \(values.count) values: \(sql)")
        }
        // Names first: what is sealed needs the ids that they get.
        var bound = values
        for (index, place) in plan.places.enumerated() {
            guard case .person(let makes) = place else { continue }
            bound[index] = try person(values[index], sql) { try makes ? make($0) : keys.id(of: $0) }
        }
        for (index, place) in plan.places.enumerated() {
            guard case .sealed(let form, let column, let owner) = place, values[index] != .null else { continue }
            guard let id = try self.owner(owner, bound, of: module, on: connection) else {
                // Nobody is found by the name, or no row is changed.
                bound[index] = .null
                continue
            }
            bound[index] = try keys.seal(values[index], of: id, as: form, in: column)
        }
        return bound
    }

    private func person(_ value: SQLValue, _ sql: String, _ id: (String) throws -> PersonID?) throws -> SQLValue {
        switch value {
        case .null: return .null
        // Nobody's id is in no row.
        case .text(let name): return SealedValue.person(try id(name) ?? .nobody)
        default: throw ModuleError.internal("a person is bound by name: \(sql)")
        }
    }

    private func owner(
        _ owner: StatementPlan.Owner, _ bound: [SQLValue], of module: String, on connection: any StoreConnection
    ) throws -> PersonID? {
        switch owner {
        case .nobody: return .nobody
        case .place(let place):
            guard case .blob(let bytes) = bound[place], let id = SealedValue.look(bytes)?.id else { return .nobody }
            return id == .nobody ? nil : id
        case .rows(let query, let first):
            var (found, isNobody) = ([PersonID](), false)
            try connection.forEach(query, Array(bound[first...]), of: module) { row in
                if case .blob(let bytes) = row["person"], let id = SealedValue.look(bytes)?.id {
                    found.append(id)
                } else {
                    isNobody = true
                }
            }
            guard found.count + (isNobody ? 1 : 0) <= 1 else {
                throw ModuleError.internal("a statement changes something sealed of several people: \(query)")
            }
            return found.first ?? (isNobody ? .nobody : nil)
        }
    }

    private func plan(_ sql: String, _ module: String) throws -> StatementPlan {
        let place = sql.utf8.withContiguousStorageIfAvailable { UInt(bitPattern: $0.baseAddress) } ?? 0
        let known = state.withLock { state -> StatementPlan? in
            // Another text may lie there now. A comparison of a text with itself compares the places first.
            if place != 0, let known = state.byPlace[place], known.sql == sql { return known.plan }
            return state.byText[sql]
        }
        if let known { return known }
        let plan: StatementPlan
        do { plan = try StatementPlan(sql, tables) } catch let refused {
            throw ModuleError.internal("a statement of module '\(module)' cannot be used: \(refused.reason): \(sql)")
        }
        state.withLock { state in
            if state.byText.count >= Sealing.most { state = State() }
            state.byText[sql] = plan
            if place != 0 { state.byPlace[place] = Known(sql: sql, module: module, plan: plan) }
        }
        return plan
    }

    // MARK: Reading

    /// The row with what is sealed in it opened. What nobody can read any more is NULL.
    func open(_ row: Row) -> Row {
        guard
            row.values.contains(where: {
                if case .blob(let bytes) = $0 { SealedValue.look(bytes) != nil } else { false }
            })
        else { return row }
        return Row(
            columns: row.columns,
            values: row.values.map { if case .blob(let bytes) = $0 { keys.open(bytes) } else { $0 } })
    }
}

extension Engine {
    /// A person as a column holds them, for tests that write to the store themselves.
    package func stored(_ person: String) throws -> [UInt8] {
        SealedValue.bytes(of: try sealing.keys.makeID(of: person))
    }
}
