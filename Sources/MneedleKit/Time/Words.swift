/// A number with its unit: `1 day`, `3 days`.
public func counted(_ number: some BinaryInteger, _ unit: String) -> String {
    "\(number) \(unit)\(number == 1 ? "" : "s")"
}

/// A number without a needless fraction: `5`, `4.5`.
public func shortText(_ number: Double) -> String {
    number == number.rounded() && abs(number) < 1e9 ? String(Int(number)) : String(number)
}

extension Span {
    /// The span in words: `3 days`, `72 hours`, `1 day and 30 minutes`.
    public var words: String {
        let (hours, rest) = milliseconds.quotientAndRemainder(dividingBy: 3_600_000)
        let parts: [(Int64, String)] = [(Int64(days), "day"), (hours, "hour"), (rest / 60_000, "minute")]
        return parts.filter { $0.0 != 0 }.map { counted($0, $1) }.joined(separator: " and ")
    }
}

extension Deadline {
    /// The deadline in words: a day as it is, a time as a clock in `zone` shows it.
    public func words(in zone: Zone) -> String {
        switch self {
        case .date(let date): date.description
        case .instant(let instant): zone.clockText(instant)
        }
    }
}
