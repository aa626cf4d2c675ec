import Foundation
import Glibc
import MneedleKit
import MneedleSystem
import MneedleTree
import MneedleWire
import Synchronization

/// The ledger's last known head, in a small file beside the store. By it the next start finds a store that is gone, emptied,
/// older or another one. `Documentation/ledger.md` says when it is written.
package final class HeadNote: Sendable {
    /// The reason why the daemon does not start with the store that it finds.
    package struct Refused: Error, CustomStringConvertible {
        package let description: String
    }

    struct Content: Equatable {
        /// The store's own id.
        var store: String
        var head: TreeHead
    }

    /// The names of its files in the state folder.
    static let fileNames = ["ledger-head.json"]

    let path: String
    private let content: Mutex<Content?>
    private let acceptance: String
    /// Whether the file `accept-store` tells that an administrator wants the store as it is.
    let isAccepted: Bool

    /// Reads the note in the folder.
    /// - Throws: ``Refused`` when it cannot be understood: nobody could tell then whether the store is the right one.
    package init(folder: String) throws {
        path = folder + "/" + HeadNote.fileNames[0]
        acceptance = folder + "/accept-store"
        isAccepted = access(acceptance, F_OK) == 0
        content = Mutex(isAccepted ? nil : try HeadNote.read(path))
    }

    /// The noted head.
    var head: TreeHead? { content.withLock { $0?.head } }

    /// Takes the administrator's word back after a start that followed it: it holds for one start.
    func endAcceptance() { unlink(acceptance) }

    private static func read(_ path: String) throws -> Content? {
        let bytes: [UInt8]
        do throws(SystemError) {
            bytes = try Descriptor(opening: path, O_RDONLY | O_NOFOLLOW).read(limit: 1024)
        } catch {
            if error.number == ENOENT { return nil }
            throw Refused(description: "'\(path)' cannot be read: \(error)")
        }
        let text = String(decoding: bytes, as: UTF8.self)
        guard let json = try? JSON.parse(text), let store = json["store"]?.string,
            let entries = json["entries"]?.integer, entries >= 0,
            let root = json["head"]?.string.flatMap([UInt8].init(hex:)).flatMap(TreeHash.init)
        else {
            throw Refused(
                description: "'\(path)', which says what the ledger's head was, is damaged. \(HeadNote.wayOn(path))")
        }
        return Content(store: store, head: TreeHead(size: entries, root: root))
    }

    private static func wayOn(_ path: String) -> String {
        "Put the right file back; to go on with the store as it is (a copy that was put back, or none at all), and without"
            + " what it lacks, make an empty file '\((path as NSString).deletingLastPathComponent)/accept-store' and start again"
    }

    /// - Throws: ``Refused`` when the note knows a store and there is none.
    func requireStore(at database: String) throws {
        guard let known = content.withLock({ $0 }), (fileSize(database) ?? 0) == 0 else { return }
        throw Refused(
            description: "the store is gone: '\(database)' is not there or empty, and had \(known.head.size) ledger"
                + " entries. An empty one would know of no person and no session. \(HeadNote.wayOn(path))")
    }

    /// - Throws: ``Refused`` when the store is not the noted one, or lacks entries that it had.
    func requireFits(_ store: any Store) throws {
        guard let known = content.withLock({ $0 }) else { return }
        let (id, size, root) = try store.read(nil) { connection in
            guard try connection.hasTable("mneedle_ledger") else { return ("", Int64(0), TreeHash?.none) }
            let tree = LedgerTree(connection: connection)
            let size = try tree.size
            let root = size < known.head.size ? nil : try tree.first(known.head.size).root
            return (try HeadNote.id(connection), size, root)
        }
        let fault: String
        if size < known.head.size {
            fault = "it has \(size) ledger entries, and had \(known.head.size)"
        } else if id != known.store {
            fault = "it has the id \(id), and had \(known.store)"
        } else if root != known.head.root {
            fault = "the first \(known.head.size) entries of its ledger are others than before"
        } else {
            return
        }
        throw Refused(
            description: "the store '\(store.place)' is not the one that was here: \(fault). \(HeadNote.wayOn(path))")
    }

    /// The id that a store got when it was made; its copies have the same.
    static func id(_ connection: any StoreConnection) throws -> String {
        try connection.first("SELECT value FROM mneedle_store WHERE name = 'id'")?.text("value") ?? ""
    }

    /// Writes the head, on disk when this returns; does nothing when the note has it already.
    /// - Returns: The reason why it could not be written; `nil` when it was.
    @discardableResult
    func write(_ head: TreeHead, of store: String) -> String? {
        content.withLock { content in
            let new = Content(store: store, head: head)
            guard content != new || access(path, F_OK) != 0 else { return nil }
            let text = #"{"store":"\#(store)","entries":\#(head.size),"head":"\#(head.root.bytes.hex)"}"# + "\n"
            do {
                try AtomicFile.replace(path, with: Array(text.utf8))
                content = new
                return nil
            } catch {
                return "'\(path)' cannot be written: \(error)"
            }
        }
    }
}
