import Glibc
import MneedleClient
import MneedleWire

/// How far the events have been dealt with: a file that outlives this program, for one `on` at a time.
struct EventProgress {
    /// An event that was dealt with, with all before it.
    struct Position: Equatable {
        /// Its number in the ledger.
        var sequence: Int64
        /// Its hash there, which tells this ledger from another one; `nil` where this user is not shown it.
        var hash: String?
    }

    let path: String
    /// `nil` before the first event of the first start.
    private(set) var position: Position?

    /// Takes the file for this process and reads it, if it is there.
    init(_ path: String) throws(Failure) {
        self.path = path
        // Stays open, and so locked, until this process ends.
        let lock = open(path + ".lock", O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard lock >= 0 else { throw Failure.unwritable(path, String(cString: strerror(errno))) }
        guard flock(lock, LOCK_EX | LOCK_NB) == 0 else {
            throw Failure(
                code: "taken", message: "another 'mneedlectl on' works with \(path)", details: [],
                next: "give each its own --state FILE", exitCode: .refused)
        }
        guard let text = try Self.read(path) else { return }
        guard let json = try? JSON.parse(text), let sequence = json["seq"]?.integer, sequence >= 0 else {
            throw Failure(
                code: "unreadable", message: "\(path) does not say which events are dealt with", details: [],
                next: "remove it to begin with what happens from now on, or name the last event with --since as well",
                exitCode: .refused)
        }
        position = Position(sequence: sequence, hash: json["hash"]?.string)
    }

    /// Keeps an event as dealt with, on disk before this returns.
    /// - Returns: Why that failed, and then the file is as it was; `nil` when it did not fail.
    mutating func keep(_ position: Position) -> String? {
        var members = [JSON.Member("seq", .integer(position.sequence))]
        if let hash = position.hash { members.append(.init("hash", .string(hash))) }
        if let reason = AtomicFile.replace(path, with: Array((JSON.object(members).text + "\n").utf8)) {
            return reason
        }
        self.position = position
        return nil
    }

    /// - Returns: `nil` if there is no such file.
    private static func read(_ path: String) throws(Failure) -> String? {
        let file = open(path, O_RDONLY | O_CLOEXEC)
        if file < 0, errno == ENOENT { return nil }
        guard file >= 0 else {
            throw Failure(
                code: "unreadable", message: "\(path) cannot be read: \(String(cString: strerror(errno)))", details: [],
                next: "name a file that is yours", exitCode: .refused)
        }
        defer { close(file) }
        // A position is much shorter; what is longer is none, and is refused as such.
        var bytes = [UInt8](repeating: 0, count: 4096)
        let count = Glibc.read(file, &bytes, bytes.count)
        return String(decoding: bytes.prefix(max(0, count)), as: UTF8.self)
    }
}
