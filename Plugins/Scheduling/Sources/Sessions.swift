import MneedleKit

/// A person's past sessions, as far as intervals need them.
struct PastSessions: Sendable {
    /// When the last one ended; `nil` for a person who has had none.
    let last: Instant?
    let lastSession: Int64?
    let count: Int

    init(of person: String, in reading: any Reading) throws {
        var ended = try PastSessions.listed(of: person, in: reading)
        let kept = "SELECT session, ended_at FROM scheduling_sessions WHERE person = ?"
        for row in try reading.rows(kept, person) {
            if let session = row.integer("session"), let at = row.instant("ended_at") { ended[session] = at }
        }
        let latest = ended.max { ($0.value, $0.key) < ($1.value, $1.key) }
        let elsewhere = try PastSessions.elsewhere(person, in: reading)
        let isOwn = elsewhere.map { told in latest.map { told <= $0.value } ?? false } ?? true
        last = isOwn ? latest?.value : elsewhere
        lastSession = isOwn ? latest?.key : nil
        count = ended.count
    }

    /// When the skin was needled elsewhere, as the person has told: it rests as long as after a session here.
    private static func elsewhere(_ person: String, in reading: any Reading) throws -> Instant? {
        do {
            return try reading.ask("screening.last-needled", ["person": person]).instant("at")
        } catch let error as ModuleError where error.code == .moduleFailed {
            // Without that module no session can start either.
            return nil
        }
    }

    /// What the session module has. A session that ended while this module did not run was never told to it,
    /// and must not be forgotten for that: the next one would come too soon.
    private static func listed(of person: String, in reading: any Reading) throws -> [Int64: Instant] {
        let rows: [Object]
        do {
            rows = try reading.list("session.list", ["person": person])
        } catch let error as ModuleError where error.code == .moduleFailed {
            // Without that module no session can start either; what is kept here still answers.
            return [:]
        }
        return rows.reduce(into: [:]) { ended, row in
            // A running session has not ended.
            if let session = row.integer("session"), let at = row.instant("ended") { ended[session] = at }
        }
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
