/// Bars of blocks in a line of text.
package enum BarText {
    /// A bar of so many columns, of which that part is filled.
    package static func text(_ part: Double, width: Int) -> String {
        let filled = Int(((part.isFinite ? min(max(part, 0), 1) : 0) * Double(width)).rounded(.down))
        return String(repeating: "█", count: filled) + String(repeating: "░", count: max(0, width - filled))
    }

    /// A value against its limits: a bar with a mark where each limit is.
    ///
    /// What the whole bar stands for goes by the limit, so that bars of the same limit can be compared: a greatest value is at three
    /// quarters of it, a least one at a quarter.
    /// - Parameters:
    ///   - least: Less is too little.
    ///   - most: More is too much.
    package static func gauge(_ value: Double, least: Double?, most: Double?, width: Int) -> String {
        guard let whole = most.map({ $0 / 0.75 }) ?? least.map({ $0 * 4 }), whole > 0, whole.isFinite, width > 2 else {
            return String(repeating: " ", count: max(width, 0))
        }
        var bar = Array(text(value / whole, width: width))
        for limit in [least, most].compactMap({ $0 }) {
            let part = limit / whole
            guard (0..<1).contains(part) else { continue }
            let place = Int(part * Double(width))
            bar[place] = "┃"
            // A value over its limit comes over the mark, however little it is.
            if limit == most, value > limit, place + 1 < width { bar[place + 1] = "█" }
        }
        return String(bar)
    }
}
