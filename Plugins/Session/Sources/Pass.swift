import MneedleKit

/// The reply of `session.pass`.
private struct Passed: Reply {
    var session: Int64
    var passes: Int64
    var findings: [Finding]

    static let members: [Member<Passed>] = [
        Member("session", "its number", \.session), Member("passes", "how many are done", \.passes),
        Member("findings", "what is to be heeded now, for example more passes than is advised", \.findings),
    ]
}

extension Sessions {
    var pass: Command {
        Command(
            "pass", "Counts a pass over the areas of a running session.", role: .operator,
            takes: Sessions.runningSession, gives: Passed.self, errors: [.notFound, .conflict],
            concerns: .named("session", otherwise: .nobody), example: "session.pass session=17",
            writes: { transaction, id in
                let id = try id ?? onlyOneRunning(transaction)
                let session = try require(id, transaction)
                guard session.state == .running else {
                    throw ModuleError.conflict(
                        "session \(id) is \(session.state.rawValue) already; session.show shows it",
                        state: session.state.rawValue)
                }
                let passes = (session.entry.passes ?? 0) + 1
                guard passes <= 50 else {
                    throw ModuleError.conflict(
                        "session \(id) has 50 passes already; end it with session.finish", state: session.state.rawValue
                    )
                }
                try transaction.store.execute("UPDATE session_sessions SET passes = ? WHERE id = ?", passes, id)
                let now = try require(id, transaction).entry
                try transaction.record(
                    Entry(.sessionPassed, subject: "session/\(id)", person: now.person, body: now))
                return Passed(
                    session: id, passes: passes,
                    findings: try tooManyPasses(passes, setting(of: now, transaction)))
            })
    }

    /// The next pass of a session, where the steps of its setting have one more.
    func nextPass(_ session: SessionEntry, _ setting: Setting) throws -> [Finding] {
        let done = session.passes ?? 0
        guard let step = knowledge.steps.first(where: { $0.setting == setting && $0.passes != nil }),
            let passes = step.passes, done < passes
        else { return [] }
        return try find(
            .passDue, setting, sources: step.sources,
            [
                "session": session.session, "pass": done + 1, "passes": passes, "device": session.device,
                "what": step.text,
            ])
    }
}
