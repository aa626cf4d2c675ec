#if canImport(MneedleSeries)
@testable import MneedleSeries
#endif

/// What must hold for any bytes; for the tests and for the fuzzer (Tests/Fuzz/SeriesFuzzer.swift).
enum AnyBytes {
    /// More are not asked for: damaged bytes may claim millions.
    private static let mostPoints = 4096
    private static let mostText = 1 << 20

    /// Reads bytes as each part of a block, and works with what comes of it.
    ///
    /// - Returns: What is wrong.
    static func read(_ bytes: [UInt8]) -> String? {
        let count = Int(bytes.first ?? 0)
        let rest = bytes.dropFirst()
        var unpacker = Unpacker(rest)
        if let numbers = try? Numbers.unpack(count, &unpacker), numbers.count != count { return "other many numbers" }
        unpacker = Unpacker(rest)
        if let numbers = try? Numbers.unpackBits(count, &unpacker), numbers.count != count { return "other many bits" }
        unpacker = Unpacker(rest)
        if let plane = try? Plane.unpack(count, &unpacker), plane.count != count { return "other many bytes" }
        unpacker = Unpacker(rest)
        if var statistics = try? Statistics(&unpacker, withHistogram: true) {
            statistics.append(statistics)
            for share in [0, 0.5, 0.95, 1] { _ = statistics.quantile(share) }
        }
        readColumns(rest, count)
        let sealed = header(rest)
        guard let header = try? Block.header(sealed, withHistograms: true), header.points <= mostPoints else {
            return nil
        }
        let block = Block(header: sealed, data: bytes)
        if let times = try? block.times(), times.count != header.points { return "other many times" }
        return nil
    }

    /// Bytes as a header whose checksum is right.
    static func header(_ bytes: some Sequence<UInt8>) -> [UInt8] {
        var packer = Packer()
        packer.bytes += bytes
        packer.raw(Block.checksum(packer.bytes[...]))
        return packer.bytes
    }

    private static func readColumns(_ bytes: ArraySlice<UInt8>, _ count: Int) {
        for kind in (0...4).compactMap(Sample.Kind.init) {
            for decimals in [0, 3, UInt8(Sample.mostDecimals), Sample.binary] {
                if kind == .text, isLong(bytes, count) { continue }
                let stored = Block.StoredColumn(kind: kind, decimals: decimals, section: Block.Section(bytes))
                guard let column = try? Block.column(stored, count, bytes) else { continue }
                use(column)
            }
        }
    }

    /// Whether lengths of texts come to more than is worth the while.
    private static func isLong(_ bytes: ArraySlice<UInt8>, _ count: Int) -> Bool {
        var unpacker = Unpacker(bytes)
        let lengths = (try? Numbers.unpack(count, &unpacker)) ?? []
        return lengths.contains { !(0...Int64(mostText)).contains($0) } || lengths.reduce(0, +) > mostText
    }

    /// Does with a column whatever is done with one.
    private static func use(_ column: Column) {
        for place in column.numbers.indices {
            _ = (column.number(at: place), column.plainText(at: place), column.lineText(at: place))
        }
        for statistics in [Statistics(column), Statistics(column.picked(column.numbers.indices.reversed()))] {
            _ = statistics.quantile(0.5)
            var packer = Packer()
            statistics.pack(&packer)
        }
        let joined = Column(kind: column.kind, decimals: 1, numbers: column.kind == .text ? [] : [10])
        joined.append(column)
        guard !column.numbers.isEmpty else { return }
        let columns = RollUp.Columns(column).summed([column.numbers.count])
        let points = Points(times: [0], columns: columns)
        _ = RollUp.Columns(points, field: 0)?.counted(at: 0)
    }

    /// Packs bytes as numbers, as doubles and as texts, and reads them again.
    ///
    /// - Returns: What has changed.
    static func roundTrip(_ bytes: [UInt8]) -> String? {
        let width = Int(bytes.first ?? 0) % 8 + 1
        var numbers: [Int64] = []
        for start in stride(from: 1, to: max(1, bytes.count - width + 1), by: width) {
            let bits = bytes[start..<start + width].reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
            // The sign is that of the first byte, so that small numbers of both signs come up.
            let shift = UInt64(64 - 8 * width)
            numbers.append(Int64(bitPattern: bits << shift) >> Int64(shift))
        }
        let texts = Column(kind: .text, numbers: numbers.map { $0 & 3 })
        let length = texts.numbers.reduce(0) { $0 + Int($1) }
        let columns = [
            Column(kind: .integer, numbers: numbers), Column(kind: .unsigned, numbers: numbers),
            Column(kind: .float, decimals: 3, numbers: numbers.map { $0 >> 11 }),
            Column(kind: .float, decimals: Sample.binary, numbers: numbers),
            Column(kind: .text, numbers: texts.numbers, text: (0..<length).map { bytes[$0 % bytes.count] }),
        ]
        let points = Points(times: numbers.sorted(), columns: columns)
        guard let back = try? Block(points).points() else { return "a block is not read" }
        guard back.times == points.times else { return "times" }
        for (old, new) in zip(columns, back.columns) {
            guard old.kind == new.kind, old.decimals == new.decimals, old.numbers == new.numbers, old.text == new.text
            else { return "\(old.kind) of \(old.decimals) decimals" }
        }
        return nil
    }
}
