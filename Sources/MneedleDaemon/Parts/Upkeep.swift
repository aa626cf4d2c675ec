import MneedleKit
import NIOCore
import Synchronization

/// The daemon's own work by the clock, beside the modules' timers: the daily check of the store, the hourly witness, and
/// systemd's watchdog.
final class Upkeep: Part {
    private let loop: any EventLoop
    private let writer: Writer
    private let engine: Engine
    private let reporter: Reporter
    private let check: StoreCheck
    private let tasks = Mutex<[RepeatedTask]>([])

    init(_ server: Server, _ reporter: Reporter) {
        (loop, writer, engine) = (server.loop, server.writer, server.engine)
        self.reporter = reporter
        check = StoreCheck(engine)
    }

    func start() {
        let hourly = loop.scheduleRepeatedTask(initialDelay: .hours(1), delay: .hours(1)) {
            [reporter, writer, engine] _ in
            reporter.logHead("hourly")
            writer.passThrough { engine.noteHead() }
        }
        let daily = loop.scheduleRepeatedTask(initialDelay: .zero, delay: .hours(24)) { [check] _ in check.start() }
        tasks.withLock { $0 = [hourly, daily] }
        guard let interval = Notify.watchdogInterval else { return }
        let half = TimeAmount.microseconds(Int64(interval / 2))
        // Fed only when the event loop, the writer and the timer all move: the message goes through all of them.
        let watchdog = loop.scheduleRepeatedTask(initialDelay: .zero, delay: half) { [writer] _ in
            writer.proveMoving { Notify.watchdog() }
        }
        tasks.withLock { $0.append(watchdog) }
    }

    func stop() {
        for task in tasks.withLock({ $0 }) { task.cancel() }
        check.stop()
    }
}
