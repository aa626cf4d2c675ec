import MneedleKit

/// A session as far as this module knows it.
struct KnownSession {
    let session: Int64
    let person: String
    let device: String
    let depthMM: Double
    let started: Instant
    let ended: Instant?
    let isRunning: Bool

    init(_ row: Row) {
        session = row.integer("session") ?? 0
        person = row.text("person") ?? ""
        device = row.text("device") ?? ""
        depthMM = row.number("depth_mm") ?? 0
        started = row.instant("started") ?? Instant(milliseconds: 0)
        ended = row.instant("ended")
        isRunning = row.bool("is_running")
    }

    /// Whether a point of that time, in nanoseconds, can be of this session: clocks differ a little.
    func covers(_ time: Int64) -> Bool {
        let last = ended.map { $0.nanoseconds.addingClamped(Receiver.grace) } ?? .max
        return time >= started.nanoseconds.subtractingClamped(Receiver.grace) && time <= last
    }
}

extension Telemetry {
    var whenStarted: Reaction {
        Reaction(to: .sessionStarted) { session, _, transaction in
            try needlingIsRecorded(session.device, transaction)
            try transaction.store.execute(
                """
                INSERT INTO telemetry_sessions (session, person, device, depth_mm, started, is_running)
                VALUES (?, ?, ?, ?, ?, 1)
                """, session.session, session.person, session.device, session.depthMM, session.started)
        }
    }

    var whenFinished: Reaction { Reaction(to: .sessionFinished) { try end($0, $2) } }
    var whenStopped: Reaction { Reaction(to: .sessionStopped) { try end($0, $2) } }

    private func end(_ ended: SessionEntry, _ transaction: any Transaction) throws {
        if ended.isLogged { try note(ended, transaction) }
        try transaction.store.execute(
            "UPDATE telemetry_sessions SET is_running = 0, ended = ? WHERE session = ?",
            ended.ended ?? transaction.now, ended.session)
        let sql = "SELECT * FROM telemetry_sessions WHERE session = ?"
        guard let row = try transaction.store.row(sql, ended.session) else { return }
        let session = KnownSession(row)
        try endAlarms(of: session, transaction)
        try seal(session, transaction)
    }

    /// Takes in a session that was put on record afterwards, so that points which came meanwhile can be given to it.
    private func note(_ session: SessionEntry, _ transaction: any Transaction) throws {
        guard session.device != SessionEntry.elsewhere else { return }
        try needlingIsRecorded(session.device, transaction)
        // Points are judged by the depth that was planned.
        guard let depth = session.depthMM else { return }
        try transaction.store.execute(
            """
            INSERT INTO telemetry_sessions (session, person, device, depth_mm, started, is_running)
            VALUES (?, ?, ?, ?, ?, 0)
            """, session.session, session.person, session.device, depth, session.started)
    }

    /// Ends the alarms that are not over when a session ends.
    func endAlarms(of session: KnownSession, _ transaction: any Transaction) throws {
        let rows = try transaction.store.rows(
            "SELECT code FROM telemetry_alarms WHERE session = ? AND over_at IS NULL ORDER BY id", session.session)
        for row in rows {
            try end(row.text("code") ?? "", at: session.ended ?? transaction.now, peak: nil, session, transaction)
        }
    }

    /// Seals the blocks that a session has so far; the ledger keeps their digest. Does nothing when there is nothing new.
    func seal(_ session: KnownSession, _ transaction: any Transaction) throws {
        for series in try transaction.series(session: session.session) {
            try Blocks(transaction: transaction).seal(series.id)
        }
        let (digest, blocks, points) = try transaction.digest(ofSession: session.session)
        let known = try transaction.store.row(
            "SELECT digest FROM telemetry_sessions WHERE session = ?", session.session)
        guard blocks > 0, known?.text("digest") != digest else { return }
        try transaction.store.execute(
            "UPDATE telemetry_sessions SET digest = ? WHERE session = ?", digest, session.session)
        try transaction.record(
            Entry(
                "telemetry.stored", subject: "session/\(session.session)", person: session.person,
                body: ["session": session.session, "points": points, "blocks": blocks, "digest": digest]))
    }

    func known(_ session: Int64, _ reading: any Reading) throws -> KnownSession {
        guard let row = try reading.store.row("SELECT * FROM telemetry_sessions WHERE session = ?", session) else {
            throw ModuleError.notFound("session", session, next: "session.list shows the sessions")
        }
        return KnownSession(row)
    }

    func running(device: String, _ reading: any Reading) throws -> KnownSession? {
        let sql = "SELECT * FROM telemetry_sessions WHERE device = ? AND is_running = 1 ORDER BY session DESC LIMIT 1"
        return try reading.store.row(sql, device).map(KnownSession.init)
    }

    /// Whether there is such a device. While the records do not run, every device counts as one, so that nothing is lost.
    func isOnRecord(_ device: String, _ reading: any Reading) throws -> Bool {
        do {
            _ = try reading.modules.ask("records.show-device", ["device": device])
            return true
        } catch let error as ModuleError where error.code == .notFound || error.code == .invalidArgument {
            return false
        } catch let error as ModuleError where error.code == .moduleFailed {
            return true
        }
    }

    /// Whether the sender may report for a device: not for another person's, nor for one with which another is treated.
    func isOpen(_ device: String, _ reading: any Reading) throws -> Bool {
        guard !reading.privacy.seesEverybody else { return true }
        do {
            let owner = try reading.device(device).owner
            return try [owner, running(device: device, reading)?.person].compactMap { $0 }.allSatisfy(
                reading.privacy.sees)
        } catch let error as ModuleError where [.notFound, .invalidArgument, .moduleFailed].contains(error.code) {
            return false
        }
    }

    // MARK: Silence

    /// The timer that raises an alarm when a running session has reported and then falls silent.
    var silence: Timer {
        Timer(
            "silence",
            next: { reading in
                let row = try reading.store.row(
                    "SELECT MIN(last_heard) AS heard FROM telemetry_sessions WHERE is_running = 1")
                return row?.instant("heard").map { Zone.utc.adding(knowledge.silence, to: $0) }
            },
            fire: { transaction in
                let latest = transaction.now.adding(milliseconds: -knowledge.silence.totalMilliseconds)
                let rows = try transaction.store.rows(
                    "SELECT * FROM telemetry_sessions WHERE is_running = 1 AND last_heard <= ? LIMIT 100", latest)
                for session in rows.map(KnownSession.init) {
                    // The session counts as heard of again with its next point.
                    try transaction.store.execute(
                        "UPDATE telemetry_sessions SET last_heard = NULL WHERE session = ?", session.session)
                    let alarm = Watch.Alarm(
                        code: Telemetry.silenceCode, at: transaction.now.nanoseconds)
                    try raise(alarm, session, transaction)
                }
            })
    }

    static let silenceCode = "silence"
    static let unwatchedCode = "depth-unwatched"

    /// The time in nanoseconds of the last depth of a session that could be judged, whatever stream it came by.
    func lastDepth(of session: KnownSession, _ reading: any Reading) throws -> Int64? {
        try reading.series(session: session.session).filter { series in
            series.fields.contains { knowledge.depthUnit(of: $0) != nil }
        }.compactMap { series in
            try reading.store.row("SELECT MAX(last_ns) AS last FROM telemetry_blocks WHERE series = ?", series.id)?
                .integer("last")
        }.max()
    }

    /// Notes that a session has reported, so that it is not silent any more.
    func heard(of session: KnownSession, _ transaction: any Transaction) throws {
        let row = try transaction.store.row(
            "SELECT last_heard FROM telemetry_sessions WHERE session = ?", session.session)
        let last = row?.instant("last_heard")
        // A second is near enough for a silence of many, and spares most transactions a write.
        if let last, transaction.now.milliseconds(since: last) < 1000 { return }
        if last == nil {
            try end(Telemetry.silenceCode, at: transaction.now, peak: nil, session, transaction)
        }
        try transaction.store.execute(
            "UPDATE telemetry_sessions SET last_heard = ? WHERE session = ?", transaction.now, session.session)
    }
}
