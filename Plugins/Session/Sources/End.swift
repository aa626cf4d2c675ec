import MneedleKit

/// The reasons for which a session is stopped at once.
enum StopReason: String, CaseIterable { case pain, bleeding, rash, other }

/// The reply of `session.stop`.
struct Stopped: Reply {
    var session: Int64
    var findings: [Finding]
    fileprivate var reactions: [ReportedReaction]?
    var next: [AgendaItem]?

    static let members: [Member<Stopped>] = [
        Member("session", "its number", \.session),
        Member("state", "stopped") { _ in SessionState.stopped },
        Member("findings", "what to do now", \.findings),
        Member(
            "reactions",
            "what is open now and forbids the next session: the reaction's number, the symptom, the action",
            \.reactions),
        Member("next", nextMeaning, \.next),
    ]
}

private let nextMeaning = "what has to be done now, as 'today' lists it; absent where nobody can say"

/// The reply of `session.finish`.
struct Finished: Reply {
    var session: Int64
    var window: Object?
    var next: [AgendaItem]?
    var aftercareUntil: Value?
    var findings: [Finding]

    static let members: [Member<Finished>] = [
        Member("session", "its number", \.session),
        Member(
            "window", "the window for the next session: opens, best, closes; absent where it is not known", \.window),
        Member("next", nextMeaning, \.next),
        Member(
            "aftercare_until", "when the last thing to avoid ends; absent while it is not known", \.aftercareUntil),
        Member("findings", "what is to be heeded now, for example more passes than is advised", \.findings),
    ]
}

/// One row of `aftercare.reactions`, as far as it matters when a session has just been stopped.
private struct ReportedReaction: Reply {
    var row: Object

    static let members: [Member<ReportedReaction>] = [
        Member("reaction", "its number") { $0.row.integer("reaction") },
        Member("symptom", "what was reported") { $0.row.string("symptom") },
        Member("action", "what to do") { $0.row.string("action") },
    ]
}

extension Sessions {
    static let session = Parameter.required("session", .id, "The session's number.")
    /// Who has to stop at once looks up no number.
    static let runningSession = Parameter.optional(
        "session", .id, "The session's number; the one that runs if left out, where only one does.")
    private static let endedAt = Parameter.optional(
        "at", .time, "When it ended, where that was forgotten; now if left out. What follows counts from then.")
    static let note = Parameter.optional("note", .text(maximum: 2000), "A note.")
    static let reason = Parameter.required("reason", .choice(StopReason.self), "Why.")
    private static let stopReason = Parameter.optional(
        "reason", .choice(StopReason.self), "Why; session.explain says it afterwards, and until then no session starts."
    )
    private static let passes = Parameter.optional(
        "passes", .integer(1...50), "How many passes were made; those that session.pass counted if left out.")

    var stop: Command {
        Command(
            "stop", "Stops a running session at once because something is wrong, and says what to do now.",
            role: .operator, takes: Sessions.runningSession, Sessions.stopReason, Sessions.note, gives: Stopped.self,
            errors: [.notFound, .conflict], concerns: .named("session", otherwise: .nobody),
            example: "session.stop session=17 reason=pain",
            writes: { transaction, id, reason, note in
                let id = try id ?? onlyOneRunning(transaction)
                let session = try end(id, by: .sessionStopped, .stopped, reason: reason, note: note, transaction)
                return try stopped(session, reason, transaction)
            })
    }

    /// The reply to a stop, and to the reason that was said afterwards.
    func stopped(_ session: SessionEntry, _ reason: StopReason?, _ transaction: any Transaction) throws -> Stopped {
        let setting = setting(of: session, transaction)
        let findings =
            try reason.map { try find($0.code, setting) }
            ?? find(.stopUnexplained, setting, ["session": session.session])
        return Stopped(
            session: session.session, findings: findings,
            reactions: openReactions(of: session.person, transaction), next: next(session, transaction))
    }

    /// The one session that runs, among those that the asker sees.
    func onlyOneRunning(_ reading: any Reading) throws -> Int64 {
        let sql = "SELECT id, person FROM session_sessions WHERE state = 'running' ORDER BY id"
        let seen = try reading.store.rows(sql).filter { try reading.privacy.sees($0.text("person") ?? "") }
            .compactMap { $0.integer("id") }
        guard let first = seen.first else {
            throw ModuleError(.notFound, "no session is running; session.list shows the sessions")
        }
        guard seen.count == 1 else {
            throw ModuleError.invalidArgument(
                Sessions.runningSession.name, expected: "one of the sessions that run", got: "nothing",
                "\(seen.count) sessions run: \(seen.map(String.init).joined(separator: ", ")); say which")
        }
        return first
    }

    var finish: Command {
        Command(
            "finish", "Finishes a running session: the next window, aftercare and cleaning begin.", role: .operator,
            takes: Sessions.runningSession, Sessions.passes, Sessions.note, Sessions.endedAt, gives: Finished.self,
            errors: [.notFound, .conflict], concerns: .named("session", otherwise: .nobody),
            example: "session.finish session=17 passes=3",
            writes: { transaction, id, passes, note, at in
                let id = try id ?? onlyOneRunning(transaction)
                let session = try end(
                    id, by: .sessionFinished, .finished, passes: passes, note: note, at: at, transaction)
                return Finished(
                    session: id, window: answer("scheduling.next", session.person, transaction)?.object("window"),
                    next: next(session, transaction),
                    aftercareUntil: answer("aftercare.until", session.person, transaction)?["until"],
                    findings: try tooManyPasses(session.passes, setting(of: session, transaction)))
            })
    }

    func setting(of session: SessionEntry, _ reading: any Reading) -> Setting {
        setting(session.setting, of: session.person, reading)
    }

    func tooManyPasses(_ passes: Int64?, _ setting: Setting) throws -> [Finding] {
        guard let passes, let most = knowledge.maxPasses[setting], passes > most else { return [] }
        return try find(.tooManyPasses, setting, ["passes": passes, "limit": most])
    }

    private func end(
        _ id: Int64, by kind: EntryKind<SessionEntry>, _ state: SessionState, reason: StopReason? = nil,
        passes: Int64? = nil, note: String?, at: Instant? = nil, _ transaction: any Transaction
    ) throws -> SessionEntry {
        let session = try require(id, transaction)
        guard session.state == .running else {
            throw ModuleError.conflict(
                "session \(id) is \(session.state.rawValue) already; session.show shows it",
                state: session.state.rawValue)
        }
        // If the clock was set back meanwhile, the session would have ended before it began.
        let started = session.entry.started
        let isUncertain = transaction.now < started
        if let at, !(started...max(started, transaction.now)).contains(at) {
            throw ModuleError.invalidArgument(
                Sessions.endedAt.name, expected: "a time from its begin, \(started), until now", got: at.description)
        }
        try transaction.store.execute(
            """
            UPDATE session_sessions SET state = ?, ended = ?, clock_uncertain = ?, reason = ?,
                passes = COALESCE(?, passes), note = ?
            WHERE id = ?
            """, state.rawValue, isUncertain ? started : at ?? transaction.now, isUncertain, reason?.rawValue, passes,
            note, id)
        let ended = try require(id, transaction).entry
        // The needles leave the skin whatever other modules make of the end.
        try transaction.record(Entry(kind, subject: "session/\(id)", person: ended.person, body: ended))
        return ended
    }

    /// The person's open reactions, those that the stop has opened included; `nil` where there are none, or nobody can say.
    private func openReactions(of person: String, _ reading: any Reading) -> [ReportedReaction]? {
        let rows = try? reading.modules.list("aftercare.reactions", ["person": person, "state": "open"])
        guard let rows, !rows.isEmpty else { return nil }
        return rows.map(ReportedReaction.init)
    }

    /// What has to be done now. The session has ended in any case.
    func next(_ session: SessionEntry, _ reading: any Reading) -> [AgendaItem]? {
        try? reading.safety.agenda(of: session.person).filter { $0.kind == .open && $0.finding.remedy != nil }
    }

    /// Another module's answer about the person; `nil` when it has none, for the session has ended in any case.
    func answer(_ verb: String, _ person: String, _ reading: any Reading) -> Object? {
        try? reading.modules.ask(verb, ["person": person])
    }
}
