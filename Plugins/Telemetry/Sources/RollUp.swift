import MneedleKit

/// Points summed up by steps of time: count, least, most and sum of each field in place of its values.
enum RollUp {
    static let suffixes = ["count", "min", "max", "sum"]
    /// What a session's telemetry is kept as, one form after the other: each point, seconds, minutes.
    static let steps: [Int64] = [0, 1000, 60_000]

    /// The four columns that a field has in a rolled-up series.
    struct Columns {
        let count: Column
        let least: Column
        let most: Column
        let sum: Column

        /// - Returns: `nil` where the points are no roll-up with that field.
        init?(_ points: Points, field: Int) {
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
        func counted(at index: Int) -> Int {
            Int(clamping: count.number(at: index)).clamped(to: 0...Statistics.mostValues)
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

    /// Sums points up by longer steps; they are in the order of their times.
    static func summed(_ points: Points, fields: Int, isRolled: Bool, stepMilliseconds: Int64) throws(Damage) -> Points
    {
        let step = Span(milliseconds: stepMilliseconds).totalNanoseconds
        let starts = points.times.map { $0.roundedDown(to: step) }
        let ends = starts.indices.filter { $0 + 1 == starts.count || starts[$0 + 1] != starts[$0] }.map { $0 + 1 }
        var columns: [Column] = []
        for field in 0..<fields {
            let all = isRolled ? Columns(points, field: field) : Columns(points.columns[field])
            guard let all else { throw Damage() }
            columns += all.summed(ends)
        }
        return Points(times: ends.map { starts[$0 - 1] }, columns: columns)
    }
}

extension Column {
    /// Numbers that have at most so many decimals.
    convenience init(_ values: [Double], decimals: UInt8) {
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

extension Telemetry {
    /// Replaces what has been kept long enough in one form by the next.
    var thinning: Timer {
        Timer(
            "thinning",
            next: { reading in
                try keepFor.enumerated().compactMap { form, span in
                    guard let span else { return nil }
                    let row = try reading.row(
                        "SELECT MIN(ended) AS ended FROM telemetry_sessions WHERE thinned = ?", form)
                    return row?.instant("ended").map { Zone.utc.adding(span, to: $0) }
                }.min()
            },
            fire: { transaction in
                for (form, span) in keepFor.enumerated() {
                    guard let span else { continue }
                    // One at a time: a long session's points take a moment to read.
                    let row = try transaction.row(
                        "SELECT * FROM telemetry_sessions WHERE thinned = ? AND ended IS NOT NULL ORDER BY ended LIMIT 1",
                        form)
                    guard let session = row.map(KnownSession.init), let ended = session.ended,
                        Zone.utc.adding(span, to: ended) <= transaction.now
                    else { continue }
                    return try thin(session, form: form, transaction)
                }
            })
    }

    private func thin(_ session: KnownSession, form: Int, _ transaction: any Transaction) throws {
        let next = form + 1 < RollUp.steps.count ? RollUp.steps[form + 1] : nil
        var (points, damaged) = (0, 0)
        for series in try transaction.series(session: session.session)
        where series.stepMilliseconds == RollUp.steps[form] {
            var (all, statistics): (Points?, [Statistics]) = (nil, series.fields.map { _ in Statistics() })
            for block in try transaction.blocks(series.id) {
                guard let header = try? block.header(withHistograms: true), let read = try? block.points(transaction),
                    header.statistics.count == series.fields.count,
                    let short = try? next.map({ step throws(Damage) in
                        try RollUp.summed(
                            read, fields: series.fields.count, isRolled: form > 0, stepMilliseconds: step)
                    }) ?? Points(times: [], columns: [])
                else {
                    // It stays as it is, for whoever can mend it.
                    damaged += 1
                    continue
                }
                if let all { all.append(short) } else { all = short }
                for index in statistics.indices { statistics[index].append(header.statistics[index]) }
                points += block.count
                try transaction.execute("DELETE FROM telemetry_blocks WHERE id = ?", block.id)
            }
            guard let next, let all, all.count > 0 else { continue }
            let id = try Blocks(transaction: transaction).series(
                session: session.session, device: series.device, name: series.name, fields: series.fields,
                stepMilliseconds: next)
            // Where blocks meet, two rows may be of one step.
            let whole = try RollUp.summed(
                all.sorted, fields: series.fields.count, isRolled: true, stepMilliseconds: next)
            try Blocks(transaction: transaction).insertSealed(whole, id, statistics: statistics)
        }
        try transaction.execute(
            "UPDATE telemetry_sessions SET thinned = ? WHERE session = ?", form + 1, session.session)
        let digest = try transaction.digest(ofSession: session.session).digest
        try transaction.record(
            Entry(
                "telemetry.thinned", subject: "session/\(session.session)", person: session.person,
                body: [
                    "session": session.session, "rows": points,
                    "into": next.map { Span(milliseconds: $0) }, "damaged": damaged > 0 ? damaged : nil,
                    "digest": digest,
                ]))
    }
}
