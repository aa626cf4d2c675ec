import MneedleKit

/// What version 1 of the tables kept: one field of a session in each chunk, without measurement and tags. Turned into
/// blocks piece by piece as soon as the service runs, for migrations are statements and cannot unpack anything.
struct OldChunk {
    let times: [Int64]
    let values: [Double]

    /// - Throws: `Damage` for bytes that are not what was stored.
    init(_ data: [UInt8], checksum: Int64) throws(Damage) {
        guard OldChunk.checksum(data) == checksum else { throw Damage() }
        var packed = Unpacker(data[...])
        let count = try packed.count(atMost: data.count)
        var (times, values): ([Int64], [Double]) = ([], [])
        var (last, step): (Int64, Int64) = (0, 0)
        for _ in 0..<count {
            step = step &+ (try packed.signed())
            last = last &+ step
            times.append(last)
        }
        let mode = try packed.byte()
        guard mode <= 6 || mode == OldChunk.rawBits else { throw Damage() }
        var number: Int64 = 0
        for _ in 0..<count {
            if mode == OldChunk.rawBits {
                values.append(Double(bitPattern: try packed.raw()))
            } else {
                number = number &+ (try packed.signed())
                values.append(Double(number) / Column.powers[Int(mode)])
            }
        }
        guard packed.isAtEnd else { throw Damage() }
        (self.times, self.values) = (times, values)
    }

    private static let rawBits: UInt8 = 255

    /// FNV-1a over the packed bytes.
    static func checksum(_ bytes: [UInt8]) -> Int64 {
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        for byte in bytes { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
        return Int64(bitPattern: hash)
    }

    /// The fewest decimals at which all values are whole numbers; ``Sample/binary`` where there are none.
    var decimals: UInt8 {
        (0...6).first { decimals in
            let power = Column.powers[Int(decimals)]
            return values.allSatisfy { abs($0 * power) < 9e15 && ($0 * power).rounded() / power == $0 }
        } ?? Sample.binary
    }
}

extension Telemetry {
    var conversion: Timer {
        Timer(
            "conversion",
            next: { reading in
                try reading.row("SELECT id FROM telemetry_chunks WHERE points > 0 LIMIT 1").map { _ in reading.now }
            },
            fire: { transaction in
                let row = try transaction.row(
                    """
                    SELECT c.id, c.session, c.field, c.checksum, c.data, s.device FROM telemetry_chunks c
                    LEFT JOIN telemetry_sessions s ON s.session = c.session WHERE c.points > 0 ORDER BY c.id LIMIT 1
                    """)
                guard let row else { return }
                guard let chunk = try? OldChunk(row.blob("data") ?? [], checksum: row.integer("checksum") ?? 0) else {
                    // It stays where it is, for whoever can mend it, and is not tried again.
                    try transaction.execute("UPDATE telemetry_chunks SET points = 0 WHERE id = ?", row.integer("id"))
                    return
                }
                let device = row.text("device") ?? ""
                let blocks = Blocks(transaction: transaction)
                let id = try blocks.series(
                    session: row.integer("session") ?? 0, device: device, name: "telemetry",
                    fields: [Layout.Field(name: row.text("field") ?? "", kind: .float)])
                let column = Column(chunk.values, decimals: chunk.decimals)
                // Different series of a session were not told apart then: what has one time need not be one point.
                try blocks.appendAll(Points(times: chunk.times, columns: [column]), to: id)
                try transaction.execute("DELETE FROM telemetry_chunks WHERE id = ?", row.integer("id"))
            })
    }
}
