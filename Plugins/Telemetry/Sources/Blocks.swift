import MneedleKit
import MneedleSeries

/// The stored points of one layout, of a session or of a device outside of any.
struct Series {
    var id: Int64
    /// The session's number; 0 while the points belong to no session.
    var session: Int64
    var device: String
    /// The measurement and tags as they were sent.
    var name: String
    var fields: [Layout.Field]
    /// The milliseconds that one stored row sums up; 0 where each row is one point.
    var stepMilliseconds: Int64

    /// The most series of a device in one session, or outside of any.
    static let mostTogether = 1024
    /// The most series of all devices together, outside of sessions.
    static let mostUnmatched = 16_384

    /// The error of adding a series where there are as many as there may be.
    struct TooMany: Error {
        var reason: String
    }

    init(_ row: Row, _ reading: any Reading) throws {
        id = row.integer("id") ?? 0
        session = row.integer("session") ?? 0
        device = row.text("device") ?? ""
        name = row.text("name") ?? ""
        stepMilliseconds = row.integer("step_ms") ?? 0
        fields = try Series.fields(row.text("fields") ?? "[]", reading)
    }

    // MARK: Fields as a column

    /// The names and kinds of fields as text: `[["depth_mm", 0], …]`.
    static func json(_ fields: [Layout.Field], _ reading: any Reading) -> String {
        reading.store.json(.list(fields.map { .list([.string($0.name), .integer(Int64($0.kind.rawValue))]) }))
    }

    private static func fields(_ json: String, _ reading: any Reading) throws -> [Layout.Field] {
        guard case .list(let pairs) = try reading.store.value(json: json) else { return [] }
        return pairs.compactMap { pair in
            guard case .list(let pair) = pair, pair.count == 2, case .string(let name) = pair[0],
                case .integer(let kind) = pair[1], let kind = UInt8(exactly: kind).flatMap(Sample.Kind.init)
            else { return nil }
            return Layout.Field(name: name, kind: kind)
        }
    }
}

/// The stored blocks.
///
/// Each transaction adds its points as a block of their own. Small blocks of a series are merged, sixteen of a size into
/// one of the next, and all of them once they hold ``Block/capacity`` points: that block is sealed and stays as it is. So
/// a point is written a handful of times, and an acknowledged point is never only in memory.
struct Blocks {
    let transaction: any Transaction
    /// The time at which the blocks that are written now are to be discarded; `nil` for never.
    var expires: Instant?

    private static let sealed: Int64 = 255
    private static let mostOfALevel = 16

    /// The id of the series of that session, device and layout, made if there is none yet.
    func series(
        session: Int64, device: String, name: String, fields: [Layout.Field], stepMilliseconds: Int64 = 0
    ) throws -> Int64 {
        let json = Series.json(fields, transaction)
        if let id = try known(session, device, name, json, stepMilliseconds) { return id }
        if stepMilliseconds == 0 { try makeRoom(session, device) }
        let person = try transaction.store.row("SELECT person FROM telemetry_sessions WHERE session = ?", session)
        return try transaction.store.insert(
            "INSERT INTO telemetry_series (session, person, device, name, fields, step_ms) VALUES (?, ?, ?, ?, ?, ?)",
            session, person?.text("person"), device, name, json, stepMilliseconds)
    }

    func known(
        _ session: Int64, _ device: String, _ name: String, _ fields: String, _ stepMilliseconds: Int64 = 0
    ) throws -> Int64? {
        try transaction.store.row(
            """
            SELECT id FROM telemetry_series
            WHERE session = ? AND device = ? AND name = ? AND fields = ? AND step_ms = ?
            """, session, device, name, fields, stepMilliseconds)?.integer("id")
    }

    /// Makes sure that another series may be added.
    /// - Throws: `Series.TooMany` where none may.
    private func makeRoom(_ session: Int64, _ device: String) throws {
        func count(_ condition: String, _ values: SQLValue...) throws -> Int64 {
            var count: Int64 = 0
            try transaction.store.forEach("SELECT COUNT(*) AS n FROM telemetry_series WHERE \(condition)", values) {
                row in
                count = row.integer("n") ?? 0
            }
            return count
        }
        func isFull() throws -> String? {
            if try count("session = ? AND device = ? AND step_ms = 0", session.sql, device.sql) >= Series.mostTogether {
                return "over \(Series.mostTogether) different sets of tags and fields of one device"
                    + (session == 0 ? " outside of sessions" : " in one session") + "; send what varies as a field"
            }
            if session == 0, try count("session = 0") >= Series.mostUnmatched {
                return "over \(Series.mostUnmatched) different sets of tags and fields outside of sessions"
            }
            return nil
        }
        guard try isFull() != nil else { return }
        // Series without blocks are left over from points that were attached or discarded.
        try transaction.store.execute(
            """
            DELETE FROM telemetry_series WHERE session = 0
            AND NOT EXISTS (SELECT 1 FROM telemetry_blocks b WHERE b.series = telemetry_series.id)
            """)
        if let reason = try isFull() { throw Series.TooMany(reason: reason) }
    }

    /// Adds points. A point of a time that the series has already is the same one sent again: it takes that one's place.
    func append(_ points: Points, to series: Int64) throws {
        try appendAll(try replacingRepeats(points.distinct, series), to: series)
    }

    /// Adds points whose times may be there already.
    func appendAll(_ points: Points, to series: Int64) throws {
        var start = 0
        while points.count - start >= Block.capacity {
            let part =
                start == 0 && points.count == Block.capacity
                ? points : points.picked(start..<start + Block.capacity)
            try insert(part, series, level: Blocks.sealed)
            start += Block.capacity
        }
        if start < points.count {
            try insert(start == 0 ? points : points.picked(start..<points.count), series, level: 0)
            try mergeWhereDue(series)
        }
    }

    func insert(_ points: Points, _ series: Int64, level: Int64, statistics: [Statistics]? = nil) throws {
        let points = points.sorted
        guard let first = points.times.first, let last = points.times.last else { return }
        let block = Block(points, statistics: statistics)
        let person = try transaction.store.row("SELECT person FROM telemetry_series WHERE id = ?", series)
        try transaction.store.execute(
            """
            INSERT INTO telemetry_blocks
                (series, person, level, points, bytes, first_ns, last_ns, expires, digest, header, data)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
            """, series, person?.text("person"), level, points.count, block.header.count + block.data.count, first,
            last, expires, transaction.digests.sha256(block.header + block.data), block.header, block.data)
    }

    /// Inserts a block that is not merged any more.
    func insertSealed(_ points: Points, _ series: Int64, statistics: [Statistics]? = nil) throws {
        try insert(points, series, level: Blocks.sealed, statistics: statistics)
    }

    private func mergeWhereDue(_ series: Int64) throws {
        let levels = try transaction.store.rows(
            """
            SELECT level, COUNT(*) AS blocks, SUM(points) AS points FROM telemetry_blocks
            WHERE series = ? AND level < ? GROUP BY level ORDER BY level
            """, series, Blocks.sealed)
        let open = levels.reduce(Int64(0)) { $0.addingClamped($1.integer("points") ?? 0) }
        if open >= Block.capacity {
            try seal(series)
        } else if let full = levels.first(where: { ($0.integer("blocks") ?? 0) >= Blocks.mostOfALevel }),
            let level = full.integer("level")
        {
            try merge(series, levels: level...level, into: level + 1)
            try mergeWhereDue(series)
        }
    }

    /// Makes one sealed block of all open blocks of a series.
    func seal(_ series: Int64) throws { try merge(series, levels: 0...Blocks.sealed - 1, into: Blocks.sealed) }

    /// Merges the blocks of these levels into one. Damaged blocks stay as they are, sealed, to be reported where they are read.
    private func merge(_ series: Int64, levels: ClosedRange<Int64>, into level: Int64) throws {
        var merged: Points?
        var latest: Instant?
        for row in try transaction.store.rows(
            """
            SELECT id, points, first_ns, last_ns, expires, digest, header, data FROM telemetry_blocks
            WHERE series = ? AND level BETWEEN ? AND ? ORDER BY id
            """, series, levels.lowerBound, levels.upperBound)
        {
            guard let points = try? StoredBlock(row).points(transaction) else {
                try transaction.store.execute(
                    "UPDATE telemetry_blocks SET level = ? WHERE id = ?", Blocks.sealed, row.integer("id"))
                continue
            }
            try transaction.store.execute("DELETE FROM telemetry_blocks WHERE id = ?", row.integer("id"))
            latest = [latest, row.instant("expires")].compactMap { $0 }.max()
            if let merged { merged.append(points) } else { merged = points }
        }
        if let merged {
            try Blocks(transaction: transaction, expires: latest).insert(merged, series, level: level)
        }
    }
}

/// The row of a block. Its header is read without the points.
struct StoredBlock {
    let id: Int64
    let count: Int
    let first: Int64
    let last: Int64
    let expires: Instant?
    private let row: Row

    init(_ row: Row) {
        id = row.integer("id") ?? 0
        count = Int(row.integer("points") ?? 0)
        first = row.integer("first_ns") ?? 0
        last = row.integer("last_ns") ?? 0
        expires = row.instant("expires")
        self.row = row
    }

    func header(withHistograms: Bool = false) throws -> Block.Header {
        let header = try Block.header(row.blob("header") ?? [], withHistograms: withHistograms)
        guard header.points == count else { throw Damage() }
        return header
    }

    /// The points, fetched where the row does not have them. They are checked by the block's digest, and a single column by
    /// the checksum of its bytes.
    func points(_ reading: any Reading, onlyColumn: Int? = nil) throws -> Points {
        let row =
            self.row.columns["data"] == nil
            ? try reading.store.row("SELECT digest, header, data FROM telemetry_blocks WHERE id = ?", id) : self.row
        guard let row, let header = row.blob("header"), let data = row.blob("data"),
            onlyColumn != nil || reading.digests.sha256(header + data) == row.blob("digest")
        else { throw Damage() }
        return try Block(header: header, data: data).points(onlyColumn: onlyColumn)
    }
}

extension Reading {
    /// The series of a session in their order.
    func series(session: Int64) throws -> [Series] {
        try store.rows("SELECT * FROM telemetry_series WHERE session = ? ORDER BY id", session).map {
            try Series($0, self)
        }
    }

    /// The blocks of a series that have anything within these nanoseconds, by their times and without their points.
    func blocks(_ series: Int64, from: Int64 = .min, through: Int64 = .max) throws -> [StoredBlock] {
        try store.rows(
            """
            SELECT id, points, first_ns, last_ns, expires, header FROM telemetry_blocks
            WHERE series = ? AND last_ns >= ? AND first_ns <= ? ORDER BY first_ns, id
            """, series, from, through
        ).map(StoredBlock.init)
    }

    /// The digest of all blocks of a session in their order, as the ledger keeps it, with the numbers of blocks and points.
    func digest(ofSession session: Int64) throws -> (digest: String, blocks: Int, points: Int) {
        var (digests, blocks, points): ([UInt8], Int, Int) = ([], 0, 0)
        try store.forEach(
            """
            SELECT b.digest, b.points FROM telemetry_blocks b JOIN telemetry_series s ON b.series = s.id
            WHERE s.session = ? ORDER BY b.id
            """, [session.sql]
        ) { row in
            digests += row.blob("digest") ?? []
            blocks += 1
            points = points.addingClamped(Int(row.integer("points") ?? 0))
        }
        return (
            self.digests.sha256(digests).map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined(),
            blocks, points
        )
    }
}
