import Crypto

/// A hash of the tree: SHA-256, 32 bytes.
package struct TreeHash: Hashable, Sendable {
    private let words: SIMD4<UInt64>

    private init(_ digest: SHA256.Digest) {
        words = digest.withUnsafeBytes { $0.loadUnaligned(as: SIMD4<UInt64>.self) }
    }

    /// - Returns: `nil` unless there are 32 bytes.
    package init?(_ bytes: [UInt8]) {
        guard bytes.count == TreeHash.length else { return nil }
        words = bytes.withUnsafeBytes { $0.loadUnaligned(as: SIMD4<UInt64>.self) }
    }

    package static let length = 32

    package var bytes: [UInt8] { withUnsafeBytes(of: words) { Array($0) } }

    // MARK: RFC 6962, section 2.1

    /// The hash of a leaf.
    package init(leaf record: [UInt8]) {
        var hash = SHA256()
        withUnsafeBytes(of: UInt8(0)) { hash.update(bufferPointer: $0) }
        record.withUnsafeBytes { hash.update(bufferPointer: $0) }
        self.init(hash.finalize())
    }

    /// The hash of a node over two subtrees.
    package init(_ left: TreeHash, _ right: TreeHash) {
        // One buffer and one update: this runs once for each entry.
        let hash = withUnsafeTemporaryAllocation(byteCount: 65, alignment: 8) { buffer in
            buffer[0] = 1
            buffer.storeBytes(of: left.words, toByteOffset: 1, as: SIMD4<UInt64>.self)
            buffer.storeBytes(of: right.words, toByteOffset: 33, as: SIMD4<UInt64>.self)
            var hash = SHA256()
            hash.update(bufferPointer: UnsafeRawBufferPointer(buffer))
            return hash.finalize()
        }
        self.init(hash)
    }

    /// The root of a tree without leaves.
    package static let ofNothing = TreeHash(SHA256().finalize())
}

extension TreeHash {
    /// The SHA-256 of bytes that are no record, in hexadecimal: an entry's facts, as its record has them.
    package static func digest(of bytes: [UInt8]) -> String {
        SHA256.hash(data: bytes).map { String(UInt16($0) + 0x100, radix: 16).dropFirst() }.joined()
    }
}
