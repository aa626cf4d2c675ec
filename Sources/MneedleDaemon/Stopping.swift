import CMneedleSystem
import Dispatch
import Glibc
import Logging
import MneedleSystem

/// Makes sure that the process ends once it was told to, whatever keeps it from ending.
struct Stopping: Sendable {
    /// The time from the signal on, in seconds: five seconds for the clients' open requests, then as long again for the threads' work.
    /// systemd gives twenty in all.
    private static let patience: UInt32 = 12

    private let ended = DispatchSemaphore(value: 0)

    /// Begins the time after which the process ends by force unless ``isOver()`` is called.
    static func insist(_ logger: Logger) -> Stopping {
        let stopping = Stopping()
        do {
            try NamedThread("stopper", stackBytes: 1 << 18).start {
                guard stopping.ended.wait(timeout: .now() + .seconds(Int(patience))) == .timedOut else { return }
                let running = Set(CrashNotes.running).sorted().joined(separator: ", ")
                logger.say(
                    .stopForced, .error,
                    "the stop takes too long and is forced; still running: \(running.isEmpty ? "no module" : running)",
                    ["modules": running])
                _exit(MNEEDLE_EXIT_UNMEANT)
            }
        } catch {
            logger.warning("\(error); a stop that takes too long is ended by SIGALRM, and nothing says what still runs")
            alarm(patience)
        }
        return stopping
    }

    /// Announces that everything has stopped.
    func isOver() { ended.signal() }
}
