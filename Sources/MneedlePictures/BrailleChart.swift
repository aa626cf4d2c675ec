/// A curve in dots of Braille, two by four a cell, with a line for a limit.
package struct BrailleChart {
    /// What is at a place of the chart.
    package enum Mark: Hashable, Sendable {
        case curve
        /// The curve, beyond its limit.
        case beyond
        case limit
    }

    /// The size in cells.
    package let width: Int
    package let height: Int
    /// What the lowest and the highest dots stand for.
    package let range: ClosedRange<Double>
    private let least: Double?
    private let most: Double?
    private var dots: [UInt8]
    private var beyond: Set<Int> = []
    /// What the column before stands for, so that the curve goes on from there.
    private var last: (column: Int, rows: ClosedRange<Int>)?

    /// - Parameters:
    ///   - least: The limit under which a value is beyond, inside of `range`.
    ///   - most: The limit over which it is.
    package init(width: Int, height: Int, range: ClosedRange<Double>, least: Double? = nil, most: Double? = nil) {
        (self.width, self.height) = (max(width, 1), max(height, 1))
        (self.range, self.least, self.most) = (range, least, most)
        dots = Array(repeating: 0, count: self.width * self.height)
    }

    /// How many columns of dots there are.
    package var columns: Int { width * 2 }

    /// Adds what was measured in a column's time; columns come in their order.
    package mutating func add(column: Int, least: Double, most: Double) {
        guard (0..<columns).contains(column), least.isFinite, most.isFinite, least <= most else { return }
        let own = row(of: most)...row(of: least)
        var rows = own
        if let last, last.column == column - 1 {
            // The curve goes on from the column before: what lies between the two is drawn in this one.
            if last.rows.upperBound < rows.lowerBound { rows = last.rows.upperBound + 1...rows.upperBound }
            if last.rows.lowerBound > rows.upperBound { rows = rows.lowerBound...last.rows.lowerBound - 1 }
        }
        for row in rows { dots[row / 4 * width + column / 2] |= BrailleChart.bit(column % 2, row % 4) }
        // What is beyond by less than a dot is shown to be beyond as well.
        if let limit = self.most, most > limit {
            markBeyond(own.lowerBound...max(own.lowerBound, row(of: limit) - 1), column)
        }
        if let limit = self.least, least < limit {
            markBeyond(min(own.upperBound, row(of: limit) + 1)...own.upperBound, column)
        }
        last = (column, own)
    }

    private mutating func markBeyond(_ rows: ClosedRange<Int>, _ column: Int) {
        for row in rows { beyond.insert(row / 4 * width + column / 2) }
    }

    /// The cells of a row, from the top.
    package func cells(row: Int) -> [(character: Character, mark: Mark)] {
        let isLimit = [least, most].compactMap { $0 }.contains { cellRow(of: $0) == row }
        return (0..<width).map { column in
            let place = row * width + column
            guard dots[place] != 0 else { return isLimit ? ("╌", .limit) : (" ", .curve) }
            let scalar = Unicode.Scalar(0x2800 + UInt32(dots[place])) ?? " "
            return (Character(scalar), beyond.contains(place) ? .beyond : .curve)
        }
    }

    /// The row of cells, from the top, in which a value is.
    package func cellRow(of value: Double) -> Int { row(of: value) / 4 }

    private func row(of value: Double) -> Int {
        let rows = Double(height * 4 - 1)
        let span = range.upperBound - range.lowerBound
        let place = (range.upperBound - value) / span * rows
        guard span > 0, place.isFinite else { return Int(rows / 2) }
        return Int(min(max(place, 0), rows).rounded())
    }

    private static func bit(_ column: Int, _ row: Int) -> UInt8 {
        row == 3 ? 0x40 << UInt8(column) : 1 << UInt8(row + 3 * column)
    }
}
