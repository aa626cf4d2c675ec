import MneedleKit
import MneedleSeries

/// A request of `telemetry.query`: the points, the field and the step.
private struct SeriesQuery {
    var session: Int64?
    var device: String?
    var field: String
    var from: Instant?
    var to: Instant?
    var step: Span?
}

/// One row of `telemetry.query`.
private struct MeasuredStep: Reply {
    var time: Int64
    var count: Int
    var least: Double
    var mean: Double
    var most: Double

    static let members: [Member<MeasuredStep>] = [
        Member("t", "the value's or step's time") { Telemetry.instant($0.time) },
        Member("count", "values in it", \.count), Member("min", "least", \.least), Member("mean", "mean", \.mean),
        Member("max", "greatest", \.most),
    ]
}

/// The end of a listing, after its rows.
struct Unread: Reply {
    var damaged = 0

    static let meaning = "blocks that could not be read, if any"
    static let members: [Member<Unread>] = [
        Member("damaged", meaning) { $0.damaged > 0 ? $0.damaged : nil }
    ]
}

extension Telemetry {
    private static let ofSession = Parameter.optional("session", .id, "The session's number.")
    private static let ofDevice = Parameter.optional(
        "device", .slug, "In place of a session: everything that the device has ever reported.")
    private static let field = Parameter.required(
        "field", .line(maximum: 200), "Which field, for example depth_mm.")
    private static let from = Parameter.optional("from", .time, "From this time on.")
    private static let to = Parameter.optional("to", .time, "Up to this time, not included.")
    private static let step = Parameter.optional(
        "step", .duration, "One row for each such step; each value by itself if left out.")
    private static let question = Parameter.group(ofSession, ofDevice, field, from, to, step, as: SeriesQuery.init)

    var query: Command {
        Command(
            "query", "Lists a field's values over time, one by one or summed up by steps.", role: .reader,
            takes: Telemetry.question, gives: MeasuredStep.self, closes: Unread.self, errors: [.notFound],
            concerns: .named("session", .init("device", names: "device", mustBeOwn: true)),
            example: "telemetry.query session=17 field=depth_mm step=10s",
            lists: { reading, send, question in
                let series = try series(question, reading)
                let name = question.field
                let fields = Set(series.flatMap { $0.fields.filter { $0.kind != .text }.map(\.name) })
                guard fields.contains(name) else {
                    throw ModuleError.notFound(
                        "field", name, suggestions: suggestions(for: name, in: fields.sorted()),
                        next: fields.isEmpty
                            ? "there are no numbers" : "there are \(fields.sorted().prefix(20).joined(separator: ", "))"
                    )
                }
                var rows = Rows(
                    step: try step(question.step),
                    from: question.from?.nanoseconds ?? .min,
                    through: question.to?.nanoseconds.subtractingClamped(1) ?? .max)
                var blocks: [(block: StoredBlock, series: Series)] = []
                for series in series where series.fields.contains(where: { $0.name == name }) {
                    blocks += try reading.blocks(series.id, from: rows.from, through: rows.through).map { ($0, series) }
                }
                var unread = Unread()
                for (block, series) in blocks.sorted(by: { $0.block.first < $1.block.first }) {
                    // The rows before this block are complete, for the blocks that follow begin even later.
                    try rows.tell(before: block.first, send)
                    do {
                        for (place, field) in series.fields.enumerated() where field.name == name && field.kind != .text
                        {
                            try rows.add(block, series, place, reading)
                        }
                    } catch is Damage {
                        unread.damaged += 1
                    }
                }
                try rows.tell(before: nil, send)
                return unread
            })
    }

    private func series(_ question: SeriesQuery, _ reading: any Reading) throws -> [Series] {
        switch (question.session, question.device) {
        case (let session?, nil): return try reading.series(session: known(session, reading).session)
        case (nil, let device?):
            let series = try reading.store.rows("SELECT * FROM telemetry_series WHERE device = ? ORDER BY id", device)
                .map {
                    try Series($0, reading)
                }
            guard !series.isEmpty else {
                throw ModuleError.notFound("device", device, next: "no device of that name has ever reported")
            }
            return series
        case (nil, nil):
            throw ModuleError.invalidArgument(
                Telemetry.ofSession.name, expected: "a session or a device", got: "neither")
        default:
            throw ModuleError.invalidArgument(Telemetry.ofDevice.name, expected: "a session or a device", got: "both")
        }
    }

    private func step(_ span: Span?) throws -> Int64? {
        try span.map { span in
            guard span.totalNanoseconds > 0 else {
                throw ModuleError.invalidArgument(
                    Telemetry.step.name, expected: "more than nothing", got: span.description)
            }
            return span.totalNanoseconds
        }
    }
}

/// The rows of a query while its blocks are read: steps of time, or values one by one.
private struct Rows {
    let step: Int64?
    let from: Int64
    let through: Int64
    /// The steps and values that later blocks may still add to, or come before.
    private var steps: [Int64: Figures] = [:]
    private var values: [(time: Int64, value: Double)] = []

    private struct Figures {
        var count = 0
        var least = Double.infinity
        var most = -Double.infinity
        var sum = 0.0
        /// The decimals of the most precise value.
        var decimals: UInt8 = 0

        var mean: Double {
            // Rounding takes away the error of adding up decimals in binary.
            guard decimals <= 6, abs(sum) < 1e9 else { return sum / Double(count) }
            let power = Column.powers[Int(decimals)]
            return (sum * power).rounded() / power / Double(count)
        }

        mutating func add(_ column: Column, _ places: Range<Int>) {
            guard column.decimals != Sample.binary, column.kind != .unsigned,
                let (least, most, sum) = column.wholeFigures(places)
            else {
                for place in places {
                    let value = column.number(at: place)
                    add(1, value, value, value, column.decimals)
                }
                return
            }
            // Whole numbers are quicker to add up, and their sum is exact.
            let numbers = [least, most, sum].map { Column.number($0, column.kind, column.decimals) }
            add(places.count, numbers[0], numbers[1], numbers[2], column.decimals)
        }

        mutating func add(_ count: Int, _ least: Double, _ most: Double, _ sum: Double, _ decimals: UInt8) {
            self.decimals = max(self.decimals, decimals)
            self.count += count
            self.least = min(self.least, least)
            self.most = max(self.most, most)
            self.sum += sum
        }
    }

    init(step: Int64?, from: Int64, through: Int64) {
        self.step = step
        self.from = from
        self.through = through
    }

    mutating func add(_ block: StoredBlock, _ series: Series, _ place: Int, _ reading: any Reading) throws {
        if let step, block.first >= from, block.last <= through,
            block.first.roundedDown(to: step) == block.last.roundedDown(to: step)
        {
            // The whole block is in one step, so that its header is enough.
            let header = try block.header()
            guard header.statistics.count > place else { throw Damage() }
            let all = header.statistics[place]
            steps[block.first.roundedDown(to: step), default: Figures()].add(
                all.count, all.least, all.most, all.sum, header.decimals(of: place))
        } else if series.stepMilliseconds > 0 {
            try addRollUp(try block.points(reading), place)
        } else {
            try addValues(try block.points(reading, onlyColumn: place))
        }
    }

    private mutating func addValues(_ points: Points) throws {
        guard let column = points.columns.first else { throw Damage() }
        let times = points.times
        var place = times.firstIndex { $0 >= from } ?? times.count
        let last = times.lastIndex { $0 <= through } ?? -1
        guard let step else {
            while place <= last {
                values.append((times[place], column.number(at: place)))
                place += 1
            }
            return
        }
        // A block's times are in their order: its points come step by step.
        while place <= last {
            let start = times[place].roundedDown(to: step)
            let end = start.addingClamped(step)
            var next = place + 1
            while next <= last, times[next] < end { next += 1 }
            steps[start, default: Figures()].add(column, place..<next)
            place = next
        }
    }

    /// Adds points that sum up others, each of which is a step already.
    private mutating func addRollUp(_ points: Points, _ place: Int) throws {
        guard let columns = RollUp.Columns(points, field: place) else { throw Damage() }
        for (index, time) in points.times.enumerated() where time >= from && time <= through {
            steps[step.map { time.roundedDown(to: $0) } ?? time, default: Figures()].add(
                columns.counted(at: index), columns.least.number(at: index), columns.most.number(at: index),
                columns.sum.number(at: index), columns.sum.decimals)
        }
    }

    /// Sends the rows to which no point from that time on can add; without a time, all that are left.
    mutating func tell(before time: Int64?, _ send: (MeasuredStep) throws -> Void) throws {
        let step = step ?? 1
        let isComplete = { (start: Int64) in time.map { start.addingClamped(step) <= $0 } ?? true }
        for start in steps.keys.filter(isComplete).sorted() {
            guard let figures = steps.removeValue(forKey: start), figures.count > 0 else { continue }
            try send(
                MeasuredStep(
                    time: start, count: figures.count, least: figures.least, mean: figures.mean, most: figures.most))
        }
        guard !values.isEmpty else { return }
        values.sort { $0.time < $1.time }
        let complete = values.prefix { value in time.map { value.time < $0 } ?? true }
        for (time, value) in complete {
            try send(MeasuredStep(time: time, count: 1, least: value, mean: value, most: value))
        }
        values.removeFirst(complete.count)
    }
}
