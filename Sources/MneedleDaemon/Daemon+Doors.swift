import Logging
import MneedleKit
import NIOCore

/// Who is let in, and which modules go on to be asked.
extension Daemon {
    /// A module's code has kept a reader's thread for good. On the event loop.
    func fail(
        _ module: String, _ verb: String, _ current: CurrentServices, _ hub: Hub,
        _ table: (House, Limits, BackupSettings) -> CommandTable
    ) {
        logger.say(
            .moduleTrouble, .error,
            "module \(module) did not answer '\(verb)' in twice the time that a read may take, and does not stop: it counts as failed until the service is started again",
            ["module": module])
        guard module != Verb.host else { return }
        let engine = current.services.engine
        engine.replaceHouse(engine.house.failing(module, reason: "it did not answer '\(verb)' and does not stop"))
        let services = current.services
        current.services.table = table(engine.house, services.limits, services.backup)
        hub.adopt(current.services)
        passThrough(current.services.writer) { [self] in Notify.status(statusLine(engine)) }
    }

    func listen(_ listener: Listener, _ current: CurrentServices, _ hub: Hub) throws -> Acceptor {
        try listener.listen("control", hub: hub, limits: { current.services.limits }) { peer in
            current.services.roles.actor(of: peer).map(Acceptor.Welcome.known) ?? .stranger(peer)
        } _: { actor in
            Connection(services: current.services, hub: hub, actor: actor)
        }
    }

    func collect(
        _ listener: Listener, _ current: CurrentServices, _ hub: Hub, _ socket: String
    ) throws -> Acceptor {
        let known: @Sendable () -> (module: String, collector: Collector)? = {
            current.services.engine.house.collectors.first { $0.collector.socket == socket }
        }
        return try listener.listen(socket, hub: hub, limits: { current.services.limits }) { peer in
            guard let actor = current.services.roles.actor(of: peer), let (_, collector) = known(),
                actor.role >= collector.role
            else { return .stranger(peer) }
            return .known(actor)
        } _: { actor in
            known().map {
                CollectorConnection(
                    services: current.services, hub: hub, module: $0.module, collector: $0.collector, actor: actor)
            }
        }
    }
}
