import MneedleKit

/// The stored chunks of a session's fields.
enum Chunks {
    /// Adds values to the field's last chunk, and begins further ones when it is full.
    static func append(_ values: Chunk, session: Int64, field: String, _ transaction: any Transaction) throws {
        var rest = values
        let sql =
            "SELECT id, checksum, data FROM telemetry_chunks WHERE session = ? AND field = ? AND points < ? ORDER BY id DESC LIMIT 1"
        if let row = try transaction.row(sql, session, field, Chunk.capacity), var last = chunk(row) {
            let room = Chunk.capacity - last.count
            last.times += rest.times.prefix(room)
            last.values += rest.values.prefix(room)
            rest.times.removeFirst(min(room, rest.count))
            rest.values.removeFirst(min(room, rest.values.count))
            let data = last.data
            try transaction.execute(
                "UPDATE telemetry_chunks SET first_ns = ?, last_ns = ?, points = ?, checksum = ?, data = ? WHERE id = ?",
                last.times.min(), last.times.max(), last.count, Chunk.checksum(data), data, row.integer("id"))
        }
        while rest.count > 0 {
            var piece = Chunk()
            piece.times = Array(rest.times.prefix(Chunk.capacity))
            piece.values = Array(rest.values.prefix(Chunk.capacity))
            rest.times.removeFirst(piece.count)
            rest.values.removeFirst(piece.count)
            let data = piece.data
            try transaction.execute(
                """
                INSERT INTO telemetry_chunks (session, field, first_ns, last_ns, points, checksum, data)
                VALUES (?, ?, ?, ?, ?, ?, ?)
                """, session, field, piece.times.min(), piece.times.max(), piece.count, Chunk.checksum(data), data)
        }
    }

    /// - Returns: `nil` for a chunk that was damaged on disk.
    static func chunk(_ row: Row) -> Chunk? {
        guard let data = row.blob("data"), Chunk.checksum(data) == row.integer("checksum") else { return nil }
        return Chunk(data: data)
    }

    /// Calls `body` with each whole chunk of a field in the order in which it came.
    /// - Returns: How many chunks were damaged and left out.
    static func forEach(
        session: Int64, field: String, _ reading: any Reading, _ body: (Chunk) throws -> Void
    ) throws -> Int {
        var damaged = 0
        let sql = "SELECT checksum, data FROM telemetry_chunks WHERE session = ? AND field = ? ORDER BY id"
        try reading.forEach(sql, [session.sql, field.sql]) { row in
            if let chunk = chunk(row) { try body(chunk) } else { damaged += 1 }
        }
        return damaged
    }

    static func fields(_ session: Int64, _ reading: any Reading) throws -> [String] {
        try reading.rows("SELECT DISTINCT field FROM telemetry_chunks WHERE session = ? ORDER BY field", session)
            .compactMap { $0.text("field") }
    }

    /// The checksums of all chunks in their order, as the ledger keeps it: telemetry itself is not in the ledger.
    static func digest(_ session: Int64, _ reading: any Reading) throws -> String {
        var packed = Packer()
        try reading.forEach("SELECT checksum FROM telemetry_chunks WHERE session = ? ORDER BY id", [session.sql]) {
            row in
            packed.raw(UInt64(bitPattern: row.integer("checksum") ?? 0))
        }
        return String(UInt64(bitPattern: Chunk.checksum(packed.bytes)), radix: 16)
    }
}
