import CZstd
import Synchronization

/// Writes whole numbers in as few bytes as they need.
struct Packer {
    var bytes: [UInt8] = []

    mutating func byte(_ byte: UInt8) { bytes.append(byte) }

    mutating func unsigned(_ number: UInt64) {
        var rest = number
        while rest >= 0x80 {
            bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        bytes.append(UInt8(rest))
    }

    mutating func count(_ number: Int) { unsigned(UInt64(number)) }

    mutating func signed(_ number: Int64) { unsigned(zigzag(number)) }

    mutating func raw(_ number: UInt64) {
        for shift in stride(from: 0, to: 64, by: 8) { bytes.append(UInt8(truncatingIfNeeded: number >> UInt64(shift))) }
    }
}

/// Reads what ``Packer`` wrote; throws where the bytes end too early or say too much.
struct Unpacker {
    private let bytes: ArraySlice<UInt8>
    private var position: Int

    init(_ bytes: ArraySlice<UInt8>) {
        self.bytes = bytes
        position = bytes.startIndex
    }

    var isAtEnd: Bool { position == bytes.endIndex }

    mutating func byte() throws(Damage) -> UInt8 {
        guard position < bytes.endIndex else { throw Damage() }
        defer { position += 1 }
        return bytes[position]
    }

    mutating func unsigned() throws(Damage) -> UInt64 {
        var number: UInt64 = 0
        for shift in stride(from: UInt64(0), to: 70, by: 7) {
            let byte = try byte()
            number |= UInt64(byte & 0x7F) << shift
            if byte < 0x80 { return number }
        }
        throw Damage()
    }

    /// A number that no more than so many things can have.
    mutating func count(atMost most: Int) throws(Damage) -> Int {
        let number = try unsigned()
        guard number <= UInt64(most) else { throw Damage() }
        return Int(number)
    }

    mutating func signed() throws(Damage) -> Int64 { unzigzag(try unsigned()) }

    mutating func raw() throws(Damage) -> UInt64 {
        var number: UInt64 = 0
        for shift in stride(from: UInt64(0), to: 64, by: 8) { number |= UInt64(try byte()) << shift }
        return number
    }

    mutating func slice(_ count: Int) throws(Damage) -> ArraySlice<UInt8> {
        guard bytes.endIndex - position >= count else { throw Damage() }
        defer { position += count }
        return bytes[position..<position + count]
    }
}

/// Stored bytes that are not what was stored.
struct Damage: Error, Equatable {}

/// Small magnitudes as small numbers: 0, -1, 1, -2, 2 as 0, 1, 2, 3, 4.
func zigzag(_ number: Int64) -> UInt64 { UInt64(bitPattern: (number << 1) ^ (number >> 63)) }
func unzigzag(_ number: UInt64) -> Int64 { Int64(bitPattern: (number >> 1) ^ (0 &- (number & 1))) }

// MARK: - Bytes

/// Packs bytes that have something in common: as they are, as one byte that all are, or by zstd, whichever is least.
enum Plane {
    private static let asTheyAre: UInt8 = 0
    private static let allEqual: UInt8 = 1
    private static let zstd: UInt8 = 2
    private static let level: Int32 = 3

    static func pack(_ bytes: [UInt8], _ packer: inout Packer) {
        if let first = bytes.first, bytes.allSatisfy({ $0 == first }) {
            packer.byte(allEqual)
            return packer.byte(first)
        }
        if let packed = compressed(bytes), packed.count < bytes.count {
            packer.byte(zstd)
            packer.count(packed.count)
            packer.bytes += packed
        } else {
            packer.byte(asTheyAre)
            packer.bytes += bytes
        }
    }

    /// - Returns: `nil` where it is not worth the while.
    private static func compressed(_ bytes: [UInt8]) -> [UInt8]? {
        guard bytes.count > 32 else { return nil }
        return [UInt8](unsafeUninitializedCapacity: ZSTD_compressBound(bytes.count)) { room, count in
            let length = bytes.withUnsafeBytes { bytes in
                Workspace.compressing.use {
                    ZSTD_compressCCtx($0, room.baseAddress, room.count, bytes.baseAddress, bytes.count, level)
                }
            }
            // Larger than it was where it failed, so that it is stored as it is.
            count = ZSTD_isError(length) == 0 ? length : room.count
        }
    }

    static func unpack(_ count: Int, _ unpacker: inout Unpacker) throws(Damage) -> [UInt8] {
        switch try unpacker.byte() {
        case allEqual: return Array(repeating: try unpacker.byte(), count: count)
        case asTheyAre: return Array(try unpacker.slice(count))
        case zstd:
            let packed = try unpacker.slice(try unpacker.count(atMost: .max))
            let bytes = [UInt8](unsafeUninitializedCapacity: count) { room, length in
                let got = packed.withUnsafeBytes { packed in
                    Workspace.decompressing.use {
                        ZSTD_decompressDCtx($0, room.baseAddress, room.count, packed.baseAddress, packed.count)
                    }
                }
                length = ZSTD_isError(got) == 0 ? got : 0
            }
            guard bytes.count == count else { throw Damage() }
            return bytes
        default: throw Damage()
        }
    }
}

/// What zstd works in: making one takes longer than packing a few hundred bytes. There are as many as were ever in use at
/// the same time.
private final class Workspace: Sendable {
    static let compressing = Workspace { ZSTD_createCCtx() }
    static let decompressing = Workspace { ZSTD_createDCtx() }

    // Sendable: a workspace has one user at a time.
    private struct Idle: @unchecked Sendable { var all: [OpaquePointer] = [] }

    private let idle = Mutex(Idle())
    private let make: @Sendable () -> OpaquePointer?

    init(_ make: @escaping @Sendable () -> OpaquePointer?) { self.make = make }

    func use(_ body: (OpaquePointer) -> Int) -> Int {
        // Where there is no memory for one, the answer is one of zstd's errors.
        guard let workspace = idle.withLock({ $0.all.popLast() }) ?? make() else { return -1 }
        defer { idle.withLock { $0.all.append(workspace) } }
        return body(workspace)
    }
}

// MARK: - Numbers

/// Packs a column of whole numbers: as what each differs from what could be expected of it, in planes of the
/// differences' first, second, … bytes. What is expected is what makes the differences smallest.
enum Numbers {
    private enum Model: UInt8, CaseIterable {
        /// All alike: values that scatter.
        case middle = 0
        /// Like the one before and a constant step on: values and times that drift.
        case step = 1
        /// As far from the one before as that is from its own predecessor.
        case stepOfSteps = 2
        /// On a regular grid: times of a clock that jitters and does not drift.
        case grid = 3
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
        // Unsafe for speed: these loops are where a query spends its time. Both have as many elements.
        numbers.withUnsafeMutableBufferPointer { numbers in
            bytes.withUnsafeBufferPointer { bytes in
                let shift = Int64(plane * 8)
                for index in 0..<numbers.count { numbers[index] |= Int64(bytes[index]) &<< shift }
            }
        }
    }

    private static let powers: [Int64] = (0...9).map { power in (0..<power).reduce(1) { number, _ in number * 10 } }

    /// How many zeros every number ends with, at most nine.
    private static func commonTens(_ numbers: [Int64]) -> Int {
        var tens = powers.count - 1
        for number in numbers {
            while number % powers[tens] != 0 { tens -= 1 }
            if tens == 0 { break }
        }
        return tens
    }

    /// The model whose differences have the fewest binary digits, judged by some of them.
    private static func best(_ numbers: [Int64]) -> (model: Model, base: Int64, step: Int64)? {
        var best: (model: Model, base: Int64, step: Int64)?
        var least = Int.max
        let places = stride(from: min(2, numbers.count - 1), to: numbers.count, by: max(1, numbers.count / mostJudged))
        for model in Model.allCases {
            guard let (base, step) = fit(model, numbers) else { continue }
            let cost = places.reduce(0) { sum, place in
                let difference =
                    switch model {
                    case .middle: numbers[place] &- base
                    case .step: place < 1 ? 0 : numbers[place] &- numbers[place - 1] &- step
                    case .stepOfSteps:
                        place < 2
                            ? 0 : numbers[place] &- numbers[place - 1] &- (numbers[place - 1] &- numbers[place - 2])
                    case .grid: numbers[place] &- base &- ((step &* Int64(place)) >> gridBits)
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
        case .middle: return (median(numbers), 0)
        case .step: return isTooFar || steps == 0 ? nil : (first, span / steps)
        case .stepOfSteps: return steps < 2 ? nil : (first, numbers[1] &- first)
        case .grid:
            // Halves' means are as good as a regression line, and need no care with large squares.
            let half = numbers.count / 2
            guard half >= 2, !isTooFar, span.magnitude < 1 << 40 else { return nil }
            func mean(_ part: ArraySlice<Int64>) -> Double {
                part.reduce(0.0) { $0 + Double($1 &- first) } / Double(part.count)
            }
            let (early, late) = (mean(numbers[..<half]), mean(numbers[half..<2 * half]))
            let slope = (late - early) / Double(half)
            let start = early - slope * Double(half - 1) / 2
            guard abs(slope) < 0x1p40, abs(start) < 0x1p60 else { return nil }
            return (first &+ Int64(start), Int64(slope * Double(1 << gridBits)))
        }
    }

    /// One in the middle, by a look at some of them.
    private static func median(_ numbers: [Int64]) -> Int64 {
        let some = stride(from: 0, to: numbers.count, by: max(1, numbers.count / 256)).map { numbers[$0] }.sorted()
        return some[some.count / 2]
    }

    /// The grid's step is counted in parts of one, so that it does not run away over a whole block.
    private static let gridBits: Int64 = 16

    private static func differences(of numbers: [Int64], _ model: Model, _ base: Int64, _ step: Int64) -> [UInt64] {
        var differences: [UInt64] = []
        differences.reserveCapacity(numbers.count)
        switch model {
        case .middle: for number in numbers { differences.append(zigzag(number &- base)) }
        case .step:
            var expected = base
            for number in numbers {
                differences.append(zigzag(number &- expected))
                expected = number &+ step
            }
        case .stepOfSteps:
            var (expected, last) = (base, base &- step)
            for number in numbers {
                differences.append(zigzag(number &- expected))
                expected = number &+ (number &- last)
                last = number
            }
        case .grid:
            var parts: Int64 = 0
            for number in numbers {
                differences.append(zigzag(number &- base &- (parts >> gridBits)))
                parts &+= step
            }
        }
        return differences
    }

    /// Makes numbers of what they differ from what was expected of them.
    private static func restore(
        _ numbers: inout [Int64], _ model: Model, _ base: Int64, _ step: Int64, _ unit: Int64
    ) {
        numbers.withUnsafeMutableBufferPointer { numbers in
            for index in 0..<numbers.count { numbers[index] = unzigzag(UInt64(bitPattern: numbers[index])) }
            switch model {
            case .middle: for index in 0..<numbers.count { numbers[index] &+= base }
            case .step:
                var expected = base
                for index in 0..<numbers.count {
                    numbers[index] &+= expected
                    expected = numbers[index] &+ step
                }
            case .stepOfSteps:
                var (expected, last) = (base, base &- step)
                for index in 0..<numbers.count {
                    numbers[index] &+= expected
                    expected = numbers[index] &+ (numbers[index] &- last)
                    last = numbers[index]
                }
            case .grid:
                for index in 0..<numbers.count { numbers[index] &+= base &+ ((step &* Int64(index)) >> gridBits) }
            }
            if unit > 1 { for index in 0..<numbers.count { numbers[index] &*= unit } }
        }
    }

    // MARK: Bits

    /// Packs numbers that are bits of something else, as what changes from each to the next.
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
