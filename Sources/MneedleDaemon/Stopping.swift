import CMneedleSystem
import Dispatch
import Glibc
import Logging
import MneedleSystem

/// Sees to it that the process ends once it was told to, whatever does not let it.
struct Stopping: Sendable {
    /// From the signal on: five seconds for what clients asked, then as long again for what threads have in hand. systemd
    /// gives twenty in all.
    private static let patience = DispatchTimeInterval.seconds(12)

    private let ended = DispatchSemaphore(value: 0)

    /// From now on the process ends by force when ``isOver()`` is not called in time.
    static func insist(_ logger: Logger) -> Stopping {
        let stopping = Stopping()
        NamedThread("stopper", stackBytes: 1 << 18).start {
            guard stopping.ended.wait(timeout: .now() + patience) == .timedOut else { return }
            let running = Set(CrashNotes.running).sorted().joined(separator: ", ")
            logger.say(
                .stopForced, .error,
                "the stop takes too long and is forced; still running: \(running.isEmpty ? "no module" : running)",
                ["modules": running])
            _exit(MNEEDLE_EXIT_UNMEANT)
        }
        return stopping
    }

    /// Everything has stopped.
    func isOver() { ended.signal() }
}
