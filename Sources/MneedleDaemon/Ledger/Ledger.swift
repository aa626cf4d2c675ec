import Crypto
import Foundation
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
    /// A buffer for the hashed bytes, kept to reuse its memory.
    private var hashed: [UInt8] = []

    /// Finds the head.
    init(_ connection: any StoreConnection) throws {
        head = try Ledger.head(in: connection)
    }

    static func head(in connection: any StoreConnection) throws -> Head {
        let sql = "SELECT seq, hash FROM mneedle_ledger ORDER BY seq DESC LIMIT 1"
        guard let row = try connection.first(sql) else { return .empty }
        guard case .integer(let sequence) = row["seq"], sequence > 0, sequence < .max,
            case .blob(let hash) = row["hash"], hash.count == 32
        else {
            throw ModuleError(
                .storage,
                "the newest entry of the ledger is damaged (entry \(row["seq"]), its hash is not 32 bytes or it has"
                    + " no number); keep the file and restore a copy made by 'ledger.backup'")
        }
        return Head(sequence: sequence, hash: hash)
    }

    /// An entry's hash; `nil` when there is no such entry.
    static func hash(of sequence: Int64, in connection: any StoreConnection) throws -> [UInt8]? {
        let row = try connection.first("SELECT hash FROM mneedle_ledger WHERE seq = ?", .integer(sequence))
        return if case .blob(let hash)? = row?["hash"] { hash } else { nil }
    }

    func append(
        _ entry: Entry, module: String, actor: Actor, at: Instant, to connection: any WritingConnection
    ) throws -> PublishedEvent {
        let (sequence, isOver) = head.sequence.addingReportingOverflow(1)
        guard !isOver else { throw ModuleError.internal("the ledger has no number left") }
        let body = entry.body.jsonBytes
        let hash = try Ledger.hash(
            after: head.hash, sequence: sequence, at: at.milliseconds, actor: actor.user, module: module,
            kind: entry.kind, subject: entry.subject, person: entry.person, body: body, in: &hashed)
        try connection.run(Ledger.insertion) { values in
            try values.give(sequence)
            try values.give(at.milliseconds)
            try values.give(actor.user)
            try values.give(module)
            try values.give(entry.kind)
            try values.give(entry.subject)
            if let person = entry.person { try values.give(person) } else { try values.giveNull() }
            try values.give(text: body)
            try values.give(bytes: hash)
        }
        head = Head(sequence: sequence, hash: hash)
        return PublishedEvent(sequence: sequence, topic: entry.kind, body: body, person: entry.person)
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
        // Copied byte by byte it would cost a fifth of the hashing once more.
        return hash.finalize().withUnsafeBytes { [UInt8]($0) }
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
