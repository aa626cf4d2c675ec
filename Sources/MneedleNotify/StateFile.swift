import Glibc
import MneedleSystem
import MneedleWire

/// The file that holds the ``Inbox``, for one agent at a time.
final class StateFile {
    /// The reason why a file or folder cannot be used.
    struct Failed: Error, CustomStringConvertible {
        let description: String
        /// Whether another agent has it.
        var isTaken = false
    }

    private let folder: String
    private let path: String
    private let lock: Descriptor
    private var saved: Inbox?

    /// Takes the folder for this process; makes it where it is missing.
    init(folder: String) throws(Failed) {
        self.folder = folder
        path = folder + "/notify.json"
        try StateFile.makeFolder(folder)
        do {
            lock = try Descriptor(opening: folder + "/notify.lock", O_RDWR | O_CREAT)
        } catch {
            throw Failed(description: "\(folder)/notify.lock: \(error)")
        }
        guard lock.lock() else {
            throw Failed(description: "another mneedle-notify of this user runs on \(folder)", isTaken: true)
        }
    }

    // A child that is just being started may still have the descriptor.
    deinit { lock.unlock() }

    /// The inbox as it was saved last. A file that cannot be read is put aside: the due reminders are asked for anew.
    func load(_ complain: (String) -> Void) -> Inbox {
        guard let file = try? Descriptor(opening: path) else { return Inbox() }
        if let bytes = try? file.read(), let json = try? JSON.parse(String(decoding: bytes, as: UTF8.self)),
            let inbox = Inbox(json)
        {
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
        do {
            try AtomicFile.replace(path, with: Array(inbox.json.text.utf8))
        } catch {
            throw Failed(description: "\(path): \(error)")
        }
        saved = inbox
    }

    private static func makeFolder(_ folder: String) throws(Failed) {
        guard access(folder, F_OK) != 0 else { return }
        if let slash = folder.lastIndex(of: "/"), slash > folder.startIndex {
            try makeFolder(String(folder[..<slash]))
        }
        guard mkdir(folder, 0o700) == 0 || errno == EEXIST else {
            throw Failed(description: "\(folder): \(SystemError.last)")
        }
    }
}
