import FoundationEssentials

extension TreeHash {
    /// The hash in base64, as checkpoints and proofs write it.
    package var base64: String { Data(bytes).base64EncodedString() }

    /// - Returns: `nil` unless that is the base64 of 32 bytes.
    package init?(base64: some StringProtocol) {
        guard let data = Data(base64Encoded: String(base64)) else { return nil }
        self.init(Array(data))
    }
}
