/// A value of a column. Times are stored as milliseconds since 1970, dates as text `2026-11-20`,
/// flags as 0 and 1, lists and objects as JSON text.
public enum SQLValue: Hashable, Sendable {
    case null
    case integer(Int64)
    case real(Double)
    case text(String)
    case blob([UInt8])
}

/// What can be bound to a `?` of a statement. `nil` binds NULL.
public protocol SQLBindable {
    var sql: SQLValue { get }
}

/// The values to bind, in their order. Inlined where it is called, so that it costs no more than the list itself.
@inlinable
public func bindings<each Column: SQLBindable>(_ values: repeat each Column) -> [SQLValue] {
    var list: [SQLValue] = []
    repeat list.append((each values).sql)
    return list
}

extension SQLValue: SQLBindable { @inlinable public var sql: SQLValue { self } }
extension String: SQLBindable { @inlinable public var sql: SQLValue { .text(self) } }
extension Int: SQLBindable { @inlinable public var sql: SQLValue { .integer(Int64(self)) } }
extension Int64: SQLBindable { @inlinable public var sql: SQLValue { .integer(self) } }
extension Double: SQLBindable { @inlinable public var sql: SQLValue { .real(self) } }
extension Bool: SQLBindable { @inlinable public var sql: SQLValue { .integer(self ? 1 : 0) } }
extension Instant: SQLBindable { @inlinable public var sql: SQLValue { .integer(milliseconds) } }
extension CivilDate: SQLBindable { public var sql: SQLValue { .text(description) } }
extension Optional: SQLBindable where Wrapped: SQLBindable {
    @inlinable public var sql: SQLValue { self?.sql ?? .null }
}
extension Array: SQLBindable where Element == UInt8 { @inlinable public var sql: SQLValue { .blob(self) } }

/// The names of a result's columns, in their order. There are few of them: looking along them is faster than hashing.
public struct Columns: Sendable {
    public let names: [String]

    public init(_ names: [String]) { self.names = names }

    /// A column's position; `nil` when the statement does not select it. Of two that have one name, the first.
    public subscript(name: String) -> Int? { names.firstIndex(of: name) }
}

/// One row of a result. Asking for a column that the statement does not select is a defect and traps.
public struct Row: Sendable {
    /// Shared by all rows of a result.
    public let columns: Columns
    public let values: [SQLValue]

    public init(columns: Columns, values: [SQLValue]) {
        self.columns = columns
        self.values = values
    }

    public subscript(column: String) -> SQLValue {
        guard let index = columns[column] else {
            preconditionFailure("the statement selects no column '\(column)', only \(columns.names)")
        }
        return values[index]
    }

    public func text(_ column: String) -> String? {
        if case .text(let text) = self[column] { text } else { nil }
    }
    public func integer(_ column: String) -> Int64? {
        if case .integer(let number) = self[column] { number } else { nil }
    }
    public func number(_ column: String) -> Double? {
        switch self[column] {
        case .real(let number): number
        case .integer(let number): Double(number)
        default: nil
        }
    }
    public func bool(_ column: String) -> Bool { integer(column).map { $0 != 0 } ?? false }
    public func instant(_ column: String) -> Instant? { integer(column).map(Instant.init(milliseconds:)) }
    public func date(_ column: String) -> CivilDate? { text(column).flatMap(CivilDate.init) }
    public func blob(_ column: String) -> [UInt8]? {
        if case .blob(let bytes) = self[column] { bytes } else { nil }
    }
}
