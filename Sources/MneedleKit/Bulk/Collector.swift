import MneedleKit

/// A write-only socket of its own that takes bulk lines without any verb: a stream (`<socket>.sock`) and one for
/// datagrams of whole lines (`<socket>-datagram.sock`).
public struct Collector: Contribution {
    /// The socket's name, without `.sock`.
    public var socket: String
    /// The least role whose peers may write to it.
    public var role: Role
    /// The function that makes the receiver of a new connection's lines.
    public var begin: @Sendable (Actor, any BulkTransaction) throws -> any BulkReceiver

    /// A collector, with the role that may write to it.
    public init(
        socket: String, role: Role, begin: @escaping @Sendable (Actor, any BulkTransaction) throws -> any BulkReceiver
    ) {
        self.socket = socket
        self.role = role
        self.begin = begin
    }
}

extension Module {
    /// The module's own sockets.
    public var collectors: [Collector] { contributions.compactMap { $0 as? Collector } }
}
