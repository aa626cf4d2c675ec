import Glibc
import MneedleSystem
import MneedleWire

/// The number of the last event that was dealt with, in a file that outlives this program, for one `on` at a time.
struct EventProgress {
    /// An event that was dealt with, as were all before it.
    struct Position: Equatable {
        /// Its number in the ledger.
        var sequence: Int64
        /// Its hash there, which tells this ledger from another one; `nil` where this user may not see it.
        var hash: String?
    }

    let path: String
    /// The lock file beside it, open, and so locked, until this process ends.
    private let lock: Descriptor
    /// The last event that was dealt with; `nil` before the first one of the first start.
    private(set) var position: Position?

    /// Takes the file for this process and reads it, if it is there.
    init(_ path: String) throws(Failure) {
        self.path = path
        do {
            lock = try Descriptor(opening: path + ".lock", O_RDWR | O_CREAT)
        } catch {
            throw Failure.unwritable(path, error)
        }
        guard lock.lock() else {
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

    /// Records that an event was dealt with, on disk before this returns.
    /// - Returns: The error when that failed and the file is as it was; `nil` for success.
    mutating func keep(_ position: Position) -> SystemError? {
        var members = [JSON.Member("seq", .integer(position.sequence))]
        if let hash = position.hash { members.append(.init("hash", .string(hash))) }
        do {
            try AtomicFile.replace(path, with: Array((JSON.object(members).text + "\n").utf8))
        } catch {
            return error
        }
        self.position = position
        return nil
    }

    /// - Returns: `nil` if there is no such file.
    private static func read(_ path: String) throws(Failure) -> String? {
        do throws(SystemError) {
            // A position is much shorter; a longer text is none, and is refused as such.
            return String(decoding: try Descriptor(opening: path).read(limit: 4096), as: UTF8.self)
        } catch {
            if error.number == ENOENT { return nil }
            throw Failure(
                code: "unreadable", message: "\(path) cannot be read: \(error)", details: [],
                next: "name a file that is yours", exitCode: .refused)
        }
    }
}
