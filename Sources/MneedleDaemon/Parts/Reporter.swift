import Logging
import MneedleKit
import MneedleSystem
import MneedleTree

/// Tells the log and systemd the state of the service.
struct Reporter: Part {
    let engine: Engine
    let logger: Logger
    /// Signs the heads that the journal hears of.
    let signer: CheckpointSigner

    func start() {
        ready()
        engine.health.onChange { change in
            tell(change)
            tellStatus()
        }
    }

    func stop() { Notify.stopping() }

    // MARK: To systemd

    /// - Parameter outcome: The outcome of a reload.
    func ready(_ outcome: String? = nil) { Notify.ready(status + (outcome.map { "; \($0)" } ?? "")) }

    func tellStatus() { Notify.status(status) }

    /// The state of the service, for systemd's status line.
    private var status: String {
        let registry = engine.registry
        let failed = engine.health.problems.map(\.code) + registry.troubles.map(\.module)
        let problem = failed.isEmpty ? "" : "; DEGRADED: \(failed.joined(separator: ", "))"
        let running = registry.modules.count { $0.state == .running }
        return "\(running) modules, \(engine.entries) ledger entries\(problem)"
    }

    // MARK: To the log

    /// Logs the committed events that an administrator has to know of.
    func tell(_ events: [PublishedEvent]) {
        ClockNotes.tell(events, logger)
        tellRetired(Guards.retired(by: events))
    }

    /// Logs each fault that appears or is mended, once.
    private func tell(_ change: Health.Change) {
        switch change {
        case .worse(let problem): logger.say(.degraded, .error, "\(problem.text)", ["problem": problem.code])
        case .mended(let problem):
            logger.say(
                .mended, .notice, "what was wrong with \(problem.code) is right again", ["problem": problem.code])
        }
    }

    /// Logs that sessions start without a guard from now on. The reason is in the ledger, and may be private.
    private func tellRetired(_ guards: [String]) {
        for name in guards {
            logger.say(
                .guardRetired, .warning, "module \(name) is not missed any more: an administrator has retired it",
                ["module": name])
        }
        if !guards.isEmpty { tellStatus() }
    }

    /// Logs that a module's code has kept a reader's thread for good.
    func tellLost(_ module: String, _ verb: String) {
        logger.say(
            .moduleTrouble, .error,
            "module \(module) did not answer '\(verb)' in twice the time that a read may take, and does not stop: it counts as failed until the service is started again",
            ["module": module])
    }

    /// Logs the head. The journal witnesses the ledger: a person who alters the store cannot alter the log.
    func logHead(_ occasion: String) {
        let head = engine.head
        let root = head.root.bytes.hex
        logger.say(
            .ledgerHead, .notice, "ledger head at \(head.size) (\(occasion)): \(root)",
            [
                "module": "mneedled", "ledger_entries": String(head.size), "ledger_head": root,
                "ledger_signature": (try? signer.signature(of: head)) ?? "",
            ])
    }

    /// Logs that an administrator wants the store as it is, where everybody will find it later.
    func tellAcceptance() {
        guard let headNote = engine.headNote, headNote.isAccepted else { return }
        let head = engine.head
        logger.say(
            .storeAccepted, .warning, "the store is accepted as it is, with \(head.size) ledger entries",
            ["ledger_entries": String(head.size), "ledger_head": head.root.bytes.hex])
        headNote.endAcceptance()
    }
}
