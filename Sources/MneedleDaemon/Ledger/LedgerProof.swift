import MneedleKit

/// Proves that the ledger's entries follow one another: each hash covers the one before it.
struct LedgerProof {
    private(set) var head = Ledger.Head.empty
    private(set) var entries = 0
    /// The first entry that does not fit.
    private(set) var firstBad: Int64?
    private var bytes: [UInt8] = []
    /// Whether the proof begins within the ledger: then its first row gives only the hash before the first entry.
    private let beginsWithin: Bool

    init(beginsWithin: Bool = false) { self.beginsWithin = beginsWithin }

    /// Adds a row. Each column must hold a value of its type: any other value is a fault.
    mutating func add(_ row: Row) {
        guard case .integer(let sequence) = row["seq"] else { return }
        if !(beginsWithin && entries == 0), !follows(row, sequence) { firstBad = firstBad ?? sequence }
        if case .blob(let hash) = row["hash"] {
            head = Ledger.Head(sequence: sequence, hash: hash)
        } else {
            head = Ledger.Head(sequence: sequence, hash: [])
        }
        entries += 1
    }

    private mutating func follows(_ row: Row, _ sequence: Int64) -> Bool {
        guard case .blob(let stored) = row["hash"], case .integer(let at) = row["at"],
            case .text(let actor) = row["actor"], case .text(let module) = row["module"],
            case .text(let kind) = row["kind"], case .text(let subject) = row["subject"],
            case .text(let body) = row["body"], entries == 0 || sequence == head.sequence &+ 1
        else { return false }
        let person: String?
        switch row["person"] {
        case .null: person = nil
        // An empty name would have the hash of none.
        case .text(let name) where !name.isEmpty: person = name
        default: return false
        }
        let hash = try? Ledger.hash(
            after: head.hash, sequence: sequence, at: at, actor: actor, module: module, kind: kind, subject: subject,
            person: person, body: Array(body.utf8), in: &bytes)
        return hash == stored
    }

    /// The fault that is reported while the chain does not hold.
    static func problem(_ firstBad: Int64) -> Health.Fault {
        Health.Fault(
            "ledger-broken",
            "the ledger's chain breaks at entry \(firstBad): what it says from there on may have been altered or damaged;"
                + " keep the file as it is, look at 'ledger.tail since=\(max(0, firstBad &- 1)) count=1', restore a copy",
            blocksSessions: true)
    }

    /// The number of entries that are read on one snapshot.
    private static let piece: Int64 = 256

    /// The proof of all entries that there are now. Entries never change: they are read in pieces, each on a snapshot of its
    /// own, so that the store's log can be emptied in between.
    static func ofAll(_ reading: any Reading) throws -> LedgerProof {
        var proof = LedgerProof()
        let newest = try reading.store.row("SELECT MAX(seq) AS seq FROM mneedle_ledger")?.integer("seq") ?? 0
        let sql = "SELECT * FROM mneedle_ledger WHERE seq >= ? AND seq <= ? ORDER BY seq LIMIT ?"
        var next = Int64.min
        while next <= newest {
            let known = proof.entries
            try reading.store.forEach(sql, [.integer(next), .integer(newest), .integer(piece)]) { proof.add($0) }
            guard proof.entries - known == piece, proof.head.sequence < newest else { break }
            next = proof.head.sequence + 1
            try (reading as? StoreReading)?.renew()
        }
        return proof
    }

    /// The proof of the newest entries alone, so that a start costs the same however long the ledger is.
    static func ofNewest(_ count: Int64, _ reading: any Reading) throws -> LedgerProof {
        var proof = LedgerProof(beginsWithin: true)
        let sql = "SELECT * FROM mneedle_ledger WHERE seq >= (SELECT MAX(seq) FROM mneedle_ledger) - ? ORDER BY seq"
        try reading.store.forEach(sql, [.integer(count)]) { proof.add($0) }
        return proof
    }
}
