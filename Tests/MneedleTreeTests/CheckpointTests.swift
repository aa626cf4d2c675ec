import MneedleRandom
import MneedleTree
import Testing

@Suite("A checkpoint")
struct CheckpointTests {
    private static let seed = [UInt8](0..<32)

    @Test("is what it was when it is opened with its key, and nothing with another, or altered")
    func opens() throws {
        let signer = try #require(CheckpointSigner(name: "mneedle/test", seed: Self.seed))
        let head = TreeHead(size: 17, root: TreeHash(leaf: [1]))
        let note = try signer.sign(head)
        #expect(signer.verifier.open(note) == Checkpoint(origin: "mneedle/test", head: head))
        let verifier = try #require(CheckpointVerifier(text: signer.verifier.text))
        #expect(verifier.open(note)?.head == head)
        for (old, new) in [("17", "18"), ("mneedle/test\n17", "mneedle/text\n17"), ("\n\n", "\n"), ("\u{2014} ", "- ")]
        {
            #expect(note.contains(old) && verifier.open(note.replacing(old, with: new, maxReplacements: 1)) == nil)
        }
        let other = try #require(CheckpointSigner(name: "mneedle/test", seed: [UInt8](1..<33)))
        #expect(other.verifier.open(note) == nil)
        // Signatures of keys that are not known do not matter.
        #expect(verifier.open(note + "\u{2014} witness.example AAAAAAAA\n")?.head == head)
        #expect(CheckpointVerifier(text: signer.verifier.text.replacing("test", with: "best")) == nil)
    }

    @Test("is signed as Go's note package signs")
    func note() throws {
        let key = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
        let text =
            "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n"
        let signature = "x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM="
        let verifier = try #require(CheckpointVerifier(text: key))
        #expect(verifier.text == key)
        #expect(verifier.text(of: "\(text)\n\u{2014} PeterNeumann \(signature)\n") == text)
        #expect(verifier.text(of: "\(text)x\n\n\u{2014} PeterNeumann \(signature)\n") == nil)
    }

    @Test("proves an entry in one file, and no other text does")
    func receipts() throws {
        let signer = try #require(CheckpointSigner(name: "mneedle/test", seed: Self.seed))
        let plain = PlainTree(11)
        let proof = LogProof(
            record: Array("record 4".utf8), index: 4, inclusion: TreeProof.inclusion(of: 4, size: 11, plain.subtree),
            checkpoint: try signer.sign(plain.head(11)))
        let read = try #require(LogProof(text: proof.text))
        #expect(read == proof && read.proven(by: signer.verifier)?.head == plain.head(11))
        var random = SeededGenerator(seed: 1)
        var text = Array(proof.text.utf8)
        for _ in 0..<2_000 {
            let place = Int.random(in: 0..<text.count, using: &random)
            let old = text[place]
            text[place] ^= 1 << UInt8.random(in: 0..<7, using: &random)
            let altered = String(decoding: text, as: UTF8.self)
            if let found = LogProof(text: altered), found.proven(by: signer.verifier) != nil {
                // Base64 may end in bits that mean nothing.
                #expect(found.record == proof.record && found.index == 4, "\(altered)")
            }
            text[place] = old
        }
    }
}
