import MneedleKit

/// The state of a session.
enum SessionState: String, CaseIterable, ReplyValue { case running, finished, stopped }

/// A session as it is kept, and as it is shown.
struct StoredSession: Reply {
    /// The session's facts, as other modules and subscribers learn them.
    let entry: SessionEntry
    let state: SessionState

    /// Reads a row. Facts that cannot be read and have no part in ending the session are unknown, so that a damaged row does
    /// not hold up its end, nor the list of the others.
    /// - Throws: `internal` for a row without readable number, person, device, state or begin.
    init(_ row: Row) throws {
        guard let id = row.integer("id"), let person = row.text("person"), let device = row.text("device"),
            let started = row.instant("started"), let state = row.text("state").flatMap(SessionState.init)
        else { throw ModuleError.internal("a row of session_sessions cannot be read") }
        self.state = state
        entry = SessionEntry(
            session: id, person: person, device: device, areas: row.word("areas").map(Row.names) ?? [],
            depthMM: row.measure("depth_mm"), goal: row.word("goal").flatMap(Goal.init),
            setting: row.word("setting").flatMap(Setting.init), timeZone: row.word("time_zone"),
            cartridge: row.text("cartridge"), operatorName: row.text("operator"), started: started,
            ended: row.instant("ended"), isClockUncertain: row.bool("clock_uncertain"),
            reason: row.text("reason"), passes: row.integer("passes"), note: row.text("note"),
            overridden: row.codes("overridden"), overrideReason: row.text("override_reason"),
            assessment: row.integer("assessment"), knowledge: row.text("knowledge"),
            flagged: row.codes("flagged"), isLogged: row.bool("logged"))
    }

    static let members: [Member<StoredSession>] =
        SessionEntry.members.within { $0.entry } + [Member("state", "running, finished or stopped", \.state)]
}

extension Row {
    /// Text, or `nil` for any other value. Unlike ``text(_:)`` it does not fail the request.
    func word(_ column: String) -> String? { if case .text(let word) = self[column] { word } else { nil } }

    /// A number, or `nil` for any other value. Unlike ``number(_:)`` it does not fail the request.
    fileprivate func measure(_ column: String) -> Double? {
        switch self[column] {
        case .real(let number): number
        case .integer(let number): Double(number)
        default: nil
        }
    }

    /// The codes that a column lists; empty for NULL.
    func codes(_ column: String) -> [String] { text(column).map(Row.names) ?? [] }

    fileprivate static func names(_ list: String) -> [String] { list.split(separator: ",").map(String.init) }
}

extension Sessions {
    func require(_ id: Int64, _ reading: any Reading) throws -> StoredSession {
        guard let row = try reading.store.row("SELECT * FROM session_sessions WHERE id = ?", id) else {
            throw ModuleError.notFound("session", id, next: "session.list shows the sessions")
        }
        return try StoredSession(row)
    }

    /// The setting whose words hold for a session: its own, the person's where that cannot be read, and `home`, the one in which
    /// nothing can be overridden, where nobody can say.
    func setting(_ own: Setting?, of person: String, _ reading: any Reading) -> Setting {
        own ?? (try? reading.person(person).setting) ?? .home
    }
}
