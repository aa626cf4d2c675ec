/// Points as they are on disk: a header that answers for all of them together, and the columns themselves.
///
///     header = version, points, fields × statistics, columns × (kind, decimals, bytes), checksum of the rest
///     data   = the times' bytes, then each column's, so that one column is read without the others
///
/// `Documentation/telemetry.md` describes every byte.
struct Block: Equatable {
    /// A series' points are gathered until a block has so many, which then stays as it is.
    static let capacity = 1 << 14
    /// Damaged bytes could claim any number of points.
    private static let mostPoints = 1 << 24
    private static let version: UInt8 = 1

    var header: [UInt8]
    var data: [UInt8]

    /// What a header says.
    struct Header {
        var points: Int
        /// One for each field of the series, in its order.
        var statistics: [Statistics]
        /// One for each stored column.
        fileprivate var columns: [StoredColumn]
        fileprivate var timesLength: Int

        /// To how many decimals the values of a field are; ``Sample/binary`` where nobody knows.
        func decimals(of field: Int) -> UInt8 {
            // A roll-up has four columns a field, of which the last is the sum.
            let place = columns.count == statistics.count ? field : field * 4 + 3
            return columns.count > place ? columns[place].decimals : Sample.binary
        }
    }

    fileprivate struct StoredColumn {
        var kind: Sample.Kind
        var decimals: UInt8
        var length: Int
    }

    // MARK: Writing

    /// - Parameters:
    ///   - points: In the order of their times.
    ///   - statistics: Of each field; taken from the columns if left out.
    init(_ points: Points, statistics: [Statistics]? = nil) {
        var data = Packer()
        Numbers.pack(points.times, &data)
        let timesLength = data.bytes.count
        var columns = Packer()
        for column in points.columns {
            let start = data.bytes.count
            Block.pack(column, &data)
            columns.byte(column.kind.rawValue)
            columns.byte(column.decimals)
            columns.count(data.bytes.count - start)
        }
        var header = Packer()
        header.byte(Block.version)
        header.count(points.count)
        let statistics = statistics ?? points.columns.map(Statistics.init)
        header.count(statistics.count)
        for each in statistics { each.pack(&header) }
        header.count(timesLength)
        header.count(points.columns.count)
        header.bytes += columns.bytes
        header.raw(Block.checksum(header.bytes[...]))
        (self.header, self.data) = (header.bytes, data.bytes)
    }

    init(header: [UInt8], data: [UInt8]) { (self.header, self.data) = (header, data) }

    private static func pack(_ column: Column, _ packer: inout Packer) {
        guard column.kind != .text else {
            Numbers.pack(column.numbers, &packer)
            return Plane.pack(column.text, &packer)
        }
        if column.decimals == Sample.binary {
            Numbers.packBits(column.numbers, &packer)
        } else {
            Numbers.pack(column.numbers, &packer)
        }
    }

    // MARK: Reading

    static func header(_ bytes: [UInt8], withHistograms: Bool = false) throws(Damage) -> Header {
        guard bytes.count > 8 else { throw Damage() }
        var end = Unpacker(bytes[(bytes.count - 8)...])
        guard try end.raw() == checksum(bytes.dropLast(8)) else { throw Damage() }
        var unpacker = Unpacker(bytes.dropLast(8))
        guard try unpacker.byte() == version else { throw Damage() }
        let points = try unpacker.count(atMost: mostPoints)
        var statistics: [Statistics] = []
        for _ in 0..<(try unpacker.count(atMost: bytes.count)) {
            statistics.append(try Statistics(&unpacker, withHistogram: withHistograms))
        }
        let timesLength = try unpacker.count(atMost: .max)
        var columns: [StoredColumn] = []
        for _ in 0..<(try unpacker.count(atMost: bytes.count)) {
            guard let kind = Sample.Kind(rawValue: try unpacker.byte()) else { throw Damage() }
            columns.append(
                StoredColumn(
                    kind: kind, decimals: try unpacker.byte(), length: try unpacker.count(atMost: .max)))
        }
        guard unpacker.isAtEnd else { throw Damage() }
        return Header(points: points, statistics: statistics, columns: columns, timesLength: timesLength)
    }

    /// The points with all columns, or with just that one.
    func points(onlyColumn: Int? = nil) throws(Damage) -> Points {
        let header = try Block.header(header)
        var rest = Unpacker(data[...])
        var times = Unpacker(try rest.slice(header.timesLength))
        let stamps = try Numbers.unpack(header.points, &times)
        var columns: [Column] = []
        for (index, stored) in header.columns.enumerated() {
            let bytes = try rest.slice(stored.length)
            if onlyColumn == nil || onlyColumn == index {
                columns.append(try Block.column(stored, header.points, bytes))
            }
        }
        guard times.isAtEnd, rest.isAtEnd else { throw Damage() }
        return Points(times: stamps, columns: columns)
    }

    private static func column(
        _ stored: StoredColumn, _ points: Int, _ bytes: ArraySlice<UInt8>
    ) throws(Damage) -> Column {
        guard stored.decimals <= Sample.mostDecimals || stored.decimals == Sample.binary else { throw Damage() }
        var unpacker = Unpacker(bytes)
        let isBits = stored.decimals == Sample.binary
        let numbers =
            isBits
            ? try Numbers.unpackBits(points, &unpacker) : try Numbers.unpack(points, &unpacker)
        var text: [UInt8] = []
        if stored.kind == .text {
            var length = 0
            for number in numbers {
                let (sum, overflow) = length.addingReportingOverflow(Int(number))
                guard number >= 0, !overflow, sum <= mostPoints << 16 else { throw Damage() }
                length = sum
            }
            text = try Plane.unpack(length, &unpacker)
        }
        guard unpacker.isAtEnd else { throw Damage() }
        return Column(kind: stored.kind, decimals: stored.decimals, numbers: numbers, text: text)
    }

    /// FNV-1a: tells accident, not malice; against that the ledger keeps a digest.
    private static func checksum(_ bytes: ArraySlice<UInt8>) -> UInt64 {
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        for byte in bytes { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
        return hash
    }
}
