/// Proofs about a Merkle tree, as RFC 6962 (2.1.1, 2.1.2) makes them and RFC 9162 (2.1.3.2, 2.1.4.2) checks them.
package struct TreeProof: Equatable, Sendable {
    package var hashes: [TreeHash]

    package init(_ hashes: [TreeHash]) { self.hashes = hashes }

    /// Gives the root of the complete subtree that is the `index`-th of those with 2^`height` leaves.
    package typealias Subtree = (_ height: Int, _ index: Int64) throws -> TreeHash

    // MARK: Making

    /// The proof that a leaf is in a tree.
    /// - Parameter index: The leaf, from 0 on; less than `size`.
    package static func inclusion(of index: Int64, size: Int64, _ subtree: Subtree) rethrows -> TreeProof {
        var (low, high, hashes) = (Int64(0), size, [TreeHash]())
        while high - low > 1 {
            let middle = low + split(high - low)
            if index < middle {
                hashes.append(try root(middle, high, subtree))
                high = middle
            } else {
                hashes.append(try root(low, middle, subtree))
                low = middle
            }
        }
        return TreeProof(hashes.reversed())
    }

    /// The proof that a tree begins with all leaves of a smaller one.
    /// - Parameter old: The smaller one's size: from 1 to `size`.
    package static func consistency(from old: Int64, size: Int64, _ subtree: Subtree) rethrows -> TreeProof {
        var (low, high, hashes, isWhole) = (Int64(0), size, [TreeHash](), true)
        while old < high {
            let middle = low + split(high - low)
            if old <= middle {
                hashes.append(try root(middle, high, subtree))
                high = middle
            } else {
                hashes.append(try root(low, middle, subtree))
                (low, isWhole) = (middle, false)
            }
        }
        // The smaller tree's own root is known to whoever checks this.
        if !isWhole { hashes.append(try root(low, high, subtree)) }
        return TreeProof(hashes.reversed())
    }

    /// The root over the leaves from `low` to before `high`; `low` is where a subtree of that size may begin.
    private static func root(_ low: Int64, _ high: Int64, _ subtree: Subtree) rethrows -> TreeHash {
        let count = high - low
        if count.nonzeroBitCount == 1 {
            let height = count.trailingZeroBitCount
            return try subtree(height, low >> height)
        }
        let middle = low + split(count)
        return TreeHash(try root(low, middle, subtree), try root(middle, high, subtree))
    }

    /// The largest power of two that is less than the number, which is more than 1.
    private static func split(_ count: Int64) -> Int64 { 1 << (63 - (count - 1).leadingZeroBitCount) }

    // MARK: Checking

    /// The root of a tree of that size in which the leaf stands there; `nil` where the proof is none for that.
    package func root(of leaf: TreeHash, at index: Int64, size: Int64) -> TreeHash? {
        guard index >= 0, index < size else { return nil }
        var (node, last, root) = (index, size - 1, leaf)
        for hash in hashes {
            guard last > 0 else { return nil }
            if node & 1 == 1 || node == last {
                root = TreeHash(hash, root)
                while node & 1 == 0, node > 0 { (node, last) = (node >> 1, last >> 1) }
            } else {
                root = TreeHash(root, hash)
            }
            (node, last) = (node >> 1, last >> 1)
        }
        return last == 0 ? root : nil
    }

    /// Whether the new tree begins with all leaves of the old one.
    package func joins(_ old: TreeHead, _ new: TreeHead) -> Bool {
        guard old.size >= 0, old.size <= new.size else { return false }
        if old.size == new.size { return hashes.isEmpty && old == new }
        // Every tree begins with nothing.
        if old.size == 0 { return hashes.isEmpty && old.root == .ofNothing }
        // A complete subtree's root is the old root itself, which the proof leaves out.
        var rest = (old.size.nonzeroBitCount == 1 ? [old.root] : []) + hashes
        guard !rest.isEmpty else { return false }
        var (node, last) = (old.size - 1, new.size - 1)
        while node & 1 == 1 { (node, last) = (node >> 1, last >> 1) }
        let first = rest.removeFirst()
        var (olds, news) = (first, first)
        for hash in rest {
            guard last > 0 else { return false }
            if node & 1 == 1 || node == last {
                (olds, news) = (TreeHash(hash, olds), TreeHash(hash, news))
                while node & 1 == 0, node > 0 { (node, last) = (node >> 1, last >> 1) }
            } else {
                news = TreeHash(news, hash)
            }
            (node, last) = (node >> 1, last >> 1)
        }
        return last == 0 && olds == old.root && news == new.root
    }
}
