import Foundation
import MneedleKit
import MneedleSystem
import MneedleTree

/// `ledger.tail`, `ledger.verify`, `ledger.compare` and `ledger.backup`.
struct LedgerCommands {
    let backups: Backup

    private static let count = Parameter.optional(
        "count", .integer(1...100_000), "How many entries; 20 unless 'since' is given.")
    private static let since = Parameter.optional(
        "since", .integer(0...Int64.max), "Only entries after this sequence number.")
    private static let person = Parameter.optional("person", .slug, "Only entries that concern this person.")
    private static let kind = Parameter.optional(
        "kind", .line(maximum: 64),
        "Only entries of this kind: session.started, or session.* for all of a family.")

    var tail: Command {
        Command(
            "ledger.tail", "Shows the newest ledger entries, or all after one: who did what, when.", role: .reader,
            takes: LedgerCommands.count, LedgerCommands.since, LedgerCommands.person, LedgerCommands.kind,
            gives: LedgerRow.self, concerns: .filtered, example: "ledger.tail count=5",
            lists: LedgerCommands.listTail)
    }

    @Sendable private static func listTail(
        _ reading: any Reading, _ send: (LedgerRow) throws -> Void, _ count: Int64?, _ since: Int64?,
        _ person: String?, _ kind: String?
    ) throws {
        let count = count ?? (since == nil ? 20 : Int64.max)
        var conditions = ["seq > ?"]
        var values: [SQLValue] = [.integer(since ?? 0)]
        if let person {
            conditions.append("person = ?")
            values.append(.text(person))
        }
        if let kind {
            conditions.append(kind.hasSuffix(".*") ? "substr(kind, 1, ?) = ?" : "kind = ?")
            if kind.hasSuffix(".*") { values.append((kind.unicodeScalars.count - 1).sql) }
            values.append(.text(kind.hasSuffix(".*") ? String(kind.dropLast()) : kind))
        }
        // With the hash a peer could find out by guessing what another's entry says.
        let isWhole = reading.privacy.seesEverybody
        if !isWhole {
            let (condition, bound) = try visible(reading)
            conditions.append(condition)
            values += bound
        }
        values.append(.integer(count))
        let matching = "SELECT * FROM mneedle_ledger WHERE \(conditions.joined(separator: " AND "))"
        // The newest entries, shown in the order in which they happened.
        let sql =
            since == nil
            ? "SELECT * FROM (\(matching) ORDER BY seq DESC LIMIT ?) AS newest ORDER BY seq"
            : "\(matching) ORDER BY seq LIMIT ?"
        try reading.store.forEach(sql, values) {
            let facts = $0.facts
            try send(
                LedgerRow(
                    row: $0, subject: facts.subject, body: reading.store.value(json: facts.body ?? "{}"),
                    showsHash: isWhole))
        }
    }

    /// The condition for the entries that a confined peer sees: those about its own people, and those that concern nobody.
    private static func visible(_ reading: any Reading) throws -> (condition: String, values: [SQLValue]) {
        guard let reading = reading as? StoreReading else {
            throw ModuleError.internal("whose an entry is is read from the store itself")
        }
        let (own, common) = (try reading.ownPeople().sorted(), reading.registry.commonKinds.sorted())
        func places(_ values: [String]) -> String { values.map { _ in "?" }.joined(separator: ", ") }
        // SQL has no empty list.
        func isOne(_ column: String, of values: [String]) -> String {
            values.isEmpty ? "1 = 0" : "\(column) IN (\(places(values)))"
        }
        return (
            "(\(isOne("person", of: own)) OR (person IS NULL AND \(isOne("kind", of: common))))",
            (own + common).map(SQLValue.text)
        )
    }

    var verify: Command {
        Command(
            "ledger.verify",
            "Proves from the first entry to the last that none was altered, removed or inserted, and the same of every table's rows.",
            role: .reader, gives: Verified.self, concerns: .everybody, example: "ledger.verify",
            reads: { try LedgerCommands.verified($0) })
    }

    /// The result of the proof. A ledger that does not hold degrades the service until one that holds is proved.
    static func verified(_ reading: any Reading) throws -> Verified {
        guard let reading = reading as? StoreReading else {
            throw ModuleError.internal("the ledger is proved from the store itself")
        }
        let proof = try LedgerProof.ofAll(reading)
        if let bad = proof.firstBad {
            reading.engine.health.report(LedgerProof.problem(bad))
        } else {
            reading.engine.health.mend("ledger-broken")
        }
        let altered = try reading.engine.alteredTables(reading.connection)
        return Verified(
            isWhole: proof.firstBad == nil && altered.isEmpty, entries: Int64(proof.entries),
            head: proof.tree.root.bytes.hex, firstBad: proof.firstBad, altered: altered.isEmpty ? nil : altered)
    }

    private static let entries = Parameter.required(
        "entries", .id, "How many entries the ledger had when the witness looked.")
    private static let head = Parameter.required(
        "head", .text(maximum: 64), "The root over them, in hexadecimal.")

    var compare: Command {
        Command(
            "ledger.compare",
            "Holds the ledger's first entries against what a witness knows; if they do not fit, the service is degraded.",
            role: .admin, takes: LedgerCommands.entries, LedgerCommands.head, gives: ComparedHead.self,
            concerns: .everybody, example: "ledger.compare entries=1 head=\(String(repeating: "0", count: 64))",
            reads: { reading, entries, head in
                guard let reading = reading as? StoreReading else {
                    throw ModuleError.internal("the ledger's tree is read from the store itself")
                }
                let tree = LedgerTree(connection: reading.connection)
                let size = try tree.size
                let known = entries <= size ? try tree.first(entries).root.bytes.hex : nil
                let isSame = known == head.lowercased()
                if !isSame {
                    let fault =
                        known == nil
                        ? "the ledger has \(size) entries, and had \(entries) when a witness looked"
                        : "the first \(entries) entries of the ledger are others than a witness knows"
                    reading.engine.health.report(
                        Health.Fault(
                            "ledger-witness",
                            fault + ": the store was replaced, altered, or is an older copy;"
                                + " keep it, find out which, and restart the service when the store is right",
                            blocksSessions: true))
                }
                return ComparedHead(isSame: isSame, head: known)
            })
    }

    private static let path = Parameter.required(
        "path", .line(maximum: 4000),
        "The copy's path: a new file *\(Stores.copySuffix) in one of the folders that [backup] in mneedled.toml names and you may write in."
    )

    var backup: Command {
        Command(
            "ledger.backup", "Writes a consistent copy of everything to a new file while the service runs.",
            role: .admin, takes: LedgerCommands.path, gives: WrittenCopy.self, errors: [.conflict],
            concerns: .everybody, example: "ledger.backup path=/var/backups/mneedle/before-upgrade\(Stores.copySuffix)",
            reads: { [backups] reading, path in
                guard let reading = reading as? StoreReading else {
                    throw ModuleError.internal("a backup is made from the store itself")
                }
                return try backups.write(reading.connection, to: path, for: reading.actor)
            })
    }
}

/// A row of `ledger.tail`.
private struct LedgerRow: Reply {
    let row: Row
    let subject: String
    let body: Value
    let showsHash: Bool

    static let members: [Member<LedgerRow>] = [
        Member("seq", "the entry's sequence number") { $0.row.integer("seq") },
        Member("at", "when it was recorded") { $0.row.instant("at") },
        Member("actor", "the unix user who asked") { $0.row.text("actor") },
        Member("module", "the module that recorded it") { $0.row.text("module") },
        Member("kind", "what happened") { $0.row.text("kind") },
        Member("subject", "what it happened to", \.subject),
        Member("body", "the facts; empty where the person whom they are about has been erased", \.body),
        Member("hash", "the hash of its record, a leaf of the tree; absent for those who see only their own") {
            $0.showsHash ? $0.row.blob("hash")?.hex : nil
        },
    ]
}

/// The reply to `ledger.verify`.
struct Verified: Reply {
    var isWhole: Bool
    var entries: Int64
    var head: String
    var firstBad: Int64?
    var altered: [String]?

    static let members: [Member<Verified>] = [
        Member("ok", "whether every entry, and every row of a table, is the one that was written", \.isWhole),
        Member("entries", "how many entries there are", \.entries),
        Member("head", "the root over all of them, to compare with the one in the journal", \.head),
        Member("first_bad", "the first entry that does not fit, if any", \.firstBad),
        Member("altered", "the tables with rows that somebody else has changed, if any", \.altered),
    ]
}

/// The reply to `ledger.compare`.
private struct ComparedHead: Reply {
    var isSame: Bool
    var head: String?

    static let members: [Member<ComparedHead>] = [
        Member("ok", "whether the ledger begins with those entries", \.isSame),
        Member("head", "the root over its first entries, if it has so many", \.head),
    ]
}

/// The reply to `ledger.backup`.
struct WrittenCopy: Reply {
    var bytes: Int64
    var entries: Int64
    var head: String

    static let members: [Member<WrittenCopy>] = [
        Member("bytes", "size of the copy", \.bytes),
        Member("entries", "ledger entries in it", \.entries),
        Member("head", "the root over them", \.head),
    ]
}
