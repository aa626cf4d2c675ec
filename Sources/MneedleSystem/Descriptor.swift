import Glibc

/// An open file or socket, closed with its last user.
public final class Descriptor: Sendable {
    /// Its number, for calls of the system. Whoever keeps it keeps this object too: without that it is closed.
    public let number: CInt

    /// Takes over what a call of the system has opened.
    /// - Returns: `nil` for the negative number that such a call answers when it fails.
    public init?(_ number: CInt) {
        guard number >= 0 else { return nil }
        self.number = number
    }

    /// Opens a file, which no program inherits that is started here.
    /// - Parameter mode: Who may, if it is made.
    public init(opening path: String, _ flags: CInt = O_RDONLY, mode: mode_t = 0o600) throws(SystemError) {
        number = open(path, flags | O_CLOEXEC, mode)
        guard number >= 0 else { throw .last }
    }

    /// Makes a socket of the machine's own kind, which no program inherits that is started here.
    public init(socket kind: __socket_type) throws(SystemError) {
        number = socket(AF_UNIX, CInt(kind.rawValue | SOCK_CLOEXEC.rawValue), 0)
        guard number >= 0 else { throw .last }
    }

    // What could not be opened has a negative number, of which nothing is left to close.
    deinit { if number >= 0 { close(number) } }

    /// What is in it from here on, as far as `limit`.
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

    /// Writes all of it.
    public func write(_ bytes: [UInt8]) throws(SystemError) {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Glibc.write(number, $0.baseAddress, $0.count) }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { throw .last }
            rest = rest.dropFirst(count)
        }
    }

    /// Brings it to disk.
    public func synchronize() throws(SystemError) {
        guard fsync(number) == 0 else { throw .last }
    }

    /// Takes the file for this process alone, until ``unlock()`` or until it is closed here and in every child that has it.
    /// - Returns: Whether nobody else has it.
    public func lock() -> Bool { flock(number, LOCK_EX | LOCK_NB) == 0 }

    /// Lets go of the file, also where a child still has the descriptor.
    public func unlock() { flock(number, LOCK_UN) }
}
