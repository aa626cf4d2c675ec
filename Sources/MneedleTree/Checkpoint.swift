import Crypto
import FoundationEssentials

/// What a log says of itself at one moment: how many entries it has, and the root over them (c2sp.org/tlog-checkpoint).
package struct Checkpoint: Equatable, Sendable {
    /// The log's name.
    package var origin: String
    package var head: TreeHead

    package init(origin: String, head: TreeHead) { (self.origin, self.head) = (origin, head) }

    /// The text that is signed.
    package var text: String { "\(origin)\n\(head.size)\n\(head.root.base64)\n" }

    fileprivate func note(signedBy name: String, _ signature: String) -> String {
        "\(text)\n\u{2014} \(name) \(signature)\n"
    }

    /// Reads such a text; lines that follow are no concern of a checkpoint's reader.
    init?(text: some StringProtocol) {
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        guard lines.count >= 4, !lines[0].isEmpty, let size = Int64(lines[1]), size >= 0, String(size) == lines[1],
            let root = TreeHash(base64: lines[2])
        else { return nil }
        self.init(origin: String(lines[0]), head: TreeHead(size: size, root: root))
    }
}

/// The key with which a log signs its checkpoints: Ed25519 (c2sp.org/signed-note).
package struct CheckpointSigner: Sendable {
    private let key: Curve25519.Signing.PrivateKey
    package let verifier: CheckpointVerifier

    /// - Parameter seed: The 32 bytes of the private key.
    /// - Returns: `nil` for other bytes than a key's.
    package init?(name: String, seed: [UInt8]) {
        guard let key = try? Curve25519.Signing.PrivateKey(rawRepresentation: seed) else { return nil }
        self.key = key
        verifier = CheckpointVerifier(name: name, key: key.publicKey)
    }

    /// The bytes of a new key.
    package static func seed() -> [UInt8] { Array(Curve25519.Signing.PrivateKey().rawRepresentation) }

    /// The tree's head, as a signed note of the log that has the key's name.
    package func sign(_ head: TreeHead) throws -> String {
        Checkpoint(origin: verifier.name, head: head).note(signedBy: verifier.name, try signature(of: head))
    }

    /// The signature alone, for whoever keeps the head beside it.
    package func signature(of head: TreeHead) throws -> String {
        let text = Checkpoint(origin: verifier.name, head: head).text
        return Data(verifier.id + (try key.signature(for: Data(text.utf8)))).base64EncodedString()
    }
}

/// The public half of that key.
package struct CheckpointVerifier: Sendable {
    package let name: String
    private let key: Curve25519.Signing.PublicKey

    init(name: String, key: Curve25519.Signing.PublicKey) { (self.name, self.key) = (name, key) }

    /// Reads a key as ``text`` writes it.
    package init?(text: some StringProtocol) {
        let parts = String(text).split(separator: Character("+"), maxSplits: 2).map(String.init)
        guard parts.count == 3, let data = Data(base64Encoded: parts[2]), data.count == 33, data.first == 1,
            let key = try? Curve25519.Signing.PublicKey(rawRepresentation: data.dropFirst())
        else { return nil }
        self.init(name: parts[0], key: key)
        guard text == self.text else { return nil }
    }

    /// The first bytes of a signature, which tell the key.
    var id: [UInt8] {
        Array(SHA256.hash(data: Data("\(name)\n\u{1}".utf8) + key.rawRepresentation).prefix(4))
    }

    /// The key as one word: `name+hash+key`, the form of Go's `note` package.
    package var text: String {
        let hash = id.map { String(UInt16($0) + 0x100, radix: 16).dropFirst() }.joined()
        return "\(name)+\(hash)+\((Data([1]) + key.rawRepresentation).base64EncodedString())"
    }

    /// The checkpoint in a note that this key has signed; `nil` for any other.
    package func open(_ note: String) -> Checkpoint? { text(of: note).flatMap { Checkpoint(text: $0) } }

    /// Whether it is this key's signature of the head of the log that has the key's name.
    package func isSignature(_ signature: String, of head: TreeHead) -> Bool {
        open(Checkpoint(origin: name, head: head).note(signedBy: name, signature)) != nil
    }

    /// The text of a note that this key has signed, among others or alone; `nil` for any other.
    package func text(of note: String) -> String? {
        guard let end = note.ranges(of: "\n\n").last else { return nil }
        let text = note[..<end.lowerBound] + "\n"
        let isSigned = note[end.upperBound...].split(separator: "\n").prefix(16).contains { line in
            let words = line.split(separator: " ", omittingEmptySubsequences: false)
            guard words.count == 3, words[0] == "\u{2014}", words[1] == name,
                let data = Data(base64Encoded: String(words[2])), data.prefix(4).elementsEqual(id)
            else { return false }
            return key.isValidSignature(data.dropFirst(4), for: Data(text.utf8))
        }
        return isSigned ? String(text) : nil
    }
}
