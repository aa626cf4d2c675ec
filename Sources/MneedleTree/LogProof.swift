import FoundationEssentials

/// The proof that a log has an entry, in one file that can be checked offline (c2sp.org/tlog-proof).
package struct LogProof: Equatable, Sendable {
    /// The record whose leaf is proved: what is hashed.
    package var record: [UInt8]
    /// The entry's place in the log, from 0 on.
    package var index: Int64
    package var inclusion: TreeProof
    /// The checkpoint as a signed note.
    package var checkpoint: String

    package init(record: [UInt8], index: Int64, inclusion: TreeProof, checkpoint: String) {
        (self.record, self.index, self.inclusion, self.checkpoint) = (record, index, inclusion, checkpoint)
    }

    private static let heading = "c2sp.org/tlog-proof@v1"

    package var text: String {
        let lines =
            [LogProof.heading, "extra \(Data(record).base64EncodedString())", "index \(index)"]
            + inclusion.hashes.map(\.base64)
        return lines.joined(separator: "\n") + "\n\n" + checkpoint
    }

    /// Reads such a text.
    package init?(text: String) {
        guard let end = text.firstRange(of: "\n\n") else { return nil }
        let lines = text[..<end.lowerBound].split(separator: "\n", omittingEmptySubsequences: false)
        guard lines.count >= 3, lines[0] == LogProof.heading, lines[1].hasPrefix("extra "),
            lines[2].hasPrefix("index "),
            let record = Data(base64Encoded: String(lines[1].dropFirst(6))),
            let index = Int64(lines[2].dropFirst(6)), index >= 0
        else { return nil }
        let hashes = lines.dropFirst(3).map { TreeHash(base64: $0) }
        guard !hashes.contains(nil) else { return nil }
        self.init(
            record: Array(record), index: index, inclusion: TreeProof(hashes.compactMap { $0 }),
            checkpoint: String(text[end.upperBound...]))
    }

    /// The checkpoint in which the record is proved to be; `nil` where it is not, or where another key signed.
    package func proven(by verifier: CheckpointVerifier) -> Checkpoint? {
        guard let checkpoint = verifier.open(checkpoint),
            inclusion.root(of: TreeHash(leaf: record), at: index, size: checkpoint.head.size) == checkpoint.head.root
        else { return nil }
        return checkpoint
    }
}
