import MneedleKit

/// A session that has ended, as far as intervals need it.
struct PastSession: Sendable {
    /// The session's number; `nil` where the skin was needled elsewhere.
    let session: Int64?
    var ended: Instant
    /// The goal and the setting of the session; `nil` where nobody has told.
    var goal: Goal?
    var setting: Setting?
    /// The person's goal, if it was changed since: the window after the session is for it instead of for `goal`.
    var aim: Goal?
}

/// A person's past sessions, as far as intervals need them.
struct PastSessions: Sendable {
    /// The latest session; `nil` for a person who has had none.
    let latest: PastSession?
    let count: Int

    var last: Instant? { latest?.ended }
    var lastSession: Int64? { latest?.session }

    init(of person: String, in reading: any Reading) throws {
        var sessions: [Int64: PastSession] = [:]
        let kept = "SELECT session, ended_at, goal, setting, aim FROM scheduling_sessions WHERE person = ?"
        for record in try reading.records(of: person) {
            sessions.merge(try PastSessions.listed(of: record, in: reading)) { $1 }
            for row in try reading.store.rows(kept, record) {
                guard let session = row.integer("session"), let at = row.instant("ended_at") else { continue }
                var past = sessions[session] ?? PastSession(session: session, ended: at)
                past.ended = at
                past.goal = row.text("goal").flatMap(Goal.init) ?? past.goal
                past.setting = row.text("setting").flatMap(Setting.init) ?? past.setting
                past.aim = row.text("aim").flatMap(Goal.init)
                sessions[session] = past
            }
        }
        let own = sessions.values.max { ($0.ended, $0.session ?? 0) < ($1.ended, $1.session ?? 0) }
        let elsewhere = try PastSessions.elsewhere(person, in: reading)
        let isOwn = elsewhere.map { told in own.map { told <= $0.ended } ?? false } ?? true
        latest = isOwn ? own : elsewhere.map { PastSession(session: nil, ended: $0) }
        count = sessions.count
    }

    /// The time at which the skin was last needled elsewhere, as the person has told: it rests as long as after a session here.
    private static func elsewhere(_ person: String, in reading: any Reading) throws -> Instant? {
        do {
            return try reading.records(of: person).compactMap {
                try reading.modules.ask("screening.last-needled", ["person": $0]).instant("at")
            }.max()
        } catch let error as ModuleError where error.code == .moduleFailed {
            // While the module that is asked does not run, no session can start either.
            return nil
        }
    }

    /// The ended sessions that the session module has. One that ended while this module did not run was never told to it,
    /// and must not be forgotten for that: the next session would come too soon.
    private static func listed(of person: String, in reading: any Reading) throws -> [Int64: PastSession] {
        let sessions: [SessionEntry]
        do {
            sessions = try reading.sessions(of: person)
        } catch let error as ModuleError where error.code == .moduleFailed {
            // While that module does not run, no session can start either; the sessions that are kept here still answer.
            return [:]
        }
        return sessions.reduce(into: [:]) { ended, session in
            // A running session has not ended.
            guard let at = session.ended else { return }
            ended[session.session] = PastSession(
                session: session.session, ended: at, goal: session.goal, setting: session.setting)
        }
    }

    /// Keeps a session that has ended. Needles were in the skin, so a stopped one counts like a finished one.
    static func keep(_ session: SessionEntry, _ transaction: any Transaction) throws {
        try transaction.store.execute(
            """
            INSERT INTO scheduling_sessions (session, person, ended_at, goal, setting) VALUES (?, ?, ?, ?, ?)
            ON CONFLICT (session) DO UPDATE SET ended_at = excluded.ended_at, goal = excluded.goal,
                setting = excluded.setting
            """, session.session, session.person, session.ended ?? transaction.now, session.goal?.rawValue,
            session.setting?.rawValue)
    }

    /// Sets the goal of the next window, whatever the last session was for.
    static func aim(at goal: Goal, _ person: String, _ transaction: any Transaction) throws {
        guard let latest = try PastSessions(of: person, in: transaction).latest, let session = latest.session else {
            return
        }
        try transaction.store.execute(
            """
            INSERT INTO scheduling_sessions (session, person, ended_at, goal, setting, aim) VALUES (?, ?, ?, ?, ?, ?)
            ON CONFLICT (session) DO UPDATE SET aim = excluded.aim
            """, session, person, latest.ended, latest.goal?.rawValue, latest.setting?.rawValue, goal.rawValue)
    }
}
