/// A writer of whole numbers in as few bytes as they need.
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

/// A reader of the bytes that ``Packer`` wrote; it throws where they end too early or a number is too great.
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

    /// Reads a count, which is damaged where it is greater than `most`.
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

/// The error for stored bytes that are no longer as they were written.
public struct Damage: Error, Equatable {
    /// The error, which has no details.
    public init() {}
}

/// The zigzag code, with small numbers for small magnitudes: 0, -1, 1, -2, 2 become 0, 1, 2, 3, 4.
func zigzag(_ number: Int64) -> UInt64 { UInt64(bitPattern: (number << 1) ^ (number >> 63)) }
func unzigzag(_ number: UInt64) -> Int64 { Int64(bitPattern: (number >> 1) ^ (0 &- (number & 1))) }
