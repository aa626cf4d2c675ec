import Foundation
import Glibc
import Logging
import MneedleKit
import MneedleWire
import Synchronization

/// Writes the figures to a file again and again, for node_exporter and others that read such files, on a thread of its
/// own: a disk or a network folder that hangs holds up nobody. Without a file there is no thread, and nothing wakes up.
final class TextFile: Sendable {
    private struct State {
        var settings: MetricsSettings
        /// The thread is there from the first time that there is a file to write.
        var isRunning = false
        var isStopping = false
    }

    private let engine: Engine
    private let metrics: Metrics
    private let logger: Logger
    private let state: Mutex<State>
    private let wakeUp: WakeUp
    private let ended = DispatchSemaphore(value: 0)
    /// Whether the last attempt failed, and somebody has been told.
    private let isFailing = Mutex(false)

    init(engine: Engine, metrics: Metrics, settings: MetricsSettings, logger: Logger) throws {
        self.engine = engine
        self.metrics = metrics
        self.logger = logger
        state = Mutex(State(settings: settings))
        wakeUp = try WakeUp()
    }

    /// Begins to write, if there is a file to write.
    func start() {
        let isNeeded = state.withLock { state in
            guard !state.settings.textfile.isEmpty, !state.isRunning else { return false }
            state.isRunning = true
            return true
        }
        guard isNeeded else { return wakeUp.signal() }
        startThread("metrics") { [self] in run() }
    }

    /// Goes on with another file, or none; the file of before stays as it is.
    func adopt(_ settings: MetricsSettings) {
        state.withLock { $0.settings = settings }
        start()
    }

    /// Ends the thread and waits for it, though not for a file that hangs.
    func stop() {
        let isRunning = state.withLock { state in
            state.isStopping = true
            return state.isRunning
        }
        wakeUp.signal()
        // The descriptors stay open: a reload may still come.
        if isRunning { _ = ended.wait(timeout: .now() + 2) }
    }

    private func run() {
        while true {
            let (settings, isStopping) = state.withLock { ($0.settings, $0.isStopping) }
            if isStopping { break }
            if settings.textfile.isEmpty {
                wakeUp.arm(nil)
            } else {
                write(settings)
                wakeUp.arm(engine.clock.now().adding(seconds: Double(settings.every.milliseconds) / 1000))
            }
            _ = wakeUp.wait()
        }
        ended.signal()
    }

    /// Writes the file once. That it cannot be written is said once, until it can be again.
    func write(_ settings: MetricsSettings) {
        let problem: String?
        do {
            let families = try engine.read(actor: .service, module: Verb.host) { try metrics.families($0) }
            problem = TextFile.replace(settings.textfile, with: Array(OpenMetrics.text(families).utf8))
        } catch {
            problem = "the figures cannot be read from the store"
        }
        let wasFailing = isFailing.withLock { isFailing in
            defer { isFailing = problem != nil }
            return isFailing
        }
        if let problem, !wasFailing {
            logger.say(
                .metricsUnwritten, .warning,
                "the metrics file \(settings.textfile) cannot be written: \(problem); tried again every \(settings.every)",
                ["file": settings.textfile])
        } else if problem == nil, wasFailing {
            logger.info("the metrics file \(settings.textfile) is written again")
        }
    }

    /// Replaces a file in one step, so that no reader sees half of it. It is for everybody to read: there is nothing about
    /// a person in it. It is not synced, for after a crash of the machine it is written anew.
    /// - Returns: Why that failed, and then the old file is as it was; `nil` when it did not.
    private static func replace(_ path: String, with bytes: [UInt8]) -> String? {
        let (place, name) = ((path as NSString).deletingLastPathComponent, (path as NSString).lastPathComponent)
        guard let folder = Descriptor(open(place, O_RDONLY | O_DIRECTORY | O_CLOEXEC)) else { return reason() }
        // A name that nobody else can have put there: nothing is overwritten or removed that is not this service's.
        let partial = ".\(name).\(String(UInt64.random(in: .min ... .max), radix: 36)).new"
        let flags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC
        guard let file = Descriptor(openat(folder.number, partial, flags, 0o600)) else { return reason() }
        do {
            try file.write(bytes)
            if fchmod(file.number, 0o644) == 0, renameat(folder.number, partial, folder.number, name) == 0 {
                return nil
            }
            defer { unlinkat(folder.number, partial, 0) }
            return reason()
        } catch {
            unlinkat(folder.number, partial, 0)
            return String(cString: strerror((error as? POSIXError)?.code.rawValue ?? EIO))
        }
    }

    private static func reason() -> String { String(cString: strerror(errno)) }
}
