/// The count, bounds, sum and distribution of a field's values, without the values.
public struct Statistics: Equatable, Sendable {
    /// The greatest accepted count: more than any session has, and few enough that the sum over all blocks fits 64 bits.
    static let mostValues = 1 << 40

    /// The number of values.
    public private(set) var count = 0
    /// The least value; infinite while there are none.
    public private(set) var least = Double.infinity
    /// The greatest value; negative infinite while there are none.
    public private(set) var most = -Double.infinity
    /// The sum of all values.
    public private(set) var sum = 0.0
    /// The first value by its time.
    public private(set) var first = 0.0
    /// The last value by its time.
    public private(set) var last = 0.0
    private(set) var histogram = Histogram()

    /// The mean; NaN while there are no values.
    public var mean: Double { sum / Double(count) }

    /// Adds the statistics of values that came later.
    public mutating func append(_ later: Statistics) {
        guard later.count > 0 else { return }
        if count == 0 { first = later.first }
        last = later.last
        count = count.addingClamped(later.count)
        least = min(least, later.least)
        most = max(most, later.most)
        sum += later.sum
        histogram.add(later.histogram)
    }

    /// The least value that at least the given share of all values does not exceed (nearest rank): exact while every block has
    /// at most ``Histogram/mostExact`` different values, else within 0.4 %.
    public func quantile(_ share: Double) -> Double {
        let rank = Int(clamping: (share * Double(count)).rounded(.up))
        return min(max(histogram.value(at: min(max(rank, 1), count) - 1), least), most)
    }

    /// The statistics of no values.
    public init() {}

    /// The statistics of a column; `nil` for one of texts.
    ///
    /// - Parameter column: The values in the order of their times.
    public init(_ column: Column) {
        guard column.isNumeric, !column.numbers.isEmpty else { return }
        count = column.numbers.count
        (first, last) = (column.number(at: 0), column.number(at: count - 1))
        let isScaled = column.kind != .unsigned && column.decimals != Sample.binary
        if isScaled, let (low, high, total) = column.wholeFigures(0..<count) {
            // Sums of whole numbers are exact.
            least = Column.number(low, column.kind, column.decimals)
            most = Column.number(high, column.kind, column.decimals)
            sum = Column.number(total, column.kind, column.decimals)
        } else {
            for index in column.numbers.indices {
                let value = column.number(at: index)
                (least, most, sum) = (min(least, value), max(most, value), sum + value)
            }
        }
        histogram = Histogram(column)
    }

    // MARK: Packing

    func pack(_ packer: inout Packer) {
        packer.count(count)
        guard count > 0 else { return }
        for value in [least, most, sum, first, last] { packer.raw(value.bitPattern) }
        var bins = Packer()
        histogram.pack(&bins)
        packer.count(bins.bytes.count)
        packer.bytes += bins.bytes
    }

    /// - Parameter withHistogram: Whether to read the histogram; without it no quantile may be asked for.
    init(_ unpacker: inout Unpacker, withHistogram: Bool) throws(Damage) {
        count = try unpacker.count(atMost: Statistics.mostValues)
        guard count > 0 else { return }
        least = Double(bitPattern: try unpacker.raw())
        most = Double(bitPattern: try unpacker.raw())
        sum = Double(bitPattern: try unpacker.raw())
        first = Double(bitPattern: try unpacker.raw())
        last = Double(bitPattern: try unpacker.raw())
        var bins = Unpacker(try unpacker.slice(try unpacker.count(atMost: .max)))
        if withHistogram { histogram = try Histogram(&bins) }
    }
}
