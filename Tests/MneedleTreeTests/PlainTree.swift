import MneedleTree

/// A tree as RFC 6962 defines it, by its leaves.
struct PlainTree {
    var leaves: [TreeHash]

    init(_ size: Int) { leaves = (0..<size).map { TreeHash(leaf: Array("record \($0)".utf8)) } }

    static func root(_ leaves: ArraySlice<TreeHash>) -> TreeHash {
        if leaves.isEmpty { return .ofNothing }
        if leaves.count == 1 { return leaves.first! }
        var half = 1
        while half * 2 < leaves.count { half *= 2 }
        let middle = leaves.startIndex + half
        return TreeHash(root(leaves[..<middle]), root(leaves[middle...]))
    }

    func head(_ size: Int) -> TreeHead { TreeHead(size: Int64(size), root: PlainTree.root(leaves[..<size])) }

    func subtree(_ height: Int, _ index: Int64) -> TreeHash {
        let (first, count) = (Int(index) << height, 1 << height)
        return PlainTree.root(leaves[first..<first + count])
    }
}
