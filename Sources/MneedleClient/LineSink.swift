import Glibc
import MneedleSystem

/// A connection to a socket of the daemon that takes lines and answers nothing, such as `telemetry.sock`.
public final class LineSink {
    /// The socket's path.
    public let path: String
    /// The socket's descriptor, for `poll(2)`: readable once the daemon has closed.
    public var descriptor: CInt { socket.number }
    private let socket: Descriptor

    /// Connects to the first of `paths` where a daemon listens.
    public init(firstOf paths: [String]) throws(ClientError) {
        (socket, path) = try Connection.open(firstOf: paths)
    }

    /// Sends everything, and waits while the daemon takes nothing. Bytes that the daemon had not read when it ended are lost.
    /// - Throws: ``ClientError/Kind-swift.enum/closed``.
    public func send(_ bytes: [UInt8]) throws(ClientError) {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Glibc.send(descriptor, $0.baseAddress, $0.count, CInt(MSG_NOSIGNAL)) }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { throw ClientError(.closed, "the daemon closed the connection to \(path)") }
            rest = rest.dropFirst(count)
        }
    }
}
