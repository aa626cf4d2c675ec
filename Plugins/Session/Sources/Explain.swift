import MneedleKit

extension Sessions {
    var explain: Command {
        Command(
            "explain", "Says why a session was stopped, where that was not said with the stop, and what to do now.",
            role: .operator, takes: Sessions.session, Sessions.reason, Sessions.note, gives: Stopped.self,
            errors: [.notFound, .conflict], concerns: .named("session"),
            example: "session.explain session=17 reason=pain",
            writes: { transaction, id, reason, note in
                let session = try require(id, transaction)
                guard session.state == .stopped else {
                    throw ModuleError.conflict(
                        "session \(id) is \(session.state.rawValue) and was not stopped; session.show shows it",
                        state: session.state.rawValue)
                }
                if let said = session.entry.reason {
                    throw ModuleError.conflict(
                        "session \(id) was stopped for '\(said)' already; tell what the skin does with aftercare.report",
                        state: session.state.rawValue)
                }
                try transaction.store.execute(
                    "UPDATE session_sessions SET reason = ?, note = COALESCE(?, note) WHERE id = ?", reason.rawValue,
                    note, id)
                let explained = try require(id, transaction).entry
                try transaction.record(
                    Entry(.sessionExplained, subject: "session/\(id)", person: explained.person, body: explained))
                return try stopped(explained, reason, transaction)
            })
    }
}
