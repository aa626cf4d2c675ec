import Glibc

/// An open file or socket, closed with its last user.
public final class Descriptor: Sendable {
    /// The descriptor's number, for calls of the system. Keep this object with the number: without it the descriptor is closed.
    public let number: CInt

    /// Takes over a descriptor that a call of the system has opened.
    /// - Returns: `nil` for the negative number that such a call returns when it fails.
    public init?(_ number: CInt) {
        guard number >= 0 else { return nil }
        self.number = number
    }

    /// Opens a file. Programs that are started here do not inherit it.
    /// - Parameter mode: The access rights of a file that the call makes.
    public init(opening path: String, _ flags: CInt = O_RDONLY, mode: mode_t = 0o600) throws(SystemError) {
        number = open(path, flags | O_CLOEXEC, mode)
        guard number >= 0 else { throw .last }
    }

    /// Makes a unix socket. Programs that are started here do not inherit it.
    public init(socket kind: __socket_type) throws(SystemError) {
        number = socket(AF_UNIX, CInt(kind.rawValue | SOCK_CLOEXEC.rawValue), 0)
        guard number >= 0 else { throw .last }
    }

    // A descriptor that could not be opened has a negative number, and there is nothing to close.
    deinit { if number >= 0 { close(number) } }

    /// Reads the bytes from here to the end, at most `limit`.
    public func read(limit: Int = .max) throws(SystemError) -> [UInt8] {
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: min(limit, 65_536))
        while bytes.count < limit {
            let count = Glibc.read(number, &chunk, min(chunk.count, limit - bytes.count))
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw .last }
            if count == 0 { break }
            bytes += chunk[..<count]
        }
        return bytes
    }

    /// Writes all bytes.
    public func write(_ bytes: [UInt8]) throws(SystemError) {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Glibc.write(number, $0.baseAddress, $0.count) }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { throw .last }
            rest = rest.dropFirst(count)
        }
    }

    /// Brings the file to disk.
    public func synchronize() throws(SystemError) {
        guard fsync(number) == 0 else { throw .last }
    }

    /// Takes the file for this process alone, until ``unlock()`` or until it is closed here and in every child that has it.
    /// - Returns: Whether the file is now this process's; not where another has it.
    public func lock() -> Bool { flock(number, LOCK_EX | LOCK_NB) == 0 }

    /// Gives the file up, also where a child still has the descriptor.
    public func unlock() { flock(number, LOCK_UN) }
}
