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

    /// How many bytes of a connection are read at once.
    private static let largestPiece = 16_384
    /// How many clients may wait to be let in.
    private static let backlog: Int32 = 512

    /// Listens on `<name>.sock`.
    /// - Throws: `conflict` when another program serves there; a stale file is replaced.
    func listen(
        _ name: String, _ makeHandler: @escaping @Sendable (any Channel) throws -> any ChannelHandler
    ) async throws -> any Channel {
        let bootstrap = ServerBootstrap(group: group)
            .serverChannelOption(ChannelOptions.backlog, value: Listener.backlog)
            .childChannelOption(ChannelOptions.allowRemoteHalfClosure, value: true)
            .childChannelOption(
                ChannelOptions.writeBufferWaterMark, value: .init(low: maxBacklogBytes / 4, high: maxBacklogBytes)
            )
            // One that sends as fast as it can has its turn, not the loop: the others wait for one piece at most.
            .childChannelOption(ChannelOptions.maxMessagesPerRead, value: 1)
            .childChannelOption(
                ChannelOptions.recvAllocator,
                value: AdaptiveRecvByteBufferAllocator(minimum: 1024, initial: 4096, maximum: Listener.largestPiece)
            )
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(makeHandler(channel))
                }
            }
        if let descriptor = inherited[name] { return try await bootstrap.withBoundSocket(descriptor).get() }
        // Bound here and not by NIO, which would remove the file when it closes: systemd may keep the socket meanwhile.
        let descriptor = try socket(name, SOCK_STREAM)
        // systemd lets go of a socket at once that does not listen.
        Glibc.listen(descriptor, Listener.backlog)
        Notify.keep(descriptor, as: name)
        return try await bootstrap.withBoundSocket(descriptor).get()
    }

    /// A socket for datagrams, `<name>.sock`.
    /// - Throws: As ``listen(_:_:)``.
    func datagrams(_ name: String) throws -> Int32 {
        if let descriptor = inherited[name] { return descriptor }
        let descriptor = try socket(name, SOCK_DGRAM)
        Notify.keep(descriptor, as: name)
        return descriptor
    }

    private func socket(_ name: String, _ type: __socket_type) throws -> Int32 {
        let path = runtime + "/\(name).sock"
        guard path.utf8.count < 108 else {
            throw ModuleError.invalidArgument(
                "runtime", expected: "a folder whose sockets' paths have at most 107 bytes", got: path)
        }
        try removeStale(path, type)
        let descriptor = try bound(to: path, type)
        chmod(path, mode)
        return descriptor
    }

    private func bound(to path: String, _ type: __socket_type) throws -> Int32 {
        let descriptor = Glibc.socket(AF_UNIX, Int32(type.rawValue | SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0, Listener.withAddress(path, { bind(descriptor, $0, $1) }) == 0 else {
            let reason = String(cString: strerror(errno))
            if descriptor >= 0 { Glibc.close(descriptor) }
            throw ModuleError(.storage, "the socket '\(path)' cannot be made: \(reason)")
        }
        return descriptor
    }

    /// Removes the files of the sockets that this process made, unless systemd may keep them for the next one.
    func removeFiles(_ names: [String]) {
        guard !Notify.isHeard else { return }
        for name in names where inherited[name] == nil { unlink(runtime + "/\(name).sock") }
    }

    /// Removes a socket file that nobody serves.
    private func removeStale(_ path: String, _ type: __socket_type) throws {
        var status = stat()
        guard lstat(path, &status) == 0 else { return }
        guard status.st_mode & S_IFMT == S_IFSOCK else {
            throw ModuleError.conflict(
                "'\(path)' exists and is no socket; remove it or choose another runtime folder", state: "exists")
        }
        if isServed(path, type) {
            throw ModuleError.conflict(
                "another daemon serves on '\(path)'; stop it or choose another runtime folder", state: "served")
        }
        unlink(path)
    }

    private func isServed(_ path: String, _ type: __socket_type) -> Bool {
        let descriptor = Glibc.socket(AF_UNIX, Int32(type.rawValue), 0)
        guard descriptor >= 0 else { return false }
        defer { Glibc.close(descriptor) }
        return Listener.withAddress(path) { connect(descriptor, $0, $1) } == 0
    }

    private static func withAddress(_ path: String, _ body: (UnsafePointer<sockaddr>, socklen_t) -> Int32) -> Int32 {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
        return withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { body($0, socklen_t(MemoryLayout<sockaddr_un>.size)) }
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
