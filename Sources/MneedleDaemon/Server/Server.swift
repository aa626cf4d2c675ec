import MneedleBulkKit
import MneedleKit
import MneedleTree
import MneedleWire
import NIOCore
import NIOPosix
import Synchronization

/// The serving part of the daemon: the event loop, all connections, the threads that read and write for them, and the
/// services for the next requests: the command table of the modules that run, limits and roles.
final class Server: Part {
    let loop: any EventLoop
    let hub: Hub
    let engine: Engine
    let readers: Readers
    let writer: Writer
    private let reporter: Reporter
    private let metrics: Metrics
    private let started: Instant
    /// The folder of the store, in which copies may not be left.
    private let state: String
    private let current: Mutex<Services>

    /// - Throws: The error that keeps the writer from being made, or the store from being read.
    init(_ engine: Engine, _ settings: Settings, _ reporter: Reporter) throws {
        let loop: any EventLoop = MultiThreadedEventLoopGroup.singleton.next()
        let hub = Hub(loop: loop, published: engine.entries, modules: engine.registry.modules.count)
        let readers = Readers(loop: loop, limits: settings.limits) { engine.store.logBytes }
        writer = try Writer(engine: engine, maxLogBytes: Int64(settings.limits.maxLogBytes)) { outcome in
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
        replaceTable(engine.registry)
    }

    /// The services for the connections from now on.
    var services: Services { current.withLock { $0 } }

    /// The present collector for the lines of a socket.
    func collector(of socket: String) -> (module: String, collector: Collector)? {
        engine.registry.collectors.first { $0.collector.socket == socket }
    }

    // MARK: Life

    func start() async throws {
        try await loop.submit { [self] in readers.lost = { [weak self] in self?.fail($0, $1) } }.get()
    }

    func adopt(_ settings: Settings, _ registry: ModuleRegistry) {
        current.withLock {
            $0.limits = settings.limits
            $0.backup = settings.backup
            $0.roles = settings.roles
        }
        replaceTable(registry)
        hub.adopt(services)
    }

    /// Lets all clients finish their requests, for a while, and closes.
    func stop() async {
        let drained = loop.makePromise(of: Void.self)
        loop.execute { [hub] in hub.drain(drained) }
        let cutOff = loop.scheduleTask(in: Server.patience) { [hub] in hub.closeAll() }
        try? await drained.futureResult.get()
        cutOff.cancel()
    }

    private static let patience = TimeAmount.seconds(5)

    /// Fails a module whose code has kept a reader's thread for good: it is not asked any more. On the event loop.
    private func fail(_ module: String, _ verb: String) {
        reporter.tellLost(module, verb)
        guard module != Verb.host else { return }
        engine.replaceHouse(engine.registry.failing(module, reason: "it did not answer '\(verb)' and does not stop"))
        replaceTable(engine.registry)
        hub.adopt(services)
        writer.passThrough { [reporter] in reporter.tellStatus() }
    }

    // MARK: The command table

    private func replaceTable(_ registry: ModuleRegistry) {
        current.withLock { $0.table = table(registry, $0) }
    }

    private func table(_ registry: ModuleRegistry, _ services: Services) -> CommandTable {
        HostCommands(
            registry: registry, store: engine.store, health: engine.health, limits: services.limits,
            version: services.version, started: started, metrics: metrics,
            backups: Backup(settings: services.backup, state: state), signer: reporter.signer,
            live: { [engine, hub, writer] in
                .init(
                    now: engine.clock.now(), connections: hub.openConnections,
                    nextDue: writer.nextDue.withLock { $0 }, modules: engine.registry.modules)
            }
        ).table
    }
}
