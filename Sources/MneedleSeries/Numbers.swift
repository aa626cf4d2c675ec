/// The packing of a column of whole numbers: as the difference of each number from its prediction, in planes of the
/// differences' first, second, … bytes. The model is the one whose predictions make the differences smallest.
enum Numbers {
    /// The prediction of a number from those before it. `Documentation/decisions/0103-prediction-models.md` says why these two.
    private enum Model: UInt8, CaseIterable {
        /// A number on a line: for values that scatter about a level, and times of a clock that jitters and does not drift.
        case line = 0
        /// The number before and a constant step: for values and times that drift.
        case step = 1
    }

    static func pack(_ numbers: [Int64], _ packer: inout Packer) {
        let tens = commonTens(numbers)
        let numbers = tens == 0 ? numbers : numbers.map { $0 / powers[tens] }
        packer.byte(UInt8(tens))
        guard let (model, base, step) = best(numbers) else { return }
        let differences = differences(of: numbers, model, base, step)
        packer.byte(model.rawValue)
        packer.signed(base)
        packer.signed(step)
        let planes = (64 - (differences.max() ?? 0).leadingZeroBitCount + 7) / 8
        packer.byte(UInt8(planes))
        for plane in 0..<planes {
            Plane.pack(differences.map { UInt8(truncatingIfNeeded: $0 >> UInt64(plane * 8)) }, &packer)
        }
    }

    static func unpack(_ count: Int, _ unpacker: inout Unpacker) throws(Damage) -> [Int64] {
        let tens = Int(try unpacker.byte())
        guard tens < powers.count else { throw Damage() }
        guard count > 0 else { return [] }
        guard let model = Model(rawValue: try unpacker.byte()) else { throw Damage() }
        let (base, step) = (try unpacker.signed(), try unpacker.signed())
        let planes = Int(try unpacker.byte())
        guard planes <= 8 else { throw Damage() }
        var numbers = [Int64](repeating: 0, count: count)
        for plane in 0..<planes { join(try Plane.unpack(count, &unpacker), plane, to: &numbers) }
        restore(&numbers, model, base, step, powers[tens])
        return numbers
    }

    /// Puts each byte into its place of a number.
    private static func join(_ bytes: [UInt8], _ plane: Int, to numbers: inout [Int64]) {
        // The buffers are unsafe for speed: a query spends its time in these loops. Both have the same number of elements.
        numbers.withUnsafeMutableBufferPointer { numbers in
            bytes.withUnsafeBufferPointer { bytes in
                let shift = Int64(plane * 8)
                for index in 0..<numbers.count { numbers[index] |= Int64(bytes[index]) &<< shift }
            }
        }
    }

    private static let powers: [Int64] = (0...9).map { power in (0..<power).reduce(1) { number, _ in number * 10 } }

    /// The number of zeros that every number ends with, at most nine.
    private static func commonTens(_ numbers: [Int64]) -> Int {
        var tens = powers.count - 1
        for number in numbers {
            while number % powers[tens] != 0 { tens -= 1 }
            if tens == 0 { break }
        }
        return tens
    }

    /// The model whose differences have the fewest binary digits, judged by some of the numbers.
    private static func best(_ numbers: [Int64]) -> (model: Model, base: Int64, step: Int64)? {
        var best: (model: Model, base: Int64, step: Int64)?
        var least = Int.max
        let places = stride(from: min(2, numbers.count - 1), to: numbers.count, by: max(1, numbers.count / mostJudged))
        for model in Model.allCases {
            guard let (base, step) = fit(model, numbers) else { continue }
            let cost = places.reduce(0) { sum, place in
                let difference =
                    switch model {
                    case .line: numbers[place] &- onLine(place, base, step)
                    case .step: place < 1 ? 0 : numbers[place] &- numbers[place - 1] &- step
                    }
                return sum + 64 - zigzag(difference).leadingZeroBitCount
            }
            if cost < least { (best, least) = ((model, base, step), cost) }
        }
        return best
    }

    private static let mostJudged = 1024

    /// A model's two parameters for these numbers; `nil` where it does not fit them at all.
    private static func fit(_ model: Model, _ numbers: [Int64]) -> (base: Int64, step: Int64)? {
        guard let first = numbers.first else { return nil }
        let (span, isTooFar) = numbers.last!.subtractingReportingOverflow(first)
        let steps = Int64(numbers.count - 1)
        switch model {
        case .line:
            // The means of both halves are as good as a regression line, and need no care with large squares.
            let half = numbers.count / 2
            guard half >= 2, !isTooFar, span.magnitude < 1 << 40 else { return nil }
            func mean(_ part: ArraySlice<Int64>) -> Double {
                part.reduce(0.0) { $0 + Double($1 &- first) } / Double(part.count)
            }
            let (early, late) = (mean(numbers[..<half]), mean(numbers[half..<2 * half]))
            let slope = (late - early) / Double(half)
            let start = early - slope * Double(half - 1) / 2
            guard abs(slope) < 0x1p40, abs(start) < 0x1p60 else { return nil }
            return (first &+ Int64(start), Int64(slope * Double(1 << stepBits)))
        case .step: return (first, isTooFar || steps == 0 ? 0 : span / steps)
        }
    }

    /// The binary digits of a line's step after the point, so that rounding does not add up over a whole block.
    private static let stepBits: Int64 = 16

    private static func onLine(_ place: Int, _ base: Int64, _ step: Int64) -> Int64 {
        base &+ ((step &* Int64(place)) >> stepBits)
    }

    private static func differences(of numbers: [Int64], _ model: Model, _ base: Int64, _ step: Int64) -> [UInt64] {
        var differences: [UInt64] = []
        differences.reserveCapacity(numbers.count)
        switch model {
        case .line:
            for (place, number) in numbers.enumerated() {
                differences.append(zigzag(number &- onLine(place, base, step)))
            }
        case .step:
            var expected = base
            for number in numbers {
                differences.append(zigzag(number &- expected))
                expected = number &+ step
            }
        }
        return differences
    }

    /// Restores numbers from their differences from the model's predictions.
    private static func restore(
        _ numbers: inout [Int64], _ model: Model, _ base: Int64, _ step: Int64, _ unit: Int64
    ) {
        numbers.withUnsafeMutableBufferPointer { numbers in
            for index in 0..<numbers.count { numbers[index] = unzigzag(UInt64(bitPattern: numbers[index])) }
            switch model {
            case .line: for index in 0..<numbers.count { numbers[index] &+= onLine(index, base, step) }
            case .step:
                var expected = base
                for index in 0..<numbers.count {
                    numbers[index] &+= expected
                    expected = numbers[index] &+ step
                }
            }
            if unit > 1 { for index in 0..<numbers.count { numbers[index] &*= unit } }
        }
    }

    // MARK: Bits

    /// Packs numbers that are bits of something else, as the bits that change from each to the next.
    static func packBits(_ numbers: [Int64], _ packer: inout Packer) {
        var last: Int64 = 0
        let changes = numbers.map { number in
            defer { last = number }
            return UInt64(bitPattern: number ^ last)
        }
        for plane in 0..<8 {
            Plane.pack(changes.map { UInt8(truncatingIfNeeded: $0 >> UInt64(plane * 8)) }, &packer)
        }
    }

    static func unpackBits(_ count: Int, _ unpacker: inout Unpacker) throws(Damage) -> [Int64] {
        var numbers = [Int64](repeating: 0, count: count)
        for plane in 0..<8 { join(try Plane.unpack(count, &unpacker), plane, to: &numbers) }
        var last: Int64 = 0
        return numbers.map { change in
            last ^= change
            return last
        }
    }
}
