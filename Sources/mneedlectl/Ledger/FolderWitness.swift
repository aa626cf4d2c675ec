import MneedleClient
import MneedleTree
import MneedleWire

/// A witness in a folder: on a stick, of another user, on another machine. It keeps the newest checkpoint that it has seen, the
/// key that signed it, and the hash of every entry, and follows the ledger only where it goes on from there.
extension Tool {
    private static let newest = "checkpoint"
    private static let key = "key"
    /// The entries that are fetched at once.
    private static let piece: Int64 = 1 << 16

    /// - Returns: What is witnessed now.
    /// - Throws: A failure when the ledger is not the one that the folder knows; then the folder stays as it is.
    func witness(in path: String, withRecords: Bool) throws(Failure) -> JSON {
        let folder = TileFolder(path: path)
        let known = try newest(in: folder)
        let connection = try connect()
        let now = try checkpoint(since: known?.head.size ?? 0, on: connection)
        guard let verifier = known?.verifier ?? CheckpointVerifier(text: now.key), verifier.text == now.key,
            let checkpoint = verifier.open(now.note), checkpoint.head == now.head, checkpoint.origin == verifier.name
        else {
            throw altered(
                "the ledger is signed by another key than '\(path)/\(Tool.key)': it is another ledger, or lost its key")
        }
        let old = known?.head ?? TreeHead(size: 0, root: .ofNothing)
        guard now.head.size >= old.size else {
            throw altered("the ledger has \(entries(now.head.size)), and had \(old.size) when this witness last looked")
        }
        guard now.proof?.joins(old, now.head) == true else {
            guard try folder.leaves(size: old.size) == old else { throw damaged(folder) }
            let place = try firstDifference(folder, old.size, connection).map { "entry \($0) is another one" }
            throw altered(
                "the ledger does not begin with the \(old.size) entries that this witness knows"
                    + (place.map { ": \($0)" } ?? ""))
        }
        try follow(folder, from: old.size, to: now.head, connection, withRecords: withRecords)
        if known == nil { try folder.write(Tool.key, Array((now.key + "\n").utf8)) }
        try folder.write(Tool.newest, Array(now.note.utf8))
        if now.head.size > old.size { folder.removeUnfinished(of: old.size, besides: now.head.size) }
        return .object([
            .init("ok", .bool(true)), .init("known", .integer(old.size)), .init("entries", .integer(now.head.size)),
            .init("head", .string(now.head.root.bytes.hex)), .init("key", .string(now.key)),
        ])
    }

    /// The newest checkpoint and its key; `nil` in a folder that has none yet.
    private func newest(in folder: TileFolder) throws(Failure) -> (verifier: CheckpointVerifier, head: TreeHead)? {
        guard let note = try folder.read(Tool.newest) else { return nil }
        let key = String(decoding: try folder.read(Tool.key) ?? [], as: UTF8.self).split(separator: "\n").first ?? ""
        guard let verifier = CheckpointVerifier(text: key),
            let checkpoint = verifier.open(String(decoding: note, as: UTF8.self))
        else {
            throw Failure(
                code: "damaged",
                message: "'\(folder.path)/\(Tool.newest)' is not signed by '\(folder.path)/\(Tool.key)'", details: [],
                next: "put the folder back from a copy, or begin a new one", exitCode: .refused)
        }
        guard try folder.tree(size: checkpoint.head.size).head == checkpoint.head else { throw damaged(folder) }
        return (verifier, checkpoint.head)
    }

    private func damaged(_ folder: TileFolder) -> Failure {
        Failure(
            code: "damaged", message: "the hashes in '\(folder.path)' are not those of its checkpoint", details: [],
            next: "put the folder back from a copy, or begin a new one", exitCode: .refused)
    }

    /// Copies what has been added, and holds it against the signed head.
    private func follow(
        _ folder: TileFolder, from known: Int64, to head: TreeHead, _ connection: Connection, withRecords: Bool
    ) throws(Failure) {
        // A folder that has had no records so far gets all of them.
        let start = withRecords ? try folder.recorded(of: known) : known
        var tree = try folder.tree(size: start)
        while tree.size < head.size {
            let first = tree.size
            let records = try fetch(after: first, count: min(Tool.piece, head.size - first), connection)
            let leaves = records.map { TreeHash(leaf: $0) }
            for leaf in leaves { tree.append(leaf) }
            guard !leaves.isEmpty else { break }
            try folder.add(Array(leaves.dropFirst(Int(max(0, known - first)))), after: max(first, known))
            if withRecords { try folder.add(records: records, after: first) }
        }
        guard tree.head == head else {
            throw altered("the entries after \(known) are not those that the ledger's head is signed for")
        }
    }

    /// The number of the first entry that the folder knows as another one.
    private func firstDifference(_ folder: TileFolder, _ size: Int64, _ connection: Connection) throws(Failure)
        -> Int64?
    {
        var (index, tile) = (Int64(0), [TreeHash]())
        while index < size {
            let records = try fetch(after: index, count: min(Tool.piece, size - index), connection)
            guard !records.isEmpty else { break }
            for record in records {
                let (number, place) = index.quotientAndRemainder(dividingBy: TileFolder.width)
                if place == 0 { tile = try folder.hashes(0, number, size: size) }
                if tile[Int(place)] != TreeHash(leaf: record) { return index + 1 }
                index += 1
            }
        }
        return index < size ? index + 1 : nil
    }

    private func fetch(after known: Int64, count: Int64, _ connection: Connection) throws(Failure) -> [[UInt8]] {
        var (records, isOdd) = ([[UInt8]](), false)
        _ = try asking { () throws(ClientError) in
            try connection.request(
                "ledger.records", .object([.init("since", .integer(known)), .init("count", .integer(count))])
            ) { row in
                isOdd = isOdd || row["seq"]?.integer != known + Int64(records.count) + 1
                records.append(Array((row["record"]?.string ?? "").utf8))
            }
        }
        return isOdd ? [] : records
    }
}
