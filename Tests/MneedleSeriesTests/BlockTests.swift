import MneedleRandom
import Testing

@testable import MneedleSeries

@Suite("Blocks")
struct BlockTests {
    static let start: Int64 = 1_700_000_000_000_000_000

    /// Points of one field of that kind.
    static func points(_ times: [Int64], _ column: Column) -> Points { Points(times: times, columns: [column]) }

    static func numbers(_ values: [Double]) -> Column {
        let column = Column(kind: .float)
        for value in values { column.append(sample("\(value)"), UnsafeBufferPointer(start: nil, count: 0)) }
        return column
    }

    /// What the parser makes of a value.
    static func sample(_ text: String) -> Sample {
        var line = Array("m a=\(text)".utf8)
        return line.withUnsafeMutableBufferPointer { line in
            var reader = LineReader(UnsafeBufferPointer(line))
            guard let layout = try? reader.layout() else { fatalError("\(text) is no value") }
            var sample = Sample(kind: .float, decimals: 0, bits: 0)
            precondition(reader.match(layout, &sample))
            return sample
        }
    }

    @Test("what was packed comes back to the last bit, whatever times and values are like")
    func roundTrip() throws {
        var generator = SystemRandomNumberGenerator()
        let makers: [() -> Double] = [
            { Double(Int.random(in: 0...60, using: &generator)) / 100 },
            { Double.random(in: -1e300...1e300, using: &generator) },
            { Double(Int.random(in: -1000...1000, using: &generator)) }, { 0.1 + 0.2 }, { 5 },
            { Double(bitPattern: UInt64.random(in: 1...0x7FEF_FFFF_FFFF_FFFF, using: &generator)) },
            {
                Double(Int.random(in: 0...9, using: &generator)) / [1, 10, 1000, 1e9].randomElement(using: &generator)!
            },
        ]
        let clocks: [(Int) -> Int64] = [
            { Int64($0) * 10_000_000 }, { Int64($0) * 1_000_000 + .random(in: -50_000...50_000, using: &generator) },
            { _ in .random(in: -1_000_000...1_000_000_000_000, using: &generator) },
            { _ in .random(in: .min / 2 ... .max / 2) },
            { _ in 7 },
        ]
        for make in makers {
            for clock in clocks {
                for count in [1, 2, 3, 50, 700] {
                    let values = (0..<count).map { _ in make() }
                    let times = (0..<count).map { Self.start / 2 + clock($0) }
                    let points = Self.points(times, Self.numbers(values))
                    let back = try Block(points).points()
                    #expect(back.times == times)
                    #expect(back.columns[0].numbers == points.columns[0].numbers)
                    #expect((0..<count).map { back.columns[0].number(at: $0) } == values)
                }
            }
        }
    }

    @Test("integers, unsigned ones, booleans and texts come back as they were")
    func kinds() throws {
        let integers = Column(kind: .integer, numbers: [.min, .max, 0, -1, 5])
        let unsigned = Column(kind: .unsigned, numbers: [-1, 0, 5, 7, 9])
        let booleans = Column(kind: .boolean, numbers: [1, 0, 1, 1, 0])
        let texts = Column(kind: .text, numbers: [2, 0, 3, 1, 4], text: Array("abcdefghij".utf8))
        let points = Points(times: [1, 2, 3, 4, 5], columns: [integers, unsigned, booleans, texts])
        let back = try Block(points).points()
        for (column, old) in zip(back.columns, points.columns) {
            #expect(column.kind == old.kind && column.numbers == old.numbers && column.text == old.text)
        }
        #expect((0..<5).map { back.columns[3].plainText(at: $0) } == ["ab", "", "cde", "f", "ghij"])
        #expect(back.columns[1].plainText(at: 0) == "18446744073709551615")
        #expect(try Block(points).points(onlyColumn: 2).columns[0].numbers == booleans.numbers)
    }

    @Test("points are in the order of their times, whatever order they came in")
    func sorting() throws {
        let points = Points(times: [3, 1, 2, 1], columns: [Column(kind: .integer, numbers: [30, 10, 20, 11])])
        #expect(points.sorted.times == [1, 1, 2, 3] && points.sorted.columns[0].numbers == [10, 11, 20, 30])
    }

    @Test("a damaged block throws, or its digest would have: it is never taken for something else by its header")
    func damage() throws {
        let column = Self.numbers((0..<100).map { Double($0 % 17) / 10 })
        let block = Block(Self.points((0..<100).map { Int64($0) * 10_000_000 }, column))
        for index in block.header.indices {
            var broken = block
            broken.header[index] ^= 1
            #expect(throws: Damage.self) { try broken.points() }
        }
        for index in block.data.indices {
            var broken = block
            broken.data[index] ^= 1
            // The points may come out wrong; what reads a stored block compares its digest first.
            _ = try? broken.points()
        }
        #expect(throws: Damage.self) { try Block(header: block.header, data: block.data.dropLast()).points() }
        #expect(throws: Damage.self) { try Block(header: [], data: []).points() }
    }

    @Test("a header answers for its points: count, least, most, sum, first, last and quantiles")
    func statistics() throws {
        let values = (0..<5000).map { Double(($0 * 7919) % 100) / 100 }
        let block = Block(Self.points((0..<5000).map(Int64.init), Self.numbers(values)))
        let known = try Block.header(block.header, withHistograms: true).statistics[0]
        #expect(known.count == 5000 && known.least == 0 && known.most == 0.99)
        #expect(known.first == values.first && known.last == values.last)
        #expect(known.mean == 0.495 && known.quantile(0.5) == 0.49 && known.quantile(0.95) == 0.94)
    }

    @Test("a quantile is the value in the nearest rank, of few values too")
    func nearestRank() {
        func quantile(_ share: Double, _ values: [Double]) -> Double {
            Statistics(Self.numbers(values)).quantile(share)
        }
        #expect(quantile(0.5, [0.3, 0.1]) == 0.1 && quantile(0.95, [0.3, 0.1]) == 0.3)
        #expect(quantile(0.5, [0.3, 0.1, 0.2]) == 0.2 && quantile(0.5, [0.7]) == 0.7)
        #expect(
            quantile(0.95, (1...20).map(Double.init)) == 19 && quantile(1, [1, 2]) == 2 && quantile(0, [1, 2]) == 1)
    }

    @Test("quantiles of many different values are within half a percent")
    func coarseQuantiles() throws {
        var generator = SystemRandomNumberGenerator()
        for range in [0.001...0.002, 1...1e6, -50...50] as [ClosedRange<Double>] {
            let values = (0..<20_000).map { _ in Double.random(in: range, using: &generator) }
            let sorted = values.sorted()
            var all = Statistics()
            for part in stride(from: 0, to: values.count, by: 4000) {
                all.append(Statistics(Self.numbers(Array(values[part..<part + 4000]))))
            }
            for share in [0.0, 0.05, 0.5, 0.95, 0.999] {
                let exact = sorted[max(1, Int((share * 20_000).rounded(.up))) - 1]
                #expect(abs(all.quantile(share) - exact) <= abs(exact) * 0.005 + 1e-9, "\(share) of \(range)")
            }
        }
    }

    @Test("a kilohertz of noise takes little more than its entropy")
    func size() {
        var generator = SystemRandomNumberGenerator()
        // Thirty-two equally likely values: five bits; a microsecond's jitter of ±8: four bits.
        let values = (0..<Block.capacity).map { _ in Double(500 + Int.random(in: 0..<32, using: &generator)) / 1000 }
        let times = (0..<Block.capacity).map {
            Self.start + Int64($0) * 1_000_000 + .random(in: 0..<16, using: &generator) * 1000
        }
        let block = Block(Self.points(times, Self.numbers(values)))
        let bits = Double((block.data.count + block.header.count) * 8) / Double(Block.capacity)
        #expect(bits < 9.5, "\(bits) bits a point, the entropy is 9")
    }

    @Test("the bytes of a small block are what the description says")
    func bytes() {
        let column = Column(kind: .float, decimals: 1, numbers: [5, 6, 5, 7])
        let block = Block(Self.points([1000, 2000, 3000, 4000], column))
        // Thousands, on a line from 1 with a step of 65 536 parts; nothing differs from it.
        let times: [UInt8] = [3, 0, 2, 0x80, 0x80, 8, 0]
        // On a line from 5 with a quarter a step, and one plane of differences: 0, 1, 0, 2.
        let values: [UInt8] = [0, 0, 10, 0x80, 0x80, 2, 1, 0, 0, 2, 0, 4]
        #expect(block.data == times + values)
        // Tenths in three bins, one up from the one before; the counts are behind them.
        let bins: [UInt8] = [3, 1, 0, 1, 10, 2, 0, 2, 1, 1]
        let doubles = [0.5, 0.7, 2.3, 0.5, 0.7].flatMap { value in
            (0..<8).map { UInt8(truncatingIfNeeded: value.bitPattern >> ($0 * 8)) }
        }
        let timesSum: [UInt8] = [0x3E, 0x22, 0x0E, 0xBC, 0x18, 0x4E, 0xB6, 0x70]
        let valuesSum: [UInt8] = [0xBE, 0xD7, 0x39, 0x5A, 0xCB, 0x37, 0xE9, 0xBD]
        let header = [1, 4, 1, 4] + doubles + [10] + bins + [7] + timesSum + [1, 0, 1, 12] + valuesSum
        #expect(block.header == header + [0x5B, 0x3D, 0x66, 0x18, 0xE0, 0x6A, 0x1D, 0x48])
    }

    @Test("a clock that jitters lies on a line, and one that drifts goes on from where it was")
    func models() {
        var generator = SeededGenerator(seed: 1)
        let jitter = (0..<4096).map { _ in Int64.random(in: -8...7, using: &generator) }
        let grid = jitter.indices.map { Int64($0) * 1000 + jitter[$0] }
        var now: Int64 = 0
        let intervals = jitter.map { step in
            now += 1000 + step
            return now
        }
        for (numbers, model) in [(grid, UInt8(0)), (intervals, 1), (jitter, 0)] {
            var packer = Packer()
            Numbers.pack(numbers, &packer)
            #expect(packer.bytes[1] == model)
            // Four bits is the entropy of each.
            #expect(packer.bytes.count * 8 < 4096 * 9 / 2)
        }
    }

    @Test("quantiles of unsigned numbers over and under half their range are in the numbers' order")
    func unsignedOrder() {
        let statistics = Statistics(Column(kind: .unsigned, numbers: [-1, -2, -1, 1, 2]))
        #expect(abs(statistics.quantile(0.4) - 2) < 0.01 && statistics.quantile(1) == 0x1p64)
        #expect(statistics.least == 1 && statistics.most == 0x1p64)
    }
}
