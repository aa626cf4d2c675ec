import MneedleRandom
import Testing

@testable import MneedleSeries

@Suite("Whatever bytes there are")
struct AnyBytesTests {
    private static func random(_ count: Int, _ generator: inout SeededGenerator) -> [UInt8] {
        // Small bytes are kinds, forms and counts more often than large ones.
        (0..<count).map { _ in
            Bool.random(using: &generator)
                ? .random(in: 0...4, using: &generator) : .random(in: 0...255, using: &generator)
        }
    }

    @Test("random bytes are read or refused, whatever part of a block they are taken for")
    func randomBytes() {
        var generator = SeededGenerator(seed: 1)
        for _ in 0..<10_000 {
            let bytes = Self.random(.random(in: 0...60, using: &generator), &generator)
            #expect(AnyBytes.read(bytes) == nil, "\(bytes)")
        }
    }

    @Test("what was packed and is damaged then is read or refused")
    func mutatedBytes() {
        var generator = SeededGenerator(seed: 2)
        for round in 0..<2000 {
            var bytes = Self.packed(round, &generator)
            for _ in 0..<Int.random(in: 1...3, using: &generator) {
                let place = Int.random(in: 1..<bytes.count, using: &generator)
                switch Int.random(in: 0..<3, using: &generator) {
                case 0: bytes[place] ^= UInt8(1) << UInt8.random(in: 0..<8, using: &generator)
                case 1: bytes[place] = .random(in: 0...255, using: &generator)
                default: bytes.removeSubrange(place...)
                }
                guard bytes.count > 1 else { break }
            }
            #expect(AnyBytes.read(bytes) == nil, "\(bytes)")
        }
    }

    /// A count, and something of so many numbers as it is stored.
    private static func packed(_ round: Int, _ generator: inout SeededGenerator) -> [UInt8] {
        let count = Int.random(in: 1...255, using: &generator)
        let level = Int64.random(in: -1_000_000...1_000_000, using: &generator)
        let numbers = (0..<count).map { Int64($0) * 10 + level + .random(in: -200...200, using: &generator) }
        var packer = Packer()
        packer.count(0)
        switch round % 5 {
        case 0: Numbers.pack(numbers, &packer)
        case 1: Numbers.packBits(numbers, &packer)
        case 2: Plane.pack(numbers.map { UInt8(truncatingIfNeeded: $0) }, &packer)
        case 3: Statistics(Column(kind: .float, decimals: 2, numbers: numbers)).pack(&packer)
        default:
            let texts = Column(kind: .text, numbers: numbers.map { $0 & 7 })
            Numbers.pack(texts.numbers, &packer)
            Plane.pack(texts.numbers.flatMap { Array(repeating: UInt8(ascii: "a"), count: Int($0)) }, &packer)
        }
        packer.bytes[0] = UInt8(count)
        return packer.bytes
    }

    @Test("a header that is damaged and has a right checksum is read or refused")
    func mutatedHeaders() throws {
        var generator = SeededGenerator(seed: 3)
        let columns = [
            Column(kind: .float, decimals: 2, numbers: (0..<200).map { $0 % 50 }),
            Column(kind: .text, numbers: (0..<200).map { $0 % 3 }, text: Array(repeating: 65, count: 199)),
        ]
        let block = Block(Points(times: (0..<200).map { $0 * 1000 }, columns: columns))
        let whole = try Block.header(block.header)
        for _ in 0..<3000 {
            var bytes = Array(block.header.dropLast(8))
            bytes[.random(in: 0..<bytes.count, using: &generator)] = .random(in: 0...255, using: &generator)
            let header = AnyBytes.header(bytes)
            guard let read = try? Block.header(header, withHistograms: true), read.points == whole.points else {
                continue
            }
            guard let points = try? Block(header: header, data: block.data).points() else { continue }
            #expect(points.count == 200 && points.columns.allSatisfy { $0.numbers.count == 200 })
        }
    }

    @Test("any numbers, doubles and texts come back to the last bit")
    func roundTrips() {
        var generator = SeededGenerator(seed: 4)
        for _ in 0..<3000 {
            let bytes = Self.random(.random(in: 1...300, using: &generator), &generator)
            #expect(AnyBytes.roundTrip(bytes) == nil, "\(bytes)")
        }
        for edge in [UInt8(0), 0x7F, 0x80, 0xFF] {
            for width in UInt8(0)..<8 {
                #expect(AnyBytes.roundTrip([width] + Array(repeating: edge, count: 64)) == nil)
            }
        }
    }
}
