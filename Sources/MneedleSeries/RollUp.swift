/// Points summed up by steps of time: count, least, most and sum of each field in place of its values.
public enum RollUp {
    /// The endings of a field's columns behind its name, in their order.
    public static let suffixes = ["count", "min", "max", "sum"]

    /// The four columns that a field has in a rolled-up series.
    public struct Columns {
        /// How many values are in each step.
        public let count: Column
        /// Their least.
        public let least: Column
        /// Their greatest.
        public let most: Column
        /// Their sum.
        public let sum: Column

        /// - Returns: `nil` where the points are no roll-up with that field.
        public init?(_ points: Points, field: Int) {
            guard points.columns.count >= field * 4 + 4 else { return nil }
            let columns = Array(points.columns[(field * 4)..<(field * 4 + 4)])
            (count, least, most, sum) = (columns[0], columns[1], columns[2], columns[3])
        }

        /// A roll-up in which each point is a step.
        init(_ column: Column) {
            count = Column(kind: .integer, numbers: Array(repeating: 1, count: column.numbers.count))
            // A text has nothing to sum up but how many there were.
            let values = column.isNumeric ? column : Column(kind: .integer, numbers: column.numbers.map { _ in 0 })
            (least, most, sum) = (values, values, values)
        }

        /// How many values are in a step: none where damage has made no such number of it.
        public func counted(at index: Int) -> Int {
            min(max(Int(clamping: count.number(at: index)), 0), Statistics.mostValues)
        }

        /// Sums steps up; `ends` says behind which place each of the longer steps ends.
        func summed(_ ends: [Int]) -> [Column] {
            [
                Columns.summed(count, ends, +), Columns.summed(least, ends, min), Columns.summed(most, ends, max),
                Columns.summed(sum, ends, +),
            ]
        }

        private static func summed(
            _ column: Column, _ ends: [Int], _ join: (Double, Double) -> Double
        ) -> Column {
            var start = 0
            let values = ends.map { end in
                defer { start = end }
                return (start + 1..<end).reduce(column.number(at: start)) { join($0, column.number(at: $1)) }
            }
            return Column(values, decimals: column.kind == .unsigned ? Sample.binary : column.decimals)
        }
    }

    /// Sums points up by longer steps.
    ///
    /// - Parameters:
    ///   - points: In the order of their times.
    ///   - fields: How many fields they have.
    ///   - isRolled: Whether they sum up others already.
    ///   - step: In nanoseconds; over zero.
    /// - Throws: Where they have not the columns of so many fields.
    public static func summed(_ points: Points, fields: Int, isRolled: Bool, step: Int64) throws(Damage) -> Points {
        let starts = points.times.map { $0.roundedDown(to: step) }
        let ends = starts.indices.filter { $0 + 1 == starts.count || starts[$0 + 1] != starts[$0] }.map { $0 + 1 }
        var columns: [Column] = []
        for field in 0..<fields {
            guard isRolled || points.columns.count > field else { throw Damage() }
            let all = isRolled ? Columns(points, field: field) : Columns(points.columns[field])
            guard let all else { throw Damage() }
            columns += all.summed(ends)
        }
        return Points(times: ends.map { starts[$0 - 1] }, columns: columns)
    }
}

extension Column {
    /// Numbers that have at most so many decimals.
    public convenience init(_ values: [Double], decimals: UInt8) {
        let isScaled =
            decimals != Sample.binary
            && values.allSatisfy { abs($0) * Column.powers[Int(decimals)] < Double(Sample.largestMantissa) }
        self.init(
            kind: .float, decimals: isScaled ? decimals : Sample.binary,
            numbers: values.map { value in
                // Rounding takes away what adding up in binary has left behind.
                isScaled
                    ? Int64((value * Column.powers[Int(decimals)]).rounded()) : Int64(bitPattern: value.bitPattern)
            })
    }
}
