import Foundation
import Glibc
import MneedleKit
import MneedleSystem

/// The folder with all kept files, for one daemon at a time: a lock names the one that has it.
final class StateFolder {
    let path: String
    private let folder: Descriptor
    private let lock: Descriptor

    /// Creates the folder (0700) where it is missing and locks it.
    /// - Throws: `Trust.Refused` when other users could change its contents; `conflict` naming the process that holds it.
    init(_ path: String) throws {
        self.path = path
        folder = try Trust.folder(path, create: true, Trust.Demand(isOwn: true))
        lock = try Trust.writable("lock", in: folder, at: path)
        guard lock.lock() else {
            let holder = String(decoding: (try? lock.read(limit: 32)) ?? [], as: UTF8.self)
                .trimmingCharacters(in: .whitespacesAndNewlines)
            throw ModuleError.conflict(
                "the state folder '\(path)' is held by another mneedled (pid \(holder.isEmpty ? "unknown" : holder)); stop it, or give another --state",
                state: "locked")
        }
        for name in StateFolder.kept { try Trust.inspect(name, in: folder, at: path) }
        removeUnfinishedCopies()
        ftruncate(lock.number, 0)
        try lock.write(Array("\(getpid())\n".utf8))
    }

    /// Files that are opened by their names: in a folder where no other user can put another file in their place.
    private static let kept =
        Stores.fileNames + CrashHistory.fileNames + HeadNote.fileNames + LedgerKey.fileNames + KeyFile.fileNames

    /// The file of the store.
    var database: String { path + "/" + Stores.fileName }

    /// The prefix of the names of copies that a backup makes here before it gives them away.
    static let copyPrefix = "copy-"

    /// Removes the copies that a killed service has left.
    private func removeUnfinishedCopies() {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []
        for name in names where name.hasPrefix(StateFolder.copyPrefix) { unlinkat(folder.number, name, 0) }
    }
}
