import MneedleBulkKit
import MneedleKit
import MneedleSeries

/// Needling that arrives while no session of its device runs.
extension Telemetry {
    /// The kind of entry for a stretch of such needling. Live subscribers are told of each batch, as
    /// `telemetry.without-session`.
    static let needledWithoutSession = "telemetry.needled-without-session"

    /// Reports needling of now or earlier that no session has watched.
    /// - Parameter isNegative: Whether a depth was rejected as negative.
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
        // Everybody may see an entry without an owner. While the device's owner is not known, the entry waits for the records.
        guard record != nil, try isNow || isNews(needling, batch, device, transaction),
            try beginsStretch(device, isLate: !isNow, transaction)
        else { return }
        body["at"] = Telemetry.instant(min(last, now)).value
        try transaction.record(
            Entry(
                Telemetry.needledWithoutSession, subject: "device/\(device)", person: record?.owner, body: body,
                stands: true))
    }

    /// A time at which needles moved, and the place of the point that says so; `nil` where the point was rejected.
    private struct Needling {
        var time: Int64
        var place: Int?
    }

    /// The needling that no session explains. Points of a little after a session's end are still the session's.
    private func unexplained(
        _ batch: Batch, _ device: String, isNegative: Bool, _ reading: any Reading
    ) throws -> [Needling] {
        let (slot, points, suspects) = (batch.slot, batch.points, batch.suspects)
        // A depth that nobody can read counts as needling.
        let isUnreadable = knowledge.unreadableDepth(in: slot.layout.fields) != nil
        func needles(_ points: Points, _ place: Int) -> Bool {
            isUnreadable || slot.depths.contains { points.columns[$0].number(at: place) > 0 }
        }
        let now = reading.now.nanoseconds
        // A point with an unbelievable time counts as one of now, and so does a rejected one.
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

    /// Whether any of the late needling is new, and not only sent again.
    private func isNews(
        _ needling: [Needling], _ batch: Batch, _ device: String, _ transaction: any Transaction
    ) throws -> Bool {
        batch.points.round(to: precision)
        let isRepeated = try Blocks(transaction: transaction)
            .repeats(in: batch.points, device, batch.slot.layout.series, batch.slot.layout.fields)
        return needling.contains { one in one.place.map { !isRepeated($0) } ?? true }
    }

    /// Notes that the device needles, or that it tells late of it; both are kept apart, so that neither hides the other.
    /// - Returns: Whether the device had been quiet, so that an entry is to be recorded.
    private func beginsStretch(_ device: String, isLate: Bool, _ transaction: any Transaction) throws -> Bool {
        let row = try transaction.store.row(
            "SELECT last_at FROM telemetry_needling WHERE device = ? AND is_late = ?", device, isLate)
        let passed = row?.instant("last_at").map { transaction.now.milliseconds(since: $0) }
        // A second is near enough, and spares most transactions a write.
        if let passed, 0..<1000 ~= passed { return false }
        try transaction.store.execute(
            """
            INSERT INTO telemetry_needling (device, is_late, last_at) VALUES (?, ?, ?)
            ON CONFLICT (device, is_late) DO UPDATE SET last_at = excluded.last_at
            """, device, isLate, transaction.now)
        // If the clock was set back, nobody knows how long ago the last needling was.
        return passed.map { $0 < 0 || $0 >= knowledge.quiet.totalMilliseconds } ?? true
    }

    /// Notes that a session of the device begins: needling after it is another stretch.
    func needlingIsRecorded(_ device: String, _ transaction: any Transaction) throws {
        try transaction.store.execute("DELETE FROM telemetry_needling WHERE device = ?", device)
    }
}
