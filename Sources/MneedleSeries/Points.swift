/// Points of one layout, column by column.
public final class Points {
    /// The times, in nanoseconds since 1970.
    public var times: [Int64] { ownTimes }
    /// The columns, one for each field of the layout, in the layout's order.
    public let columns: [Column]
    // It is private for the same reason as the values of a column.
    private var ownTimes: [Int64] = []

    /// An empty list of points, of a layout with these fields.
    public init(_ fields: [Layout.Field]) { columns = fields.map { Column(kind: $0.kind) } }

    /// - Parameter columns: The columns; each has as many values as there are times.
    public init(times: [Int64], columns: [Column]) {
        ownTimes = times
        self.columns = columns
    }

    /// The number of points.
    public var count: Int { times.count }

    /// Adds a point that was read.
    ///
    /// - Parameter line: The line in which the samples that are texts lie.
    public func append(_ time: Int64, _ samples: UnsafePointer<Sample>, _ line: UnsafeBufferPointer<UInt8>) {
        ownTimes.append(time)
        for (index, column) in columns.enumerated() { column.append(samples[index], line) }
    }

    /// Adds other points of the same layout.
    public func append(_ other: Points) {
        ownTimes += other.times
        for (column, more) in zip(columns, other.columns) { column.append(more) }
    }

    /// The points at these places, in this order.
    public func picked(_ places: [Int]) -> Points { chosen(places) }

    /// The points at these places.
    public func picked(_ places: Range<Int>) -> Points { chosen(places) }

    private func chosen(_ places: some Collection<Int>) -> Points {
        Points(times: places.map { times[$0] }, columns: columns.map { $0.picked(places) })
    }

    /// The same points in the order of their times; points of the same time keep their order.
    public var sorted: Points {
        let isSorted = zip(times, times.dropFirst()).allSatisfy { $0 <= $1 }
        if isSorted { return self }
        return picked(times.indices.sorted { (times[$0], $0) < (times[$1], $1) })
    }

    /// The same points in the order of their times; of several points of one time, the one that came last.
    public var distinct: Points {
        if zip(times, times.dropFirst()).allSatisfy({ $0 < $1 }) { return self }
        let sorted = sorted
        let last = sorted.count - 1
        return sorted.picked(sorted.times.indices.filter { $0 == last || sorted.times[$0] != sorted.times[$0 + 1] })
    }

    /// The points whose times meet the condition, and the others.
    public func divided(_ condition: (Int64) -> Bool) -> (own: Points, others: Points) {
        let own = times.indices.filter { condition(times[$0]) }
        if own.count == count { return (self, picked([])) }
        return (picked(own), picked(times.indices.filter { !condition(times[$0]) }))
    }

    /// Whether two points of the same series have the same values.
    public func says(at place: Int, theSameAs other: Points, at otherPlace: Int) -> Bool {
        zip(columns, other.columns).allSatisfy { $0.has(at: place, theValueOf: $1, at: otherPlace) }
    }

    /// Rounds times down to whole units.
    public func round(to precision: Precision) {
        guard precision != .ns else { return }
        let unit = precision.nanoseconds
        for index in times.indices {
            let rest = times[index] % unit
            ownTimes[index] &-= rest < 0 ? rest + unit : rest
        }
    }
}
