/// A value of a column. Times are stored as milliseconds since 1970, dates as text `2026-11-20`,
/// flags as 0 and 1, lists and objects as JSON text.
public enum SQLValue: Hashable, Sendable {
    case null
    case integer(Int64)
    case real(Double)
    case text(String)
    case blob([UInt8])
}

/// A type whose values can be bound to a `?` of a statement. `nil` binds NULL.
public protocol SQLBindable {
    /// The value as a column holds it.
    var sql: SQLValue { get }
}

/// The values to bind, in their order.
@inlinable
public func bindings<each Column: SQLBindable>(_ values: repeat each Column) -> [SQLValue] {
    var list: [SQLValue] = []
    var count = 0
    repeat count += ((each values), 1).1
    list.reserveCapacity(count)
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

/// The names of a result's columns, in their order. There are few of them: a linear search is faster than hashing.
public final class Columns: Sendable {
    /// The names as the statement selects them.
    public let names: [String]
    /// The function that is told of a value that is not valid for its column.
    let report: @Sendable (String) -> Void

    /// - Parameter report: A function that is told of a value that is not valid for its column.
    public init(_ names: [String], report: @escaping @Sendable (String) -> Void = { _ in }) {
        self.names = names
        self.report = report
    }

    /// A column's position; `nil` when the statement does not select it. Of two columns with one name, the first counts.
    public subscript(name: String) -> Int? { names.firstIndex(of: name) }
}

/// One row of a result.
///
/// A value that is not valid for its column, and a column that the statement does not select, are read as `nil`, and the
/// request fails: damaged values are not taken for missing ones.
public struct Row: Sendable {
    /// The columns, shared by all rows of a result.
    public let columns: Columns
    /// The values, one for each column, in their order.
    public let values: [SQLValue]

    /// A row of a result; there are as many values as columns.
    public init(columns: Columns, values: [SQLValue]) {
        self.columns = columns
        self.values = values
    }

    /// The value as it is stored.
    public subscript(column: String) -> SQLValue {
        guard let index = columns[column], index < values.count else {
            columns.report("there is no column '\(column)'")
            return .null
        }
        return values[index]
    }

    /// Text; `nil` for NULL.
    public func text(_ column: String) -> String? {
        switch self[column] {
        case .text(let text): text
        case .null: nil
        default: fault(column, "text")
        }
    }
    /// A whole number; `nil` for NULL.
    public func integer(_ column: String) -> Int64? {
        switch self[column] {
        case .integer(let number): number
        case .null: nil
        default: fault(column, "a whole number")
        }
    }
    /// A number, whole or not; `nil` for NULL.
    public func number(_ column: String) -> Double? {
        switch self[column] {
        case .real(let number): number
        case .integer(let number): Double(number)
        case .null: nil
        default: fault(column, "a number")
        }
    }
    /// A flag; `false` for NULL.
    public func bool(_ column: String) -> Bool { integer(column).map { $0 != 0 } ?? false }
    /// A time; `nil` for NULL.
    public func instant(_ column: String) -> Instant? {
        guard let milliseconds = integer(column) else { return nil }
        // The years 1 to 9999: no clock has shown anything else.
        guard -62_135_596_800_000..<253_402_300_800_000 ~= milliseconds else { return fault(column, "a time") }
        return Instant(milliseconds: milliseconds)
    }
    /// A day; `nil` for NULL.
    public func date(_ column: String) -> CivilDate? {
        text(column).flatMap { CivilDate($0) ?? fault(column, "a date") }
    }
    /// Bytes; `nil` for NULL.
    public func blob(_ column: String) -> [UInt8]? {
        switch self[column] {
        case .blob(let bytes): bytes
        case .null: nil
        default: fault(column, "bytes")
        }
    }

    private func fault<Value>(_ column: String, _ expected: String) -> Value? {
        columns.report("column '\(column)' does not hold \(expected)")
        return nil
    }
}
