import MneedleKit

/// A session that is over and was not started here.
private struct PastWish {
    var person: String
    var areas: [String]
    var started: Instant
    var minutes: Double
    var device: String?
    var depthMM: Double?
    var setting: Setting?
    var goal: Goal?
    var cartridge: String?
    var operatorName: String?
    var passes: Int64?
    var note: String?

    var ended: Instant { started.adding(milliseconds: Span.minutes(minutes).totalMilliseconds) }
}

extension Sessions {
    private static let at = Parameter.required("at", .time, "When it began.")
    private static let lasted = Parameter.optional(
        "minutes", .number(0...1440), "How long it took; what follows counts from its end.", default: 0)
    private static let withDevice = Parameter.optional(
        "device", .slug, "With what; left out for a device that is not on record.")
    private static let depth = Parameter.optional(
        "depth_mm", .number(0.05...5), "How deep the needles were set, if that is known.")
    private static let inSetting = Parameter.optional(
        "setting", .choice(Setting.self), "Where; the person's own setting if left out.")
    private static let passes = Parameter.optional("passes", .integer(1...50), "How many passes were made.")

    private var pastWish: Parameter<PastWish> {
        .group(
            Sessions.person, areas, Sessions.at, Sessions.lasted, Sessions.withDevice, Sessions.depth,
            Sessions.inSetting,
            Sessions.goal, Sessions.cartridge, Sessions.operatorName, Sessions.passes, Sessions.note, as: PastWish.init)
    }

    var log: Command {
        Command(
            "log",
            "Puts a session on record that is over and was not started here. It counts as if it had been: for the interval, aftercare, cleaning and reminders.",
            role: .operator, takes: pastWish, gives: Finished.self, errors: [.notFound, .conflict],
            concerns: .named("person", "device", "cartridge"),
            example:
                "session.log person=anna areas=cheeks at=\"yesterday 18:00\" minutes=20 device=roller-1 depth_mm=0.3",
            writes: { transaction, wish in
                let person = try transaction.person(wish.person)
                try requireAreas(wish.areas)
                try requirePossible(wish, person, transaction)
                let session = try insert(wish, person, transaction).entry
                try transaction.record(
                    Entry(
                        .sessionFinished, subject: "session/\(session.session)", person: session.person, body: session))
                return Finished(
                    session: session.session,
                    window: answer("scheduling.next", session.person, transaction)?.object("window"),
                    next: next(session, transaction),
                    aftercareUntil: answer("aftercare.until", session.person, transaction)?["until"],
                    findings: try tooManyPasses(session.passes, setting(of: session, transaction)))
            })
    }

    /// What has happened is put on record whatever speaks against it; only what cannot have happened is refused.
    private func requirePossible(_ wish: PastWish, _ person: Person, _ reading: any Reading) throws {
        guard wish.ended <= reading.now else {
            throw ModuleError.invalidArgument(
                Sessions.at.name, expected: "a session that is over", got: wish.started.description,
                "the session would have ended at \(wish.ended), and it is \(reading.now); start one with session.start")
        }
        if let born = person.birthDate, reading.zone(of: person).date(of: wish.started) <= born {
            throw ModuleError.invalidArgument(
                Sessions.at.name, expected: "a time after the person was born", got: wish.started.description)
        }
        if let device = wish.device { _ = try reading.device(device) }
        for record in try reading.records(of: person.person) { try requireFree("person", record, wish, reading) }
        if let device = wish.device { try requireFree("device", device, wish, reading) }
    }

    /// Nobody is in two sessions at once, and no device; nor is one session put on record twice.
    private func requireFree(_ column: String, _ name: String, _ wish: PastWish, _ reading: any Reading) throws {
        let sql = """
            SELECT id, state FROM session_sessions WHERE \(column) = ? AND started <= ? AND (ended IS NULL OR ended >= ?)
            ORDER BY id LIMIT 1
            """
        guard let row = try reading.store.row(sql, name, wish.ended, wish.started), let id = row.integer("id") else {
            return
        }
        throw ModuleError.conflict(
            "session \(id) of that \(column) was at that time; session.show shows it", state: row.text("state") ?? "")
    }

    private func insert(_ wish: PastWish, _ person: Person, _ transaction: any Transaction) throws -> StoredSession {
        let id = try transaction.store.insert(
            """
            INSERT INTO session_sessions (person, device, areas, depth_mm, goal, setting, time_zone, cartridge, operator,
                started, ended, state, passes, note, knowledge, logged)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 'finished', ?, ?, ?, 1)
            """, person.person, wish.device ?? SessionEntry.elsewhere, wish.areas.joined(separator: ","), wish.depthMM,
            (wish.goal ?? person.goal).rawValue, (wish.setting ?? person.setting).rawValue, person.timeZone,
            wish.cartridge, wish.operatorName, wish.started, wish.ended, wish.passes, wish.note,
            transaction.digests.knowledge)
        return try require(id, transaction)
    }
}
