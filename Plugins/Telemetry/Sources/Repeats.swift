import MneedleKit
import MneedleSeries

/// A series has one point of each time: a point that is sent again, because an `ACK` was lost or by a second connection,
/// is stored once.
///
/// Points mostly come in the order of their times. So one look into an index tells whether any of them can be stored
/// already; only blocks that reach over one of their times are read.
extension Blocks {
    /// The points that are still to be stored, without those that are stored already with the same values. Stored points of
    /// the same times with other values are deleted.
    /// - Parameter points: The points in the order of their times, each time once.
    func replacingRepeats(_ points: Points, _ series: Int64) throws -> Points {
        var repeated: Set<Int> = []
        for block in try blocks(series, around: points.times) {
            guard let (stored, pairs) = try common(points, block) else { continue }
            let same = pairs.filter { points.says(at: $0.place, theSameAs: stored, at: $0.stored) }
            repeated.formUnion(same.map(\.place))
            guard same.count < pairs.count else { continue }
            let going = Set(pairs.map(\.stored)).subtracting(same.map(\.stored))
            try transaction.store.execute("DELETE FROM telemetry_blocks WHERE id = ?", block.id)
            try Blocks(transaction: transaction, expires: block.expires).insert(
                stored.picked((0..<stored.count).filter { !going.contains($0) }), series, level: block.level)
        }
        return points.without(repeated)
    }

    /// The points of no session without those that a session of the device has already: these were sent once more after its
    /// end.
    func withoutThoseOfSessions(
        _ points: Points, _ device: String, _ name: String, _ fields: [Layout.Field]
    ) throws -> Points {
        let points = points.distinct
        guard let first = points.times.first, let last = points.times.last else { return points }
        let json = Series.json(fields, transaction)
        var repeated: Set<Int> = []
        let sessions = try transaction.store.rows(
            "SELECT session FROM telemetry_sessions WHERE device = ? AND started <= ? AND ended >= ?", device,
            Instant(nanoseconds: last.addingClamped(Receiver.grace)),
            Instant(nanoseconds: first.subtractingClamped(Receiver.grace)))
        for session in sessions.compactMap({ $0.integer("session") }) {
            guard let series = try known(session, device, name, json) else { continue }
            for block in try blocks(series, around: points.times) {
                guard let (stored, pairs) = try common(points, block) else { continue }
                for pair in pairs where points.says(at: pair.place, theSameAs: stored, at: pair.stored) {
                    repeated.insert(pair.place)
                }
            }
        }
        return points.without(repeated)
    }

    /// A test of a device's points, in whatever order: whether the one at a place is stored already with the same values, of
    /// no session or of any.
    func repeats(
        in points: Points, _ device: String, _ name: String, _ fields: [Layout.Field]
    ) throws -> (_ place: Int) -> Bool {
        let times = points.distinct
        let all = try transaction.store.rows(
            "SELECT id FROM telemetry_series WHERE device = ? AND name = ? AND fields = ? AND step_ms = 0", device,
            name, Series.json(fields, transaction))
        var known: [Int64: [(stored: Points, place: Int)]] = [:]
        for series in all.compactMap({ $0.integer("id") }) {
            for block in try blocks(series, around: times.times) {
                guard let (stored, pairs) = try common(times, block) else { continue }
                for pair in pairs { known[stored.times[pair.stored], default: []].append((stored, pair.stored)) }
            }
        }
        return { place in
            (known[points.times[place]] ?? []).contains { points.says(at: place, theSameAs: $0.stored, at: $0.place) }
        }
    }

    /// A block that reaches over the time of a point.
    private struct Near {
        var id: Int64
        var level: Int64
        var expires: Instant?
    }

    private func blocks(_ series: Int64, around times: [Int64]) throws -> [Near] {
        guard let first = times.first, let last = times.last else { return [] }
        var blocks: [Near] = []
        try transaction.store.forEach(
            """
            SELECT id, level, expires, first_ns, last_ns FROM telemetry_blocks
            WHERE series = ? AND last_ns >= ? AND first_ns <= ?
            """, [series.sql, first.sql, last.sql]
        ) { row in
            guard let first = row.integer("first_ns"), let last = row.integer("last_ns") else { return }
            let place = times.firstPlace { $0 >= first }
            guard place < times.count, times[place] <= last else { return }
            blocks.append(
                Near(id: row.integer("id") ?? 0, level: row.integer("level") ?? 0, expires: row.instant("expires")))
        }
        return blocks
    }

    /// The places of points, and of the block's points, that have the same times.
    /// - Returns: `nil` where there are none. The times of a damaged block are not known, and it stays as it is.
    private func common(
        _ points: Points, _ block: Near
    ) throws -> (stored: Points, pairs: [(place: Int, stored: Int)])? {
        let row = try transaction.store.row(
            "SELECT id, points, first_ns, last_ns, expires, digest, header, data FROM telemetry_blocks WHERE id = ?",
            block.id)
        guard let row, let times = try? Block(header: row.blob("header") ?? [], data: row.blob("data") ?? []).times()
        else { return nil }
        var pairs: [(place: Int, stored: Int)] = []
        var place = points.times.firstPlace { $0 >= times.first ?? .max }
        for (index, time) in times.enumerated() {
            while place < points.count, points.times[place] < time { place += 1 }
            guard place < points.count else { break }
            if points.times[place] == time { pairs.append((place, index)) }
        }
        // The whole block is read only where there are points of the same times.
        guard !pairs.isEmpty, let stored = try? StoredBlock(row).points(transaction),
            stored.columns.count == points.columns.count
        else { return nil }
        return (stored, pairs)
    }
}

extension Batch {
    /// The points behind an earlier one that are new, and not sent again by this connection or another.
    func newBehind(of telemetry: Telemetry, in transaction: any Transaction) throws -> [Behind] {
        guard let session = slot.watch?.session else { return [] }
        let behind = behind.filter { session.covers(points.times[$0.place]) }
        guard !behind.isEmpty else { return [] }
        points.round(to: telemetry.precision)
        let late = points.picked(behind.map(\.place))
        let isStored = try Blocks(transaction: transaction)
            .repeats(in: late, session.device, slot.layout.series, slot.layout.fields)
        // The first of two equal points may have come with the same batch.
        let times = Set(late.times)
        var places: [Int64: [Int]] = [:]
        for place in points.times.indices where times.contains(points.times[place]) {
            places[points.times[place], default: []].append(place)
        }
        return behind.enumerated().filter { index, one in
            let earlier = (places[points.times[one.place]] ?? []).prefix { $0 < one.place }
            return !isStored(index) && !earlier.contains { points.says(at: one.place, theSameAs: points, at: $0) }
        }.map(\.element)
    }
}

extension Points {
    fileprivate func without(_ places: Set<Int>) -> Points {
        places.isEmpty ? self : picked((0..<count).filter { !places.contains($0) })
    }
}

extension [Int64] {
    /// The first place whose time fulfils the condition, as all later ones then have to; the count where none does.
    fileprivate func firstPlace(where holds: (Int64) -> Bool) -> Int {
        var (low, high) = (0, count)
        while low < high {
            let middle = low + (high - low) / 2
            if holds(self[middle]) { high = middle } else { low = middle + 1 }
        }
        return low
    }
}
