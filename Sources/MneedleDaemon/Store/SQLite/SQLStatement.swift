import CMneedleSystem
import GRDB
import GRDBSQLite
import MneedleKit

/// A compiled statement of a connection that GRDB keeps, bound and stepped without conversions in between: these few calls
/// are most of the cost of a durable request.
struct SQLStatement {
    private let statement: Statement
    private var pointer: OpaquePointer { statement.sqliteStatement }

    init(_ statement: Statement) { self.statement = statement }

    func bind(_ values: [SQLValue]) throws {
        for index in values.indices { try bind(values[index], at: Int32(index + 1)) }
    }

    private func bind(_ value: SQLValue, at index: Int32) throws {
        switch value {
        case .null: try bindNull(at: index)
        case .integer(let number): try bind(number, at: index)
        case .real(let number): try check(sqlite3_bind_double(pointer, index, number))
        case .text(let text): try bind(text, at: index)
        case .blob(let bytes): try bind(bytes: bytes, at: index)
        }
    }

    func bindNull(at index: Int32) throws { try check(sqlite3_bind_null(pointer, index)) }

    func bind(_ number: Int64, at index: Int32) throws { try check(sqlite3_bind_int64(pointer, index, number)) }

    func bind(_ text: String, at index: Int32) throws {
        var text = text
        try check(text.withUTF8 { bindText($0, at: index) })
    }

    func bind(text: [UInt8], at index: Int32) throws {
        try check(text.withUnsafeBufferPointer { bindText($0, at: index) })
    }

    func bind(bytes: [UInt8], at index: Int32) throws {
        let code = bytes.withUnsafeBytes {
            $0.isEmpty
                ? sqlite3_bind_zeroblob(pointer, index, 0)
                : sqlite3_bind_blob64(pointer, index, $0.baseAddress, UInt64($0.count), SQLStatement.transient)
        }
        try check(code)
    }

    private func bindText(_ bytes: UnsafeBufferPointer<UInt8>, at index: Int32) -> Int32 {
        bytes.withMemoryRebound(to: CChar.self) {
            // An empty buffer may have no address, which SQLite would take for NULL.
            $0.isEmpty
                ? sqlite3_bind_text(pointer, index, "", 0, SQLStatement.transient)
                : sqlite3_bind_text(pointer, index, $0.baseAddress, Int32($0.count), SQLStatement.transient)
        }
    }

    private func check(_ code: Int32) throws { if code != SQLITE_OK { throw error(code) } }

    /// The flag that tells SQLite to copy bound values.
    private static var transient: sqlite3_destructor_type { unsafeBitCast(-1, to: sqlite3_destructor_type.self) }

    /// - Returns: Whether there is a row to read.
    func step() throws -> Bool {
        mneedle_deadline_in_store(1)
        let result = sqlite3_step(pointer)
        mneedle_deadline_in_store(0)
        switch result {
        case SQLITE_ROW: return true
        case SQLITE_DONE: return false
        case let code: throw error(code)
        }
    }

    /// Steps to the end and makes the statement ready for its next use.
    func run() throws {
        defer { reset() }
        while try step() {}
    }

    func reset() { sqlite3_reset(pointer) }

    private var connection: OpaquePointer? { sqlite3_db_handle(pointer) }
    /// The number of rows that the last run changed.
    var changes: Int { Int(sqlite3_changes(connection)) }
    /// The id of the row that the connection inserted last.
    var insertedID: Int64 { sqlite3_last_insert_rowid(connection) }

    private func error(_ code: Int32) -> StoreError {
        let message = connection.flatMap { sqlite3_errmsg($0) }.map { String(cString: $0) }
        return StoreError(DatabaseError(resultCode: ResultCode(rawValue: code), message: message))
    }

    // MARK: Rows

    var columnNames: [String] {
        (0..<sqlite3_column_count(pointer)).map { String(cString: sqlite3_column_name(pointer, $0)) }
    }

    var values: [SQLValue] { (0..<sqlite3_data_count(pointer)).map(value) }

    private func value(_ column: Int32) -> SQLValue {
        switch sqlite3_column_type(pointer, column) {
        case SQLITE_INTEGER: return .integer(sqlite3_column_int64(pointer, column))
        case SQLITE_FLOAT: return .real(sqlite3_column_double(pointer, column))
        case SQLITE_TEXT:
            let start = sqlite3_column_text(pointer, column)
            let count = Int(sqlite3_column_bytes(pointer, column))
            return .text(String(decoding: UnsafeBufferPointer(start: start, count: count), as: UTF8.self))
        case SQLITE_BLOB:
            let start = sqlite3_column_blob(pointer, column)
            let count = Int(sqlite3_column_bytes(pointer, column))
            return .blob([UInt8](UnsafeRawBufferPointer(start: start, count: count)))
        default: return .null
        }
    }
}

/// The values of one run of a statement, bound as they are given.
final class SQLStatementValues: StatementValues {
    private let statement: SQLStatement
    private var next: Int32 = 0

    init(_ statement: SQLStatement) { self.statement = statement }

    private func place() -> Int32 {
        next += 1
        return next
    }

    func give(_ number: Int64) throws { try statement.bind(number, at: place()) }
    func give(_ text: String) throws { try statement.bind(text, at: place()) }
    func give(text: [UInt8]) throws { try statement.bind(text: text, at: place()) }
    func give(bytes: [UInt8]) throws { try statement.bind(bytes: bytes, at: place()) }
    func giveNull() throws { try statement.bindNull(at: place()) }
}
