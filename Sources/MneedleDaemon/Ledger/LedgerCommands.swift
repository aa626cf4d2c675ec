import Crypto
import Foundation
import MneedleKit

/// `ledger.tail`, `ledger.verify` and `ledger.backup`.
struct LedgerCommands {
    let backups: Backup

    var commands: [Command] { [tail, verify, backup] }

    private var tail: Command {
        Command(
            "tail", "Shows the newest ledger entries, or all after one: who did what, when.", role: .reader,
            parameters: [
                .optional("count", .integer(1...100_000), "How many entries; 20 unless 'since' is given."),
                .optional("since", .integer(0...Int64.max), "Only entries after this sequence number."),
                .optional("person", .slug, "Only entries that concern this person."),
                .optional(
                    "kind", .line(maximum: 64),
                    "Only entries of this kind: session.started, or session.* for all of a family."),
            ],
            reply: [
                ReplyMember("seq", "the entry's sequence number"), ReplyMember("at", "when it was recorded"),
                ReplyMember("actor", "the unix user who asked"), ReplyMember("module", "the module that recorded it"),
                ReplyMember("kind", "what happened"), ReplyMember("subject", "what it happened to"),
                ReplyMember("body", "the facts"), ReplyMember("hash", "SHA-256 over the entry and the hash before it"),
            ],
            example: "ledger.tail count=5", .lists(LedgerCommands.listTail))
    }

    @Sendable private static func listTail(
        _ request: Request, _ reading: any Reading, _ sink: Command.RowSink
    ) throws -> Object {
        let since = request.arguments.integer("since")
        let count = request.arguments.integer("count") ?? (since == nil ? 20 : Int64.max)
        var conditions = ["seq > ?"]
        var values: [SQLValue] = [.integer(since ?? 0)]
        if let person = request.arguments.text("person") {
            conditions.append("person = ?")
            values.append(.text(person))
        }
        if let kind = request.arguments.text("kind") {
            conditions.append(kind.hasSuffix(".*") ? "substr(kind, 1, ?) = ?" : "kind = ?")
            if kind.hasSuffix(".*") { values.append((kind.unicodeScalars.count - 1).sql) }
            values.append(.text(kind.hasSuffix(".*") ? String(kind.dropLast()) : kind))
        }
        values.append(.integer(count))
        let matching = "SELECT * FROM mneedle_ledger WHERE \(conditions.joined(separator: " AND "))"
        // The newest ones, but shown in the order in which they happened.
        let sql =
            since == nil
            ? "SELECT * FROM (\(matching) ORDER BY seq DESC LIMIT ?) AS newest ORDER BY seq"
            : "\(matching) ORDER BY seq LIMIT ?"
        try reading.forEach(sql, values) { row in
            try sink([
                "seq": row.integer("seq"), "at": row.instant("at"), "actor": row.text("actor"),
                "module": row.text("module"), "kind": row.text("kind"), "subject": row.text("subject"),
                "body": try reading.value(json: row.text("body") ?? "{}"), "hash": row.blob("hash")?.hex,
            ])
        }
        return [:]
    }

    private var verify: Command {
        Command(
            "verify", "Proves from the first entry to the last that none was altered, removed or inserted.",
            role: .reader,
            reply: [
                ReplyMember("ok", "whether the whole chain holds"),
                ReplyMember("entries", "how many entries there are"),
                ReplyMember("head", "the newest entry's hash, to compare with the one in the journal"),
                ReplyMember("first_bad", "the first entry that does not fit, if any"),
            ],
            example: "ledger.verify", .reads { _, reading in try LedgerCommands.verified(reading) })
    }

    static func verified(_ reading: any Reading) throws -> Object {
        var head = Ledger.Head.empty
        var entries = 0
        var bytes: [UInt8] = []
        var firstBad: Int64?
        try reading.forEach("SELECT * FROM mneedle_ledger ORDER BY seq", []) { row in
            let sequence = row.integer("seq") ?? 0
            let stored = row.blob("hash") ?? []
            let hash = try? Ledger.hash(
                after: head.hash, sequence: sequence, at: row.integer("at") ?? 0, actor: row.text("actor") ?? "",
                module: row.text("module") ?? "", kind: row.text("kind") ?? "", subject: row.text("subject") ?? "",
                person: row.text("person"), body: Array((row.text("body") ?? "").utf8), in: &bytes)
            let fits = hash == stored && (entries == 0 || sequence == head.sequence + 1)
            if !fits && firstBad == nil { firstBad = sequence }
            head = Ledger.Head(sequence: sequence, hash: stored)
            entries += 1
        }
        return ["ok": firstBad == nil, "entries": entries, "head": head.hash.hex, "first_bad": firstBad]
    }

    private var backup: Command {
        Command(
            "backup", "Writes a consistent copy of everything to a new file while the service runs.", role: .admin,
            parameters: [
                .required(
                    "path", .line(maximum: 4000),
                    "The copy's path: a new file *.sqlite in one of the folders that [backup] in mneedled.toml names and you may write in."
                )
            ],
            reply: [
                ReplyMember("bytes", "size of the copy"), ReplyMember("entries", "ledger entries in it"),
                ReplyMember("head", "its newest entry's hash"),
            ],
            errors: [.conflict], example: "ledger.backup path=/var/backups/mneedle/before-upgrade.sqlite",
            .reads { [backups] request, reading in
                guard let reading = reading as? StoreReading else {
                    throw ModuleError.internal("a backup is made from the store itself")
                }
                return try backups.write(
                    reading.database, to: try request.arguments.requiredText("path"), for: request.actor)
            })
    }
}
