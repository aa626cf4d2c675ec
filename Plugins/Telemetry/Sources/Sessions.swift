import MneedleKit

/// What this module knows of a session.
struct KnownSession {
    let session: Int64
    let person: String
    let device: String
    let depthMM: Double
    let started: Instant
    let isRunning: Bool

    init(_ row: Row) {
        session = row.integer("session") ?? 0
        person = row.text("person") ?? ""
        device = row.text("device") ?? ""
        depthMM = row.number("depth_mm") ?? 0
        started = row.instant("started") ?? Instant(milliseconds: 0)
        isRunning = row.bool("is_running")
    }
}

extension Telemetry {
    var whenStarted: Reaction {
        Reaction(to: "session.started") { entry, _, transaction in
            try transaction.execute(
                """
                INSERT INTO telemetry_sessions (session, person, device, depth_mm, started, is_running)
                VALUES (?, ?, ?, ?, ?, 1)
                """, entry.body.integer("session"), entry.person, entry.body.string("device"),
                entry.body.number("depth_mm"), entry.body.instant("started") ?? transaction.now)
        }
    }

    var whenFinished: Reaction { Reaction(to: "session.finished", run: endSession) }
    var whenStopped: Reaction { Reaction(to: "session.stopped", run: endSession) }

    @Sendable private func endSession(_ entry: Entry, _ actor: Actor, _ transaction: any Transaction) throws {
        let session = entry.body.integer("session")
        try transaction.execute("UPDATE telemetry_sessions SET is_running = 0 WHERE session = ?", session)
        try transaction.execute(
            "UPDATE telemetry_alarms SET over_at = ? WHERE session = ? AND over_at IS NULL", transaction.now, session)
    }

    func known(_ session: Int64, _ reading: any Reading) throws -> KnownSession {
        guard let row = try reading.row("SELECT * FROM telemetry_sessions WHERE session = ?", session) else {
            throw ModuleError.notFound("session", session, next: "session.list shows the sessions")
        }
        return KnownSession(row)
    }

    func running(device: String, _ reading: any Reading) throws -> KnownSession? {
        let sql = "SELECT * FROM telemetry_sessions WHERE device = ? AND is_running = 1 ORDER BY session DESC LIMIT 1"
        return try reading.row(sql, device).map(KnownSession.init)
    }

    // MARK: Silence

    /// A session that has reported and then falls silent while it runs.
    var silence: Timer {
        Timer(
            "silence",
            next: { reading in
                let row = try reading.row(
                    "SELECT MIN(last_heard) AS heard FROM telemetry_sessions WHERE is_running = 1")
                return row?.instant("heard").map { Zone.utc.adding(knowledge.silence, to: $0) }
            },
            fire: { transaction in
                let latest = Instant(milliseconds: transaction.now.milliseconds - knowledge.silence.milliseconds)
                let rows = try transaction.rows(
                    "SELECT * FROM telemetry_sessions WHERE is_running = 1 AND last_heard <= ? LIMIT 100", latest)
                for session in rows.map(KnownSession.init) {
                    // Heard of again with its next point.
                    try transaction.execute(
                        "UPDATE telemetry_sessions SET last_heard = NULL WHERE session = ?", session.session)
                    try raise("silence", session, field: nil, value: nil, limit: nil, at: transaction.now, transaction)
                }
            })
    }

    // MARK: Alarms

    func raise(
        _ code: String, _ session: KnownSession, field: String?, value: Double?, limit: Double?, at: Instant,
        _ transaction: any Transaction
    ) throws {
        try transaction.execute(
            "INSERT INTO telemetry_alarms (session, at, code, field, value, limit_value) VALUES (?, ?, ?, ?, ?, ?)",
            session.session, at, code, field, value, limit)
        try transaction.record(
            Entry(
                "telemetry.alarm", subject: "session/\(session.session)", person: session.person,
                body: [
                    "session": session.session, "person": session.person, "device": session.device, "code": code,
                    "field": field, "value": value, "limit": limit, "at": at,
                ]))
    }
}
