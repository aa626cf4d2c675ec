import Crypto
import Foundation
import MneedleKit
import MneedleSystem
import MneedleTree

/// The append-only record of every change: the leaves of a Merkle tree (RFC 6962).
///
/// No entry can be altered, removed or inserted without changing the tree's root, and whoever has an older root can be shown
/// that nothing before it has changed. `Documentation/ledger.md` gives the canonical form for independent readers.
package final class Ledger {
    /// The tree of all entries. Part of the open transaction's state: set back when a request is rolled back.
    var tree: Tree
    /// A buffer for the record, kept to reuse its memory.
    private var record: [UInt8] = []
    private let keys: PersonKeys

    /// Finds the tree of all entries.
    init(_ connection: any StoreConnection, _ keys: PersonKeys) throws {
        self.keys = keys
        tree = try LedgerTree.all(in: connection)
    }

    /// - Parameter person: The id of the entry's person.
    func append(
        _ entry: Entry, of person: PersonID?, module: String, actor: Actor, at: Instant,
        to connection: any WritingConnection
    ) throws -> PublishedEvent {
        let (sequence, isOver) = tree.size.addingReportingOverflow(1)
        guard !isOver else { throw ModuleError.internal("the ledger has no number left") }
        guard !entry.subject.utf8.contains(10) else {
            throw ModuleError.internal("the subject of an entry holds a line feed")
        }
        let body = entry.body.jsonBytes
        let subject = LedgerFacts.shown(entry.subject)
        let facts = try keys.seal(
            LedgerFacts(subject: entry.subject, body: String(decoding: body, as: UTF8.self)), of: person ?? .nobody)
        try Ledger.write(
            sequence: sequence, at: at.milliseconds, actor: actor.user, module: module, kind: entry.kind,
            subject: subject, person: person, facts: facts, into: &record)
        let leaf = TreeHash(leaf: record)
        try connection.run(Ledger.insertion) { values in
            try values.give(sequence)
            try values.give(at.milliseconds)
            try values.give(actor.user)
            try values.give(module)
            try values.give(entry.kind)
            try values.give(subject)
            if let person { try values.give(bytes: SealedValue.bytes(of: person)) } else { try values.giveNull() }
            try values.give(bytes: leaf.bytes)
            try values.give(bytes: facts)
        }
        for (level, root) in zip(1..., tree.append(leaf)) {
            try connection.run(Ledger.completion) { values in
                try values.give(Int64(level))
                try values.give(tree.size >> (Tree.step * level) - 1)
                try values.give(bytes: root.bytes)
            }
        }
        return PublishedEvent(sequence: sequence, topic: entry.kind, body: body, person: entry.person)
    }

    private static let insertion = """
        INSERT INTO mneedle_ledger (seq, at, actor, module, kind, subject, person, hash, body)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
        """

    /// A row that stands there already is none of ours, and must not hold up changes.
    private static let completion = """
        INSERT INTO mneedle_ledger_nodes (level, number, hash) VALUES (?, ?, ?)
        ON CONFLICT (level, number) DO UPDATE SET hash = excluded.hash
        """

    // MARK: The canonical form

    /// Writes an entry's record, the leaf that is hashed: one line a field, the last of them the SHA-256 of the sealed facts and
    /// their commitment. No field holds a line feed, so the form is unambiguous; a record says nothing of what the facts are.
    static func write(
        sequence: Int64, at: Int64, actor: String, module: String, kind: String, subject: String, person: PersonID?,
        facts: [UInt8], into record: inout [UInt8]
    ) throws {
        record.removeAll(keepingCapacity: true)
        try add(String(sequence), to: &record)
        try add(String(at), to: &record)
        try add(actor, to: &record)
        try add(module, to: &record)
        try add(kind, to: &record)
        try add(subject, to: &record)
        for byte in person?.bytes ?? [] { record.append(hexadecimal: byte) }
        record.append(10)
        guard let commitment = SealedValue.commitment(in: facts) else {
            throw ModuleError.internal("an entry has facts")
        }
        var digest = SHA256()
        facts.withUnsafeBytes { digest.update(bufferPointer: $0) }
        digest.finalize().withUnsafeBytes { for byte in $0 { record.append(hexadecimal: byte) } }
        record.append(10)
        for byte in commitment { record.append(hexadecimal: byte) }
        record.append(10)
    }

    private static func add(_ field: String, to record: inout [UInt8]) throws {
        var field = field
        try field.withUTF8 { utf8 in
            guard !utf8.contains(10) else { throw ModuleError.internal("a ledger field holds a line feed") }
            record.append(contentsOf: utf8)
        }
        record.append(10)
    }

    /// The record of a stored entry; `nil` where a column does not hold a value of its type.
    static func record(of row: Row) -> [UInt8]? {
        guard case .integer(let sequence) = row["seq"], case .integer(let at) = row["at"],
            case .text(let actor) = row["actor"], case .text(let module) = row["module"],
            case .text(let kind) = row["kind"], case .text(let subject) = row["subject"],
            case .blob(let facts) = row["body"]
        else { return nil }
        let person: PersonID?
        switch row["person"] {
        case .null: person = nil
        case .blob(let id):
            guard let (form, found) = SealedValue.look(id), form == .person, id.count == SealedValue.head else {
                return nil
            }
            person = found
        default: return nil
        }
        var record: [UInt8] = []
        do {
            try write(
                sequence: sequence, at: at, actor: actor, module: module, kind: kind, subject: subject, person: person,
                facts: facts, into: &record)
        } catch { return nil }
        return record
    }
}
