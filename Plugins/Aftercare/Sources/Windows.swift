import MneedleKit

/// A stretch of time after each session in which something is avoided, done or expected.
struct Window: Sendable {
    enum Kind: String, CaseIterable, ReplyValue { case avoid, `do`, expect }

    let code: String
    let kind: Kind
    /// The window's begin and, by setting, its end, both counted from the session's end.
    private let from: Span
    private let spans: [Setting: Span]
    let text: String
    let sources: [Source]
    /// Whether the configuration's `actives_hours` sets its length.
    let isConfigured: Bool

    init(_ table: Table, _ setup: Setup, activesHours: Int) {
        code = table.string("window")
        kind = table.choice("kind", standIn: .avoid)
        from = table.span("from", default: Span())
        let until = table.span("until")
        text = table.string("text")
        sources = table.sources()
        isConfigured = table.bool("configured", default: false)
        var spans: [Setting: Span] = [.home: until, .clinic: until]
        if isConfigured {
            let shortest = table.span("shortest_at_home")
            let chosen = Span.hours(Double(activesHours))
            if chosen.totalMilliseconds < shortest.totalMilliseconds {
                setup.report(
                    activesHoursKey,
                    "\(activesHours) hours are fewer than \(shortest), the shortest time that any source gives")
            }
            spans = [.home: chosen, .clinic: chosen.totalMilliseconds > until.totalMilliseconds ? chosen : until]
        }
        if until.totalMilliseconds <= from.totalMilliseconds { table.report("until", "not after 'from'") }
        self.spans = spans
    }

    /// The window's begin and end for a session that ended at `ended`. Hours are elapsed time, days calendar days.
    func times(after ended: Instant, _ setting: Setting, _ zone: Zone) -> (from: Instant, until: Instant) {
        (zone.adding(from, to: ended), zone.adding(spans[setting] ?? Span(), to: ended))
    }
}

extension Aftercare {
    /// The reaction by which aftercare begins with the first needle: things to avoid after a session are avoided during it too.
    var whenStarted: Reaction {
        Reaction(to: .sessionStarted) { session, _, transaction in try keep(session, endedAt: nil, transaction) }
    }

    var whenFinished: Reaction { Reaction(to: .sessionFinished) { try end($0, $2) } }

    /// The reaction to a stopped session, which needs the same care, for the needles were in the skin.
    var whenStopped: Reaction {
        Reaction(to: .sessionStopped) { session, _, transaction in
            try end(session, transaction)
            try reportStop(session, transaction)
        }
    }

    /// The reaction to the reason of a stop that was said afterwards.
    var whenExplained: Reaction {
        Reaction(to: .sessionExplained) { session, _, transaction in try reportStop(session, transaction) }
    }

    private func end(_ session: SessionEntry, _ transaction: any Transaction) throws {
        let ended = session.ended ?? transaction.now
        let laid = try lay(session, from: ended, transaction)
        try transaction.record(
            Entry(
                "aftercare.began", subject: "session/\(session.session)", person: session.person,
                body: [
                    "session": session.session, "person": session.person, "from": ended,
                    "until": try lastUntil(of: session.person, transaction), "windows": laid,
                ]))
    }

    private func keep(_ session: SessionEntry, endedAt ended: Instant?, _ transaction: any Transaction) throws {
        try transaction.store.execute(
            """
            INSERT INTO aftercare_courses (session, person, began_at, ended_at, areas) VALUES (?, ?, ?, ?, ?)
            ON CONFLICT (session) DO UPDATE SET ended_at = excluded.ended_at
            """, session.session, session.person, session.started, ended, session.areas.joined(separator: ","))
    }

    /// Writes the windows of a session, counted from its end. While it is running they count from each moment anew.
    private func lay(
        _ session: SessionEntry, from ended: Instant, _ transaction: any Transaction
    ) throws -> [Object] {
        try keep(session, endedAt: ended, transaction)
        try transaction.store.execute("DELETE FROM aftercare_windows WHERE session = ?", session.session)
        let person = try transaction.person(session.person)
        let zone = transaction.zone(of: person)
        return try knowledge.windows.map { window in
            let times = window.times(after: ended, session.setting ?? person.setting, zone)
            _ = try transaction.store.insert(
                """
                INSERT INTO aftercare_windows (session, person, code, kind, starts_at, ends_at, text, sources)
                VALUES (?, ?, ?, ?, ?, ?, ?, ?)
                """,
                session.session, session.person, window.code, window.kind.rawValue, times.from, times.until,
                window.text, transaction.store.json(window.sources.value))
            return ["window": window.code, "kind": window.kind.rawValue, "from": times.from, "until": times.until]
        }
    }

    /// The end of the last thing to avoid after any of the person's sessions.
    func lastUntil(of person: String, _ reading: any Reading) throws -> Instant? {
        let ended = try reading.store.row(
            "SELECT MAX(ends_at) AS ends_at FROM aftercare_windows WHERE person = ? AND kind = 'avoid'", person
        )?.instant("ends_at")
        let running = try runningWindows(of: person, at: reading.now, reading).filter { $0.window.kind == .avoid }
        return ([ended].compactMap { $0 } + running.map(\.until)).max()
    }

    /// The windows of a running session, as if its last needle had touched the skin at `at`; empty where no session runs.
    func runningWindows(
        of person: String, at: Instant, _ reading: any Reading
    ) throws -> [(window: Window, from: Instant, until: Instant)] {
        guard let course = try lastCourse(of: person, reading), course.ended == nil,
            at >= min(course.began, reading.now)
        else { return [] }
        // The session runs also where the clock was set back to before its begin.
        let at = max(at, course.began)
        let person = try reading.person(person)
        let zone = reading.zone(of: person)
        return knowledge.windows.map { window in
            // The person's own setting is the one on record, whatever setting the session is for.
            let times = window.times(after: at, person.setting, zone)
            return (window, times.from, times.until)
        }
    }

    /// The session whose needles touched the skin last: one that is running, or the latest.
    func lastCourse(of person: String, _ reading: any Reading) throws -> PastCourse? {
        try reading.store.row(
            """
            SELECT session, began_at, ended_at, areas FROM aftercare_courses WHERE person = ?
            ORDER BY CASE WHEN ended_at IS NULL THEN 0 ELSE 1 END, began_at DESC, session DESC LIMIT 1
            """, person
        ).map { row in
            guard let session = row.integer("session"), let began = row.instant("began_at"),
                let areas = row.text("areas")
            else { throw ModuleError.internal("a row of aftercare_courses cannot be read") }
            return PastCourse(
                session: session, began: began, ended: row.instant("ended_at"),
                areas: areas.split(separator: ",").map(String.init))
        }
    }
}

/// A session on record; without an end it is still running.
struct PastCourse: Sendable {
    let session: Int64
    let began: Instant
    let ended: Instant?
    /// The areas that were treated; empty where they are not on record.
    let areas: [String]
}
