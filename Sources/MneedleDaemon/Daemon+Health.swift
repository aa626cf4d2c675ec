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
