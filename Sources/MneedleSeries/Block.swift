/// Points as they are on disk: a header with the statistics of all of them, and the columns themselves.
///
///     header = version, points, fields × statistics, times' section, columns × (kind, decimals, section), checksum
///     data   = the times' bytes, then each column's, so that one column can be read without the others
///
/// `Documentation/telemetry.md` describes every byte.
public struct Block: Equatable, Sendable {
    /// The number of points in a full block. A series' points are gathered up to it; a full block no longer changes.
    public static let capacity = 1 << 14
    /// The greatest accepted number of points; damaged bytes could claim any.
    private static let mostPoints = 1 << 24
    /// The greatest accepted number of bytes of text: more than the longest lines of two full blocks have.
    private static let mostText = 1 << 32
    private static let version: UInt8 = 1

    /// The count, the section of the times and the statistics of all the points, which can be read without unpacking them.
    public var header: [UInt8]
    /// The times and the columns.
    public var data: [UInt8]

    /// The content of a header.
    public struct Header {
        /// The number of points.
        public var points: Int
        /// The statistics of each field of the series, in the series' order.
        public var statistics: [Statistics]
        /// The stored columns.
        fileprivate var columns: [StoredColumn]
        fileprivate var times: Section

        /// The number of decimals of a field's values; ``Sample/binary`` where it is not known.
        public func decimals(of field: Int) -> UInt8 {
            // A roll-up has four columns a field, of which the last is the sum.
            let place = columns.count == statistics.count ? field : field * 4 + 3
            return columns.count > place ? columns[place].decimals : Sample.binary
        }
    }

    /// The length and checksum of a part of the data: a reader checks the parts that it reads, and no others.
    struct Section {
        var length: Int
        var checksum: UInt64

        init(_ bytes: ArraySlice<UInt8>) {
            length = bytes.count
            checksum = Block.quickChecksum(bytes)
        }

        init(_ unpacker: inout Unpacker) throws(Damage) {
            length = try unpacker.count(atMost: .max)
            checksum = try unpacker.raw()
        }

        func pack(_ packer: inout Packer) {
            packer.count(length)
            packer.raw(checksum)
        }

        func check(_ bytes: ArraySlice<UInt8>) throws(Damage) {
            guard Block.quickChecksum(bytes) == checksum else { throw Damage() }
        }
    }

    struct StoredColumn {
        var kind: Sample.Kind
        var decimals: UInt8
        var section: Section
    }

    // MARK: Writing

    /// - Parameters:
    ///   - points: The points in the order of their times.
    ///   - statistics: The statistics of each field; computed from the columns if left out.
    public init(_ points: Points, statistics: [Statistics]? = nil) {
        var data = Packer()
        Numbers.pack(points.times, &data)
        let times = Section(data.bytes[...])
        var columns = Packer()
        for column in points.columns {
            let start = data.bytes.count
            Block.pack(column, &data)
            columns.byte(column.kind.rawValue)
            columns.byte(column.decimals)
            Section(data.bytes[start...]).pack(&columns)
        }
        var header = Packer()
        header.byte(Block.version)
        header.count(points.count)
        let statistics = statistics ?? points.columns.map(Statistics.init)
        header.count(statistics.count)
        for each in statistics { each.pack(&header) }
        times.pack(&header)
        header.count(points.columns.count)
        header.bytes += columns.bytes
        header.raw(Block.checksum(header.bytes[...]))
        (self.header, self.data) = (header.bytes, data.bytes)
    }

    /// A block as it was stored; only reading it shows whether the bytes are a block.
    public init(header: [UInt8], data: [UInt8]) { (self.header, self.data) = (header, data) }

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

    /// Reads a header, without any points.
    ///
    /// - Parameter withHistograms: Whether to read the histograms; without them no quantile may be asked for.
    public static func header(_ bytes: [UInt8], withHistograms: Bool = false) throws(Damage) -> Header {
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
        let times = try Section(&unpacker)
        var columns: [StoredColumn] = []
        for _ in 0..<(try unpacker.count(atMost: bytes.count)) {
            guard let kind = Sample.Kind(rawValue: try unpacker.byte()) else { throw Damage() }
            columns.append(
                StoredColumn(kind: kind, decimals: try unpacker.byte(), section: try Section(&unpacker)))
        }
        guard unpacker.isAtEnd else { throw Damage() }
        return Header(points: points, statistics: statistics, columns: columns, times: times)
    }

    /// The points' times alone.
    public func times() throws(Damage) -> [Int64] {
        let header = try Block.header(header)
        var rest = Unpacker(data[...])
        return try times(header, &rest)
    }

    private func times(_ header: Header, _ rest: inout Unpacker) throws(Damage) -> [Int64] {
        let bytes = try rest.slice(header.times.length)
        try header.times.check(bytes)
        var times = Unpacker(bytes)
        let stamps = try Numbers.unpack(header.points, &times)
        guard times.isAtEnd else { throw Damage() }
        return stamps
    }

    /// The points with all columns, or with just that one.
    public func points(onlyColumn: Int? = nil) throws(Damage) -> Points {
        let header = try Block.header(header)
        var rest = Unpacker(data[...])
        let stamps = try times(header, &rest)
        var columns: [Column] = []
        for (index, stored) in header.columns.enumerated() {
            let bytes = try rest.slice(stored.section.length)
            if onlyColumn == nil || onlyColumn == index {
                try stored.section.check(bytes)
                columns.append(try Block.column(stored, header.points, bytes))
            }
        }
        guard rest.isAtEnd else { throw Damage() }
        return Points(times: stamps, columns: columns)
    }

    static func column(
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
                guard number >= 0, !overflow, sum <= mostText else { throw Damage() }
                length = sum
            }
            text = try Plane.unpack(length, &unpacker)
        }
        guard unpacker.isAtEnd else { throw Damage() }
        return Column(kind: stored.kind, decimals: stored.decimals, numbers: numbers, text: text)
    }

    /// A checksum over eight bytes at a time, for long parts that are read often.
    private static func quickChecksum(_ bytes: ArraySlice<UInt8>) -> UInt64 {
        bytes.withUnsafeBytes { bytes in
            var hash = UInt64(bytes.count) &* 0x9E37_79B9_7F4A_7C15
            var place = 0
            while bytes.count - place >= 8 {
                let word = UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: place, as: UInt64.self))
                hash = (hash ^ word) &* 0x9E37_79B9_7F4A_7C15
                hash ^= hash >> 32
                place += 8
            }
            for byte in bytes[place...] { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
            return hash
        }
    }

    /// The FNV-1a checksum, which detects accidents; against malice the ledger keeps a digest.
    static func checksum(_ bytes: ArraySlice<UInt8>) -> UInt64 {
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        for byte in bytes { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
        return hash
    }
}
