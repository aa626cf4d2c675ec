import MneedleBulkKit
import MneedleKit

/// The sockets through which clients and devices connect.
struct Doors: Part {
    private let listener: Listener
    private let names: [String]
    private let acceptors: [Acceptor]

    /// Opens the sockets; no client is let in yet.
    /// - Throws: The error of a socket that cannot be opened.
    init(_ server: Server, _ listener: Listener) throws {
        self.listener = listener
        let collecting = server.engine.registry.collectors.map(\.collector.socket)
        names = [Doors.control] + collecting
        acceptors =
            try [Doors.clients(server, listener)] + collecting.map { try Doors.devices($0, server, listener) }
    }

    func start() async throws {
        do { for acceptor in acceptors { try acceptor.start() } } catch {
            // Those that have started let clients in, and nobody else stops them.
            await stop()
            throw error
        }
    }

    func stop() async {
        for acceptor in acceptors { await acceptor.close() }
        listener.removeFiles(names)
    }

    /// The name of the socket for requests.
    static let control = "control"

    private static func clients(_ server: Server, _ listener: Listener) throws -> Acceptor {
        try listener.listen(control, hub: server.hub, limits: { server.services.limits }) { peer in
            server.services.roles.actor(of: peer).map(Acceptor.Welcome.known) ?? .stranger(peer)
        } _: { actor in
            ControlConnection(services: server.services, hub: server.hub, actor: actor)
        }
    }

    private static func devices(_ socket: String, _ server: Server, _ listener: Listener) throws -> Acceptor {
        try listener.listen(socket, hub: server.hub, limits: { server.services.limits }) { peer in
            guard let actor = server.services.roles.actor(of: peer), let (_, collector) = server.collector(of: socket),
                actor.role >= collector.role
            else { return .stranger(peer) }
            return .known(actor)
        } _: { actor in
            server.collector(of: socket).map {
                CollectorConnection(
                    services: server.services, hub: server.hub, module: $0.module, collector: $0.collector,
                    actor: actor)
            }
        }
    }
}

/// The sockets to which devices send datagrams. They are read for as long as the writer takes their lines.
struct DatagramDoors: Part {
    private let listener: Listener
    private let names: [String]
    private let readers: [DatagramReader]

    /// Opens the sockets; nothing is read yet.
    /// - Throws: The error of a socket that cannot be opened.
    init(_ server: Server, _ listener: Listener, largest: Int) throws {
        self.listener = listener
        let sockets = server.engine.registry.collectors.map(\.collector.socket)
        names = sockets.map(DatagramDoors.name)
        readers = try sockets.map { try DatagramDoors.reader($0, server, listener, largest) }
    }

    func start() async throws {
        do { for reader in readers { try reader.start() } } catch {
            await stop()
            throw error
        }
    }

    func stop() async {
        listener.removeFiles(names)
        // Lines that were read are stored first, by way of the event loop.
        await offEventLoop { for reader in readers { reader.stop() } }
    }

    private static func name(_ socket: String) -> String { socket + "-datagram" }

    private static func reader(
        _ socket: String, _ server: Server, _ listener: Listener, _ largest: Int
    ) throws -> DatagramReader {
        try DatagramReader(descriptor: listener.datagrams(name(socket)), largest: largest) { peer in
            guard let actor = server.services.roles.actor(of: peer), let (_, collector) = server.collector(of: socket),
                actor.role >= collector.role
            else { return nil }
            return actor
        } makeSource: { actor in
            LineSource(
                server.services, server.hub, module: server.collector(of: socket)?.module ?? socket,
                request: "\(name(socket)).sock", actor: actor
            ) {
                guard let (_, collector) = server.collector(of: socket) else {
                    throw ModuleError.moduleFailed(socket, "nobody collects '\(socket)' any more")
                }
                return try collector.begin($0, $1)
            }
        }
    }
}
