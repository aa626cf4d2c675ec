/// Points summed up by steps of time: count, least, most and sum of each field in place of its values.
public enum RollUp {
    /// The endings of a field's columns behind its name, in their order.
    public static let suffixes = ["count", "min", "max", "sum"]

    /// The four columns that a field has in a rolled-up series.
    public struct Columns {
        /// The number of values in each step.
        public let count: Column
        /// The least value in each step.
        public let least: Column
        /// The greatest value in each step.
        public let most: Column
        /// The sum of the values in each step.
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
            // Of texts only the number can be summed up.
            let values = column.isNumeric ? column : Column(kind: .integer, numbers: column.numbers.map { _ in 0 })
            (least, most, sum) = (values, values, values)
        }

        /// The number of values in a step, clamped to what a count can be where the stored number is damaged.
        public func counted(at index: Int) -> Int {
            min(max(Int(clamping: count.number(at: index)), 0), Statistics.mostValues)
        }

        /// Sums up steps; `ends` has the place after the end of each of the longer steps.
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
    ///   - points: The points in the order of their times.
    ///   - fields: The number of fields of the points.
    ///   - isRolled: Whether the points are a roll-up already.
    ///   - step: The length of a step in nanoseconds; over zero.
    /// - Throws: ``Damage`` where the points do not have the columns of so many fields.
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
    /// A column of numbers with at most so many decimals.
    public convenience init(_ values: [Double], decimals: UInt8) {
        let isScaled =
            decimals != Sample.binary
            && values.allSatisfy { abs($0) * Column.powers[Int(decimals)] < Double(Sample.largestMantissa) }
        self.init(
            kind: .float, decimals: isScaled ? decimals : Sample.binary,
            numbers: values.map { value in
                // Rounding removes the errors of binary addition.
                isScaled
                    ? Int64((value * Column.powers[Int(decimals)]).rounded()) : Int64(bitPattern: value.bitPattern)
            })
    }
}
