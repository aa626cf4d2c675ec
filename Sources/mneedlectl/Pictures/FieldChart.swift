import FoundationEssentials
import Glibc
import MneedleClient
import MneedlePictures
import MneedleWire

/// The curve of a field with its limit, the values beside it and the time below it.
struct FieldChart {
    let field: String
    let session: String
    let begin: Date
    let end: Date
    let least: Double?
    let most: Double?
    /// The alarm of the limit.
    let code: String?
    private var measured: [(column: Int, least: Double, most: Double)] = []
    private var chart: BrailleChart?
    private var labels: [Int: String] = [:]

    /// The columns before the curve: a number, and the axis.
    private static let margin = 9

    init(field: String, session: String, begin: Date, end: Date, least: Double?, most: Double?, code: String?) {
        (self.field, self.session, self.begin, self.end) = (field, session, begin, end)
        (self.least, self.most, self.code) = (least, most, code)
    }

    /// How many columns of a terminal the curve has.
    func columns(width: Int) -> Int { max(8, width - FieldChart.margin - 1) }

    mutating func add(column: Int, least: Double, most: Double) {
        guard least.isFinite, most.isFinite else { return }
        measured.append((column, least, most))
    }

    /// Draws what was added.
    mutating func layOut(width: Int, height: Int) {
        let values = measured.flatMap { [$0.least, $0.most] } + [least, most].compactMap { $0 }
        let lowest = min(0, values.min() ?? 0)
        let highest = values.max() ?? 1
        // Some room above, so that a limit is a line in the picture and not its edge.
        let top = highest > lowest ? highest + (highest - lowest) * 0.08 : lowest + 1
        var chart = BrailleChart(
            width: columns(width: width), height: height, range: lowest...top, least: least, most: most)
        for step in measured.sorted(by: { $0.column < $1.column }) {
            chart.add(column: step.column, least: step.least, most: step.most)
        }
        labels = [height - 1: FieldChart.number(lowest), chart.cellRow(of: highest): FieldChart.number(highest)]
        // A limit is the more important number where two fall on one row.
        for limit in [least, most].compactMap({ $0 }) { labels[chart.cellRow(of: limit)] = FieldChart.number(limit) }
        self.chart = chart
    }

    /// At most seven characters.
    private static func number(_ value: Double) -> String {
        let text = HumanText.scalar(.number((value * 1000).rounded() / 1000))
        guard text.count > 7 else { return text }
        let exponent = log10(abs(value)).rounded(.down)
        let mantissa = (value / pow(10, exponent) * 10).rounded() / 10
        return "\(HumanText.scalar(.number(mantissa)))e\(Int(exponent))"
    }

    func text(hasColours: Bool) -> String {
        guard let chart else { return "" }
        var lines = [title]
        var beyond: Set<Int> = []
        for row in 0..<chart.height {
            let label = labels[row] ?? ""
            let before = String(repeating: " ", count: max(0, FieldChart.margin - 2 - label.count)) + label
            var line = "\(before) \(labels[row] == nil ? "│" : "┤")"
            var mark = BrailleChart.Mark.curve
            for (column, cell) in chart.cells(row: row).enumerated() {
                if cell.mark == .beyond { beyond.insert(column) }
                if cell.mark != mark {
                    line += FieldChart.colour(cell.mark, hasColours)
                    mark = cell.mark
                }
                line.append(cell.character)
            }
            if mark != .curve { line += FieldChart.colour(.curve, hasColours) }
            while line.last == " " { line.removeLast() }
            lines.append(line)
        }
        let axis = (0..<chart.width).map { beyond.contains($0) ? "▲" : "─" }.joined()
        lines.append(String(repeating: " ", count: FieldChart.margin - 1) + "└" + axis)
        let (from, to) = (LocalTime.clock(begin), LocalTime.clock(end))
        let gap = max(1, chart.width - from.count - to.count)
        lines.append(String(repeating: " ", count: FieldChart.margin) + from + String(repeating: " ", count: gap) + to)
        if let legend = legend(isBroken: !beyond.isEmpty) { lines.append(legend) }
        return HumanText.safe(lines.map { $0 + "\n" }.joined(), keeping: "\n\u{1B}")
    }

    private var title: String {
        HumanText.safe("\(field) in session \(session), \(LocalTime.text(begin, "%a %d %b %Y"))")
    }

    private func legend(isBroken: Bool) -> String? {
        let limits = [
            least.map { "at least \(HumanText.scalar(.number($0)))" },
            most.map { "at most \(HumanText.scalar(.number($0)))" },
        ]
        .compactMap { $0 }
        guard !limits.isEmpty else { return nil }
        let what = limits.joined(separator: " and ") + (code.map { " (\($0))" } ?? "")
        return "╌ the limit: \(what)" + (isBroken ? "; ▲ beyond it" : "")
    }

    private static func colour(_ mark: BrailleChart.Mark, _ hasColours: Bool) -> String {
        guard hasColours else { return "" }
        switch mark {
        case .curve: return "\u{1B}[0m"
        case .beyond: return "\u{1B}[1;31m"
        case .limit: return "\u{1B}[33m"
        }
    }
}
