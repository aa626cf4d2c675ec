import Logging
import MneedleKit

/// The store's notes about the clock, and the ledger's entries about it.
enum ClockNotes {
    static let jumped = "mneedled.clock-jumped"
    static let accepted = "mneedled.clock-accepted"

    /// The stored state of the clock; an empty one where it is damaged.
    static func state(in connection: any StoreConnection) throws -> ClockWatch.State {
        var state = ClockWatch.State()
        let row = try connection.first("SELECT latest, jumped FROM mneedle_clock")
        if case .integer(let latest)? = row?["latest"], case .integer(let jumped)? = row?["jumped"] {
            state.latest = time(latest)
            state.jumped = bounded(jumped)
        }
        return state
    }

    /// The time at which the newest entry was recorded, or the first of those before it whose own time is not damaged.
    static func newest(in connection: any StoreConnection) throws -> Instant? {
        var newest: Instant?
        try connection.forEach("SELECT at FROM mneedle_ledger ORDER BY seq DESC LIMIT 100", [], of: Verb.host) { row in
            if newest == nil, case .integer(let milliseconds) = row["at"] { newest = time(milliseconds) }
        }
        return newest
    }

    /// Logs that the clock was set, once the entry about it is in the ledger.
    static func tell(_ events: [PublishedEvent], _ logger: Logger) {
        for event in events where event.topic == jumped {
            logger.say(.clockJumped, .warning, "the clock was set: \(String(decoding: event.body, as: UTF8.self))")
        }
    }

    /// A stored time; an absurd one from a damaged store becomes the farthest time that can be counted with.
    static func time(_ milliseconds: Int64) -> Instant {
        Instant(milliseconds: bounded(milliseconds))
    }

    private static func bounded(_ milliseconds: Int64) -> Int64 { min(max(milliseconds, .min / 4096), .max / 4096) }
}

extension StoreTransaction {
    /// The time of the clock without its jumps: it goes on evenly however the clock is set.
    package var steadyNow: Instant { Instant(milliseconds: now.milliseconds - clockWatch.state.jumped) }

    /// Looks at the clock, and notes it in the ledger when it was set.
    ///
    /// Runs outside of any request's savepoint: the note stays when the request fails.
    /// - Returns: The time.
    func noteClock() throws -> Instant {
        let reading = engine.clock.reading()
        guard let jump = clockWatch.jump(at: reading) else { return reading.now }
        (actor, module, now) = (.service, Verb.host, reading.now)
        clockWatch.take(jump)
        hasWrittenAny = true
        try keepClock()
        let entry = Entry(
            ClockNotes.jumped, subject: "clock",
            body: ["from": jump.from, "to": jump.to, "by_seconds": Double(jump.milliseconds) / 1000])
        events.append(
            try mapped { try ledger.append(entry, of: nil, module: module, actor: actor, at: now, to: writing) })
        return reading.now
    }

    private func keepClock() throws {
        let sql = """
            INSERT INTO mneedle_clock (id, latest, jumped) VALUES (1, ?, ?)
            ON CONFLICT (id) DO UPDATE SET latest = excluded.latest, jumped = excluded.jumped
            """
        let values = bindings(clockWatch.state.latest, clockWatch.state.jumped)
        _ = try mapped { try writing.run(sql, values, of: Verb.host) }
    }

    /// Accepts the clock as right though it was set back: entries with later dates were dated wrongly.
    func acceptClock(note: String) throws -> AcceptedClock {
        guard let latest = try clockIsBehind() else {
            throw ModuleError.conflict("the clock is behind nothing that is known", state: "right")
        }
        let facts = AcceptedClock(latest: latest, accepted: now, note: note)
        willWrite()
        clockWatch.state.latest = now
        try keepClock()
        try append(Entry(ClockNotes.accepted, subject: "clock", body: facts.object))
        return facts
    }
}

extension StoreReading {
    /// The latest time that is known, when the clock is behind it by more than a correction can be; otherwise `nil`.
    func clockIsBehind() throws -> Instant? {
        let sql = """
            SELECT (SELECT latest FROM mneedle_clock) AS latest,
                (SELECT at FROM mneedle_ledger ORDER BY seq DESC LIMIT 1) AS newest
            """
        guard let row = try within(Verb.host, { try row(sql) }) else { return nil }
        let known = [row.integer("latest"), row.integer("newest")].compactMap { $0.map(ClockNotes.time) }
        guard let latest = known.max(), latest.milliseconds - now.milliseconds > engine.clockTolerance else {
            return nil
        }
        return latest
    }

    /// Fails closed: by a clock that was set back, a block that ends at a time ends too late.
    func findingsOfClock() -> [Finding] {
        do {
            guard let latest = try clockIsBehind() else { return [] }
            return [
                Finding(
                    code: "clock-behind", severity: .contraindicated,
                    message: "The service's clock shows \(now), and it was \(latest) already: "
                        + "what depends on the time cannot be judged.",
                    advice: "Do not start a session. Set the clock right; if it is right now and was wrong before, an "
                        + "administrator says so with 'ledger.accept-clock'.",
                    until: .instant(latest), sources: [], module: Verb.host)
            ]
        } catch {
            return [.moduleUnavailable((Verb.host, "the time is not known: \(describe(error))"))]
        }
    }

    /// The problems of the clock and of reactions, in words for `status`.
    func hostProblems() throws -> [String] {
        let behind = try clockIsBehind().map {
            "the clock shows \(now), and it was \($0) already: no session starts until it is right, or 'ledger.accept-clock' says that it is"
        }
        return [behind].compactMap { $0 }
            + (try failedReactions().map { "\($0.text); it is tried again, and at once on reload" })
    }
}
