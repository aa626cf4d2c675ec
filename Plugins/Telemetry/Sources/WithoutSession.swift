import MneedleBulkKit
import MneedleKit
import MneedleSeries

/// Needling that arrives while no session of its device runs.
extension Telemetry {
    /// The entry of a stretch of it. Live subscribers are told of each piece, as `telemetry.without-session`.
    static let needledWithoutSession = "telemetry.needled-without-session"

    /// Somebody needles, or has, and no session is there that would have watched it.
    /// - Parameter isNegative: Whether a depth among it was rejected as negative.
    func tellOfNeedling(
        _ batch: Batch, _ device: String, isNegative: Bool, _ transaction: any BulkTransaction
    ) throws {
        let needling = try unexplained(batch, device, isNegative: isNegative, transaction)
        guard let last = needling.map(\.time).max(), try isOnRecord(device, transaction) else { return }
        let record = try? transaction.device(device)
        var body: Object = ["device": device, "at": transaction.now]
        if let owner = record?.owner { body["person"] = .string(owner) }
        let now = transaction.now.nanoseconds
        let isNow = last >= now.subtractingClamped(Receiver.grace)
        if isNow { transaction.publishLive(topic: "telemetry.without-session", body) }
        // An entry without an owner is everybody's to see. While nobody can say whose the device is, it waits for the records.
        guard record != nil, try isNow || isNews(needling, batch, device, transaction),
            try beginsStretch(device, isLate: !isNow, transaction)
        else { return }
        body["at"] = Telemetry.instant(min(last, now)).value
        try transaction.record(
            Entry(
                Telemetry.needledWithoutSession, subject: "device/\(device)", person: record?.owner, body: body,
                stands: true))
    }

    /// When needles moved, and in which point; none where it was rejected.
    private struct Needling {
        var time: Int64
        var place: Int?
    }

    /// Where needles moved and no session explains it: what was measured a little after the end of one was still of it.
    private func unexplained(
        _ batch: Batch, _ device: String, isNegative: Bool, _ reading: any Reading
    ) throws -> [Needling] {
        let (slot, points, suspects) = (batch.slot, batch.points, batch.suspects)
        // A depth that nobody can read is not read as none.
        let isUnreadable = knowledge.unreadableDepth(in: slot.layout.fields) != nil
        func needles(_ points: Points, _ place: Int) -> Bool {
            isUnreadable || slot.depths.contains { points.columns[$0].number(at: place) > 0 }
        }
        let now = reading.now.nanoseconds
        // A stamp that nobody believes counts as now, and so does what was rejected.
        let believed = now.subtractingClamped(keepUnmatchedFor.totalNanoseconds)
        var found = points.times.indices.filter { needles(points, $0) }.map { place in
            Needling(time: points.times[place] < believed ? now : points.times[place], place: place)
        }
        if isNegative || suspects.times.indices.contains(where: { needles(suspects, $0) }) {
            found.append(Needling(time: now))
        }
        guard let first = found.map(\.time).min() else { return [] }
        let sessions = try reading.store.rows(
            "SELECT * FROM telemetry_sessions WHERE device = ? AND ended >= ?", device,
            Instant(nanoseconds: first.subtractingClamped(Receiver.grace))
        ).map(KnownSession.init)
        return found.filter { one in !sessions.contains { $0.covers(one.time) } }
    }

    /// Whether there is any among late points that is not only sent again.
    private func isNews(
        _ needling: [Needling], _ batch: Batch, _ device: String, _ transaction: any Transaction
    ) throws -> Bool {
        batch.points.round(to: precision)
        let isRepeated = try Blocks(transaction: transaction)
            .repeats(in: batch.points, device, batch.slot.layout.series, batch.slot.layout.fields)
        return needling.contains { one in one.place.map { !isRepeated($0) } ?? true }
    }

    /// Notes that the device needles, or that it tells late of it: the one hides nothing of the other.
    /// - Returns: Whether it had been quiet, so that this is to be told.
    private func beginsStretch(_ device: String, isLate: Bool, _ transaction: any Transaction) throws -> Bool {
        let row = try transaction.store.row(
            "SELECT last_at FROM telemetry_needling WHERE device = ? AND is_late = ?", device, isLate)
        let passed = row?.instant("last_at").map { transaction.now.milliseconds(since: $0) }
        // To the second is near enough, and spares most transactions a write.
        if let passed, 0..<1000 ~= passed { return false }
        try transaction.store.execute(
            """
            INSERT INTO telemetry_needling (device, is_late, last_at) VALUES (?, ?, ?)
            ON CONFLICT (device, is_late) DO UPDATE SET last_at = excluded.last_at
            """, device, isLate, transaction.now)
        // After a clock that was set back nobody knows how long ago it was.
        return passed.map { $0 < 0 || $0 >= knowledge.quiet.totalMilliseconds } ?? true
    }

    /// A session of the device begins: what comes after it is another stretch.
    func needlingIsRecorded(_ device: String, _ transaction: any Transaction) throws {
        try transaction.store.execute("DELETE FROM telemetry_needling WHERE device = ?", device)
    }
}
