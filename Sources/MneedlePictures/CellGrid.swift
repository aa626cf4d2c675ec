/// What a terminal shows, cell by cell. A new grid is shown by writing only the cells in which it differs from the one before, so
/// that nothing flickers.
package struct CellGrid: Equatable {
    /// How a cell looks beside its character.
    package struct Style: Hashable, Sendable {
        /// The colour, where colours are wanted.
        package var colour: Colour = .plain
        package var isBold = false
        package var isReversed = false

        package init(_ colour: Colour = .plain, bold: Bool = false, reversed: Bool = false) {
            (self.colour, isBold, isReversed) = (colour, bold, reversed)
        }
    }

    package enum Colour: Int, Hashable, Sendable {
        case plain = 39
        case red = 31
        case green = 32
        case yellow = 33
        case cyan = 36
    }

    private struct Cell: Equatable {
        /// `nil` for the second half of a wide character.
        var character: Character? = " "
        var style = Style()
    }

    /// The marks and isolates of texts from right to left.
    private static let isolates: Set<Character> = [
        "\u{200E}", "\u{200F}", "\u{061C}", "\u{2066}", "\u{2067}", "\u{2068}", "\u{2069}",
    ]

    package let width: Int
    package let height: Int
    private var cells: [Cell]

    package init(width: Int, height: Int) {
        (self.width, self.height) = (max(width, 1), max(height, 1))
        cells = Array(repeating: Cell(), count: self.width * self.height)
    }

    // MARK: Writing

    /// Writes a text on a row. What goes over the right edge, or comes to another row than there is, is left out; what a terminal
    /// would obey, or not show, is made visible.
    /// - Parameter end: The column before which the text ends; the right edge if left out.
    /// - Returns: The column after the text.
    @discardableResult
    package mutating func put(
        _ text: some StringProtocol, row: Int, column: Int = 0, style: Style = Style(), before end: Int? = nil
    ) -> Int {
        guard (0..<height).contains(row) else { return column }
        let end = min(end ?? width, width)
        var column = column
        for character in text {
            var (shown, width) = (character, TextWidth.of(character))
            if width == 0 {
                // Each cell has its place already, so that nothing has to be kept apart from what is beside it.
                guard !CellGrid.isolates.contains(character) else { continue }
                (shown, width) = (character.isWhitespace ? " " : "\u{FFFD}", 1)
            }
            guard column >= 0, column + width <= end else { break }
            set(Cell(character: shown, style: style), row, column)
            if width == 2 { set(Cell(character: nil, style: style), row, column + 1) }
            column += width
        }
        return column
    }

    /// Fills a row from a column on.
    package mutating func fill(row: Int, from column: Int = 0, style: Style) {
        guard (0..<height).contains(row), column < width else { return }
        for column in max(column, 0)..<width { set(Cell(style: style), row, column) }
    }

    private mutating func set(_ cell: Cell, _ row: Int, _ column: Int) {
        let place = row * width + column
        // Half of a wide character is none.
        if cell.character != nil, cells[place].character == nil, column > 0 { cells[place - 1].character = " " }
        if column + 1 < width, cells[place + 1].character == nil { cells[place + 1].character = " " }
        cells[place] = cell
    }

    // MARK: Reading

    /// The text of a row, without the blanks at its end.
    package func text(row: Int) -> String {
        var text = String(cells[row * width..<(row + 1) * width].compactMap(\.character))
        while text.last == " " { text.removeLast() }
        return text
    }

    /// The style of a cell.
    package func style(row: Int, column: Int) -> Style { cells[row * width + column].style }

    // MARK: Showing

    /// What to send to a terminal that shows `old`, so that it shows this.
    /// - Parameters:
    ///   - old: The grid that is shown; `nil` for a terminal that was just cleared, and for one of another size.
    ///   - hasColours: Whether to send colours.
    package func changes(from old: CellGrid?, hasColours: Bool) -> String {
        let old =
            old.flatMap { $0.width == width && $0.height == height ? $0 : nil }
            ?? CellGrid(width: width, height: height)
        var text = ""
        var style = Style()
        /// Where the terminal's cursor is.
        var cursor: Int?
        for (place, cell) in cells.enumerated() where cell != old.cells[place] {
            guard let character = cell.character else { continue }
            // A cursor at the end of a row is nowhere: terminals differ in where they leave it.
            if cursor != place || place % width == 0 {
                text += "\u{1B}[\(place / width + 1);\(place % width + 1)H"
            }
            if cell.style != style {
                style = cell.style
                text += style.sequence(hasColours: hasColours)
            }
            text.append(character)
            cursor = place + TextWidth.of(character)
        }
        return style == Style() ? text : text + "\u{1B}[0m"
    }
}

extension CellGrid.Style {
    fileprivate func sequence(hasColours: Bool) -> String {
        var codes = ["0"]
        if isBold { codes.append("1") }
        if isReversed { codes.append("7") }
        if hasColours, colour != .plain { codes.append(String(colour.rawValue)) }
        return "\u{1B}[\(codes.joined(separator: ";"))m"
    }
}
