/// The values of one field, exactly as they were sent: decimal numbers as whole numbers at one common precision, other
/// floating-point numbers bit by bit, texts as their bytes. A zero has no sign here.
public final class Column {
    /// The type of all its values.
    public let kind: Sample.Kind
    /// The number of decimals of `numbers`; ``Sample/binary`` where they are the bits of `Double`s.
    public var decimals: UInt8 { ownDecimals }
    /// The values; for texts their lengths in bytes.
    public var numbers: [Int64] { ownNumbers }
    /// The texts one after the other.
    public var text: [UInt8] { ownText }

    // These are private, so that the compiler sees every access to them: accesses to a public stored property are checked at
    // run time, which would take a fifth of the time of a line.
    private var ownDecimals: UInt8
    private var ownNumbers: [Int64]
    private var ownText: [UInt8]

    /// - Parameters:
    ///   - decimals: The number of decimals, at most fifteen, or ``Sample/binary``.
    ///   - text: The bytes of the texts, as many as the sum of the numbers, which are then the lengths of the texts.
    public init(kind: Sample.Kind, decimals: UInt8 = 0, numbers: [Int64] = [], text: [UInt8] = []) {
        self.kind = kind
        ownDecimals = decimals
        ownNumbers = numbers
        ownText = text
    }

    /// Ten to the power of each allowed number of decimals.
    public static let powers: [Double] = (0...Int(Sample.mostDecimals)).map { power in
        (0..<power).reduce(1.0) { value, _ in value * 10 }
    }

    // MARK: Adding

    func append(_ sample: Sample, _ line: UnsafeBufferPointer<UInt8>) {
        if sample.kind == .text {
            appendText(
                UnsafeBufferPointer(rebasing: line[Int(sample.bits >> 32)...].prefix(Int(sample.bits & 0xFFFF_FFFF))))
        } else if sample.decimals == ownDecimals {
            ownNumbers.append(sample.bits)
        } else {
            appendFloat(sample)
        }
    }

    /// Adds a text, without its escapes.
    private func appendText(_ quoted: UnsafeBufferPointer<UInt8>) {
        let bytes = LineReader.unescaped(quoted, LineReader.isQuotable).utf8
        ownText += bytes
        ownNumbers.append(Int64(bytes.count))
    }

    /// Adds a number whose precision is not that of the numbers before it.
    private func appendFloat(_ sample: Sample) {
        if decimals != Sample.binary, sample.decimals != Sample.binary {
            let common = max(decimals, sample.decimals)
            if let number = Column.scaled(sample.bits, by: common - sample.decimals), scaleUp(to: common) {
                return ownNumbers.append(number)
            }
        }
        makeBinary()
        ownNumbers.append(Int64(bitPattern: Column.double(sample.bits, sample.decimals).bitPattern))
    }

    /// - Returns: `nil` where the result would no longer be exactly one `Double`.
    private static func scaled(_ number: Int64, by digits: UInt8) -> Int64? {
        let (product, overflow) = number.multipliedReportingOverflow(by: Int64(powers[Int(digits)]))
        return overflow || product.magnitude > Sample.largestMantissa ? nil : product
    }

    private func scaleUp(to common: UInt8) -> Bool {
        guard common > decimals else { return true }
        var scaled: [Int64] = []
        scaled.reserveCapacity(numbers.count + 1)
        for number in numbers {
            guard let number = Column.scaled(number, by: common - decimals) else { return false }
            scaled.append(number)
        }
        (ownNumbers, ownDecimals) = (scaled, common)
        return true
    }

    private func makeBinary() {
        guard decimals != Sample.binary else { return }
        ownNumbers = numbers.map { Int64(bitPattern: Column.double($0, decimals).bitPattern) }
        ownDecimals = Sample.binary
    }

    func append(_ other: Column) {
        if other.decimals == decimals || numbers.isEmpty {
            ownDecimals = other.decimals
            ownNumbers += other.numbers
            ownText += other.text
        } else {
            for number in other.numbers {
                appendFloat(Sample(kind: kind, decimals: other.decimals, bits: number))
            }
        }
    }

    func picked(_ places: some Collection<Int>) -> Column {
        guard kind == .text else {
            return Column(kind: kind, decimals: decimals, numbers: places.map { numbers[$0] })
        }
        let ends = numbers.reduce(into: [0]) { $0.append($0.last! + Int($1)) }
        return Column(
            kind: kind, numbers: places.map { numbers[$0] },
            text: places.flatMap { text[ends[$0]..<ends[$0 + 1]] })
    }

    // MARK: Reading

    @usableFromInline
    static func double(_ bits: Int64, _ decimals: UInt8) -> Double {
        decimals == Sample.binary
            ? Double(bitPattern: UInt64(bitPattern: bits)) : Double(bits) / powers[Int(decimals)]
    }

    /// The value as a number; a boolean is 1 or 0.
    public func number(at index: Int) -> Double { Column.number(numbers[index], kind, decimals) }

    /// The number that stored bits mean for a kind and a number of decimals.
    @inlinable
    public static func number(_ bits: Int64, _ kind: Sample.Kind, _ decimals: UInt8) -> Double {
        switch kind {
        case .float: double(bits, decimals)
        case .unsigned: Double(UInt64(bitPattern: bits))
        case .integer, .boolean, .text: Double(bits)
        }
    }

    /// The places where the texts begin; it must not be read while texts are still added.
    private lazy var textStarts = numbers.reduce(into: [0]) { $0.append($0.last! + Int($1)) }

    func textBytes(at index: Int) -> ArraySlice<UInt8> { text[textStarts[index]..<textStarts[index + 1]] }

    /// The least, the greatest and the sum of some of the stored whole numbers; `nil` where the sum does not fit 64 bits.
    public func wholeFigures(_ places: Range<Int>) -> (least: Int64, most: Int64, sum: Int64)? {
        numbers.withUnsafeBufferPointer { numbers in
            var (least, most, sum) = (numbers[places.lowerBound], numbers[places.lowerBound], Int64(0))
            for place in places {
                let number = numbers[place]
                least = min(least, number)
                most = max(most, number)
                let (total, overflow) = sum.addingReportingOverflow(number)
                guard !overflow else { return nil }
                sum = total
            }
            return (least, most, sum)
        }
    }

    func has(at place: Int, theValueOf other: Column, at otherPlace: Int) -> Bool {
        switch kind {
        case .text: textBytes(at: place) == other.textBytes(at: otherPlace)
        case .float where decimals != other.decimals: number(at: place) == other.number(at: otherPlace)
        default: numbers[place] == other.numbers[otherPlace]
        }
    }

    /// Whether its values can be plotted or summed up: whether they are no texts.
    public var isNumeric: Bool { kind != .text }
}
