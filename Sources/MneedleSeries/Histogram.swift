/// The counts of values, for quantiles: of each value by itself while there are few, else of all values with the same first
/// eight binary digits, which are within 0.8 % of one another.
struct Histogram: Equatable, Sendable {
    /// The greatest number of different values that are counted by themselves; with more, a block counts by the first digits.
    static let mostExact = 128

    struct Bin: Equatable, Sendable {
        var value: Double
        var count: Int
    }

    /// The bins in the order of their values.
    private(set) var bins: [Bin] = []

    init() {}

    mutating func add(_ other: Histogram) {
        var merged: [Bin] = []
        merged.reserveCapacity(bins.count + other.bins.count)
        var (left, right) = (bins[...], other.bins[...])
        while let first = left.first, let second = right.first {
            if first.value == second.value {
                merged.append(Bin(value: first.value, count: first.count.addingClamped(second.count)))
                left.removeFirst()
                right.removeFirst()
            } else if first.value < second.value {
                merged.append(left.removeFirst())
            } else {
                merged.append(right.removeFirst())
            }
        }
        bins = merged + left + right
    }

    /// The value at a place among all values in their order; there must be one.
    func value(at place: Int) -> Double {
        var seen = 0
        for bin in bins {
            seen = seen.addingClamped(bin.count)
            if place < seen { return bin.value }
        }
        return bins.last?.value ?? .nan
    }

    // MARK: Counting

    init(_ column: Column) {
        let numbers = column.numbers
        guard let low = numbers.min(), let high = numbers.max() else { return }
        let (span, isFar) = high.subtractingReportingOverflow(low)
        // The bits of unsigned numbers over and under half their range are not in the order of the numbers.
        let isInOrder = column.decimals != Sample.binary && (column.kind != .unsigned || (low < 0) == (high < 0))
        if !isFar, span < 4096, isInOrder {
            var counts = [Int](repeating: 0, count: Int(span) + 1)
            for number in numbers { counts[Int(number - low)] += 1 }
            let values = counts.indices.filter { counts[$0] > 0 }
            bins = values.map {
                Bin(value: Column.number(low + Int64($0), column.kind, column.decimals), count: counts[$0])
            }
            if bins.count > Histogram.mostExact { bins = Histogram.coarse(bins) }
        } else {
            var counts: [Int: Int] = [:]
            for index in numbers.indices { counts[Histogram.key(of: column.number(at: index)), default: 0] += 1 }
            bins = counts.sorted { $0.key < $1.key }.map { Bin(value: Histogram.value(of: $0.key), count: $0.value) }
        }
    }

    private static func coarse(_ bins: [Bin]) -> [Bin] {
        var coarse: [Bin] = []
        var last: Int?
        for bin in bins {
            let key = key(of: bin.value)
            if key == last {
                coarse[coarse.count - 1].count += bin.count
            } else {
                coarse.append(Bin(value: value(of: key), count: bin.count))
                last = key
            }
        }
        return coarse
    }

    private static let droppedBits: UInt64 = 45
    private static let largestKey: UInt64 = .max >> droppedBits

    /// The sign, the exponent and the first seven digits after the leading one; keys are in the order of their values.
    private static func key(of value: Double) -> Int {
        let key = Int(value.magnitude.bitPattern >> droppedBits)
        return value < 0 ? -key : key
    }

    /// The middle of all values with that key.
    private static func value(of key: Int) -> Double {
        guard key != 0 else { return 0 }
        let middle = Double(bitPattern: UInt64(abs(key)) << droppedBits | 1 << (droppedBits - 1))
        return key < 0 ? -middle : middle
    }

    // MARK: Packing

    private static let asKeys: UInt8 = 254
    private static let asBits: UInt8 = 255
    private static let mostDecimals: UInt8 = 9

    func pack(_ packer: inout Packer) {
        packer.count(bins.count)
        let (form, numbers) = shortest
        packer.byte(form)
        Numbers.pack(numbers, &packer)
        for bin in bins { packer.count(bin.count) }
    }

    /// The values as whole numbers: as keys where each value is the middle of its key, else at the fewest decimals, else as bits.
    private var shortest: (form: UInt8, numbers: [Int64]) {
        let keys = bins.map { Histogram.key(of: $0.value) }
        if zip(bins, keys).allSatisfy({ $0.value == Histogram.value(of: $1) }) {
            return (Histogram.asKeys, keys.map(Int64.init))
        }
        for decimals in 0...Histogram.mostDecimals {
            let power = Column.powers[Int(decimals)]
            let numbers = bins.map { ($0.value * power).rounded() }
            if zip(bins, numbers).allSatisfy({ abs($1) < 0x1p53 && $1 / power == $0.value }) {
                return (decimals, numbers.map { Int64($0) })
            }
        }
        return (Histogram.asBits, bins.map { Int64(bitPattern: $0.value.bitPattern) })
    }

    init(_ unpacker: inout Unpacker) throws(Damage) {
        let count = try unpacker.count(atMost: 1 << 17)
        let form = try unpacker.byte()
        let numbers = try Numbers.unpack(count, &unpacker)
        for number in numbers {
            let value: Double
            switch form {
            case Histogram.asKeys:
                guard number.magnitude <= Histogram.largestKey else { throw Damage() }
                value = Histogram.value(of: Int(number))
            case Histogram.asBits: value = Double(bitPattern: UInt64(bitPattern: number))
            case 0...Histogram.mostDecimals: value = Double(number) / Column.powers[Int(form)]
            default: throw Damage()
            }
            bins.append(Bin(value: value, count: try unpacker.count(atMost: Statistics.mostValues)))
        }
    }
}
