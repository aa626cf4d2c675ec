import MneedleKit
import MneedleSystem
import MneedleTree

/// `ledger.checkpoint`, `ledger.prove` and `ledger.records`: the ledger in the forms of public transparency logs, for witnesses
/// and for whoever wants to check one entry.
struct ProofCommands {
    let signer: CheckpointSigner

    private static let known = Parameter.optional(
        "since", .integer(0...Int64.max),
        "How many entries the asker knows: the proof that they are still the first ones comes with it.")

    var checkpoint: Command {
        Command(
            "ledger.checkpoint", "Signs how many entries the ledger has, and the root over them.", role: .reader,
            takes: ProofCommands.known, gives: SignedCheckpoint.self, concerns: .everybody,
            example: "ledger.checkpoint since=0",
            reads: { [signer] reading, since in
                let tree = try ProofCommands.tree(reading)
                let head = try tree.first(tree.size).head
                var proof: [TreeHash]?
                if let since, since <= head.size {
                    proof =
                        since == 0 ? [] : try TreeProof.consistency(from: since, size: head.size, tree.subtree).hashes
                }
                return SignedCheckpoint(
                    head: head, proof: proof, note: try signer.sign(head), key: signer.verifier.text)
            })
    }

    private static let sequence = Parameter.required("seq", .id, "The entry's sequence number.")

    var prove: Command {
        Command(
            "ledger.prove", "Proves that the ledger has an entry, so that it can be checked without the ledger.",
            role: .reader, takes: ProofCommands.sequence, gives: ProvenEntry.self, errors: [.notFound],
            concerns: .everybody, example: "ledger.prove seq=1",
            reads: { [signer] reading, sequence in
                let tree = try ProofCommands.tree(reading)
                let row = try tree.connection.first("SELECT * FROM mneedle_ledger WHERE seq = ?", .integer(sequence))
                guard let row else { throw ModuleError.notFound("entry", String(sequence)) }
                guard let record = Ledger.record(of: row) else {
                    throw ModuleError(.storage, "entry \(sequence) of the ledger is damaged; 'ledger.verify' says more")
                }
                let head = try tree.first(tree.size).head
                let proof = LogProof(
                    record: record, index: sequence - 1,
                    inclusion: try TreeProof.inclusion(of: sequence - 1, size: head.size, tree.subtree),
                    checkpoint: try signer.sign(head))
                return ProvenEntry(
                    sequence: sequence, entries: head.size, proof: proof.text,
                    facts: try ProofCommands.facts(row, reading).map { String(decoding: $0.text, as: UTF8.self) },
                    key: signer.verifier.text)
            })
    }

    private static let since = Parameter.optional(
        "since", .integer(0...Int64.max), "Only entries after this sequence number.")
    private static let count = Parameter.optional("count", .integer(1...1_000_000), "How many at the most.")

    var records: Command {
        Command(
            "ledger.records", "Lists what of each entry is hashed, for a copy of the tree.", role: .reader,
            takes: ProofCommands.since, ProofCommands.count, gives: RecordRow.self, concerns: .everybody,
            example: "ledger.records since=0 count=10",
            lists: { reading, send, since, count in
                let connection = try ProofCommands.tree(reading).connection
                try connection.forEach(
                    "SELECT * FROM mneedle_ledger WHERE seq > ? ORDER BY seq LIMIT ?",
                    [.integer(since ?? 0), .integer(count ?? .max)], of: Verb.host
                ) { row in
                    guard let record = Ledger.record(of: row), let sequence = row.integer("seq") else {
                        throw ModuleError(
                            .storage, "entry \(row["seq"]) of the ledger is damaged; 'ledger.verify' says more")
                    }
                    try send(RecordRow(sequence: sequence, record: String(decoding: record, as: UTF8.self)))
                }
            })
    }

    /// - Returns: `nil` where the person whom they are about has been erased.
    private static func facts(_ row: Row, _ reading: any Reading) throws -> LedgerFacts? {
        guard let bytes = row.blob("body"), let keys = (reading as? StoreReading)?.engine.sealing.keys else {
            return nil
        }
        return try keys.open(facts: bytes)
    }

    private static func tree(_ reading: any Reading) throws -> LedgerTree {
        guard let reading = reading as? StoreReading else {
            throw ModuleError.internal("the ledger's tree is read from the store itself")
        }
        return LedgerTree(connection: reading.connection)
    }
}

/// The reply to `ledger.checkpoint`.
private struct SignedCheckpoint: Reply {
    var head: TreeHead
    var proof: [TreeHash]?
    var note: String
    var key: String

    static let members: [Member<SignedCheckpoint>] = [
        Member("entries", "how many entries there are") { $0.head.size },
        Member("head", "the root over them, in hexadecimal") { $0.head.root.bytes.hex },
        Member("checkpoint", "both, signed: a note as c2sp.org/tlog-checkpoint writes it", \.note),
        Member("key", "the public key that signs", \.key),
        Member(
            "proof",
            "the hashes, in base64, that prove (RFC 6962, 2.1.2) that the ledger begins with the entries before 'since'; absent without 'since', or where it has fewer"
        ) { $0.proof.map { $0.map(\.base64) } },
    ]
}

/// The reply to `ledger.prove`.
private struct ProvenEntry: Reply {
    var sequence: Int64
    var entries: Int64
    var proof: String
    var facts: String?
    var key: String

    static let members: [Member<ProvenEntry>] = [
        Member("seq", "the entry's sequence number", \.sequence),
        Member("entries", "how many entries the ledger has with which it is proved", \.entries),
        Member(
            "proof", "the record and its proof, as c2sp.org/tlog-proof writes them; says nothing of the facts", \.proof),
        Member(
            "facts",
            "what the entry says, for whoever may know: a salt, the subject and the body, a line each; the record ends with their SHA-256; absent where the person whom they are about has been erased",
            \.facts),
        Member("key", "the public key that signs", \.key),
    ]
}

/// A row of `ledger.records`.
private struct RecordRow: Reply {
    var sequence: Int64
    var record: String

    static let members: [Member<RecordRow>] = [
        Member("seq", "the entry's sequence number", \.sequence),
        Member("record", "what is hashed: a line a field, the SHA-256 of the facts last", \.record),
    ]
}
