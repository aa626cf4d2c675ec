import Glibc

/// The address of a socket that is a file.
public struct UnixAddress: Sendable {
    /// The greatest number of bytes of a socket's path.
    public static let longestPath = MemoryLayout.size(ofValue: sockaddr_un().sun_path) - 1

    /// The error for a path that no socket can have.
    public struct Invalid: Error, Hashable, Sendable, CustomStringConvertible {
        /// The path that was given.
        public let path: String

        /// The error in one sentence, for a person.
        public var description: String {
            "'\(path)' cannot be a socket's path: it has \(path.utf8.count) bytes, expected 1 to \(longestPath) and no NUL; "
                + "choose a folder with a shorter path"
        }
    }

    private var address = sockaddr_un()

    /// Makes the address of a path.
    public init(_ path: String) throws(Invalid) {
        guard 1...Self.longestPath ~= path.utf8.count, !path.utf8.contains(0) else { throw Invalid(path: path) }
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
    }

    /// Gives a socket this address. There must be no file of that name yet.
    public func bind(_ socket: Descriptor) throws(SystemError) {
        guard withPointer({ Glibc.bind(socket.number, $0, $1) }) == 0 else { throw .last }
    }

    /// Connects a socket to the one that has this address.
    public func connect(_ socket: Descriptor) throws(SystemError) {
        guard withPointer({ Glibc.connect(socket.number, $0, $1) }) == 0 else { throw .last }
    }

    /// Calls `body` with this address, as calls of the system take it.
    public func withPointer<Result>(_ body: (UnsafePointer<sockaddr>, socklen_t) -> Result) -> Result {
        withUnsafePointer(to: address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { body($0, socklen_t(MemoryLayout<sockaddr_un>.size)) }
        }
    }
}
