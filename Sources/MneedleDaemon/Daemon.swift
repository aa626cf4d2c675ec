import CMneedleSystem
import Foundation
import Glibc
import Logging
import MneedleKit
import MneedleWire
import NIOCore
import NIOPosix
import ServiceLifecycle

/// The daemon from start to stop: configuration, state, modules, sockets; then it serves until it is told to stop.
public final class Daemon: Service {
    private let places: Places
    let settings: Settings
    private let credentials: Credentials
    let logger: Logger

    /// Everything that is wrong with configuration and knowledge.
    public struct BadFiles: Error, CustomStringConvertible {
        public let problems: [Problem]
        public var description: String { problems.map(\.description).joined(separator: "\n") }
    }

    /// Reads the configuration.
    /// - Throws: `BadFiles` with every problem.
    public init(_ places: Places) throws {
        // Health data: nobody else reads what this process writes.
        umask(0o077)
        // A peer that has gone is an error of its connection, not the end of the process.
        signal(SIGPIPE, SIG_IGN)
        // A core would hold the health data of everybody on record.
        var core = rlimit(rlim_cur: 0, rlim_max: 0)
        if getrlimit(__rlimit_resource_t(RLIMIT_CORE.rawValue), &core) == 0 {
            core.rlim_cur = 0
            setrlimit(__rlimit_resource_t(RLIMIT_CORE.rawValue), &core)
        }
        // Shells and systemd allow fewer descriptors than the configuration allows connections.
        var descriptors = rlimit()
        if getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &descriptors) == 0 {
            descriptors.rlim_cur = descriptors.rlim_max
            setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &descriptors)
        }
        Reloader.blockSignal()
        let problems = Problems()
        self.places = places
        settings = Settings(places, problems: problems)
        credentials = Credentials(
            folder: ProcessInfo.processInfo.environment["CREDENTIALS_DIRECTORY"], problems: problems)
        guard problems.found.isEmpty else { throw BadFiles(problems: problems.found) }
        logger = Daemon.logger(settings)
    }

    private static func logger(_ settings: Settings) -> Logger {
        let toJournal = settings.logTarget == .journal || (settings.logTarget == .auto && JournalLogHandler.isConnected)
        var logger = Logger(label: "mneedled") { label in
            RateLimitedLogHandler(
                toJournal ? JournalLogHandler(label: label) : StreamLogHandler.standardError(label: label))
        }
        logger.logLevel = Logger.Level(rawValue: settings.logLevel.rawValue) ?? .info
        return logger
    }

    /// Reads everything that a start would read, without touching state or sockets.
    /// - Throws: `BadFiles` with every problem.
    public func check() throws {
        let problems = Problems()
        do { _ = try Trust.folder(settings.modules) } catch {
            problems.report(Problem(file: settings.modules, key: "", reason: "is not used: \(error)"))
        }
        var house = House()
        Loader(settings: settings, logger: logger, isQuarantined: { _ in false }, known: [:], migrate: { _ in })
            .load(into: &house, problems: problems)
        for module in house.unavailableModules {
            problems.report(Problem(file: settings.modules, key: module.name, reason: module.reason))
        }
        guard problems.found.isEmpty else { throw BadFiles(problems: problems.found) }
    }

    /// Runs Swift's tasks on the one event loop instead of Dispatch's threads. Must come before the first task: once
    /// Dispatch has a worker thread it wakes up every second for good, and this service sleeps while it has nothing to do.
    public static func runTasksOnEventLoop() {
        NIOSingletons.groupLoopCountSuggestion = 1
        _ = NIOSingletons.unsafeTryInstallSingletonPosixEventLoopGroupAsConcurrencyGlobalExecutor()
    }

    /// Serves until a graceful shutdown is asked for; then finishes what was asked and returns.
    public func run() async throws {
        let state = try StateFolder(settings.state)
        let engine = try makeEngine(state)
        let group = MultiThreadedEventLoopGroup.singleton
        let loop = group.next()
        let readers = Readers(loop: loop) { engine.store.logBytes }
        let ended = DispatchSemaphore(value: 0)
        do {
            try await serve(engine, loop, readers, ended)
        } catch {
            try await loop.submit { readers.stop() }.get()
            throw error
        }
        let hasLost = try await loop.submit {
            readers.stop()
            return readers.hasLost
        }.get()
        // What a lost thread still reads cannot be closed. What was acknowledged is on disk in any case.
        if !hasLost { try engine.close() }
        ended.signal()
        // Held until here: nobody else may open the store before it is closed.
        withExtendedLifetime(state) {}
    }

    private func makeEngine(_ state: StateFolder) throws -> Engine {
        let clock = SystemClock()
        let headNote = try HeadNote(folder: state.path)
        try headNote.requireStore(at: state.database)
        let crashes = try CrashHistory(folder: state.path, now: clock.now())
        for crash in crashes.crashes {
            logger.say(.moduleCrashed, .error, "\(crash)", ["module": crash.module, "request": crash.request ?? ""])
        }
        try crashes.startNoting()
        mneedle_exit_is_unmeant()
        mneedle_deadline_set(Int32(settings.moduleTimeLimit.milliseconds))
        let store = try Store(path: state.database)
        try headNote.requireFits(store)
        let logger = logger
        var house = House(people: settings.people, crashNotes: .kept, refusals: crashes.refusals) {
            module, what, error in
            logger.say(.moduleTrouble, .error, "module \(module): \(what): \(Daemon.safe(error))", ["module": module])
        }
        let problems = Problems()
        Loader(
            settings: settings, logger: logger, isQuarantined: crashes.isQuarantined, known: try store.knownModules(),
            migrate: { try Migrations.apply($0.migrations, of: $0.manifest.name, to: store) }
        ).load(into: &house, problems: problems)
        guard problems.found.isEmpty else { throw BadFiles(problems: problems.found) }
        try store.remember(house.guards)
        let engine = try Engine(
            store: store, house: house, clock: clock, clockTolerance: settings.clockTolerance, headNote: headNote
        ) { module, error in
            let id = String(UInt32.random(in: 0...UInt32.max), radix: 36)
            logger.say(
                .defect, .error, "a defect in module \(module): \(Daemon.safe(error))",
                ["module": module, "incident": id])
            return id
        }
        engine.noteHead()
        sayAcceptance(headNote, engine)
        return engine
    }

    /// An error's words for the log: texts that may quote a person's data stay out.
    private static func safe(_ error: any Error) -> String {
        guard let error = error as? ModuleError else { return String(describing: type(of: error)) }
        return error.code == .internal ? error.message : error.code.rawValue
    }

    // MARK: Serving

    private func serve(
        _ engine: Engine, _ loop: any EventLoop, _ readers: Readers, _ ended: DispatchSemaphore
    ) async throws {
        let hub = Hub(loop: loop, published: engine.head.sequence, modules: engine.house.modules.count)
        let writer = try Writer(engine: engine) { [self] outcome in
            ClockNotes.tell(outcome.events, logger)
            tellRetired(Guards.retired(by: outcome.events), engine)
            loop.execute {
                hub.deliver(outcome)
                if outcome.commits > 0 { readers.committed() }
            }
        }
        let started = engine.clock.now()
        let metrics = Metrics(store: engine.store, version: mneedleVersion, started: started) {
            try loop.submit { hub.currentCounters }.wait()
        }
        let state = Trust.absolute(settings.state)
        let table: @Sendable (House, Limits, BackupSettings) -> CommandTable = { house, limits, backup in
            HostCommands(
                house: house, store: engine.store, health: engine.health, limits: limits, version: mneedleVersion,
                started: started, metrics: metrics, backups: Backup(settings: backup, state: state),
                live: {
                    .init(
                        now: engine.clock.now(), connections: hub.openConnections,
                        nextDue: writer.nextDue.withLock { $0 },
                        modules: engine.house.modules)
                }
            ).table
        }
        let services = Services(
            engine: engine, writer: writer, table: table(engine.house, settings.limits, settings.backup),
            limits: settings.limits, backup: settings.backup, roles: settings.roles, readers: readers, logger: logger,
            version: mneedleVersion,
            oldestEvent: try engine.oldestSequence())
        let current = CurrentServices(services)
        // The event loop has it from here on.
        try await loop.submit { [self] in
            readers.limits = settings.limits
            readers.lost = { [self] module, verb in fail(module, verb, current, hub, table) }
        }.get()
        settings.roles.warnOfUnknownNames(logger)
        if settings.limits.isReduced {
            logger.warning(
                "the system's limit of open files allows no more than \(settings.limits.maxConnections) connections; raise LimitNOFILE= or lower max_connections"
            )
        }
        if let key = credentials.storeKey {
            logger.say(
                .keyUnused, .warning,
                "\(key) for encryption at rest was given, and this version does not encrypt: the store is kept as it is"
            )
        }
        // Whoever could write there could put a socket of their own in place of the service's.
        _ = try Trust.folder(settings.runtime, create: true)
        let listener = Listener(
            loop: loop, runtime: settings.runtime, mode: settings.socketMode, inherited: Notify.inheritedSockets())
        var listening = [try listen(listener, current, hub)]
        for (_, collector) in engine.house.collectors {
            listening.append(try collect(listener, current, hub, collector.socket))
        }
        let datagrams = try engine.house.collectors.map {
            try readDatagrams(listener, current, hub, loop, $0.collector.socket)
        }
        writer.submit([FailedReactions.retrial])
        writer.start()
        for acceptor in listening { acceptor.start() }
        for reader in datagrams { reader.start() }
        logHead("started", engine.head)
        let check = StoreCheck(engine)
        let tasks =
            scheduled(loop, writer, engine) + [
                loop.scheduleRepeatedTask(initialDelay: .zero, delay: .hours(24)) { _ in check.start() }
            ]
        Notify.ready(statusLine(engine))
        Reloader.onSignal { [self] in
            Notify.reloading()
            let outcome = reload(current, hub, loop, table)
            // Through the writer, which then asks the timers by the new knowledge when they are due.
            writer.submit([FailedReactions.retrial])
            passThrough(writer) { [self] in Notify.ready("\(statusLine(engine)); \(outcome)") }
        }
        mneedle_release_code_pages()
        engine.health.onChange { [self] change in
            tell(change)
            Notify.status(statusLine(engine))
        }

        try? await gracefulShutdown()

        Stopping.insist(on: ended, logger)
        Notify.stopping()
        for task in tasks { task.cancel() }
        check.stop()
        for channel in listening { try? await channel.close() }
        listener.removeFiles(
            ["control"]
                + engine.house.collectors.map(\.collector.socket).flatMap { [$0, Daemon.datagramSocket($0)] })
        await drain(hub, loop)
        // Not on the event loop, which the writer's last results need.
        await withCheckedContinuation { continuation in
            Thread.detachNewThread {
                for reader in datagrams { reader.stop() }
                writer.stop()
                continuation.resume()
            }
        }
        logHead("stopped", engine.head)
    }

    /// - Returns: What became of it, for systemd's status line.
    private func reload(
        _ current: CurrentServices, _ hub: Hub, _ loop: any EventLoop,
        _ table: @escaping @Sendable (House, Limits, BackupSettings) -> CommandTable
    ) -> String {
        do {
            let engine = current.services.engine
            let reloader = Reloader(places: places, settings: settings, logger: logger)
            let (settings, house) = try reloader.read(engine.house, known: engine.store.knownModules())
            // One that had failed may guard again.
            try engine.store.remember(house.guards)
            // Nobody is let in or served halfway between old and new.
            try loop.submit {
                engine.replaceHouse(house)
                current.services.table = table(house, settings.limits, settings.backup)
                current.services.limits = settings.limits
                current.services.backup = settings.backup
                current.services.roles = settings.roles
                current.services.readers.limits = settings.limits
                hub.adopt(current.services)
            }.wait()
            logger.say(.reloaded, .notice, "configuration and knowledge are read again and in force")
            return "reloaded"
        } catch {
            let problems = (error as? BadFiles)?.problems.map(\.description) ?? [String(describing: error)]
            let more = problems.count > 1 ? " (and \(problems.count - 1) more in the log)" : ""
            logger.say(
                .reloadRefused, .error, "reload refused, what was in force stays; problems: \(problems.count)")
            return "RELOAD REFUSED: \(problems[0])\(more)"
        }
    }

    private static func datagramSocket(_ socket: String) -> String { socket + "-datagram" }

    private func readDatagrams(
        _ listener: Listener, _ current: CurrentServices, _ hub: Hub, _ loop: any EventLoop, _ socket: String
    ) throws -> DatagramReader {
        let known: @Sendable () -> (module: String, collector: Collector)? = {
            current.services.engine.house.collectors.first { $0.collector.socket == socket }
        }
        return try DatagramReader(
            descriptor: listener.datagrams(Daemon.datagramSocket(socket)), largest: settings.limits.maxLineBytes * 4
        ) { peer in
            guard let role = current.services.roles.role(of: peer), let (_, collector) = known(), role >= collector.role
            else { return nil }
            return Actor(user: peer.userName, uid: peer.uid, role: role)
        } makeSource: { actor in
            LineSource(
                current.services, hub, module: known()?.module ?? socket,
                request: "\(Daemon.datagramSocket(socket)).sock", actor: actor
            ) {
                guard let (_, collector) = known() else {
                    throw ModuleError.moduleFailed(socket, "nobody collects '\(socket)' any more")
                }
                return try collector.begin($0, $1)
            }
        }
    }

    /// What runs by the clock beside the modules' timers: the hourly witness, and systemd's watchdog.
    private func scheduled(_ loop: any EventLoop, _ writer: Writer, _ engine: Engine) -> [RepeatedTask] {
        var tasks = [
            loop.scheduleRepeatedTask(initialDelay: .hours(1), delay: .hours(1)) { [self] _ in
                self.logHead("hourly", engine.head)
                passThrough(writer) { engine.noteHead() }
            }
        ]
        if let interval = Notify.watchdogInterval {
            let half = TimeAmount.microseconds(Int64(interval / 2))
            // Fed only when the event loop, the writer and the timer all move: the word goes through all of them.
            tasks.append(
                loop.scheduleRepeatedTask(initialDelay: .zero, delay: half) { _ in
                    writer.proveMoving { Notify.watchdog() }
                })
        }
        return tasks
    }

    /// Runs `body` on the writer's thread, between two requests.
    func passThrough(_ writer: Writer, _ body: @escaping @Sendable () -> Void) {
        writer.submit([
            Job(
                actor: .service, module: "mneedled",
                run: { _ in
                    body()
                    return [:]
                })
        ])
    }

    /// The journal witnesses the ledger: whoever alters the store cannot alter what was logged.
    private func logHead(_ occasion: String, _ head: Ledger.Head) {
        logger.say(
            .ledgerHead, .notice, "ledger head at \(head.sequence) (\(occasion)): \(head.hash.hex)",
            ["module": "mneedled", "ledger_entries": String(head.sequence), "ledger_head": head.hash.hex])
    }

    private func drain(_ hub: Hub, _ loop: any EventLoop) async {
        let done = loop.makePromise(of: Void.self)
        loop.execute { hub.drain(done) }
        let cutOff = loop.scheduleTask(in: .seconds(5)) { hub.closeAll() }
        try? await done.futureResult.get()
        cutOff.cancel()
    }
}
