import CMneedleSystem
import Glibc
import Logging
import MneedleKit
import MneedleWire
import NIOCore
import ServiceLifecycle

/// The daemon from start to stop: configuration, state, modules, sockets; then it serves until it is told to stop.
public final class Daemon: Service {
    private let places: Places
    let settings: Settings
    private let logger: Logger

    /// The problems of configuration and knowledge that keep the daemon from starting.
    public struct BadFiles: Error, CustomStringConvertible {
        /// Every problem found, in the order of the files.
        public let problems: [Problem]
        public var description: String { problems.map(\.description).joined(separator: "\n") }
    }

    /// Reads the configuration.
    /// - Throws: `BadFiles` with every problem.
    public init(_ places: Places) throws {
        // Health data: no other user may read the files that this process writes.
        umask(0o077)
        // A peer that has gone is an error of its connection, not the end of the process.
        signal(SIGPIPE, SIG_IGN)
        // A core would hold the health data of everybody on record.
        var core = rlimit(rlim_cur: 0, rlim_max: 0)
        if getrlimit(__rlimit_resource_t(RLIMIT_CORE.rawValue), &core) == 0 {
            core.rlim_cur = 0
            setrlimit(__rlimit_resource_t(RLIMIT_CORE.rawValue), &core)
        }
        // Shells and systemd allow fewer descriptors than the connections of the configuration need.
        var descriptors = rlimit()
        if getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &descriptors) == 0 {
            descriptors.rlim_cur = descriptors.rlim_max
            setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &descriptors)
        }
        Reloader.blockSignal()
        let problems = Problems()
        self.places = places
        settings = Settings(places, problems: problems)
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
        var registry = ModuleRegistry()
        Loader(settings: settings, logger: logger, isQuarantined: { _ in false }, known: [:], migrate: { _ in })
            .load(into: &registry, problems: problems)
        for module in registry.unavailableModules {
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

    /// Serves until a graceful shutdown is asked for; then finishes the open requests and returns.
    public func run() async throws {
        let state = try StateFolder(settings.state)
        let engine = try makeEngine(state)
        let reporter = Reporter(
            engine: engine, logger: logger, signer: try LedgerKey.signer(folder: state.path, store: engine.storeID))
        reporter.tellAcceptance()
        tellOddities()
        let server = try Server(engine, settings, reporter)
        let listener = try Listener(settings, on: server.loop)
        let doors = try Doors(server, listener)
        let datagrams = try DatagramDoors(server, listener, largest: settings.limits.maxLineBytes * 4)
        // Each part relies on those before it.
        let serving: [any Part] = [
            StoreKeeper(engine: engine, readers: server.readers, loop: server.loop, reporter: reporter),
            ReadingPart(readers: server.readers, loop: server.loop),
            WritingPart(writer: server.writer),
            datagrams,
            server,
            doors,
            Upkeep(server, reporter),
            reporter,
        ]
        let parts = serving + [Reloader(places, settings, server, reporter, adopting: serving)]
        try await parts.start()
        mneedle_release_code_pages()

        try? await gracefulShutdown()

        let stopping = Stopping.insist(logger)
        defer { stopping.isOver() }
        try await parts.stop()
        // The folder stays locked until here: nobody else may open the store before it is closed.
        withExtendedLifetime(state) {}
    }

    /// Logs settings that an administrator may not have meant.
    private func tellOddities() {
        settings.roles.warnOfUnknownNames(logger)
        if settings.limits.isReduced {
            logger.warning(
                "the system's limit of open files allows no more than \(settings.limits.maxConnections) connections; raise LimitNOFILE= or lower max_connections"
            )
        }
    }

    // MARK: Store and modules

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
        let store = try Stores.open(path: state.database)
        try store.starting {
            try headNote.requireFits(store)
            try store.keepSums(LedgerKey.ofTables(folder: state.path), anew: headNote.isAccepted)
        }
        let logger = logger
        var registry = ModuleRegistry(people: settings.people, crashNotes: .kept, refusals: crashes.refusals) {
            module, what, error in
            logger.say(.moduleTrouble, .error, "module \(module): \(what): \(Daemon.safe(error))", ["module": module])
        }
        let problems = Problems()
        Loader(
            settings: settings, logger: logger, isQuarantined: crashes.isQuarantined,
            known: try store.starting { try store.knownModules() },
            migrate: { try Migrations.apply($0.migrations, of: $0.manifest.name, to: store) }
        ).load(into: &registry, problems: problems)
        guard problems.found.isEmpty else { throw BadFiles(problems: problems.found) }
        try store.starting { try store.remember(registry.guards) }
        let keys = try PersonKeys(KeyFile(folder: state.path))
        let engine = try Engine(
            store: store, registry: registry, clock: clock, clockTolerance: settings.clockTolerance, headNote: headNote,
            keys: keys
        ) { module, error in
            let id = String(UInt32.random(in: 0...UInt32.max), radix: 36)
            logger.say(
                .defect, .error, "a defect in module \(module): \(Daemon.safe(error))",
                ["module": module, "incident": id])
            return id
        }
        engine.noteHead()
        return engine
    }

    /// An error's words for the log: texts that may quote a person's data stay out.
    private static func safe(_ error: any Error) -> String {
        guard let error = error as? ModuleError else { return String(describing: type(of: error)) }
        return error.code == .internal ? error.message : error.code.rawValue
    }
}
