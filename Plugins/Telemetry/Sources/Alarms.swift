import MneedleKit

/// An alarm as it is kept, and as it is shown.
private struct StoredAlarm: Reply {
    var at: Instant
    var code: String
    var over: Instant?
    private let row: Row

    init(_ row: Row) throws {
        guard let at = row.instant("at"), let code = row.text("code") else {
            throw ModuleError.internal("a row of telemetry_alarms is not complete")
        }
        (self.row, self.at, self.code, over) = (row, at, code, row.instant("over_at"))
    }

    static let members: [Member<StoredAlarm>] = [
        Member("at", "when", \.at), Member("code", "what", \.code),
        Member("field", "which field") { $0.row.text("field") },
        Member("value", "the value that broke the limit") { $0.row.number("value") },
        Member("limit", "the limit") { $0.row.number("limit_value") },
        Member("peak", "the value furthest over it") { $0.row.number("peak") },
        Member("over_at", "when it was over", \.over),
        Member("duration", "how long it lasted") { alarm in
            alarm.over.map { Span(milliseconds: $0.milliseconds(since: alarm.at)) }
        },
    ]
}

extension Telemetry {
    /// The watch that judges a session's points; it knows the alarms that are not over.
    func watch(_ session: KnownSession, _ reading: any Reading) throws -> Watch {
        let rows = try reading.store.rows(
            "SELECT code, at, peak FROM telemetry_alarms WHERE session = ? AND over_at IS NULL", session.session)
        let open = rows.compactMap { row -> (String, Watch.Breach)? in
            // A damaged row stops no stream.
            guard let code = row.text("code"), let began = row.instant("at")?.nanoseconds else { return nil }
            return (code, Watch.Breach(began: began, peak: row.number("peak")))
        }
        return Watch(session, knowledge, open: Dictionary(open) { first, _ in first })
    }

    /// Writes down the changes that a watch has seen, and stops the session where the configuration says so.
    func record(
        _ changes: [Watch.Change], _ peaks: [(code: String, peak: Double)], _ session: KnownSession,
        _ transaction: any Transaction
    ) throws {
        var stopping: String?
        for change in changes {
            switch change {
            case .begun(let alarm):
                try raise(alarm, session, transaction)
                if stopOn.contains(alarm.code) { stopping = stopping ?? alarm.code }
            case .over(let code, let at, _, let peak):
                try end(code, at: Telemetry.instant(at), peak: peak, session, transaction)
            }
        }
        for (code, peak) in peaks {
            try transaction.store.execute(
                "UPDATE telemetry_alarms SET peak = ? WHERE session = ? AND code = ? AND over_at IS NULL", peak,
                session.session, code)
        }
        if let stopping { try stop(session, because: stopping, transaction) }
    }

    /// Raises an alarm unless it is known, because another stream of the session has raised it or its points were sent again.
    func raise(_ alarm: Watch.Alarm, _ session: KnownSession, _ transaction: any Transaction) throws {
        let at = Telemetry.instant(alarm.at)
        let known = try transaction.store.row(
            """
            SELECT id FROM telemetry_alarms WHERE session = ? AND code = ?
            AND (over_at IS NULL OR at = ? OR (at < ? AND over_at > ?))
            """, session.session, alarm.code, at, at, at)
        guard known == nil else { return }
        try transaction.store.execute(
            """
            INSERT INTO telemetry_alarms (session, person, at, code, field, value, limit_value, peak)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?)
            """, session.session, session.person, at, alarm.code, alarm.field, alarm.value, alarm.limit,
            alarm.value)
        try transaction.record(
            Entry(
                "telemetry.alarm", subject: "session/\(session.session)", person: session.person,
                body: alarm.body(session)))
    }

    func end(
        _ code: String, at: Instant, peak: Double?, _ session: KnownSession, _ transaction: any Transaction
    ) throws {
        let sql = "SELECT id, at, peak FROM telemetry_alarms WHERE session = ? AND code = ? AND over_at IS NULL"
        guard let row = try transaction.store.row(sql, session.session, code), let began = row.instant("at") else {
            return
        }
        let peak = peak ?? row.number("peak")
        try transaction.store.execute(
            "UPDATE telemetry_alarms SET over_at = ?, peak = ? WHERE id = ?", at, peak, row.integer("id"))
        try transaction.record(
            Entry(
                "telemetry.alarm-over", subject: "session/\(session.session)", person: session.person,
                body: [
                    "session": session.session, "code": code, "at": at, "peak": peak,
                    "duration": Span(milliseconds: at.milliseconds(since: began)),
                ]))
    }

    private func stop(_ session: KnownSession, because code: String, _ transaction: any Transaction) throws {
        guard try known(session.session, transaction).isRunning else { return }
        do {
            try transaction.modules.change(
                "session.stop",
                [
                    "session": session.session, "reason": "other",
                    "note": "stopped by the telemetry alarm '\(code)'",
                ])
        } catch let error as ModuleError where error.code == .moduleFailed {
            // The session module cannot stop the session now; the alarm stands all the same.
        }
    }

    var alarms: Command {
        Command(
            "alarms", "Lists a session's alarms in their order.", role: .reader, takes: Telemetry.session,
            gives: StoredAlarm.self, errors: [.notFound], concerns: .named("session"),
            example: "telemetry.alarms session=17",
            lists: { reading, send, id in
                let session = try known(id, reading)
                try reading.store.forEach(
                    "SELECT * FROM telemetry_alarms WHERE session = ? ORDER BY id", [session.session.sql]
                ) { try send(StoredAlarm($0)) }
            })
    }
}
