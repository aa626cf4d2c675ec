import MneedleRandom
import Testing

import MneedleTree

private func bytes(_ hex: String) -> [UInt8] {
    stride(from: 0, to: hex.utf8.count, by: 2).map { start in
        let from = hex.index(hex.startIndex, offsetBy: start)
        return UInt8(hex[from..<hex.index(from, offsetBy: 2)], radix: 16)!
    }
}

@Suite("The ledger's tree")
struct MerkleTests {
    /// The leaves and roots with which the implementations of Certificate Transparency test themselves.
    private static let records = [
        "", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f",
    ]
    private static let roots = [
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
        "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
        "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
        "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
        "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
        "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
        "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
    ]

    @Test("has the roots that Certificate Transparency's has")
    func roots() {
        var tree = Tree()
        #expect(tree.root.bytes == bytes(Self.roots[0]))
        for (record, root) in zip(Self.records, Self.roots.dropFirst()) {
            tree.append(TreeHash(leaf: bytes(record)))
            #expect(tree.root.bytes == bytes(root))
        }
    }

    @Test(
        "has the root of its definition at every size, grown or put together from subtrees, and tells each full tile once"
    )
    func grows() {
        let plain = PlainTree(600)
        var (tree, tiles) = (Tree(), [TreeHash]())
        for size in 1...600 {
            tiles += tree.append(plain.leaves[size - 1])
            #expect(tree.head == plain.head(size))
            #expect(Tree(size: Int64(size), subtree: plain.subtree) == tree)
        }
        #expect(tiles == [plain.subtree(8, 0), plain.subtree(8, 1)])
    }

    @Test("tells the roots of tiles of tiles, at the entry that completes them")
    func tilesOfTiles() {
        var tree = Tree()
        let leaf = TreeHash(leaf: [])
        for _ in 0..<65_535 { tree.append(leaf) }
        let completed = tree.append(leaf)
        #expect(completed.count == 2 && completed[1] == tree.root)
    }

    @Test("proves of every leaf that it is in, and of nothing else")
    func inclusion() throws {
        let plain = PlainTree(70)
        for size in 1...70 {
            let head = plain.head(size)
            for index in 0..<Int64(size) {
                let proof = TreeProof.inclusion(of: index, size: Int64(size), plain.subtree)
                let leaf = plain.leaves[Int(index)]
                #expect(proof.root(of: leaf, at: index, size: head.size) == head.root)
                #expect(proof.root(of: .ofNothing, at: index, size: head.size) != head.root)
                for other in [index - 1, index + 1] where other != index {
                    #expect(proof.root(of: leaf, at: other, size: head.size) != head.root)
                }
                #expect(TreeProof(proof.hashes + [leaf]).root(of: leaf, at: index, size: head.size) != head.root)
                if !proof.hashes.isEmpty {
                    let shorter = TreeProof(proof.hashes.dropLast())
                    #expect(shorter.root(of: leaf, at: index, size: head.size) != head.root)
                }
            }
        }
    }

    @Test("proves of every size that it goes on from every smaller one, and from no other")
    func consistency() {
        let plain = PlainTree(70)
        var other = plain
        other.leaves[20] = .ofNothing
        for size in 1...70 {
            let head = plain.head(size)
            for old in 1...size {
                let proof = TreeProof.consistency(from: Int64(old), size: head.size, plain.subtree)
                #expect(proof.joins(plain.head(old), head), "\(old) to \(size)")
                if old > 20 { #expect(!proof.joins(other.head(old), head)) }
                if size > 20, old < size { #expect(!proof.joins(plain.head(old), other.head(size))) }
                if old > 1 { #expect(!proof.joins(plain.head(old - 1), head)) }
                #expect(!TreeProof(proof.hashes + [head.root]).joins(plain.head(old), head))
                if !proof.hashes.isEmpty {
                    #expect(!TreeProof(proof.hashes.dropLast()).joins(plain.head(old), head))
                    #expect(!proof.joins(head, plain.head(old)))
                }
            }
            #expect(TreeProof([]).joins(plain.head(0), head))
        }
    }

    @Test("no proof, of whatever hashes, numbers and lengths, traps")
    func oddProofs() {
        var random = SeededGenerator(seed: 7)
        let numbers: [Int64] = [.min, -1, 0, 1, 2, 3, 255, 256, 1 << 40, .max - 1, .max]
        for _ in 0..<20_000 {
            let proof = TreeProof((0..<Int.random(in: 0...70, using: &random)).map { _ in .ofNothing })
            let (one, two) = (numbers.randomElement(using: &random)!, numbers.randomElement(using: &random)!)
            #expect(proof.root(of: .ofNothing, at: one, size: two) != TreeHash(leaf: []))
            let new = TreeHead(size: two, root: TreeHash(leaf: []))
            if one != two { #expect(!proof.joins(TreeHead(size: one, root: TreeHash(leaf: [1])), new)) }
        }
    }
}
