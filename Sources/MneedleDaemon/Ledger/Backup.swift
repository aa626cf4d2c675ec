import CMneedleSystem
import Foundation
import Glibc
import MneedleKit
import MneedleSystem
import MneedleTree

/// Writes copies of the store for peers, where the configuration allows it and the peers could write themselves.
struct Backup: Sendable {
    let settings: BackupSettings
    /// The state folder, where a copy is made before it is given away: a store opens files by their path, and only in a
    /// folder of the service's own can no other user put another file in its place meanwhile.
    let state: String

    private var folders: [String] {
        settings.folders.map { $0.hasPrefix("/") ? $0 : state + "/" + $0 }
    }

    /// Copies the request's snapshot.
    func write(_ snapshot: any StoreConnection, to path: String, for actor: Actor) throws -> WrittenCopy {
        let (place, name) = try split(path)
        // The service makes its own folder when it is first needed; other folders are made by their owners.
        let isOwn = place.hasPrefix(state + "/")
        let folder = try Backup.trusted {
            try Trust.folder(place, create: isOwn, Trust.Demand(sharedWith: actor.uid))
        }
        try requireRight(actor, folder, place)
        var status = stat()
        guard fstatat(folder.number, name, &status, AT_SYMLINK_NOFOLLOW) != 0 else { throw Backup.exists(path) }
        do {
            let own = try Trust.folder(state, Trust.Demand(isOwn: true))
            let copy = StateFolder.copyPrefix + Backup.random
            defer { for end in Stores.copyEnds { unlinkat(own.number, copy + end, 0) } }
            let source = try Backup.create(copy, in: own)
            let head = try Backup.copy(snapshot, to: state + "/" + copy)
            let bytes = try Backup.hand(source, to: folder, as: name, path)
            return WrittenCopy(bytes: Int64(bytes), entries: head.size, head: head.root.bytes.hex)
        } catch let error as ModuleError {
            throw error
        } catch {
            throw ModuleError(
                .storage, "the copy could not be written to '\(path)': \(error)",
                members: ["detail": String(describing: error)])
        }
    }

    // MARK: Where

    /// The folder and the name of a path that a copy may have. For a path that it may not have, no file is looked up.
    private func split(_ path: String) throws -> (folder: String, name: String) {
        let name = path.split(separator: "/", omittingEmptySubsequences: false).last.map(String.init) ?? ""
        let folder = String(path.dropLast(name.count + 1))
        guard folders.contains(folder) else {
            throw ModuleError.invalidArgument(
                "path",
                expected:
                    "a file in one of the folders of [backup] in mneedled.toml: \(folders.joined(separator: ", "))",
                got: path)
        }
        let isPlain = name.utf8.allSatisfy {
            switch $0 {
            case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x2D, 0x2E, 0x5F: true
            default: false
            }
        }
        guard isPlain, name.utf8.count <= 200, name.hasSuffix(Stores.copySuffix),
            name.utf8.count > Stores.copySuffix.utf8.count,
            let first = name.first, first != ".", first != "-"
        else {
            throw ModuleError.invalidArgument(
                "path", expected: "a name of letters, digits, '.', '_' and '-' that ends in \(Stores.copySuffix)",
                got: path)
        }
        return (folder, name)
    }

    /// The service lends its rights to nobody: the peer must be able to write there without it.
    private func requireRight(_ actor: Actor, _ folder: Descriptor, _ place: String) throws {
        if actor.uid == 0 || actor.uid == geteuid() { return }
        var status = stat()
        guard fstat(folder.number, &status) == 0 else { throw Backup.failure(errno) }
        let mode = status.st_mode
        let may =
            if status.st_uid == actor.uid {
                mode & 0o300 == 0o300
            } else if Backup.groups(of: actor).contains(
                status.st_gid)
            { mode & 0o030 == 0o030 } else { mode & 0o003 == 0o003 }
        guard may else {
            throw ModuleError(
                .forbidden,
                "user '\(actor.user)' may not write in '\(place)' (mode \(String(mode & 0o7777, radix: 8)), of \(Trust.userName(status.st_uid))), "
                    + "so the service does not either; choose another folder of [backup], or ask root for the copy",
                members: ["role": actor.role.rawValue, "needs": Role.admin.rawValue])
        }
    }

    private static func groups(of actor: Actor) -> [gid_t] {
        guard let user = getpwuid(actor.uid) else { return [] }
        let (name, primary) = (String(cString: user.pointee.pw_name), user.pointee.pw_gid)
        var groups = [gid_t](repeating: 0, count: 1024)
        var count = Int32(groups.count)
        return getgrouplist(name, primary, &groups, &count) < 0 ? [primary] : Array(groups.prefix(Int(count)))
    }

    private static func trusted<T>(_ body: () throws -> T) throws -> T {
        do { return try body() } catch let error as Trust.Refused {
            throw ModuleError.conflict("a copy cannot be written there: \(error)", state: "untrusted")
        }
    }

    private static func exists(_ path: String) -> ModuleError {
        .conflict("'\(path)' exists; give a new name", state: "exists")
    }

    // MARK: Writing

    /// - Returns: The head of the copy's ledger.
    private static func copy(_ snapshot: any StoreConnection, to path: String) throws -> TreeHead {
        try snapshot.copy(to: path) { try LedgerTree.all(in: $0).head }
    }

    /// Gives a finished copy to the folder: under a temporary name until all of it is on disk, and only then, if no file has
    /// the requested name yet, under that.
    private static func hand(
        _ source: Descriptor, to folder: Descriptor, as name: String, _ path: String
    ) throws -> Int {
        let partial = ".\(name).\(random).partial"
        let target = try create(partial, in: folder)
        do {
            var bytes = 0
            while case let piece = try source.read(limit: 1 << 20), !piece.isEmpty {
                try target.write(piece)
                bytes += piece.count
            }
            try target.synchronize()
            let result = mneedle_publish(folder.number, partial, name)
            if result == -EEXIST { throw exists(path) }
            guard result == 0 else { throw failure(-result) }
            try folder.synchronize()
            return bytes
        } catch {
            unlinkat(folder.number, partial, 0)
            throw error
        }
    }

    private static func create(_ name: String, in folder: Descriptor) throws -> Descriptor {
        let flags = O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC
        guard let file = Descriptor(openat(folder.number, name, flags, 0o600)) else { throw failure(errno) }
        return file
    }

    private static var random: String {
        String(UInt64.random(in: .min ... .max), radix: 36) + String(UInt64.random(in: .min ... .max), radix: 36)
    }

    private static func failure(_ number: Int32) -> SystemError { SystemError(number) }
}
