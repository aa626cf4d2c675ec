import MneedleRandom
import Testing

@testable import MneedleSeries

@Suite("Roll-ups")
struct RollUpTests {
    @Test("say of each step what its points say: how many, the least, the greatest and the sum")
    func againstEachPoint() throws {
        var generator = SeededGenerator(seed: 1)
        for step in [Int64(1), 7, 1000] {
            let times = (0..<500).map { _ in Int64.random(in: -3000...3000, using: &generator) }.sorted()
            let values = times.map { _ in Int64.random(in: -99...99, using: &generator) }
            let points = Points(times: times, columns: [Column(kind: .float, decimals: 1, numbers: values)])
            let summed = try RollUp.summed(points, fields: 1, isRolled: false, step: step)
            let groups = Dictionary(grouping: times.indices) {
                Int64((Double(times[$0]) / Double(step)).rounded(.down)) * step
            }
            #expect(summed.times == groups.keys.sorted())
            let columns = try #require(RollUp.Columns(summed, field: 0))
            for (place, start) in summed.times.enumerated() {
                let group = groups[start]!.map { values[$0] }
                #expect(columns.counted(at: place) == group.count)
                #expect(columns.least.number(at: place) == Double(group.min()!) / 10)
                #expect(columns.most.number(at: place) == Double(group.max()!) / 10)
                #expect(columns.sum.number(at: place) == Double(group.reduce(0, +)) / 10)
            }
        }
    }

    @Test("of roll-ups are those of the points themselves")
    func twice() throws {
        let times = (0..<240).map { Int64($0) * 500 }
        let points = Points(times: times, columns: [Column(kind: .float, decimals: 2, numbers: times.map { $0 % 77 })])
        let first = try RollUp.summed(points, fields: 1, isRolled: false, step: 1000)
        let second = try RollUp.summed(first, fields: 1, isRolled: true, step: 60_000)
        let atOnce = try RollUp.summed(points, fields: 1, isRolled: false, step: 60_000)
        #expect(second.times == atOnce.times && second.times == [0, 60_000])
        for (one, other) in zip(second.columns, atOnce.columns) {
            #expect(one.numbers.indices.map(one.number) == other.numbers.indices.map(other.number))
        }
    }

    @Test("a text counts, and sums up to nothing")
    func texts() throws {
        let texts = Column(kind: .text, numbers: [1, 2], text: Array("abb".utf8))
        let summed = try RollUp.summed(Points(times: [0, 1], columns: [texts]), fields: 1, isRolled: false, step: 10)
        #expect(summed.columns.map { $0.number(at: 0) } == [2, 0, 0, 0])
    }

    @Test("points without all the columns are damaged, and a count that is none counts for none")
    func damaged() {
        let points = Points(times: [0], columns: [Column(kind: .integer, numbers: [1])])
        #expect(throws: Damage.self) { try RollUp.summed(points, fields: 2, isRolled: false, step: 1) }
        #expect(throws: Damage.self) { try RollUp.summed(points, fields: 1, isRolled: true, step: 1) }
        for (count, counted) in [(Double.nan, 0), (-.infinity, 0), (-1, 0), (.infinity, 1 << 40), (3.5, 3)] {
            let column = Column(
                kind: .float, decimals: Sample.binary, numbers: [Int64(bitPattern: count.bitPattern)])
            let columns = RollUp.Columns(Points(times: [0], columns: [column, column, column, column]), field: 0)
            #expect(columns?.counted(at: 0) == counted)
        }
    }
}
