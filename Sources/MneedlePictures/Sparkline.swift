/// Values in a line of text.
package enum Sparkline {
    private static let bars = Array("▁▂▃▄▅▆▇█")

    /// One bar a value, a blank where there is none.
    /// - Parameter range: What the lowest and the highest bar stand for; that of the values if left out.
    package static func text(_ values: [Double?], in range: ClosedRange<Double>? = nil) -> String {
        let known = values.compactMap { $0 }.filter(\.isFinite)
        guard let least = known.min(), let most = known.max() else {
            return String(repeating: " ", count: values.count)
        }
        let range = range ?? least...most
        let span = range.upperBound - range.lowerBound
        return String(
            values.map { value -> Character in
                guard let value, value.isFinite else { return " " }
                // Where all are the same, none is low and none is high.
                let part = (value - range.lowerBound) / span * Double(bars.count)
                guard span > 0, part.isFinite else { return bars[bars.count / 2] }
                return bars[Int(min(max(part, 0), Double(bars.count - 1)))]
            })
    }
}
