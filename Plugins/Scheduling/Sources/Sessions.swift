import MneedleKit

/// A person's past sessions, as far as intervals need them.
struct PastSessions: Sendable {
    /// When the last one ended; `nil` for a person who has had none.
    let last: Instant?
    let lastSession: Int64?
    let count: Int

    init(of person: String, in reading: any Reading) throws {
        let last = try reading.row(
            """
            SELECT session, ended_at FROM scheduling_sessions WHERE person = ?
            ORDER BY ended_at DESC, session DESC LIMIT 1
            """, person)
        self.last = last?.instant("ended_at")
        lastSession = last?.integer("session")
        let counted = try reading.row("SELECT COUNT(*) AS sessions FROM scheduling_sessions WHERE person = ?", person)
        count = Int(counted?.integer("sessions") ?? 0)
    }

    /// Keeps a session that has ended. Needles were in the skin, so a stopped one counts like a finished one.
    static func keep(_ entry: Entry, _ transaction: any Transaction) throws {
        guard let session = entry.body.integer("session"), let person = entry.body.string("person") ?? entry.person
        else { throw ModuleError.internal("the entry \(entry.kind) lacks session or person") }
        try transaction.execute(
            """
            INSERT INTO scheduling_sessions (session, person, ended_at) VALUES (?, ?, ?)
            ON CONFLICT (session) DO UPDATE SET person = excluded.person, ended_at = excluded.ended_at
            """, session, person, entry.body.instant("ended") ?? transaction.now)
    }
}
