import Glibc
import MneedleClient
import MneedleWire

/// The file that holds the ``Inbox``, for one agent at a time.
final class StateFile {
    /// Why a file or folder cannot be used.
    struct Failed: Error, CustomStringConvertible {
        let description: String
        /// Another agent has it.
        var isTaken = false
    }

    private let folder: String
    private let path: String
    private let lock: CInt
    private var saved: Inbox?

    /// Takes the folder for this process; makes it if it is not there.
    init(folder: String) throws(Failed) {
        self.folder = folder
        path = folder + "/notify.json"
        try StateFile.makeFolder(folder)
        lock = open(folder + "/notify.lock", O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard lock >= 0 else { throw StateFile.failure(folder + "/notify.lock") }
        guard flock(lock, LOCK_EX | LOCK_NB) == 0 else {
            close(lock)
            throw Failed(description: "another mneedle-notify of this user runs on \(folder)", isTaken: true)
        }
    }

    deinit {
        // A child that is just being started may still have the descriptor.
        flock(lock, LOCK_UN)
        close(lock)
    }

    /// The inbox as it was saved last. A file that cannot be read is put aside: what is due now is asked for anew.
    func load(_ complain: (String) -> Void) -> Inbox {
        guard let text = StateFile.read(path) else { return Inbox() }
        if let json = try? JSON.parse(text), let inbox = Inbox(json) {
            saved = inbox
            return inbox
        }
        rename(path, path + ".unreadable")
        complain("\(path) is not readable; it is kept as \(path).unreadable, and what is due now is shown anew")
        return Inbox()
    }

    /// Replaces the file in one step, synced, if anything has changed.
    func save(_ inbox: Inbox) throws(Failed) {
        guard inbox != saved else { return }
        if let reason = AtomicFile.replace(path, with: Array(inbox.json.text.utf8)) {
            throw Failed(description: "\(path): \(reason)")
        }
        saved = inbox
    }

    private static func makeFolder(_ folder: String) throws(Failed) {
        guard access(folder, F_OK) != 0 else { return }
        if let slash = folder.lastIndex(of: "/"), slash > folder.startIndex {
            try makeFolder(String(folder[..<slash]))
        }
        guard mkdir(folder, 0o700) == 0 || errno == EEXIST else { throw failure(folder) }
    }

    private static func read(_ path: String) -> String? {
        let file = open(path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { return nil }
        defer { close(file) }
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 65_536)
        while case let count = Glibc.read(file, &chunk, chunk.count), count > 0 { bytes += chunk[..<count] }
        return String(decoding: bytes, as: UTF8.self)
    }

    private static func failure(_ path: String) -> Failed {
        Failed(description: "\(path): \(String(cString: strerror(errno)))")
    }
}
