import MneedleKit
import MneedleSeries

/// Points that came by `telemetry.sock` while no session of their device ran.
extension Telemetry {
    var unmatched: Command {
        Command(
            "unmatched", "Lists devices with points that belong to no session.", role: .reader,
            reply: [
                ReplyMember("device", "which device"), ReplyMember("points", "how many"),
                ReplyMember("from", "the first"), ReplyMember("to", "the last"),
                ReplyMember("until", "when the first of them are discarded"),
            ],
            concerns: .named(rows: ["device"]), example: "telemetry.unmatched",
            .lists { _, reading, sink in
                try reading.forEach(
                    """
                    SELECT s.device, SUM(b.points) AS points, MIN(b.first_ns) AS first_ns, MAX(b.last_ns) AS last_ns,
                        MIN(b.expires) AS expires
                    FROM telemetry_series s JOIN telemetry_blocks b ON b.series = s.id
                    WHERE s.session = 0 GROUP BY s.device ORDER BY s.device
                    """, []
                ) { row in
                    try sink([
                        "device": row.text("device"), "points": row.integer("points"),
                        "from": row.integer("first_ns").map(Telemetry.instant),
                        "to": row.integer("last_ns").map(Telemetry.instant), "until": row.instant("expires"),
                    ])
                }
                return [:]
            })
    }

    var attach: Command {
        Command(
            "attach", "Gives points that belong to no session to one; they are judged as if they came now.",
            role: .operator,
            parameters: [
                Telemetry.session,
                .optional("device", .slug, "Whose points; the session's own device if left out."),
                .optional("from", .time, "From this time on; from the session's begin if left out."),
                .optional("to", .time, "Up to this time, not included; up to the session's end if left out."),
            ],
            reply: [
                ReplyMember("attached", "how many points"), ReplyMember("alarms", "alarms raised"),
                ReplyMember("damaged", "blocks that could not be read and stay where they are, if any"),
            ],
            errors: [.notFound], concerns: .named("session", "device"), example: "telemetry.attach session=17",
            .writes { request, transaction in
                let session = try known(request.arguments.requiredInteger("session"), transaction)
                let from = request.arguments.time("from")?.nanoseconds
                let to = request.arguments.time("to")?.nanoseconds
                let device = request.arguments.text("device") ?? session.device
                return try attach(device, to: session, transaction) { time in
                    let isInside = from == nil && to == nil ? session.covers(time) : true
                    return isInside && time >= from ?? .min && time < to ?? .max
                }
            })
    }

    private func attach(
        _ device: String, to session: KnownSession, _ transaction: any Transaction, where belongs: (Int64) -> Bool
    ) throws -> Object {
        let all = try transaction.rows(
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
        var (attached, damaged) = (0, 0)
        for series in all {
            var own: Points?
            var left: [(points: Points, expires: Instant?)] = []
            for block in try transaction.blocks(series.id) {
                guard let points = try? block.points(transaction) else {
                    damaged += 1
                    continue
                }
                let (mine, others) = points.divided(belongs)
                guard mine.count > 0 else { continue }
                if let own { own.append(mine) } else { own = mine }
                try transaction.execute("DELETE FROM telemetry_blocks WHERE id = ?", block.id)
                left.append((others, block.expires))
            }
            // Only now: adding merges blocks that were still to be read.
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
            attached += own.count
        }
        if attached > 0 {
            try transaction.record(
                Entry(
                    "telemetry.attached", subject: "session/\(session.session)", person: session.person,
                    body: ["session": session.session, "device": device, "points": attached]))
            let (changes, peaks) = watch.takeChanges()
            try record(changes, peaks, session, transaction)
            if !session.isRunning { try endAlarms(of: session, transaction) }
            try seal(session, transaction)
        }
        return ["attached": attached, "alarms": watch.alarms, "damaged": damaged > 0 ? damaged : nil]
    }

    // MARK: What nobody wants

    /// Discards points of no session when their time is up; the ledger keeps that they were.
    var expiry: Timer {
        Timer(
            "expiry",
            next: {
                try $0.row("SELECT MIN(expires) AS expires FROM telemetry_blocks WHERE expires IS NOT NULL")?.instant(
                    "expires")
            },
            fire: { transaction in
                let rows = try transaction.rows(
                    """
                    SELECT b.id, b.points, b.first_ns, b.last_ns, s.device FROM telemetry_blocks b
                    JOIN telemetry_series s ON b.series = s.id WHERE b.expires <= ? ORDER BY b.expires LIMIT 100
                    """, transaction.now)
                for row in rows {
                    try transaction.execute("DELETE FROM telemetry_blocks WHERE id = ?", row.integer("id"))
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
