import Crypto
import Foundation
import MneedleKit

/// `ledger.tail`, `ledger.verify`, `ledger.compare` and `ledger.backup`.
struct LedgerCommands {
    let backups: Backup

    var commands: [Command] { [tail, verify, compare, backup] }

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
            concerns: .filtered, example: "ledger.tail count=5", .lists(LedgerCommands.listTail))
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
        // By the hash one could try out what another's entry may say.
        let isWhole = reading.seesEverybody
        if !isWhole {
            let (condition, bound) = try visible(reading)
            conditions.append(condition)
            values += bound
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
                "body": try reading.value(json: row.text("body") ?? "{}"),
                "hash": isWhole ? row.blob("hash")?.hex : nil,
            ])
        }
        return [:]
    }

    /// The entries that a peer sees who sees only its own: those, and what concerns nobody.
    private static func visible(_ reading: any Reading) throws -> (condition: String, values: [SQLValue]) {
        guard let reading = reading as? StoreReading else {
            throw ModuleError.internal("whose an entry is is read from the store itself")
        }
        let (own, common) = (try reading.ownPeople().sorted(), reading.house.commonKinds.sorted())
        func places(_ values: [String]) -> String { values.map { _ in "?" }.joined(separator: ", ") }
        return (
            "(person IN (\(places(own))) OR (person IS NULL AND kind IN (\(places(common)))))",
            (own + common).map(SQLValue.text)
        )
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
            concerns: .everybody, example: "ledger.verify",
            .reads { _, reading in try LedgerCommands.verified(reading) })
    }

    /// A chain that does not hold degrades the service until one that holds is proved.
    static func verified(_ reading: any Reading) throws -> Object {
        var proof = LedgerProof()
        try reading.forEach("SELECT * FROM mneedle_ledger ORDER BY seq", []) { proof.add($0) }
        if let health = (reading as? StoreReading)?.engine.health {
            if let bad = proof.firstBad {
                health.report(LedgerProof.problem(bad))
            } else {
                health.mend("ledger-broken")
            }
        }
        return [
            "ok": proof.firstBad == nil, "entries": proof.entries, "head": proof.head.hash.hex,
            "first_bad": proof.firstBad,
        ]
    }

    private var compare: Command {
        Command(
            "compare",
            "Holds an entry against what a witness knows; one that does not fit degrades the service.",
            role: .admin,
            parameters: [
                .required("seq", .integer(1...Int64.max), "The entry's sequence number."),
                .required("hash", .text(maximum: 64), "The hash that it had, in hexadecimal."),
            ],
            reply: [
                ReplyMember("ok", "whether the entry is there and has that hash"),
                ReplyMember("hash", "the hash that it has, if it is there"),
            ],
            concerns: .everybody, example: "ledger.compare seq=1 hash=\(String(repeating: "0", count: 64))",
            .reads { request, reading in
                let sequence = try request.arguments.requiredInteger("seq")
                let stored = try reading.row("SELECT hash FROM mneedle_ledger WHERE seq = ?", sequence)?.blob("hash")?
                    .hex
                let isSame = try stored == request.arguments.requiredText("hash").lowercased()
                if !isSame, let health = (reading as? StoreReading)?.engine.health {
                    let fault = stored == nil ? "is not there" : "is another one than a witness knows"
                    health.report(
                        Health.Problem(
                            "ledger-witness",
                            "entry \(sequence) of the ledger \(fault): the store was replaced, altered, or is an older copy;"
                                + " keep it, find out which, and restart the service when the store is right",
                            blocksSessions: true))
                }
                return ["ok": isSame, "hash": stored]
            })
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
            errors: [.conflict], concerns: .everybody,
            example: "ledger.backup path=/var/backups/mneedle/before-upgrade.sqlite",
            .reads { [backups] request, reading in
                guard let reading = reading as? StoreReading else {
                    throw ModuleError.internal("a backup is made from the store itself")
                }
                return try backups.write(
                    reading.database, to: try request.arguments.requiredText("path"), for: request.actor)
            })
    }
}
