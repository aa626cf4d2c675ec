import Crypto
import Foundation
import Glibc
import MneedleSystem
import MneedleTree

/// The key with which the service signs what it says of its ledger, in a small file beside the store. It is made where there is
/// none: whoever has kept a checkpoint then sees that another key signs.
enum LedgerKey {
    /// The names of its files in the state folder.
    static let fileNames = ["ledger-key"]

    /// - Parameter store: The store's id, which is part of the ledger's name.
    /// - Throws: ``HeadNote/Refused`` for a file that holds no key, the system's error for one that cannot be read or made.
    static func signer(folder: String, store: String) throws -> CheckpointSigner {
        let path = folder + "/" + fileNames[0]
        if let signer = CheckpointSigner(name: "mneedle/" + store, seed: try seed(path)) { return signer }
        throw refused(path)
    }

    /// The key of the sums over the tables' rows, which follows from the other one.
    /// - Throws: ``HeadNote/Refused`` for a file that holds no key, the system's error for one that cannot be read or made.
    static func ofTables(folder: String) throws -> [UInt8] {
        let path = folder + "/" + fileNames[0]
        let seed = try seed(path)
        guard seed.count == 32 else { throw refused(path) }
        return Array(SHA256.hash(data: Array("mneedle table sums\0".utf8) + seed))
    }

    private static func refused(_ path: String) -> HeadNote.Refused {
        HeadNote.Refused(
            description:
                "'\(path)', the key that signs the ledger's checkpoints, is damaged. Put the right file back; without"
                + " the file another key is made, and witnesses tell that")
    }

    private static func seed(_ path: String) throws(SystemError) -> [UInt8] {
        do throws(SystemError) {
            let text = String(
                decoding: try Descriptor(opening: path, O_RDONLY | O_NOFOLLOW).read(limit: 128), as: UTF8.self)
            return [UInt8](hex: text.trimmingCharacters(in: .newlines)) ?? []
        } catch {
            guard error.number == ENOENT else { throw error }
        }
        let seed = CheckpointSigner.seed()
        try AtomicFile.replace(path, with: Array((seed.hex + "\n").utf8))
        return seed
    }
}
