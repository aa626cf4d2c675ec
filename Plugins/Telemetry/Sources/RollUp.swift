import MneedleKit

/// Points summed up by steps of time: count, least, most and sum of each field in place of its values.
struct RollUp {
    /// The four columns that a field has in a rolled-up series.
    struct Columns {
        let count: Column
        let least: Column
        let most: Column
        let sum: Column

        /// - Returns: `nil` where the points are no roll-up with that field.
        init?(_ points: Points, field: Int) {
            guard points.columns.count >= field * 4 + 4 else { return nil }
            let columns = points.columns[(field * 4)..<(field * 4 + 4)]
            (count, least, most, sum) = (
                columns[0 + field * 4], columns[1 + field * 4], columns[2 + field * 4], columns[3 + field * 4]
            )
        }
    }

    static let suffixes = ["count", "min", "max", "sum"]
}
