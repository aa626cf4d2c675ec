import Glibc
import MneedleSystem
import MneedleTree

/// A copy of a log's tree in files, laid out as c2sp.org/tlog-tiles asks for: `checkpoint`, `tile/0/x001/234`, `tile/0/000.p/17`.
struct TileFolder {
    let path: String

    /// The hashes of a tile, or the records of a bundle.
    static let width: Int64 = 256

    /// The number of a tile in the path: `x001/x234/067` for 1234067.
    private static func words(_ number: Int64) -> String {
        func three(_ part: Int64) -> String { String(String(1000 + part).dropFirst()) }
        var (rest, text) = (number / 1000, three(number % 1000))
        while rest > 0 { (rest, text) = (rest / 1000, "x\(three(rest % 1000))/" + text) }
        return text
    }

    /// - Parameter level: The level's number, or `entries`.
    /// - Parameter count: The hashes in it: all, or fewer in the last one.
    private func place(_ level: String, _ number: Int64, _ count: Int64) -> String {
        let whole = "tile/\(level)/\(TileFolder.words(number))"
        return count == TileFolder.width ? whole : "\(whole).p/\(count)"
    }

    // MARK: Reading

    /// A file of the folder; `nil` where there is none.
    func read(_ name: String, limit: Int = 1 << 26) throws(Failure) -> [UInt8]? {
        do throws(SystemError) {
            return try Descriptor(opening: path + "/" + name, O_RDONLY).read(limit: limit)
        } catch {
            if error.number == ENOENT { return nil }
            throw Failure(
                code: "unreadable", message: "'\(path)/\(name)' cannot be read: \(error)", details: [],
                next: "look at the folder's owner and mode, or begin a new one", exitCode: .refused)
        }
    }

    /// The hashes of one tile in a tree of that size.
    func hashes(_ level: Int, _ number: Int64, size: Int64) throws(Failure) -> [TreeHash] {
        let count = min(TileFolder.width, size >> (Tree.step * level) - number * TileFolder.width)
        guard count > 0 else { return [] }
        let name = place(String(level), number, count)
        guard let bytes = try read(name), bytes.count == Int(count) * TreeHash.length else { throw damaged(name) }
        return stride(from: 0, to: bytes.count, by: TreeHash.length).compactMap {
            TreeHash(Array(bytes[$0..<$0 + TreeHash.length]))
        }
    }

    private func damaged(_ name: String) -> Failure {
        Failure(
            code: "damaged", message: "'\(path)/\(name)' of this witness is missing or damaged", details: [],
            next: "put the folder back from a copy, or begin a new one", exitCode: .refused)
    }

    /// The tree of that size, from its files.
    func tree(size: Int64) throws(Failure) -> Tree {
        do {
            return try Tree(size: size) { height, index in
                let (level, within) = height.quotientAndRemainder(dividingBy: Tree.step)
                let first = index << within
                let tile = try hashes(level, first / TileFolder.width, size: size)
                let start = Int(first % TileFolder.width)
                var tree = Tree()
                for hash in tile[start..<start + 1 << within] { tree.append(hash) }
                return tree.root
            }
        } catch let failure as Failure { throw failure } catch { throw damaged("tile") }
    }

    /// The head of the tree of that size, by its leaves alone.
    func leaves(size: Int64) throws(Failure) -> TreeHead {
        var tree = Tree()
        for number in 0...(size / TileFolder.width) {
            for hash in try hashes(0, number, size: size) { tree.append(hash) }
        }
        return tree.head
    }

    // MARK: Writing

    /// Writes a file as a whole, with the folders above it.
    func write(_ name: String, _ bytes: [UInt8]) throws(Failure) {
        let full = path + "/" + name
        for end in full.indices.dropFirst() where full[end] == "/" { mkdir(String(full[..<end]), 0o700) }
        do throws(SystemError) { try AtomicFile.replace(full, with: bytes) } catch { throw .unwritable(full, error) }
    }

    /// Adds the hashes of leaves after those of a tree of that size.
    func add(_ leaves: [TreeHash], after size: Int64) throws(Failure) {
        var (level, first, added) = (0, size, leaves)
        while !added.isEmpty {
            let tile = first / TileFolder.width
            var hashes = try hashes(level, tile, size: first << (Tree.step * level)) + added
            var (number, roots) = (tile, [TreeHash]())
            while !hashes.isEmpty {
                let part = Array(hashes.prefix(Int(TileFolder.width)))
                hashes.removeFirst(part.count)
                try write(place(String(level), number, Int64(part.count)), part.flatMap(\.bytes))
                number += 1
                guard part.count == TileFolder.width else { break }
                var tree = Tree()
                for hash in part { tree.append(hash) }
                roots.append(tree.root)
            }
            (level, first, added) = (level + 1, tile, roots)
        }
    }

    /// How many records it has of a tree of that size: all, or none.
    func recorded(of size: Int64) throws(Failure) -> Int64 {
        guard size > 0 else { return 0 }
        let (number, last) = (size - 1).quotientAndRemainder(dividingBy: TileFolder.width)
        return try read(place("entries", number, last + 1)) == nil ? 0 : size
    }

    /// Adds records after those of a tree of that size, each with its length in two bytes before it.
    func add(records: [[UInt8]], after size: Int64) throws(Failure) {
        let (number, width) = size.quotientAndRemainder(dividingBy: TileFolder.width)
        var bundle: [UInt8] = []
        if width > 0 {
            guard let known = try read(place("entries", number, width)) else {
                throw damaged(place("entries", number, width))
            }
            bundle = known
        }
        for (index, record) in zip(size..., records) {
            bundle += [UInt8(record.count >> 8), UInt8(record.count & 255)] + record
            let isLast = index == size + Int64(records.count) - 1
            guard index % TileFolder.width == TileFolder.width - 1 || isLast else { continue }
            try write(place("entries", index / TileFolder.width, index % TileFolder.width + 1), bundle)
            bundle = []
        }
    }

    /// Removes the unfinished tiles of a tree that a larger one has replaced.
    func removeUnfinished(of old: Int64, besides new: Int64) {
        for level in ["entries"] + (0..<8).map(String.init) {
            let height = Tree.step * (Int(level) ?? 0)
            let (number, width) = (old >> height).quotientAndRemainder(dividingBy: TileFolder.width)
            guard width > 0, old >> height != new >> height else { continue }
            let name = path + "/" + place(level, number, width)
            unlink(name)
            rmdir(String(name[..<(name.lastIndex(of: "/") ?? name.startIndex)]))
        }
    }
}
