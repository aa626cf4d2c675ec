import MneedleKit
import MneedleSeries

/// One row of `telemetry.unmatched`.
private struct Unmatched: Reply {
    var device: String
    var points: Int64
    var from: Instant
    var to: Instant
    var until: Instant?

    init(_ row: Row) throws {
        guard let device = row.text("device"), let points = row.integer("points"),
            let first = row.integer("first_ns"), let last = row.integer("last_ns")
        else { throw ModuleError.internal("a row of telemetry_blocks is not complete") }
        (self.device, self.points) = (device, points)
        (from, to, until) = (Telemetry.instant(first), Telemetry.instant(last), row.instant("expires"))
    }

    static let members: [Member<Unmatched>] = [
        Member("device", "which device", \.device), Member("points", "how many", \.points),
        Member("from", "the first", \.from), Member("to", "the last", \.to),
        Member("until", "when the first of them are discarded", \.until),
    ]
}

/// The reply of `telemetry.attach`.
private struct Attached: Reply {
    var attached = 0
    var alarms = 0
    var damaged = 0

    static let members: [Member<Attached>] = [
        Member("attached", "how many points", \.attached), Member("alarms", "alarms raised", \.alarms),
        Member("damaged", "blocks that could not be read and stay where they are, if any") {
            $0.damaged > 0 ? $0.damaged : nil
        },
    ]
}

/// Points that came by `telemetry.sock` while no session of their device ran.
extension Telemetry {
    var unmatched: Command {
        Command(
            "unmatched", "Lists devices with points that belong to no session.", role: .reader,
            gives: Unmatched.self, concerns: .named(rows: ["device"]), example: "telemetry.unmatched",
            lists: { reading, send in
                try reading.store.forEach(
                    """
                    SELECT s.device, SUM(b.points) AS points, MIN(b.first_ns) AS first_ns, MAX(b.last_ns) AS last_ns,
                        MIN(b.expires) AS expires
                    FROM telemetry_series s JOIN telemetry_blocks b ON b.series = s.id
                    WHERE s.session = 0 GROUP BY s.device ORDER BY s.device
                    """, []
                ) { try send(Unmatched($0)) }
            })
    }

    private static let ofDevice = Parameter.optional(
        "device", .slug, "Whose points; the session's own device if left out.")
    private static let from = Parameter.optional(
        "from", .time, "From this time on; from the session's begin if left out.")
    private static let to = Parameter.optional(
        "to", .time, "Up to this time, not included; up to the session's end if left out.")

    var attach: Command {
        Command(
            "attach", "Gives points that belong to no session to one; they are judged as if they came now.",
            role: .operator, takes: Telemetry.session, Telemetry.ofDevice, Telemetry.from, Telemetry.to,
            gives: Attached.self, errors: [.notFound], concerns: .named("session", "device"),
            example: "telemetry.attach session=17",
            writes: { transaction, id, device, from, to in
                let session = try known(id, transaction)
                let (from, to) = (from?.nanoseconds, to?.nanoseconds)
                return try attach(device ?? session.device, to: session, transaction) { time in
                    let isInside = from == nil && to == nil ? session.covers(time) : true
                    return isInside && time >= from ?? .min && time < to ?? .max
                }
            })
    }

    private func attach(
        _ device: String, to session: KnownSession, _ transaction: any Transaction, where belongs: (Int64) -> Bool
    ) throws -> Attached {
        let all = try transaction.store.rows(
            "SELECT * FROM telemetry_series WHERE session = 0 AND device = ? ORDER BY id", device
        ).map { try Series($0, transaction) }
        guard !all.isEmpty else {
            throw ModuleError(
                .notFound,
                "no points of device '\(device)' wait for a session; telemetry.unmatched shows the devices that have some",
                members: ["kind": "points", "id": device])
        }
        let watch = try watch(session, transaction)
        let blocks = Blocks(transaction: transaction)
        var answer = Attached()
        for series in all {
            var own: Points?
            var left: [(points: Points, expires: Instant?)] = []
            for block in try transaction.blocks(series.id) {
                guard let points = try? block.points(transaction) else {
                    answer.damaged += 1
                    continue
                }
                let (mine, others) = points.divided(belongs)
                guard mine.count > 0 else { continue }
                if let own { own.append(mine) } else { own = mine }
                try transaction.store.execute("DELETE FROM telemetry_blocks WHERE id = ?", block.id)
                left.append((others, block.expires))
            }
            // The others are added only now, for adding merges blocks that were still to be read.
            for (points, expires) in left {
                try Blocks(transaction: transaction, expires: expires).append(points, to: series.id)
            }
            guard let own = own?.sorted else { continue }
            do {
                let id = try blocks.series(
                    session: session.session, device: device, name: series.name, fields: series.fields)
                try blocks.append(own, to: id)
            } catch let limit as Series.TooMany {
                throw ModuleError.conflict("session \(session.session) takes no more: \(limit.reason)", state: "full")
            }
            watch.judge(own, series.fields)
            answer.attached += own.count
        }
        if answer.attached > 0 {
            try transaction.record(
                Entry(
                    "telemetry.attached", subject: "session/\(session.session)", person: session.person,
                    body: ["session": session.session, "device": device, "points": answer.attached]))
            let (changes, peaks) = watch.takeChanges()
            try record(changes, peaks, session, transaction)
            if !session.isRunning { try endAlarms(of: session, transaction) }
            try seal(session, transaction)
        }
        answer.alarms = watch.alarms
        return answer
    }

    // MARK: Expiry

    /// Discards points of no session when their time is up; the ledger keeps that there were some.
    var expiry: Timer {
        Timer(
            "expiry",
            next: {
                try $0.store.row("SELECT MIN(expires) AS expires FROM telemetry_blocks WHERE expires IS NOT NULL")?
                    .instant(
                        "expires")
            },
            fire: { transaction in
                let rows = try transaction.store.rows(
                    """
                    SELECT b.id, b.points, b.first_ns, b.last_ns, s.device FROM telemetry_blocks b
                    JOIN telemetry_series s ON b.series = s.id WHERE b.expires <= ? ORDER BY b.expires LIMIT 100
                    """, transaction.now)
                for row in rows {
                    try transaction.store.execute("DELETE FROM telemetry_blocks WHERE id = ?", row.integer("id"))
                }
                for (device, rows) in Dictionary(grouping: rows, by: { $0.text("device") ?? "" }).sorted(by: {
                    $0.key < $1.key
                }) {
                    try transaction.record(
                        Entry(
                            "telemetry.discarded", subject: "device/\(device)",
                            body: [
                                "device": device,
                                "points": rows.reduce(Int64(0)) { $0.addingClamped($1.integer("points") ?? 0) },
                                "from": rows.compactMap { $0.integer("first_ns") }.min().map(Telemetry.instant),
                                "to": rows.compactMap { $0.integer("last_ns") }.max().map(Telemetry.instant),
                            ]))
                }
            })
    }
}

extension Watch {
    /// Judges points that came earlier, in the order of their times.
    func judge(_ points: Points, _ fields: [Layout.Field]) {
        let limits = bind(fields)
        if let field = unreadableDepth(in: fields), let first = points.times.first {
            _ = depthIsUnwatched(field, at: first)
        }
        var newest = Int64.min
        for (place, time) in points.times.enumerated() {
            _ = judge(time: time, newest: newest)
            newest = max(newest, time)
            for (field, limit, unit) in limits {
                _ = judge(points.columns[field].number(at: place) * unit, limit, at: time)
            }
        }
    }
}
