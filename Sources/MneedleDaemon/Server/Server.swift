import MneedleBulkKit
import MneedleKit
import MneedleWire
import NIOCore
import NIOPosix
import Synchronization

/// The serving part of the daemon: the event loop, everybody who is connected, the threads that read and write for them, and what is in force
/// for whoever comes next: the command table of the modules that run, limits and roles.
final class Server: Part {
    let loop: any EventLoop
    let hub: Hub
    let engine: Engine
    let readers: Readers
    let writer: Writer
    private let reporter: Reporter
    private let metrics: Metrics
    private let started: Instant
    /// Where the store is, and copies are not left.
    private let state: String
    private let current: Mutex<Services>

    /// - Throws: What keeps the writer from being made, or the store from being read.
    init(_ engine: Engine, _ settings: Settings, _ reporter: Reporter) throws {
        let loop: any EventLoop = MultiThreadedEventLoopGroup.singleton.next()
        let hub = Hub(loop: loop, published: engine.head.sequence, modules: engine.house.modules.count)
        let readers = Readers(loop: loop, limits: settings.limits) { engine.store.logBytes }
        writer = try Writer(engine: engine) { outcome in
            reporter.tell(outcome.events)
            loop.execute {
                hub.deliver(outcome)
                if outcome.commits > 0 { readers.committed() }
            }
        }
        started = engine.clock.now()
        metrics = Metrics(store: engine.store, version: mneedleVersion, started: started) {
            try loop.submit { hub.currentCounters }.wait()
        }
        state = Trust.absolute(settings.state)
        (self.loop, self.hub, self.engine, self.readers, self.reporter) = (loop, hub, engine, readers, reporter)
        current = Mutex(
            Services(
                engine: engine, writer: writer, table: CommandTable(), limits: settings.limits,
                backup: settings.backup, roles: settings.roles, readers: readers, logger: reporter.logger,
                version: mneedleVersion, oldestEvent: try engine.oldestSequence()))
        replaceTable(engine.house)
    }

    /// The services for the connections from now on.
    var services: Services { current.withLock { $0 } }

    /// The collector that takes what is written to a socket now.
    func collector(of socket: String) -> (module: String, collector: Collector)? {
        engine.house.collectors.first { $0.collector.socket == socket }
    }

    // MARK: Life

    func start() async throws {
        try await loop.submit { [self] in readers.lost = { [weak self] in self?.fail($0, $1) } }.get()
    }

    func adopt(_ settings: Settings, _ house: House) {
        current.withLock {
            $0.limits = settings.limits
            $0.backup = settings.backup
            $0.roles = settings.roles
        }
        replaceTable(house)
        hub.adopt(services)
    }

    /// Lets everybody finish what was asked, for a while, and closes.
    func stop() async {
        let drained = loop.makePromise(of: Void.self)
        loop.execute { [hub] in hub.drain(drained) }
        let cutOff = loop.scheduleTask(in: Server.patience) { [hub] in hub.closeAll() }
        try? await drained.futureResult.get()
        cutOff.cancel()
    }

    private static let patience = TimeAmount.seconds(5)

    /// A module's code has kept a reader's thread for good: it is not asked any more. On the event loop.
    private func fail(_ module: String, _ verb: String) {
        reporter.tellLost(module, verb)
        guard module != Verb.host else { return }
        engine.replaceHouse(engine.house.failing(module, reason: "it did not answer '\(verb)' and does not stop"))
        replaceTable(engine.house)
        hub.adopt(services)
        writer.passThrough { [reporter] in reporter.tellStatus() }
    }

    // MARK: The command table

    private func replaceTable(_ house: House) {
        current.withLock { $0.table = table(house, $0) }
    }

    private func table(_ house: House, _ services: Services) -> CommandTable {
        HostCommands(
            house: house, store: engine.store, health: engine.health, limits: services.limits,
            version: services.version, started: started, metrics: metrics,
            backups: Backup(settings: services.backup, state: state),
            live: { [engine, hub, writer] in
                .init(
                    now: engine.clock.now(), connections: hub.openConnections,
                    nextDue: writer.nextDue.withLock { $0 }, modules: engine.house.modules)
            }
        ).table
    }
}
