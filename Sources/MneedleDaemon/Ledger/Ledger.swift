import Crypto
import Foundation
import GRDB
import MneedleKit

/// The append-only, hash-chained record of every change.
///
/// An entry's hash covers the one before it, so that no entry can be altered, removed or inserted without
/// changing every later hash. `Documentation/ledger.md` gives the canonical form for independent readers.
final class Ledger {
    /// The newest entry. Part of the open transaction's state: set back when a request is rolled back.
    struct Head: Sendable, Equatable {
        var sequence: Int64
        var hash: [UInt8]
        static let empty = Head(sequence: 0, hash: [UInt8](repeating: 0, count: 32))
    }

    var head: Head
    /// What is hashed; kept for its memory.
    private var hashed: [UInt8] = []

    /// Finds the head.
    init(_ database: Database) throws {
        head = try Ledger.head(in: database)
    }

    static func head(in database: Database) throws -> Head {
        let sql = "SELECT seq, hash FROM mneedle_ledger ORDER BY seq DESC LIMIT 1"
        guard let row = try GRDB.Row.fetchOne(database, sql: sql) else { return .empty }
        guard let sequence = Int64.fromDatabaseValue(row[0]), sequence > 0, sequence < .max,
            let hash = bytes(row[1]), hash.count == 32
        else {
            throw ModuleError(
                .storage,
                "the newest entry of the ledger is damaged (entry \(row[0] as DatabaseValue), its hash is not 32 bytes or it has"
                    + " no number); keep the file and restore a copy made by 'ledger.backup'")
        }
        return Head(sequence: sequence, hash: hash)
    }

    /// An entry's hash; `nil` when there is no such entry.
    static func hash(of sequence: Int64, in database: Database) throws -> [UInt8]? {
        let sql = "SELECT hash FROM mneedle_ledger WHERE seq = ?"
        return try GRDB.Row.fetchOne(database, sql: sql, arguments: [sequence]).flatMap { bytes($0[0]) }
    }

    private static func bytes(_ value: DatabaseValue) -> [UInt8]? {
        if case .blob(let data) = value.storage { [UInt8](data) } else { nil }
    }

    func append(
        _ entry: Entry, module: String, actor: Actor, at: Instant, to database: Database, _ statements: StatementCache
    ) throws -> Event {
        let (sequence, isOver) = head.sequence.addingReportingOverflow(1)
        guard !isOver else { throw ModuleError.internal("the ledger has no number left") }
        let body = entry.body.jsonBytes
        let hash = try Ledger.hash(
            after: head.hash, sequence: sequence, at: at.milliseconds, actor: actor.user, module: module,
            kind: entry.kind, subject: entry.subject, person: entry.person, body: body, in: &hashed)
        let statement = try statements.entry(Ledger.insertion, database).statement
        try statement.bind(.integer(sequence), at: 1)
        try statement.bind(.integer(at.milliseconds), at: 2)
        try statement.bind(.text(actor.user), at: 3)
        try statement.bind(.text(module), at: 4)
        try statement.bind(.text(entry.kind), at: 5)
        try statement.bind(.text(entry.subject), at: 6)
        try statement.bind(entry.person.map(SQLValue.text) ?? .null, at: 7)
        try statement.bind(utf8: body, at: 8)
        try statement.bind(.blob(hash), at: 9)
        try statement.run()
        head = Head(sequence: sequence, hash: hash)
        return Event(sequence: sequence, topic: entry.kind, body: body, person: entry.person)
    }

    private static let insertion = """
        INSERT INTO mneedle_ledger (seq, at, actor, module, kind, subject, person, body, hash)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
        """

    /// SHA-256 over the previous hash and one line a field. No field holds a line feed, so the form is unambiguous.
    static func hash(
        after previous: [UInt8], sequence: Int64, at: Int64, actor: String, module: String, kind: String,
        subject: String, person: String?, body: [UInt8], in bytes: inout [UInt8]
    ) throws -> [UInt8] {
        bytes.removeAll(keepingCapacity: true)
        bytes.append(contentsOf: previous)
        try add(String(sequence), to: &bytes)
        try add(String(at), to: &bytes)
        try add(actor, to: &bytes)
        try add(module, to: &bytes)
        try add(kind, to: &bytes)
        try add(subject, to: &bytes)
        try add(person ?? "", to: &bytes)
        guard !body.contains(10) else { throw lineFeed }
        bytes.append(contentsOf: body)
        bytes.append(10)
        var hash = SHA256()
        bytes.withUnsafeBytes { hash.update(bufferPointer: $0) }
        return [UInt8](hash.finalize())
    }

    private static func add(_ field: String, to bytes: inout [UInt8]) throws {
        var field = field
        try field.withUTF8 { utf8 in
            guard !utf8.contains(10) else { throw lineFeed }
            bytes.append(contentsOf: utf8)
        }
        bytes.append(10)
    }

    private static var lineFeed: ModuleError { .internal("a ledger field holds a line feed") }
}
