import CMneedleSystem
import Foundation
import Glibc
import Logging
import MneedleKit
import Synchronization

/// Runs a program for each reminder that has become due, one after the other, on a thread of its own: whatever the
/// program does, the service goes on.
///
/// The ledger is the queue. The number of the last reminder that is dealt with is kept in the store, so that a
/// restart neither forgets one nor, unless it came in the middle of a run, runs the program twice for it.
final class Hooks: Sendable {
    /// What the program is run for.
    static let topics = ["reminder.due", "reminder.digest"]

    private struct State {
        var settings: HookSettings
        var writer: Writer?
        /// The thread is there from the first time that there is a program.
        var isRunning = false
        var isStopping = false
    }

    private struct Due {
        var sequence: Int64
        /// The event as one JSON document.
        var json: [UInt8]
    }

    private let engine: Engine
    private let logger: Logger
    private let state: Mutex<State>
    private let wakeUp: WakeUp
    private let cancel: Int32
    private let ended = DispatchSemaphore(value: 0)

    init(engine: Engine, settings: HookSettings, logger: Logger) throws {
        self.engine = engine
        self.logger = logger
        state = Mutex(State(settings: settings))
        wakeUp = try WakeUp()
        cancel = mneedle_event_create()
        guard cancel >= 0 else {
            throw ModuleError.internal("cannot make an event: \(String(cString: strerror(-cancel)))")
        }
    }

    func start(_ writer: Writer) {
        state.withLock { $0.writer = writer }
        begin()
    }

    private func begin() {
        let (hasProgram, isRunning, writer) = state.withLock { state in
            defer { state.isRunning = state.isRunning || !state.settings.command.isEmpty }
            return (!state.settings.command.isEmpty, state.isRunning, state.writer)
        }
        if !hasProgram { writer?.submit([forgetting]) }
        guard hasProgram, !isRunning else { return wakeUp.signal() }
        startThread("hooks") { [self] in run() }
    }

    /// Looks for what a group of changes has made due.
    func tell(_ events: [Event]) {
        guard events.contains(where: { Hooks.topics.contains($0.topic) }) else { return }
        wakeUp.signal()
    }

    /// Goes on with another program.
    func adopt(_ settings: HookSettings) {
        state.withLock { $0.settings = settings }
        begin()
    }

    /// Ends a program that runs, and the thread. Waits for it; what was not finished is run at the next start.
    func stop() {
        let isRunning = state.withLock { state in
            state.isStopping = true
            return state.isRunning
        }
        var one: UInt64 = 1
        _ = write(cancel, &one, 8)
        wakeUp.signal()
        // The descriptors stay open: the writer may still tell of its last groups.
        if isRunning { ended.wait() }
    }

    // MARK: On the thread

    private func run() {
        var failures = 0
        var notBefore: Instant?
        while true {
            let (settings, isStopping) = state.withLock { ($0.settings, $0.isStopping) }
            if isStopping { break }
            do {
                if let time = notBefore, engine.clock.now() < time {
                    wakeUp.arm(time)
                } else if settings.command.isEmpty {
                    (failures, notBefore) = (0, nil)
                    wakeUp.arm(nil)
                } else if let due = try next() {
                    let problem = call(settings, with: due)
                    if problem != nil, state.withLock({ $0.isStopping }) { break }
                    failures = problem == nil ? 0 : failures + 1
                    notBefore = try conclude(due, problem, failures, settings)
                    if notBefore == nil { failures = 0 }
                    continue
                } else {
                    wakeUp.arm(nil)
                }
            } catch {
                logger.error("hooks: the store cannot be asked; tried again in a minute")
                notBefore = engine.clock.now().adding(seconds: 60)
                continue
            }
            _ = wakeUp.wait()
        }
        ended.signal()
    }

    /// - Returns: When to try again; `nil` when this reminder is dealt with.
    private func conclude(_ due: Due, _ problem: String?, _ failures: Int, _ settings: HookSettings) throws -> Instant?
    {
        guard let problem else {
            try keep(due.sequence)
            return nil
        }
        let what = "hook for event \(due.sequence) failed: \(problem)"
        if failures >= settings.attempts {
            logger.error("\(what); given up after \(failures) attempts")
            try keep(due.sequence)
            return nil
        }
        let pause = settings.pause(after: failures)
        logger.warning("\(what); attempt \(failures) of \(settings.attempts), the next in \(pause)")
        return engine.clock.now().adding(seconds: Double(pause.milliseconds) / 1000)
    }

    /// - Returns: Why it failed, without anything that the reminder says; `nil` when it ended with 0.
    private func call(_ settings: HookSettings, with due: Due) -> String? {
        let result = withStrings(settings.command) { arguments in
            withStrings(Hooks.environment) { environment in
                due.json.withUnsafeBytes { input in
                    mneedle_run_program(
                        arguments, environment, input.baseAddress?.assumingMemoryBound(to: CChar.self), input.count,
                        Int32(clamping: settings.timeLimit.milliseconds), cancel)
                }
            }
        }
        switch result {
        case 0: return nil
        case 1..<256: return "\(settings.command[0]) ended with status \(result)"
        case 256...: return "\(settings.command[0]) was ended by signal \(result - 256)"
        case -ETIME: return "\(settings.command[0]) took longer than \(settings.timeLimit)"
        default: return "\(settings.command[0]) could not be run: \(String(cString: strerror(-result)))"
        }
    }

    /// What a program needs to find people and their desktop, and nothing of the service's own.
    private static var environment: [String] {
        let known = [
            "HOME", "LANG", "PATH", "TZ", "USER", "XDG_RUNTIME_DIR", "DBUS_SESSION_BUS_ADDRESS", "DISPLAY",
            "WAYLAND_DISPLAY",
        ]
        return ProcessInfo.processInfo.environment.filter { known.contains($0.key) }.map { "\($0.key)=\($0.value)" }
    }

    // MARK: The queue

    /// The first reminder that is not dealt with. Begins with those of now when there was no program before.
    private func next() throws -> Due? {
        let position = try engine.read(actor: .service, module: "mneedled") { reading in
            try reading.row("SELECT seq FROM mneedle_hooks")?.integer("seq")
        }
        guard let position else {
            try keep(
                try engine.read(actor: .service, module: "mneedled") { reading in
                    try reading.row("SELECT COALESCE(MAX(seq), 0) AS seq FROM mneedle_ledger")?.integer("seq") ?? 0
                })
            return nil
        }
        return try engine.read(actor: .service, module: "mneedled") { reading in
            let sql =
                "SELECT seq, at, kind, body FROM mneedle_ledger WHERE seq > ? AND kind IN (?, ?) ORDER BY seq LIMIT 1"
            guard let row = try reading.row(sql, position, Hooks.topics[0], Hooks.topics[1]) else { return nil }
            guard case .object(let body) = try reading.value(json: row.text("body") ?? "{}") else { return nil }
            let head: Object = ["seq": row.integer("seq"), "at": row.instant("at"), "event": row.text("kind")]
            let event = Object(uniqueMembers: head.members + body.members.filter { head[$0.name] == nil })
            return Due(sequence: row.integer("seq") ?? 0, json: event.jsonBytes + [10])
        }
    }

    private func keep(_ sequence: Int64) throws {
        try change { transaction in
            try transaction.execute(
                "INSERT INTO mneedle_hooks (id, seq) VALUES (1, ?) ON CONFLICT (id) DO UPDATE SET seq = excluded.seq",
                sequence)
        }
    }

    /// Without a program nobody waits for what becomes due: one that is named later begins with what comes then.
    private var forgetting: Job {
        Job(
            actor: .service, module: "mneedled",
            run: { transaction in
                if try transaction.row("SELECT seq FROM mneedle_hooks") != nil {
                    try transaction.execute("DELETE FROM mneedle_hooks")
                }
                return [:]
            })
    }

    /// Changes the store through the writer and waits until it is on disk.
    private func change(_ body: @escaping @Sendable (StoreTransaction) throws -> Void) throws {
        let done = DispatchSemaphore(value: 0)
        let result = Mutex<Result<Object, ModuleError>>(.success([:]))
        state.withLock { $0.writer }?.submit([
            Job(
                actor: .service, module: "mneedled",
                run: {
                    try body($0)
                    return [:]
                },
                done: { outcome in
                    result.withLock { $0 = outcome }
                    done.signal()
                })
        ])
        done.wait()
        _ = try result.withLock { $0 }.get()
    }
}

/// Calls `body` with the texts as C wants a list of them: pointers, and a null at the end.
private func withStrings<Result>(
    _ texts: [String], _ body: (UnsafePointer<UnsafeMutablePointer<CChar>?>) -> Result
) -> Result {
    var pointers: [UnsafeMutablePointer<CChar>?] = texts.map { strdup($0) }
    pointers.append(nil)
    defer { for pointer in pointers { free(pointer) } }
    return pointers.withUnsafeBufferPointer { body($0.baseAddress!) }
}
