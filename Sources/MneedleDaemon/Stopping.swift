import CMneedleSystem
import Dispatch
import Glibc
import Logging

/// Sees to it that the process ends once it was told to, whatever does not let it.
enum Stopping {
    /// From the signal on: five seconds for what clients asked, then as long again for what threads have in hand. systemd
    /// gives twenty in all.
    private static let patience = DispatchTimeInterval.seconds(12)

    /// Ends the process by force when `ended` is not signalled in time.
    static func insist(on ended: DispatchSemaphore, _ logger: Logger) {
        startThread("stopper", stackBytes: 1 << 18) {
            guard ended.wait(timeout: .now() + patience) == .timedOut else { return }
            let running = Set(CrashNotes.running).sorted().joined(separator: ", ")
            logger.say(
                .stopForced, .error,
                "the stop takes too long and is forced; still running: \(running.isEmpty ? "no module" : running)",
                ["modules": running])
            _exit(MNEEDLE_EXIT_UNMEANT)
        }
    }
}
