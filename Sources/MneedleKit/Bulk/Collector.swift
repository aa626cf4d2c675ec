import MneedleKit

/// A write-only socket of its own that takes bulk lines without any verb: a stream (`<socket>.sock`) and one for
/// datagrams of whole lines (`<socket>-datagram.sock`).
public struct Collector: Contribution {
    public var socket: String
    /// The least role whose peers may write to it.
    public var role: Role
    public var begin: @Sendable (Actor, any BulkTransaction) throws -> any BulkReceiver

    public init(
        socket: String, role: Role, begin: @escaping @Sendable (Actor, any BulkTransaction) throws -> any BulkReceiver
    ) {
        self.socket = socket
        self.role = role
        self.begin = begin
    }
}

extension Module {
    /// The sockets of its own.
    public var collectors: [Collector] { contributions.compactMap { $0 as? Collector } }
}
