/// A module's own tables, in one consistent snapshot. Statements are portable SQL, with `?` for values.
public protocol ReadableStore: AnyObject {
    /// Calls `body` with each row, without holding them all.
    func forEach(_ sql: String, _ values: [SQLValue], _ body: (Row) throws -> Void) throws

    /// JSON text for a column, from a value.
    func json(_ value: Value) -> String

    /// The value of a column that holds JSON text.
    func value(json: String) throws -> Value
}

extension ReadableStore {
    /// All rows.
    @inlinable
    public func rows<each Column: SQLBindable>(_ sql: String, _ values: repeat each Column) throws -> [Row] {
        var rows: [Row] = []
        try forEach(sql, bindings(repeat each values)) { rows.append($0) }
        return rows
    }

    /// The first row, or `nil` when there is none.
    @inlinable
    public func row<each Column: SQLBindable>(_ sql: String, _ values: repeat each Column) throws -> Row? {
        var first: Row?
        try forEach(sql, bindings(repeat each values)) { if first == nil { first = $0 } }
        return first
    }
}

/// A module's own tables, in a transaction.
public protocol WritableStore: ReadableStore {
    /// Runs a statement and returns how many rows it changed.
    @discardableResult
    func execute(_ sql: String, _ values: [SQLValue]) throws -> Int

    /// Runs an `INSERT` and returns the id that the store gave the new row.
    func insert(_ sql: String, _ values: [SQLValue]) throws -> Int64
}

extension WritableStore {
    /// Runs a statement with these values and returns how many rows it changed.
    @discardableResult @inlinable
    public func execute<each Column: SQLBindable>(_ sql: String, _ values: repeat each Column) throws -> Int {
        try execute(sql, bindings(repeat each values))
    }

    /// Runs an `INSERT` with these values and returns the id that the store gave the new row.
    @inlinable
    public func insert<each Column: SQLBindable>(_ sql: String, _ values: repeat each Column) throws -> Int64 {
        try insert(sql, bindings(repeat each values))
    }
}
