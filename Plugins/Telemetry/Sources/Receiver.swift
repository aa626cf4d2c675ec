import MneedleKit

/// Takes the lines for one session, or of a collector that names sessions by their device.
final class Receiver: BulkReceiver {
    private let telemetry: Telemetry
    /// The one session of `telemetry.stream`; `nil` for the collector.
    private let only: Int64?
    private var targets: [Int64: Target] = [:]
    private var devices: [String: Int64] = [:]
    private var count = BulkCount(accepted: 0, rejected: 0)
    private var alarms = 0
    private var lines = 0
    private var firstErrors: [Object] = []

    init(_ telemetry: Telemetry, only session: KnownSession?) {
        self.telemetry = telemetry
        only = session?.session
        if let session { targets[session.session] = Target(session, telemetry.knowledge) }
    }

    /// A session's limits, what they are breached by, and the values that wait to be stored.
    final class Target {
        let session: KnownSession
        let limits: [Knowledge.Limit]
        var breached: Set<String> = []
        var lastTime: Int64 = .min
        var waiting: [String: Chunk] = [:]
        var points = 0

        init(_ session: KnownSession, _ knowledge: Knowledge) {
            self.session = session
            limits = knowledge.limits(planned: session.depthMM)
        }
    }

    func receive(_ bytes: UnsafeRawBufferPointer, _ transaction: any Transaction) throws -> BulkCount {
        try refresh(transaction)
        let bytes = bytes.bindMemory(to: UInt8.self)
        var rest = bytes[...]
        while let end = rest.firstIndex(of: 10) {
            var line = UnsafeBufferPointer(rebasing: rest[..<end])
            if line.last == 13 { line = UnsafeBufferPointer(rebasing: line.dropLast()) }
            rest = rest[(end + 1)...]
            lines += 1
            try take(line, transaction)
        }
        for target in targets.values { try store(target, transaction) }
        return count
    }

    /// A session may have ended since the last lines.
    private func refresh(_ transaction: any Transaction) throws {
        for session in targets.keys {
            let known = try telemetry.known(session, transaction)
            guard !known.isRunning else { continue }
            if only != nil {
                throw ModuleError.conflict("session \(session) has ended; its stream ends with it", state: "ended")
            }
            targets[session] = nil
            devices[known.device] = nil
        }
    }

    private func take(_ line: UnsafeBufferPointer<UInt8>, _ transaction: any Transaction) throws {
        do {
            guard let point = try LineParser.parse(line) else { return }
            guard let target = try target(of: point, transaction) else {
                return reject(
                    1, "no running session has the point's device: add the tag device=NAME, or start a session")
            }
            let time = point.time ?? transaction.now.milliseconds &* 1_000_000
            if let reason = reason(against: time, target, transaction.now) { return reject(1, reason) }
            try judge(point, time, target, transaction)
            for field in point.fields { target.waiting[field.key, default: Chunk()].append(time, field.value) }
            target.points += 1
            count.accepted += 1
        } catch let error as PointError {
            reject(error.column, error.reason)
        }
    }

    private func target(of point: Point, _ transaction: any Transaction) throws -> Target? {
        if let only { return targets[only] }
        guard let device = point.tag("device") else { return nil }
        if let session = devices[device] { return targets[session] }
        guard let session = try telemetry.running(device: device, transaction) else { return nil }
        devices[device] = session.session
        let target = Target(session, telemetry.knowledge)
        targets[session.session] = target
        return target
    }

    /// Times in the future or long before the session are a wrong clock or a wrong unit.
    private func reason(against time: Int64, _ target: Target, _ now: Instant) -> String? {
        let milliseconds = time / 1_000_000
        let grace: Int64 = 60_000
        if milliseconds > now.milliseconds + grace {
            return "the timestamp is in the future; it counts nanoseconds since 1970"
        }
        if milliseconds < target.session.started.milliseconds - grace {
            return "the timestamp is before the session began; it counts nanoseconds since 1970"
        }
        return nil
    }

    private func reject(_ column: Int, _ reason: String) {
        count.rejected += 1
        if firstErrors.count < 10 { firstErrors.append(["line": lines, "column": column, "reason": reason]) }
    }

    // MARK: Alarms

    private func judge(_ point: Point, _ time: Int64, _ target: Target, _ transaction: any Transaction) throws {
        let at = Instant(milliseconds: time / 1_000_000)
        if target.lastTime != .min,
            Double(target.lastTime &- time) / 1e9 > telemetry.knowledge.clockToleranceSeconds
        {
            try breach("clock-backwards", target, field: nil, value: nil, limit: nil, at, transaction)
        } else {
            target.breached.remove("clock-backwards")
        }
        target.lastTime = time
        for field in point.fields {
            for limit in target.limits where limit.field == field.key {
                if let most = limit.most, field.value > most {
                    try breach(limit.code, target, field: field.key, value: field.value, limit: most, at, transaction)
                } else if let least = limit.least, field.value < least {
                    try breach(limit.code, target, field: field.key, value: field.value, limit: least, at, transaction)
                } else if target.breached.contains(limit.code), isBack(field.value, limit) {
                    try end(limit.code, target, at, transaction)
                }
            }
        }
    }

    private func isBack(_ value: Double, _ limit: Knowledge.Limit) -> Bool {
        value <= (limit.most ?? .infinity) - limit.margin && value >= (limit.least ?? -.infinity) + limit.margin
    }

    /// One alarm a breach, however many points it lasts.
    private func breach(
        _ code: String, _ target: Target, field: String?, value: Double?, limit: Double?, _ at: Instant,
        _ transaction: any Transaction
    ) throws {
        guard target.breached.insert(code).inserted else { return }
        alarms += 1
        try telemetry.raise(code, target.session, field: field, value: value, limit: limit, at: at, transaction)
    }

    private func end(_ code: String, _ target: Target, _ at: Instant, _ transaction: any Transaction) throws {
        target.breached.remove(code)
        let session = target.session
        try transaction.execute(
            "UPDATE telemetry_alarms SET over_at = ? WHERE session = ? AND code = ? AND over_at IS NULL", at,
            session.session, code)
        try transaction.record(
            Entry(
                "telemetry.alarm-over", subject: "session/\(session.session)", person: session.person,
                body: ["session": session.session, "code": code, "at": at]))
    }

    // MARK: Storing

    private func store(_ target: Target, _ transaction: any Transaction) throws {
        guard !target.waiting.isEmpty else { return }
        var newest: Object = ["session": target.session.session]
        for (field, chunk) in target.waiting.sorted(by: { $0.key < $1.key }) {
            try Chunks.append(chunk, session: target.session.session, field: field, transaction)
            newest[field] = chunk.values.last.map(Value.number)
        }
        target.waiting.removeAll(keepingCapacity: true)
        try transaction.execute(
            "UPDATE telemetry_sessions SET last_heard = ? WHERE session = ?", transaction.now, target.session.session)
        transaction.publishLive(topic: "telemetry.sample", newest)
    }

    func finish(_ transaction: any Transaction) throws -> Object {
        for target in targets.values where target.points > 0 {
            let session = target.session.session
            try transaction.record(
                Entry(
                    "telemetry.stored", subject: "session/\(session)", person: target.session.person,
                    body: [
                        "session": session, "points": target.points, "digest": try Chunks.digest(session, transaction),
                    ]))
        }
        return [
            "accepted": count.accepted, "rejected": count.rejected, "alarms": alarms, "first_errors": firstErrors,
        ]
    }
}
