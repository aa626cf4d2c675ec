import FoundationEssentials
import Glibc
import MneedleClient
import MneedlePictures
import MneedleWire

extension Tool {
    /// `telemetry show SESSION [--field NAME]`, and on a terminal `telemetry summary`; all other words go to the daemon.
    func telemetry(_ words: [String]) throws(Failure) -> ExitCode {
        guard let order = try TelemetryOrder(words) else { return try call(words) }
        guard output.terminalWidth != nil, !options.form.isForPrograms, options.fields.isEmpty, !options.quiet else {
            return try call(["telemetry", "summary"] + order.arguments)
        }
        let connection = try connect()
        let catalog = try asking { () throws(ClientError) in try Catalog(connection) }
        guard let command = catalog.command(TelemetryOrder.summary) else {
            return try call(["telemetry", "summary"] + order.arguments)
        }
        var arguments = try CommandLineArguments.parse(order.arguments, for: command)
        if asks, let given = arguments.given {
            var interview = ArgumentInterview(command, given: given, on: connection, questioner)
            if interview.isLacking { try interview.complete() }
            arguments = .words(interview.words)
        }
        let request = RequestLine(verb: command.verb, arguments: arguments)
        let summary = try asking(command.verb) { () throws(ClientError) in try connection.request(request) }
        let picture = try TelemetryPicture(of: arguments, summary, self, connection)
        if order.hasChart, let chart = try picture.chart(field: order.field, width: output.width) {
            print(chart.text(hasColours: hasColours), terminator: "\n")
        }
        output.reply(try picture.summaryWithTrends(width: output.width))
        return .ok
    }
}

/// What of a session's telemetry to show.
private struct TelemetryOrder {
    static let summary = "telemetry.summary"
    let hasChart: Bool
    /// The field to draw; the one that is watched first if left out.
    private(set) var field: String?
    /// What the daemon is asked with.
    private(set) var arguments: [String] = []

    /// - Returns: `nil` for the words of another command.
    init?(_ words: [String]) throws(Failure) {
        let count = words.first == "telemetry" ? 2 : 1
        switch words.prefix(count).joined(separator: ".") {
        case "telemetry.show": hasChart = true
        case TelemetryOrder.summary: hasChart = false
        default: return nil
        }
        var rest = words.dropFirst(count)
        while let word = rest.popFirst() {
            let isField = hasChart && (word == "--field" || word.hasPrefix("--field=") || word.hasPrefix("field="))
            guard isField else {
                arguments.append(word)
                continue
            }
            guard let name = word.contains("=") ? String(word.drop { $0 != "=" }.dropFirst()) : rest.popFirst() else {
                throw .usage(
                    "--field: expected the name of a field", next: "mneedlectl telemetry show SESSION [--field NAME]")
            }
            field = name
        }
    }
}

/// A session's telemetry over the time of the session.
private struct TelemetryPicture {
    let tool: Tool
    let connection: Connection
    let session: RequestLine.Word
    let summary: JSON
    /// From the session's begin to its end, or to now; and no less than what was reported.
    let begin: Date
    let end: Date

    private static let rows = 10
    private static let trendColumns = 32

    init(
        of arguments: RequestLine.Arguments, _ summary: JSON, _ tool: Tool, _ connection: Connection
    ) throws(Failure) {
        (self.summary, self.tool, self.connection) = (summary, tool, connection)
        let given: RequestLine.Word? =
            switch arguments {
            case .words(let words): words.first { $0.name == "session" }
            case .object(let members):
                members.first { $0.name == "session" }.map { .init($0.name, .bare(HumanText.scalar($0.value))) }
            case .none: nil
            }
        session = given ?? .init("session", .bare(""))
        let request = RequestLine(verb: "session.show", arguments: .words([session]))
        let shown = try tool.asking(request.verb) { () throws(ClientError) in try connection.request(request) }
        func date(_ json: JSON, _ name: String) -> Date? { json[name]?.string.flatMap(LocalTime.date) }
        let times = [date(shown, "started"), date(summary, "from"), date(summary, "to"), date(shown, "ended")]
        let isRunning = shown["ended"]?.string == nil
        let known = times.compactMap { $0 } + (isRunning ? [Date()] : [])
        begin = known.min() ?? Date()
        end = max(known.max() ?? begin, begin.addingTimeInterval(1))
    }

    /// What a field was in a part of the time.
    private struct Step {
        var count = 0.0
        var least = Double.infinity
        var most = -Double.infinity
        var sum = 0.0

        mutating func add(_ row: JSON) {
            guard let least = row["min"]?.number, let most = row["max"]?.number, let mean = row["mean"]?.number else {
                return
            }
            let count = row["count"]?.number ?? 1
            self.count += count
            (self.least, self.most) = (min(self.least, least), max(self.most, most))
            sum += mean * count
        }
    }

    /// The parts of the time in which a field was reported, of so many at most.
    private func steps(_ field: String, columns: Int) throws(Failure) -> [Int: Step] {
        let length = end.timeIntervalSince(begin) / Double(max(columns - 1, 1))
        // The daemon sums up by whole seconds; of a short session each value is asked for.
        let step = length > 1 ? length.rounded(.up) : length
        var words = [session, .init("field", .bare(field))]
        if length > 1 { words.append(.init("step", .bare("\(Int(step))s"))) }
        // A step begins at a multiple of its length, so the first one may begin before the session.
        let first = (begin.timeIntervalSince1970 / step).rounded(.down)
        let request = RequestLine(verb: "telemetry.query", arguments: .words(words))
        var found: [Int: Step] = [:]
        try tool.asking(request.verb) { () throws(ClientError) in
            _ = try connection.request(request) { row in
                guard let time = row["t"]?.string.flatMap(LocalTime.date) else { return }
                // A time that is a multiple must not fall below it by an error of binary.
                let column = Int((time.timeIntervalSince1970 / step + 1e-6).rounded(.down) - first)
                found[column, default: Step()].add(row)
            }
        }
        return found.filter { $0.value.count > 0 }
    }

    // MARK: The chart

    /// - Returns: `nil` where nothing was reported that can be drawn.
    func chart(field: String?, width: Int) throws(Failure) -> FieldChart? {
        let limits = summary["limits"]?.elements ?? []
        guard let field = field ?? limits.first?["field"]?.string ?? summary["fields"]?.members?.first?.name else {
            return nil
        }
        let limit = limits.first { $0["field"]?.string == field }
        var chart = FieldChart(
            field: field, session: session.value.text, begin: begin, end: end, least: limit?["min"]?.number,
            most: limit?["max"]?.number, code: limit?["code"]?.string)
        for (column, step) in try steps(field, columns: chart.columns(width: width) * 2) {
            chart.add(column: column, least: step.least, most: step.most)
        }
        chart.layOut(width: width, height: TelemetryPicture.rows)
        return chart
    }

    // MARK: The trends

    /// The summary, with a sparkline for each field.
    func summaryWithTrends(width: Int) throws(Failure) -> JSON {
        var fields: [JSON.Member] = []
        let columns = max(8, min(TelemetryPicture.trendColumns, width - 24))
        for member in summary["fields"]?.members ?? [] {
            guard let figures = member.value.members else { continue }
            var values = [Double?](repeating: nil, count: columns)
            for (column, step) in try steps(member.name, columns: columns) where values.indices.contains(column) {
                values[column] = step.sum / step.count
            }
            fields.append(.init(member.name, .object(figures + [.init("trend", .string(Sparkline.text(values)))])))
        }
        return .object((summary.members ?? []).map { $0.name == "fields" ? .init("fields", .object(fields)) : $0 })
    }
}
