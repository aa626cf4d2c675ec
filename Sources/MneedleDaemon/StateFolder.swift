import Foundation
import Glibc
import MneedleKit

/// The folder with everything that is kept. One daemon at a time: a lock says who has it.
final class StateFolder {
    let path: String
    private let lock: Int32

    /// Creates it (0700) where it is missing and locks it.
    /// - Throws: `conflict` naming the process that holds it.
    init(_ path: String) throws {
        self.path = path
        try StateFolder.create(path)
        let file = path + "/lock"
        lock = open(file, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard lock >= 0 else {
            throw ModuleError(
                .storage,
                "'\(file)' cannot be opened: \(String(cString: strerror(errno))); the daemon must own its state folder")
        }
        guard flock(lock, LOCK_EX | LOCK_NB) == 0 else {
            let holder = (try? String(contentsOfFile: file, encoding: .utf8))?.trimmingCharacters(
                in: .whitespacesAndNewlines)
            throw ModuleError.conflict(
                "the state folder '\(path)' is held by another mneedled (pid \(holder ?? "unknown")); stop it, or give another --state",
                state: "locked")
        }
        ftruncate(lock, 0)
        let text = "\(getpid())\n"
        _ = text.withCString { write(lock, $0, strlen($0)) }
    }

    deinit { close(lock) }

    var database: String { path + "/mneedle.sqlite" }

    static func create(_ path: String) throws {
        do {
            try FileManager.default.createDirectory(
                atPath: path, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        } catch {
            throw ModuleError(.storage, "the folder '\(path)' cannot be made: \(error.localizedDescription)")
        }
    }
}
