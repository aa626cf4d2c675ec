import MneedleKit

/// The state of a session.
enum SessionState: String, CaseIterable, ReplyValue { case running, finished, stopped }

/// A session as it is kept, and as it is shown.
struct StoredSession: Reply {
    /// The session's facts, as other modules and subscribers learn them.
    let entry: SessionEntry
    let state: SessionState

    /// - Throws: `internal` for a row that cannot be read.
    init(_ row: Row) throws {
        guard let id = row.integer("id"), let person = row.text("person"), let device = row.text("device"),
            let areas = row.text("areas"), let depth = row.number("depth_mm"),
            let goal = row.text("goal").flatMap(Goal.init), let setting = row.text("setting").flatMap(Setting.init),
            let zone = row.text("time_zone"), let started = row.instant("started"),
            let state = row.text("state").flatMap(SessionState.init)
        else { throw ModuleError.internal("a row of session_sessions cannot be read") }
        self.state = state
        entry = SessionEntry(
            session: id, person: person, device: device, areas: StoredSession.list(areas), depthMM: depth, goal: goal,
            setting: setting, timeZone: zone, cartridge: row.text("cartridge"), operatorName: row.text("operator"),
            started: started, ended: row.instant("ended"), isClockUncertain: row.bool("clock_uncertain"),
            reason: row.text("reason"), passes: row.integer("passes"), note: row.text("note"),
            overridden: StoredSession.list(row.text("overridden")), overrideReason: row.text("override_reason"),
            assessment: row.integer("assessment"), knowledge: row.text("knowledge"),
            flagged: StoredSession.list(row.text("flagged")))
    }

    static let members: [Member<StoredSession>] =
        SessionEntry.members.within { $0.entry } + [Member("state", "running, finished or stopped", \.state)]

    private static func list(_ column: String?) -> [String] {
        column?.split(separator: ",").map(String.init) ?? []
    }
}

extension Sessions {
    func require(_ id: Int64, _ reading: any Reading) throws -> StoredSession {
        guard let row = try reading.store.row("SELECT * FROM session_sessions WHERE id = ?", id) else {
            throw ModuleError.notFound("session", id, next: "session.list shows the sessions")
        }
        return try StoredSession(row)
    }
}
