import Crypto
import Foundation
import Glibc
import MneedleKit
import MneedleSystem
import MneedleWire

/// The file with the people's names and data keys, each wrapped by the master key. It is no part of the store, and of no
/// copy of the store: whoever has only those can read nothing about anybody.
struct KeyFile {
    /// One person.
    struct KeyedPerson: Sendable {
        var id: PersonID
        /// Empty for nobody.
        var name: String
        /// `nil` for a person who has been erased.
        var key: SymmetricKey?
    }

    /// What the file holds.
    struct Content {
        var entries: [KeyedPerson] = []
        /// Whether another line may be added to it: not where there is no file yet, or its last line is half written.
        var isWhole = false
    }

    /// The names of its files in the state folder.
    static let fileNames = ["person-keys", "master-key", "master-key.next"]
    /// The names of the master key among the service's credentials, and of that which is to take its place.
    static let (credential, nextCredential) = ("mneedle-master-key", "mneedle-master-key-new")

    let path: String
    private let master: SymmetricKey

    init(folder: String, master: SymmetricKey) {
        path = KeyFile.path(in: folder)
        self.master = master
    }

    /// Opens it with the service's master key: that which systemd gives, or that in the state folder, made there when there are
    /// no people's keys yet.
    /// - Throws: ``HeadNote/Refused`` for a master key that is none, or is missing.
    init(
        folder: String, credentials: String? = getenv("CREDENTIALS_DIRECTORY").map { String(cString: $0) }
    ) throws {
        self.init(folder: folder, master: try KeyFile.master(folder, credentials))
        // A change of the master key may have been cut short, before or after the people's keys were written anew.
        let (own, next) = (folder + "/" + KeyFile.fileNames[1], folder + "/" + KeyFile.fileNames[2])
        guard let key = try KeyFile.master(in: next) else { return }
        guard (try? read()) == nil else {
            unlink(next)
            return
        }
        self.init(folder: folder, master: key)
        _ = try read()
        guard rename(next, own) == 0 else { throw SystemError.last }
    }

    /// The file for keys that are brought back, whatever is there: with the service's master key, or one that is made.
    static func replacing(
        folder: String, credentials: String? = getenv("CREDENTIALS_DIRECTORY").map { String(cString: $0) }
    ) throws -> KeyFile {
        let master = try (try? master(folder, credentials)) ?? makeMaster(in: folder)
        unlink(folder + "/" + fileNames[2])
        return KeyFile(folder: folder, master: master)
    }

    static func path(in folder: String) -> String { folder + "/" + fileNames[0] }

    // MARK: The master key

    private static func master(_ folder: String, _ credentials: String?) throws -> SymmetricKey {
        let own = folder + "/" + fileNames[1]
        if let credentials, let key = try master(in: credentials + "/" + credential) { return key }
        if let key = try master(in: own) { return key }
        guard access(path(in: folder), F_OK) != 0 else {
            throw HeadNote.Refused(
                description:
                    "the master key is gone: '\(own)' is not there, and systemd gives no credential '\(credential)'."
                    + " Put it back, or bring the people's keys back from a copy of them (mneedled --restore-keys):"
                    + " without it nothing about anybody can be read")
        }
        return try makeMaster(in: folder)
    }

    /// Seals the entries by another master key. A start after a kill at any moment opens the file with the one or the other.
    /// - Returns: Where the new key is.
    static func changeMaster(
        in folder: String, of entries: [KeyedPerson],
        credentials: String? = getenv("CREDENTIALS_DIRECTORY").map { String(cString: $0) }
    ) throws -> String {
        let (own, next) = (folder + "/" + fileNames[1], folder + "/" + fileNames[2])
        if let credentials, let key = try master(in: credentials + "/" + nextCredential) {
            try KeyFile(folder: folder, master: key).write(entries)
            unlink(own)
            return "the credential '\(nextCredential)': give it to the service as '\(credential)'"
        }
        guard try credentials.map({ try master(in: $0 + "/" + credential) == nil }) ?? true else {
            throw ModuleError.conflict(
                "the master key is a credential of systemd; give the new one as the credential '\(nextCredential)'",
                state: "credential")
        }
        let key = SymmetricKey(size: .bits256)
        try AtomicFile.replace(next, with: Array((key.bytes.hex + "\n").utf8))
        try KeyFile(folder: folder, master: key).write(entries)
        try AtomicFile.replace(own, with: Array((key.bytes.hex + "\n").utf8))
        unlink(next)
        return "in '\(own)'"
    }

    /// Makes a master key in the state folder.
    static func makeMaster(in folder: String) throws -> SymmetricKey {
        let key = SymmetricKey(size: .bits256)
        try AtomicFile.replace(folder + "/" + fileNames[1], with: Array((key.bytes.hex + "\n").utf8))
        return key
    }

    /// The master key in a file, in hexadecimal; `nil` where there is no such file.
    static func master(in path: String) throws -> SymmetricKey? {
        let text: String
        do throws(SystemError) {
            text = String(
                decoding: try Descriptor(opening: path, O_RDONLY | O_NOFOLLOW).read(limit: 128), as: UTF8.self)
        } catch {
            if error.number == ENOENT { return nil }
            throw error
        }
        guard let bytes = [UInt8](hex: text.trimmingCharacters(in: .whitespacesAndNewlines)), bytes.count == 32 else {
            throw HeadNote.Refused(
                description:
                    "'\(path)', the master key, is damaged: it is 64 hexadecimal digits. Put the right file back:"
                    + " without it nothing about anybody can be read")
        }
        return SymmetricKey(data: bytes)
    }

    // MARK: Entries

    /// - Throws: ``HeadNote/Refused`` for a file that the master key does not open.
    func read() throws -> Content {
        let text: [UInt8]
        do throws(SystemError) {
            text = try Descriptor(opening: path, O_RDONLY | O_NOFOLLOW).read(limit: 1 << 30)
        } catch {
            if error.number == ENOENT { return Content() }
            throw error
        }
        var lines = text.split(separator: 10, omittingEmptySubsequences: false)
        // What stands after the last line feed was being added when the power failed, and was never used.
        let rest = lines.popLast() ?? []
        let entries = try lines.enumerated().map { number, line in
            guard let entry = entry(String(decoding: line, as: UTF8.self)) else {
                throw HeadNote.Refused(
                    description:
                        "line \(number + 1) of '\(path)', which has the people's keys, is damaged, or the master key"
                        + " is another one. Put the right files back, or bring the keys back from a copy of them"
                        + " (mneedled --restore-keys): without them nothing about these people can be read")
            }
            return entry
        }
        return Content(entries: entries, isWhole: rest.isEmpty)
    }

    /// Writes all entries; on disk when this returns.
    func write(_ entries: some Sequence<KeyedPerson>) throws {
        var text: [UInt8] = []
        for entry in entries { text += try line(entry).utf8 }
        try AtomicFile.replace(path, with: text)
    }

    /// Adds an entry to the file; on disk when this returns.
    func add(_ entry: KeyedPerson) throws {
        let file = try Descriptor(opening: path, O_WRONLY | O_APPEND | O_NOFOLLOW)
        try file.write(Array(line(entry).utf8))
        try file.synchronize()
    }

    /// A line: the id, and the key and the name sealed by the master key; nothing is sealed for who has been erased.
    private func line(_ entry: KeyedPerson) throws -> String {
        let plain = entry.key.map { $0.bytes + Array(entry.name.utf8) } ?? []
        let sealed = try AES.GCM.seal(plain, using: master, authenticating: Data(entry.id.hex.utf8))
        return "\(entry.id.hex) \((Data(sealed.nonce) + sealed.ciphertext + sealed.tag).base64EncodedString())\n"
    }

    private func entry(_ line: String) -> KeyedPerson? {
        let words = line.split(separator: " ")
        guard words.count == 2, let id = PersonID(hex: String(words[0])),
            let data = Data(base64Encoded: String(words[1])),
            let box = try? AES.GCM.SealedBox(combined: data),
            let plain = try? AES.GCM.open(box, using: master, authenticating: Data(id.hex.utf8))
        else { return nil }
        if plain.isEmpty { return KeyedPerson(id: id, name: "", key: nil) }
        guard plain.count >= 32, let name = String(validating: plain.dropFirst(32), as: UTF8.self) else { return nil }
        return KeyedPerson(id: id, name: name, key: SymmetricKey(data: plain.prefix(32)))
    }
}

extension SymmetricKey {
    var bytes: [UInt8] { withUnsafeBytes { Array($0) } }
}
