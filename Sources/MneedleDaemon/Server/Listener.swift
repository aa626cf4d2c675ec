import Foundation
import Glibc
import Logging
import MneedleKit
import NIOCore
import NIOPosix

/// Opens the listening sockets: those that systemd hands over, else files in the runtime folder.
struct Listener {
    let group: any EventLoopGroup
    let runtime: String
    let mode: mode_t
    let inherited: [String: Int32]
    /// Over so many bytes unsent, a connection takes its replies first.
    let maxBacklogBytes: Int

    /// Listens on `<name>.sock`.
    /// - Throws: `conflict` when another program serves there; a stale file is replaced.
    func listen(
        _ name: String, _ makeHandler: @escaping @Sendable (any Channel) throws -> any ChannelHandler
    ) async throws -> any Channel {
        let bootstrap = ServerBootstrap(group: group)
            .serverChannelOption(ChannelOptions.backlog, value: 512)
            .childChannelOption(ChannelOptions.allowRemoteHalfClosure, value: true)
            .childChannelOption(
                ChannelOptions.writeBufferWaterMark, value: .init(low: maxBacklogBytes / 4, high: maxBacklogBytes)
            )
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(makeHandler(channel))
                }
            }
        if let descriptor = inherited[name] { return try await bootstrap.withBoundSocket(descriptor).get() }
        let path = runtime + "/\(name).sock"
        guard path.utf8.count < 108 else {
            throw ModuleError.invalidArgument(
                "runtime", expected: "a folder whose sockets' paths have at most 107 bytes", got: path)
        }
        try removeStale(path)
        let channel = try await bootstrap.bind(unixDomainSocketPath: path).get()
        chmod(path, mode)
        try await channel.eventLoop.submit {
            try channel.pipeline.syncOperations.withUnsafeTransportIfAvailable(of: NIOBSDSocket.Handle.self) {
                Notify.keep($0, as: name)
            }
        }.get()
        return channel
    }

    /// Removes a socket file that nobody serves.
    private func removeStale(_ path: String) throws {
        var status = stat()
        guard lstat(path, &status) == 0 else { return }
        guard status.st_mode & S_IFMT == S_IFSOCK else {
            throw ModuleError.conflict(
                "'\(path)' exists and is no socket; remove it or choose another runtime folder", state: "exists")
        }
        if isServed(path) {
            throw ModuleError.conflict(
                "another daemon serves on '\(path)'; stop it or choose another runtime folder", state: "served")
        }
        unlink(path)
    }

    private func isServed(_ path: String) -> Bool {
        let descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
        guard descriptor >= 0 else { return false }
        defer { Glibc.close(descriptor) }
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
        return withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size)) == 0
            }
        }
    }
}

extension RoleMap {
    /// Who connected, with the role that the configuration gives.
    /// - Returns: `nil` for a stranger.
    func actor(of channel: any Channel) throws -> (actor: Actor?, peer: Peer?) {
        let peer =
            try channel.pipeline.syncOperations.withUnsafeTransportIfAvailable(of: NIOBSDSocket.Handle.self) {
                Peer(socket: $0)
            } ?? nil
        guard let peer, let role = role(of: peer) else { return (nil, peer) }
        return (Actor(user: peer.userName, uid: peer.uid, role: role), peer)
    }
}

/// Tells a peer that no role is mapped to, and closes.
final class Refusal: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer
    private let reply: ReplyBuffer

    init(peer: Peer?) {
        var reply = ReplyBuffer()
        let user = peer?.userName ?? "unknown"
        reply.error(
            nil,
            ModuleError(
                .forbidden,
                "user '\(user)' has no role here; an administrator maps users and groups to roles in mneedled.toml",
                members: ["role": "none", "needs": Role.reader.rawValue]))
        self.reply = reply
    }

    func channelActive(context: ChannelHandlerContext) {
        let channel = context.channel
        context.writeAndFlush(wrapOutboundOut(ByteBuffer(bytes: reply.bytes))).whenComplete { _ in
            channel.close(promise: nil)
        }
    }
}
