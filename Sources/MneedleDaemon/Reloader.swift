import Foundation
import Glibc
import Logging
import MneedleKit
import MneedleSystem
import Synchronization

/// Reads configuration and knowledge again at SIGHUP. Everything is checked before anything changes: good files come into
/// force together, bad ones change nothing.
final class Reloader: Part {
    private let places: Places
    /// The settings of the start: some of them hold until the next one.
    private let settings: Settings
    private let server: Server
    private let reporter: Reporter
    private let parts: [any Part]
    /// Whether reloads have ended; held while files are read again and come into force.
    private let isStopped = Mutex(false)

    /// - Parameter parts: The parts that take over the new settings and modules.
    init(_ places: Places, _ settings: Settings, _ server: Server, _ reporter: Reporter, adopting parts: [any Part]) {
        self.places = places
        self.settings = settings
        self.server = server
        self.reporter = reporter
        self.parts = parts
    }

    private var logger: Logger { reporter.logger }

    func start() {
        do { try Reloader.onSignal { [self] in isStopped.withLock { if !$0 { answerSignal() } } } } catch {
            logger.warning("SIGHUP reads nothing again until the next start: \(error)")
        }
    }

    // A reload under way needs the event loop.
    func stop() async { await offEventLoop { [self] in isStopped.withLock { $0 = true } } }

    private func answerSignal() {
        Notify.reloading()
        let outcome = reload()
        // Through the writer, which then asks the timers by the new knowledge when they are due.
        server.writer.submit([FailedReactions.retrial])
        server.writer.passThrough { [reporter] in reporter.ready(outcome) }
    }

    /// - Returns: The outcome, for systemd's status line.
    private func reload() -> String {
        do {
            let store = server.engine.store
            let (settings, registry) = try read(server.engine.registry, known: store.knownModules())
            // A module that had failed may guard again.
            try store.remember(registry.guards)
            try server.loop.submit { [parts] in parts.adopt(settings, registry) }.wait()
            logger.say(.reloaded, .notice, "configuration and knowledge are read again and in force")
            return "reloaded"
        } catch {
            let problems = (error as? Daemon.BadFiles)?.problems.map(\.description) ?? [String(describing: error)]
            let more = problems.count > 1 ? " (and \(problems.count - 1) more in the log)" : ""
            logger.say(
                .reloadRefused, .error, "reload refused, what was in force stays; problems: \(problems.count)")
            return "RELOAD REFUSED: \(problems[0])\(more)"
        }
    }

    /// - Parameter known: The store's notes about modules.
    /// - Throws: `BadFiles` with every problem; all of them are in the log then.
    /// - Returns: The new settings, and the registry with its modules made again by the new files.
    private func read(_ registry: ModuleRegistry, known: [String: Remembered]) throws -> (Settings, ModuleRegistry) {
        let problems = Problems()
        let fresh = Settings(places, problems: problems)
        if fresh.config != settings.config {
            let path = settings.config ?? fresh.config ?? ""
            problems.report(
                Problem(file: path, key: "", reason: "appeared or went since the start; restart for that"))
        }
        let loader = Loader(
            settings: fresh, logger: logger, isQuarantined: { _ in false }, known: known, migrate: { _ in })
        let remade = loader.remake(registry, problems: problems)
        guard problems.found.isEmpty else {
            for problem in problems.found {
                logger.say(
                    .reloadRefused, .error, "not reloaded: \(problem)", ["file": problem.file, "key": problem.key])
            }
            throw Daemon.BadFiles(problems: problems.found)
        }
        let waiting = fresh.changesThatWait(since: settings)
        if !waiting.isEmpty {
            logger.say(
                .restartNeeded, .warning,
                "changed in the configuration, but in force only after a restart: \(waiting.joined(separator: ", "))",
                ["keys": waiting.joined(separator: " ")])
        }
        fresh.roles.warnOfUnknownNames(logger)
        return (fresh, remade)
    }

    // MARK: The signal

    /// Whether SIGHUP asks for a reload. With a terminal it does not: closing that ends the daemon, as it ends other programs.
    private static let isAsked = isatty(STDIN_FILENO) == 0

    /// Keeps the signal for ``onSignal(_:)``. Must be called before the first thread starts.
    static func blockSignal() {
        guard isAsked else { return }
        var signals = hangup
        pthread_sigmask(SIG_BLOCK, &signals, nil)
    }

    /// Runs `body` for each SIGHUP, on a thread that sleeps meanwhile.
    static func onSignal(_ body: @escaping @Sendable () -> Void) throws {
        guard isAsked else { return }
        try NamedThread("reloader").start {
            var signals = hangup
            var number: Int32 = 0
            while true {
                if sigwait(&signals, &number) == 0 { body() }
            }
        }
    }

    private static var hangup: sigset_t {
        var signals = sigset_t()
        sigemptyset(&signals)
        sigaddset(&signals, SIGHUP)
        return signals
    }
}

extension Settings {
    /// The keys whose new values need a restart, because they concern something open or loaded already.
    func changesThatWait(since old: Settings) -> [String] {
        let changes: [(String, Bool)] = [
            ("paths.state", state != old.state), ("paths.runtime", runtime != old.runtime),
            ("paths.modules", modules != old.modules), ("socket.mode", socketMode != old.socketMode),
            ("clock.tolerance", clockTolerance != old.clockTolerance),
            ("modules.disabled", disabled != old.disabled),
            ("modules.time_limit", moduleTimeLimit != old.moduleTimeLimit),
            ("log.level", logLevel != old.logLevel), ("log.target", logTarget != old.logTarget),
        ]
        return changes.filter(\.1).map(\.0)
    }
}

extension RoleMap {
    /// Logs user and group names that the system does not know: a misspelt one gives nobody a role.
    func warnOfUnknownNames(_ logger: Logger) {
        let names = unknownNames.sorted().joined(separator: ", ")
        guard !names.isEmpty else { return }
        logger.say(.unknownNames, .notice, "the configuration gives roles to users or groups unknown here: \(names)")
    }
}
