/// Values of one field in the order in which they came, packed.
///
/// Times are kept in full, as differences of differences; values as whole numbers at their decimal precision where all of
/// them have one, else bit by bit. Everything is exact: what was sent comes back.
struct Chunk: Equatable {
    /// A chunk is filled up to so many values before the next one begins.
    static let capacity = 8192

    var times: [Int64] = []
    var values: [Double] = []

    var count: Int { times.count }

    mutating func append(_ time: Int64, _ value: Double) {
        times.append(time)
        values.append(value)
    }

    // MARK: Packing

    var data: [UInt8] {
        var packed = Packer()
        packed.unsigned(UInt64(count))
        var (last, step): (Int64, Int64) = (0, 0)
        for time in times {
            let next = time &- last
            packed.signed(next &- step)
            (last, step) = (time, next)
        }
        if let (decimals, scaled) = scaled {
            packed.bytes.append(UInt8(decimals))
            var previous: Int64 = 0
            for number in scaled {
                packed.signed(number &- previous)
                previous = number
            }
        } else {
            packed.bytes.append(Chunk.rawBits)
            for value in values { packed.raw(value.bitPattern) }
        }
        return packed.bytes
    }

    /// - Returns: `nil` for bytes that ``data`` did not make.
    init?(data: [UInt8]) {
        var packed = Unpacker(bytes: data)
        guard let count = packed.unsigned(), count <= UInt64(data.count) else { return nil }
        var (last, step): (Int64, Int64) = (0, 0)
        for _ in 0..<count {
            guard let change = packed.signed() else { return nil }
            step = step &+ change
            last = last &+ step
            times.append(last)
        }
        guard let mode = packed.byte() else { return nil }
        if mode == Chunk.rawBits {
            for _ in 0..<count {
                guard let bits = packed.raw() else { return nil }
                values.append(Double(bitPattern: bits))
            }
        } else {
            guard mode <= Chunk.mostDecimals else { return nil }
            var number: Int64 = 0
            for _ in 0..<count {
                guard let change = packed.signed() else { return nil }
                number = number &+ change
                values.append(Double(number) / Chunk.powers[Int(mode)])
            }
        }
        guard packed.isAtEnd else { return nil }
    }

    init() {}

    private static let rawBits: UInt8 = 255
    private static let mostDecimals = 6
    private static let powers: [Double] = [1, 10, 100, 1000, 10_000, 100_000, 1_000_000]

    /// The fewest decimals at which every value is exactly a whole number.
    private var scaled: (decimals: Int, numbers: [Int64])? {
        for decimals in 0...Chunk.mostDecimals {
            let power = Chunk.powers[decimals]
            var numbers: [Int64] = []
            numbers.reserveCapacity(values.count)
            for value in values {
                let number = (value * power).rounded()
                guard abs(number) < 9e15, number / power == value, !(value == 0 && value.sign == .minus) else { break }
                numbers.append(Int64(number))
            }
            if numbers.count == values.count { return (decimals, numbers) }
        }
        return nil
    }

    /// FNV-1a over the packed bytes: tells a damaged chunk.
    static func checksum(_ bytes: [UInt8]) -> Int64 {
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        for byte in bytes { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
        return Int64(bitPattern: hash)
    }
}

/// Writes whole numbers in as few bytes as they need.
struct Packer {
    var bytes: [UInt8] = []

    mutating func unsigned(_ number: UInt64) {
        var rest = number
        while rest >= 0x80 {
            bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        bytes.append(UInt8(rest))
    }

    mutating func signed(_ number: Int64) {
        unsigned(UInt64(bitPattern: (number << 1) ^ (number >> 63)))
    }

    mutating func raw(_ number: UInt64) {
        for shift in stride(from: 0, to: 64, by: 8) { bytes.append(UInt8(truncatingIfNeeded: number >> UInt64(shift))) }
    }
}

/// Reads what ``Packer`` wrote; `nil` where the bytes end too early or say too much.
struct Unpacker {
    let bytes: [UInt8]
    private var position = 0

    init(bytes: [UInt8]) { self.bytes = bytes }

    var isAtEnd: Bool { position == bytes.count }

    mutating func byte() -> UInt8? {
        guard position < bytes.count else { return nil }
        defer { position += 1 }
        return bytes[position]
    }

    mutating func unsigned() -> UInt64? {
        var number: UInt64 = 0
        for shift in stride(from: UInt64(0), to: 70, by: 7) {
            guard let byte = byte() else { return nil }
            number |= UInt64(byte & 0x7F) << shift
            if byte < 0x80 { return number }
        }
        return nil
    }

    mutating func signed() -> Int64? {
        unsigned().map { Int64(bitPattern: ($0 >> 1) ^ (0 &- ($0 & 1))) }
    }

    mutating func raw() -> UInt64? {
        var number: UInt64 = 0
        for shift in stride(from: UInt64(0), to: 64, by: 8) {
            guard let byte = byte() else { return nil }
            number |= UInt64(byte) << shift
        }
        return number
    }
}
