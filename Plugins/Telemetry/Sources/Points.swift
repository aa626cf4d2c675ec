/// Points of one layout, column by column.
final class Points {
    /// Nanoseconds since 1970.
    private(set) var times: [Int64] = []
    /// One for each field of the layout, in its order.
    let columns: [Column]

    init(_ fields: [Layout.Field]) { columns = fields.map { Column(kind: $0.kind) } }

    init(times: [Int64], columns: [Column]) {
        self.times = times
        self.columns = columns
    }

    var count: Int { times.count }

    /// - Parameter line: Where the samples that are texts lie.
    func append(_ time: Int64, _ samples: UnsafePointer<Sample>, _ line: UnsafeBufferPointer<UInt8>) {
        times.append(time)
        for (index, column) in columns.enumerated() { column.append(samples[index], line) }
    }

    func append(_ other: Points) {
        times += other.times
        for (column, more) in zip(columns, other.columns) { column.append(more) }
    }

    /// The points at these places, in this order.
    func picked(_ places: some Collection<Int>) -> Points {
        Points(times: places.map { times[$0] }, columns: columns.map { $0.picked(places) })
    }

    /// The same points in the order of their times; those of one time stay in theirs.
    var sorted: Points {
        let isSorted = zip(times, times.dropFirst()).allSatisfy { $0 <= $1 }
        if isSorted { return self }
        return picked(times.indices.sorted { (times[$0], $0) < (times[$1], $1) })
    }

    /// The same points in the order of their times, of each time the one that came last.
    var distinct: Points {
        if zip(times, times.dropFirst()).allSatisfy({ $0 < $1 }) { return self }
        let sorted = sorted
        let last = sorted.count - 1
        return sorted.picked(sorted.times.indices.filter { $0 == last || sorted.times[$0] != sorted.times[$0 + 1] })
    }

    /// Those whose times the condition takes, and the others.
    func divided(_ condition: (Int64) -> Bool) -> (own: Points, others: Points) {
        let own = times.indices.filter { condition(times[$0]) }
        if own.count == count { return (self, picked([])) }
        return (picked(own), picked(times.indices.filter { !condition(times[$0]) }))
    }

    /// Whether two points of the same series say the same.
    func says(at place: Int, theSameAs other: Points, at otherPlace: Int) -> Bool {
        zip(columns, other.columns).allSatisfy { $0.has(at: place, theValueOf: $1, at: otherPlace) }
    }

    /// Rounds times down to whole units.
    func round(to precision: Precision) {
        guard precision != .ns else { return }
        let unit = precision.nanoseconds
        for index in times.indices {
            let rest = times[index] % unit
            times[index] &-= rest < 0 ? rest + unit : rest
        }
    }
}

/// The values of one field, exactly as they were sent: decimal numbers as whole numbers at the precision that all of them
/// have, other floating-point numbers bit by bit, texts as their bytes. A zero has no sign here.
final class Column {
    let kind: Sample.Kind
    /// By how many digits the point stands left in `numbers`; ``Sample/binary`` where they are the bits of `Double`s.
    private(set) var decimals: UInt8
    /// The values; for texts their lengths in bytes.
    private(set) var numbers: [Int64]
    /// The texts one after the other.
    private(set) var text: [UInt8]

    init(kind: Sample.Kind, decimals: UInt8 = 0, numbers: [Int64] = [], text: [UInt8] = []) {
        self.kind = kind
        self.decimals = decimals
        self.numbers = numbers
        self.text = text
    }

    static let powers: [Double] = (0...Int(Sample.mostDecimals)).map { power in
        (0..<power).reduce(1.0) { value, _ in value * 10 }
    }

    // MARK: Adding

    func append(_ sample: Sample, _ line: UnsafeBufferPointer<UInt8>) {
        if sample.kind == .text {
            appendText(
                UnsafeBufferPointer(rebasing: line[Int(sample.bits >> 32)...].prefix(Int(sample.bits & 0xFFFF_FFFF))))
        } else if sample.decimals == decimals {
            numbers.append(sample.bits)
        } else {
            appendFloat(sample)
        }
    }

    /// Takes the text without its escapes.
    private func appendText(_ quoted: UnsafeBufferPointer<UInt8>) {
        let bytes = LineReader.unescaped(quoted, LineReader.isQuotable).utf8
        text += bytes
        numbers.append(Int64(bytes.count))
    }

    /// A number of another precision than those before it.
    private func appendFloat(_ sample: Sample) {
        if decimals != Sample.binary, sample.decimals != Sample.binary {
            let common = max(decimals, sample.decimals)
            if let number = Column.scaled(sample.bits, by: common - sample.decimals), scaleUp(to: common) {
                return numbers.append(number)
            }
        }
        makeBinary()
        numbers.append(Int64(bitPattern: Column.double(sample.bits, sample.decimals).bitPattern))
    }

    /// - Returns: `nil` where it would no longer be exactly one `Double`.
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
        (numbers, decimals) = (scaled, common)
        return true
    }

    private func makeBinary() {
        guard decimals != Sample.binary else { return }
        numbers = numbers.map { Int64(bitPattern: Column.double($0, decimals).bitPattern) }
        decimals = Sample.binary
    }

    func append(_ other: Column) {
        if other.decimals == decimals || numbers.isEmpty {
            decimals = other.decimals
            numbers += other.numbers
            text += other.text
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

    private static func double(_ bits: Int64, _ decimals: UInt8) -> Double {
        decimals == Sample.binary
            ? Double(bitPattern: UInt64(bitPattern: bits)) : Double(bits) / powers[Int(decimals)]
    }

    /// The value as a number; a boolean is 1 or 0.
    func number(at index: Int) -> Double { Column.number(numbers[index], kind, decimals) }

    static func number(_ bits: Int64, _ kind: Sample.Kind, _ decimals: UInt8) -> Double {
        switch kind {
        case .float: double(bits, decimals)
        case .unsigned: Double(UInt64(bitPattern: bits))
        case .integer, .boolean, .text: Double(bits)
        }
    }

    /// Where each text begins; not to be asked while texts are still added.
    private lazy var textStarts = numbers.reduce(into: [0]) { $0.append($0.last! + Int($1)) }

    func textBytes(at index: Int) -> ArraySlice<UInt8> { text[textStarts[index]..<textStarts[index + 1]] }

    /// The least, the greatest and the sum of some of the stored whole numbers; `nil` where the sum is too great for one.
    func wholeFigures(_ places: Range<Int>) -> (least: Int64, most: Int64, sum: Int64)? {
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

    /// Whether there is anything in it to plot or to sum up.
    var isNumeric: Bool { kind != .text }
}
