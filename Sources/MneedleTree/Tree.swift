/// A tree at one moment, in two words: what a log says of itself, and what a witness keeps.
package struct TreeHead: Hashable, Sendable {
    /// The number of leaves.
    package var size: Int64
    package var root: TreeHash

    package init(size: Int64, root: TreeHash) { (self.size, self.root) = (size, root) }
}

/// A Merkle tree that only grows, as far as it takes to append to it and to tell its root: the roots of its complete subtrees.
package struct Tree: Equatable, Sendable {
    /// The number of leaves.
    package private(set) var size: Int64 = 0
    /// The roots of the complete subtrees, the largest first: one for each bit of the size that is set.
    package private(set) var peaks: [TreeHash] = []

    /// A tree without leaves.
    package init() {}

    /// - Parameter subtree: Gives the root of the complete subtree that is the `index`-th of those with 2^`height` leaves.
    package init(size: Int64, subtree: (_ height: Int, _ index: Int64) throws -> TreeHash) rethrows {
        self.size = size
        for height in (0..<63).reversed() where size >> height & 1 == 1 {
            peaks.append(try subtree(height, size >> height - 1))
        }
    }

    /// - Returns: The roots of the complete subtrees of 256, 65 536, … leaves whose last leaf this is, in this order; almost
    ///   always none.
    @discardableResult
    package mutating func append(_ leaf: TreeHash) -> [TreeHash] {
        var completed: [TreeHash] = []
        peaks.append(leaf)
        size += 1
        // Two subtrees of one height are one of the next.
        for height in 0..<size.trailingZeroBitCount {
            let right = peaks.removeLast()
            peaks[peaks.count - 1] = TreeHash(peaks[peaks.count - 1], right)
            if (height + 1) % Tree.step == 0 { completed.append(peaks[peaks.count - 1]) }
        }
        return completed
    }

    /// The height of a subtree of 256 leaves: a tile's, in c2sp.org/tlog-tiles.
    package static let step = 8

    /// The root over all leaves.
    package var root: TreeHash {
        guard var root = peaks.last else { return .ofNothing }
        for peak in peaks.dropLast().reversed() { root = TreeHash(peak, root) }
        return root
    }

    package var head: TreeHead { TreeHead(size: size, root: root) }
}
