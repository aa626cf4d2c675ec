import MneedleKit
import MneedleTree

/// Proves that every entry is the one that was recorded: its hash is its record's, and the tree over all of them is the known one.
struct LedgerProof {
    /// The tree of the entries so far.
    private(set) var tree: Tree
    private(set) var entries = 0
    /// The first entry that does not fit.
    private(set) var firstBad: Int64?
    /// What is known from elsewhere of the tree, the smallest first.
    private var known: [TreeHead]
    /// The roots that the store keeps of the subtrees that the entries have completed, by level and number.
    private var completed: [(level: Int, number: Int64, root: TreeHash)] = []

    /// - Parameter tree: The tree of the entries before the first that is added.
    /// - Parameter known: What is known from elsewhere of the tree.
    init(after tree: Tree = Tree(), known: [TreeHead] = []) {
        self.tree = tree
        self.known = known.sorted { $0.size < $1.size }
    }

    /// Adds a row. Each column must hold a value of its type: any other value is a fault.
    mutating func add(_ row: Row) {
        entries += 1
        guard firstBad == nil, case .integer(let sequence) = row["seq"] else { return }
        guard sequence == tree.size + 1, let record = Ledger.record(of: row), case .blob(let stored) = row["hash"],
            case let leaf = TreeHash(leaf: record), leaf.bytes == stored
        else { return firstBad = sequence }
        for (level, root) in zip(1..., tree.append(leaf)) {
            completed.append((level, tree.size >> (Tree.step * level) - 1, root))
        }
        while let head = known.first, head.size <= tree.size {
            known.removeFirst()
            // The tree was another one, and where it differs nobody can tell.
            if head.size == tree.size, head.root != tree.root { return firstBad = sequence }
        }
    }

    /// Compares what the store keeps of the subtrees with what its entries give.
    mutating func compareNodes(_ connection: any StoreConnection) throws {
        defer { completed = [] }
        for (level, number, root) in completed {
            let stored = try connection.first(
                "SELECT hash FROM mneedle_ledger_nodes WHERE level = ? AND number = ?", .integer(Int64(level)),
                .integer(number))
            guard stored?["hash"] != .blob(root.bytes) else { continue }
            let last = (number + 1) << (Tree.step * level)
            firstBad = min(firstBad ?? last, last)
        }
    }

    /// The fault that is reported while the ledger does not hold.
    static func problem(_ firstBad: Int64) -> Health.Fault {
        Health.Fault(
            "ledger-broken",
            "the ledger does not hold at entry \(firstBad): what it says from there on may have been altered or damaged;"
                + " keep the file as it is, look at 'ledger.tail since=\(max(0, firstBad &- 1)) count=1', restore a copy",
            blocksSessions: true)
    }

    /// The number of entries that are read on one snapshot.
    private static let piece: Int64 = 256

    /// The proof of all entries that there are now. Entries never change: they are read in pieces, each on a snapshot of its
    /// own, so that the store's log can be emptied in between.
    static func ofAll(_ reading: StoreReading) throws -> LedgerProof {
        let tree = LedgerTree(connection: reading.connection)
        // A newest number that is none is found with its row.
        let newest = (try? tree.size) ?? .max
        let known = [reading.engine.head, reading.engine.headNote?.head].compactMap { $0 }.filter { $0.size <= newest }
        var proof = LedgerProof(known: known)
        let sql = "SELECT * FROM mneedle_ledger WHERE seq >= ? AND seq <= ? ORDER BY seq LIMIT ?"
        var next = Int64.min
        while next <= newest {
            var (count, last) = (Int64(0), next)
            try reading.connection.forEach(
                sql, [.integer(next), .integer(newest), .integer(piece)], of: Verb.host
            ) { row in
                proof.add(row)
                (count, last) = (count + 1, row.integer("seq") ?? last)
            }
            try proof.compareNodes(reading.connection)
            guard count == piece, last < newest else { break }
            next = last + 1
            try reading.renew()
        }
        return proof
    }

    /// The proof of the newest entries alone, so that a start costs the same however long the ledger is.
    static func ofNewest(_ count: Int64, _ connection: any StoreConnection) throws -> LedgerProof {
        let tree = LedgerTree(connection: connection)
        let size = try tree.size
        let first = max(0, size - count)
        var proof = LedgerProof(after: try tree.first(first))
        try connection.forEach(
            "SELECT * FROM mneedle_ledger WHERE seq > ? ORDER BY seq", [.integer(first)], of: Verb.host
        ) { proof.add($0) }
        try proof.compareNodes(connection)
        return proof
    }
}
