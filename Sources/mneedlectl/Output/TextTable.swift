import MneedleWire

/// A table with aligned columns. Where it is wider than the terminal, its widest columns are wrapped, so that nothing is lost.
struct TextTable {
    private static let gap = "  "
    private static let least = 12

    private var columns: [(name: String, width: Int)] = []

    /// - Parameters:
    ///   - sample: The rows that the widths are taken from.
    ///   - order: The columns' names in their order; others come after them.
    ///   - width: The terminal's width; `nil` for no wrapping.
    init(sample: [JSON], order: [String], width: Int?) {
        for row in sample {
            for member in row.members ?? [] {
                let length = HumanText.cell(member.value).count
                if let index = columns.firstIndex(where: { $0.name == member.name }) {
                    columns[index].width = max(columns[index].width, length)
                } else {
                    columns.append((member.name, max(length, member.name.count)))
                }
            }
        }
        let places = Dictionary(order.enumerated().map { ($1, $0) }, uniquingKeysWith: { first, _ in first })
        columns = columns.enumerated()
            .sorted { (places[$0.element.name] ?? .max, $0.offset) < (places[$1.element.name] ?? .max, $1.offset) }
            .map { $0.element }
        if let width { shrink(to: width) }
    }

    private mutating func shrink(to width: Int) {
        var excess = columns.map(\.width).reduce(0, +) + Self.gap.count * (columns.count - 1) - width
        while excess > 0, let widest = columns.indices.max(by: { columns[$0].width < columns[$1].width }),
            columns[widest].width > Self.least
        {
            columns[widest].width -= 1
            excess -= 1
        }
    }

    /// The names of the columns.
    var header: String { lines(columns.map { $0.name.uppercased() }) }

    /// The lines of a row; members that the sample did not have come last, with their names.
    func lines(_ row: JSON) -> String {
        let members = row.members ?? []
        let cells = columns.map { column in row[column.name].map { HumanText.cell($0) } ?? "" }
        let others = members.filter { member in !columns.contains { $0.name == member.name } }
        return lines(cells + others.map { "\($0.name)=\(HumanText.cell($0.value))" })
    }

    private func lines(_ cells: [String]) -> String {
        let wrapped = cells.enumerated().map { index, cell in
            index < columns.count && cell.count > columns[index].width && columns[index].width >= Self.least
                ? HumanText.wrap(cell, width: columns[index].width) : [cell]
        }
        var text = ""
        for line in 0..<(wrapped.map(\.count).max() ?? 0) {
            let parts = wrapped.enumerated().map { index, lines in
                let part = line < lines.count ? lines[line] : ""
                return index < columns.count ? part.padded(to: columns[index].width) : part
            }
            var joined = parts.joined(separator: Self.gap)
            while joined.last == " " { joined.removeLast() }
            text += joined + "\n"
        }
        return text
    }
}

extension String {
    /// The text with blanks after it, up to a length.
    func padded(to length: Int) -> String {
        self + String(repeating: " ", count: max(0, length - count))
    }
}
