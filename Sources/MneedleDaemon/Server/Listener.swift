import Foundation
import Glibc
import MneedleKit
import MneedleSystem
import NIOCore
import NIOPosix

/// Opens the listening sockets: those that systemd hands over, otherwise files in the runtime folder.
struct Listener {
    private let loop: any EventLoop
    private let runtime: String
    private let mode: mode_t
    private let inherited: [String: Int32]

    /// The most bytes of a connection that are read at once.
    private static let largestPiece = 16_384
    /// The number of clients that may wait to be let in.
    private static let backlog: Int32 = 1024

    /// - Throws: `Trust.Refused` for a runtime folder in which others could replace the service's socket by one of their own.
    init(_ settings: Settings, on loop: any EventLoop) throws {
        self.loop = loop
        runtime = settings.runtime
        mode = settings.socketMode
        inherited = Notify.inheritedSockets()
        _ = try Trust.folder(runtime, create: true)
    }

    /// Listens on `<name>.sock`; the acceptor is yet to be started.
    /// - Parameter makeHandler: Called on the event loop, for a client that has a place.
    /// - Throws: `conflict` when another program serves there; a stale file is replaced.
    func listen(
        _ name: String, hub: Hub, limits: @escaping @Sendable () -> Limits,
        welcome: @escaping @Sendable (Peer?) -> Acceptor.Welcome,
        _ makeHandler: @escaping @Sendable (Actor) -> (any ChannelInboundHandler & Sendable)?
    ) throws -> Acceptor {
        let descriptor = try inherited[name] ?? listening(name)
        let tellsWhy = name == Doors.control
        return try Acceptor(
            descriptor: descriptor, loop: loop,
            door: Acceptor.Door(welcome: welcome) { client, actor in
                if let error = hub.takePlace(actor, limits()) {
                    var reply = ReplyBuffer()
                    // Nobody reads an answer on a socket that is only written to.
                    if tellsWhy { reply.error(nil, error) }
                    return Acceptor.refuse(client, reply.bytes)
                }
                guard let handler = makeHandler(actor) else {
                    hub.freePlace(actor.uid)
                    return Acceptor.refuse(client, [])
                }
                serve(client, handler).whenFailure { _ in hub.freePlace(actor.uid) }
            } pace: {
                limits().connectsPerSecond
            } tooOften: { pace in
                tellsWhy ? Listener.tooOften(pace) : []
            } turnedAway: {
                hub.strangers.wrappingAdd($0, ordering: .relaxed)
                hub.tooOften.wrappingAdd($1, ordering: .relaxed)
            })
    }

    private static func tooOften(_ pace: Int) -> [UInt8] {
        var reply = ReplyBuffer()
        reply.error(
            nil,
            ModuleError(
                .busy, "you have connected more than \(pace) times in a second; keep a connection open, or try again",
                members: ["limit": pace, "retry_after": Span(milliseconds: 1000)]))
        return reply.bytes
    }

    private func serve(_ client: Int32, _ handler: any ChannelInboundHandler & Sendable) -> EventLoopFuture<any Channel>
    {
        ClientBootstrap(group: loop)
            .channelOption(ChannelOptions.allowRemoteHalfClosure, value: true)
            // A client that sends as fast as it can does not keep the loop: the others wait for one piece at most.
            .channelOption(ChannelOptions.maxMessagesPerRead, value: 1)
            .channelOption(
                ChannelOptions.recvAllocator,
                value: AdaptiveRecvByteBufferAllocator(minimum: 1024, initial: 4096, maximum: Listener.largestPiece)
            )
            .channelInitializer { $0.pipeline.addHandler(handler) }
            .withConnectedSocket(client)
    }

    private func listening(_ name: String) throws -> Int32 {
        let descriptor = try socket(name, SOCK_STREAM)
        // systemd drops a socket at once that does not listen.
        Glibc.listen(descriptor, Listener.backlog)
        Notify.keep(descriptor, as: name)
        return descriptor
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
        let address: UnixAddress
        do {
            address = try UnixAddress(path)
        } catch {
            throw ModuleError.invalidArgument(
                "runtime",
                expected: "a folder whose sockets' paths have at most \(UnixAddress.longestPath) bytes", got: path)
        }
        try removeStale(path, address, type)
        do {
            let descriptor = try Listener.bound(to: address, type)
            chmod(path, mode)
            return descriptor
        } catch {
            throw ModuleError(.storage, "the socket '\(path)' cannot be made: \(error)")
        }
    }

    private static func bound(to address: UnixAddress, _ type: __socket_type) throws(SystemError) -> Int32 {
        let descriptor = Glibc.socket(AF_UNIX, Int32(type.rawValue | SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0, address.withPointer({ bind(descriptor, $0, $1) }) == 0 else {
            let error = SystemError.last
            if descriptor >= 0 { Glibc.close(descriptor) }
            throw error
        }
        return descriptor
    }

    /// Removes the files of the sockets that this process made, unless systemd may keep them for the next one.
    func removeFiles(_ names: [String]) {
        guard !Notify.isHeard else { return }
        for name in names where inherited[name] == nil { unlink(runtime + "/\(name).sock") }
    }

    /// Removes a socket file that no program serves.
    private func removeStale(_ path: String, _ address: UnixAddress, _ type: __socket_type) throws {
        var status = stat()
        guard lstat(path, &status) == 0 else { return }
        guard status.st_mode & S_IFMT == S_IFSOCK else {
            throw ModuleError.conflict(
                "'\(path)' exists and is no socket; remove it or choose another runtime folder", state: "exists")
        }
        if isServed(address, type) {
            throw ModuleError.conflict(
                "another daemon serves on '\(path)'; stop it or choose another runtime folder", state: "served")
        }
        unlink(path)
    }

    private func isServed(_ address: UnixAddress, _ type: __socket_type) -> Bool {
        guard let socket = try? Descriptor(socket: type) else { return false }
        return (try? address.connect(socket)) != nil
    }
}

extension RoleMap {
    /// The peer that connected, with the role that the configuration gives it.
    /// - Returns: `nil` for a stranger.
    func actor(of peer: Peer?) -> Actor? {
        guard let peer, let role = role(of: peer) else { return nil }
        return Actor(user: peer.userName, uid: peer.uid, role: role)
    }
}

extension Acceptor.Welcome {
    /// The refusal of a peer to which no role is mapped.
    static func stranger(_ peer: Peer?) -> Acceptor.Welcome {
        var reply = ReplyBuffer()
        let user = peer?.userName ?? "unknown"
        reply.error(
            nil,
            ModuleError(
                .forbidden,
                "user '\(user)' has no role here; an administrator maps users and groups to roles in mneedled.toml",
                members: ["role": "none", "needs": Role.reader.rawValue]))
        return .refused(reply.bytes)
    }
}
