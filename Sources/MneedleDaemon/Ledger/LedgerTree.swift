import MneedleKit
import MneedleTree

/// The ledger's tree as a snapshot of the store has it: the leaves' hashes beside the entries, and the roots of every 256, 65 536
/// … of them in a table. So a proof reads some hundred hashes, however long the ledger is.
struct LedgerTree {
    let connection: any StoreConnection

    /// The number of entries, by the newest one's number.
    var size: Int64 {
        get throws {
            guard let row = try connection.first("SELECT seq FROM mneedle_ledger ORDER BY seq DESC LIMIT 1") else {
                return 0
            }
            guard case .integer(let newest) = row["seq"], newest > 0, newest < .max else {
                throw damaged("\(row["seq"])")
            }
            return newest
        }
    }

    /// The tree of the first entries.
    /// - Parameter count: At most ``size``.
    func first(_ count: Int64) throws -> Tree { try Tree(size: count, subtree: subtree) }

    /// The tree of all entries.
    static func all(in connection: any StoreConnection) throws -> Tree {
        let tree = LedgerTree(connection: connection)
        return try tree.first(tree.size)
    }

    /// The root of the complete subtree that is the `index`-th of those over 2^`height` entries.
    func subtree(_ height: Int, _ index: Int64) throws -> TreeHash {
        try subtree(height, index, below: height / Tree.step)
    }

    /// - Parameter level: The level of the hashes from which it is computed.
    private func subtree(_ height: Int, _ index: Int64, below level: Int) throws -> TreeHash {
        let within = height - level * Tree.step
        var tree = Tree()
        for hash in try hashes(level, from: index << within, count: 1 << within) { tree.append(hash) }
        return tree.root
    }

    private func hashes(_ level: Int, from first: Int64, count: Int64) throws -> [TreeHash] {
        let sql =
            level == 0
            ? "SELECT seq - 1 AS number, hash FROM mneedle_ledger WHERE seq > ? AND seq <= ? ORDER BY seq"
            : "SELECT number, hash FROM mneedle_ledger_nodes WHERE level = ? AND number >= ? AND number < ? ORDER BY number"
        let range = [SQLValue.integer(first), .integer(first + count)]
        var hashes = [TreeHash?](repeating: nil, count: Int(count))
        try connection.forEach(sql, level == 0 ? range : [.integer(Int64(level))] + range, of: Verb.host) { row in
            guard case .integer(let number) = row["number"], case .blob(let bytes) = row["hash"] else { return }
            hashes[Int(number - first)] = TreeHash(bytes)
        }
        return try hashes.enumerated().map { try $1 ?? missing(level, first + Int64($0)) }
    }

    /// What a root that the store has lost was, by the hashes below it.
    private func missing(_ level: Int, _ number: Int64) throws -> TreeHash {
        guard level > 0 else { throw damaged("\(number + 1)") }
        return try subtree(level * Tree.step, number, below: level - 1)
    }

    private func damaged(_ place: String) -> ModuleError {
        ModuleError(
            .storage,
            "the ledger is damaged (entry \(place): it is not there, or its hash is not 32 bytes); keep the file and restore"
                + " a copy made by 'ledger.backup'")
    }
}
