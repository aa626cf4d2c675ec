import Logging
import MneedleKit

/// What the daemon says about its own health.
extension Daemon {
    /// Says what has become wrong, and what is right again, once each.
    func tell(_ change: Health.Change) {
        switch change {
        case .worse(let problem): logger.say(.degraded, .error, "\(problem.text)", ["problem": problem.code])
        case .mended(let problem):
            logger.say(
                .mended, .notice, "what was wrong with \(problem.code) is right again", ["problem": problem.code])
        }
    }

    /// How the service is, for systemd's status.
    func statusLine(_ engine: Engine) -> String {
        let house = engine.house
        let failed = engine.health.problems.map(\.code) + house.troubles.map(\.module)
        let problem = failed.isEmpty ? "" : "; DEGRADED: \(failed.joined(separator: ", "))"
        let running = house.modules.count { $0.state == .running }
        return "\(running) modules, \(engine.head.sequence) ledger entries\(problem)"
    }

    /// Says that sessions start without a guard from now on. Why is in the ledger, and may be private.
    func tellRetired(_ guards: [String], _ engine: Engine) {
        for name in guards {
            logger.say(
                .guardRetired, .warning, "module \(name) is not missed any more: an administrator has retired it",
                ["module": name])
        }
        if !guards.isEmpty { Notify.status(statusLine(engine)) }
    }

    /// Says that an administrator wants the store as it is, where everybody will find it later.
    func sayAcceptance(_ headNote: HeadNote, _ engine: Engine) {
        guard headNote.isAccepted else { return }
        logger.say(
            .storeAccepted, .warning,
            "the store is accepted as it is, with \(engine.head.sequence) ledger entries",
            ["ledger_entries": String(engine.head.sequence), "ledger_head": engine.head.hash.hex])
        headNote.endAcceptance()
    }
}
