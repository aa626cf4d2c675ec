import MneedleKit
import Synchronization

/// The means to end a read that takes too long: its next use of the store or its listing fails.
package final class ReadControl: Sendable {
    /// The error of a read that is stopped; the handler that meets it just ends.
    struct Stopped: Error { var error: ModuleError }

    private struct State {
        var module: String
        var error: ModuleError?
        /// Ends the statement that runs.
        var interrupt: (@Sendable () -> Void)?
    }

    private let state: Mutex<State>
    /// Read in the middle of statements, which may not wait for a lock.
    private let stopped = Atomic<Bool>(false)

    init(module: String) { state = Mutex(State(module: module)) }

    var isStopped: Bool { stopped.load(ordering: .relaxed) }

    /// The module whose code runs; while it asks another module, that one.
    var module: String {
        get { state.withLock { $0.module } }
        set { state.withLock { $0.module = newValue } }
    }

    /// Has the read end with this error. The first one counts.
    func stop(_ error: ModuleError) {
        state.withLock {
            $0.error = $0.error ?? error
            stopped.store(true, ordering: .relaxed)
            $0.interrupt?()
        }
    }

    /// Has `interrupt` called when the read is to end, and at once if it is to end already; `nil` takes the callback back.
    func onStop(_ interrupt: (@Sendable () -> Void)?) {
        state.withLock {
            $0.interrupt = interrupt
            if isStopped { interrupt?() }
        }
    }

    func check() throws {
        guard isStopped, let error = state.withLock({ $0.error }) else { return }
        throw Stopped(error: error)
    }
}
