/// A length of time. Hours, minutes and seconds are elapsed time; days and weeks are calendar
/// days in the person's time zone, which are not always 24 hours long.
///
/// Each part is clamped to four million days either way, further than from any ``Instant`` to any other.
public struct Span: Hashable, Sendable {
    /// Calendar days.
    public let days: Int
    /// Elapsed time beside the days.
    public let milliseconds: Int64

    /// The longest span that a request or a file may ask for: a hundred years.
    public static let longest = Span(days: 36_525)

    private static let mostDays = 4_000_000
    private static let mostMilliseconds = Int64(mostDays) * 86_400_000

    /// A span of both parts; neither is converted into the other.
    public init(days: Int = 0, milliseconds: Int64 = 0) {
        self.days = days.clamped(to: -Span.mostDays...Span.mostDays)
        self.milliseconds = milliseconds.clamped(to: -Span.mostMilliseconds...Span.mostMilliseconds)
    }

    /// A span of so many hours of elapsed time.
    public static func hours(_ hours: Double) -> Span { Span(milliseconds: Int64(clamping: hours * 3_600_000)) }
    /// A span of so many minutes of elapsed time.
    public static func minutes(_ minutes: Double) -> Span { Span(milliseconds: Int64(clamping: minutes * 60_000)) }
    /// A span of so many calendar days.
    public static func days(_ days: Int) -> Span { Span(days: days) }

    /// The whole span in milliseconds, with days of 24 hours: for comparing, and where no calendar is at hand.
    public var totalMilliseconds: Int64 { Int64(days) * 86_400_000 + milliseconds }

    /// The whole span in nanoseconds, with days of 24 hours; at most the greatest number of 64 bits.
    public var totalNanoseconds: Int64 { totalMilliseconds.multipliedClamped(by: 1_000_000) }

    /// Parses `90s`, `5m`, `72h`, `3d`, `4w`, or ISO 8601 (`PT72H`, `P4W`, `P1DT12H`). The result is never negative, and `nil`
    /// also for a span over ``longest``.
    public init?(_ text: String) {
        guard let span = Span.parsed(text), span.totalMilliseconds <= Span.longest.totalMilliseconds else { return nil }
        self = span
    }

    private static func parsed(_ text: String) -> Span? {
        guard let first = text.utf8.first else { return nil }
        if first == UInt8(ascii: "P") { return Span(iso8601: text) }
        var designators = Span.Designators.short
        return Span(pairs: Array(text.utf8), designators: &designators, single: true)
    }

    private init?(iso8601 text: String) {
        let parts = text.dropFirst().split(separator: "T", maxSplits: 1, omittingEmptySubsequences: false)
        var date = Designators.isoDate
        guard let days = Span(pairs: Array(parts[0].utf8), designators: &date, single: false) else { return nil }
        guard parts.count == 2 else {
            guard !parts[0].isEmpty else { return nil }
            self = days
            return
        }
        var time = Designators.isoTime
        guard !parts[1].isEmpty,
            let rest = Span(pairs: Array(parts[1].utf8), designators: &time, single: false)
        else { return nil }
        self.init(days: days.days, milliseconds: rest.milliseconds)
    }

    /// The unit letters in the order in which they may follow one another.
    private struct Designators {
        var units: [(letter: UInt8, days: Int, milliseconds: Int64)]
        static var short: Designators { Designators(units: isoDate.lower + isoTime.lower) }
        static var isoDate: Designators {
            Designators(units: [(UInt8(ascii: "W"), 7, 0), (UInt8(ascii: "D"), 1, 0)])
        }
        static var isoTime: Designators {
            Designators(units: [
                (UInt8(ascii: "H"), 0, 3_600_000), (UInt8(ascii: "M"), 0, 60_000), (UInt8(ascii: "S"), 0, 1000),
            ])
        }
        private var lower: [(letter: UInt8, days: Int, milliseconds: Int64)] {
            units.map { ($0.letter + 32, $0.days, $0.milliseconds) }
        }
    }

    private init?(pairs bytes: [UInt8], designators: inout Designators, single: Bool) {
        var days = 0
        var milliseconds: Int64 = 0
        var rest = bytes[...]
        while !rest.isEmpty {
            let digits = rest.prefix { $0 >= 48 && $0 <= 57 }
            guard digits.count <= 9, let amount = decimal(digits), digits.endIndex < rest.endIndex,
                let index = designators.units.firstIndex(where: { $0.letter == rest[digits.endIndex] })
            else { return nil }
            let unit = designators.units[index]
            designators.units.removeFirst(index + 1)
            days = days.addingClamped(amount.multipliedClamped(by: unit.days))
            milliseconds = milliseconds.addingClamped(Int64(amount).multipliedClamped(by: unit.milliseconds))
            rest = rest[(digits.endIndex + 1)...]
            if single && !rest.isEmpty { return nil }
        }
        if single && bytes.isEmpty { return nil }
        self.init(days: days, milliseconds: milliseconds)
    }
}

extension Span: CustomStringConvertible, ValueConvertible {
    /// ISO 8601: `P28D`, `PT72H`, `PT5M`, `PT0S`; with a sign in front where the whole span is negative.
    public var description: String {
        guard days.signum() * Int(milliseconds.signum()) >= 0 else {
            return Span(milliseconds: totalMilliseconds).description
        }
        guard totalMilliseconds >= 0 else { return "-" + Span(days: -days, milliseconds: -milliseconds).description }
        var text = "P" + (days != 0 ? "\(days)D" : "")
        guard milliseconds != 0 || days == 0 else { return text }
        let seconds = milliseconds / 1000
        text += "T"
        if seconds / 3600 != 0 { text += "\(seconds / 3600)H" }
        if seconds / 60 % 60 != 0 { text += "\(seconds / 60 % 60)M" }
        let fraction = milliseconds % 1000
        if fraction != 0 {
            text += "\(seconds % 60).\(padded(Int(fraction), 3))S"
        } else if seconds % 60 != 0 || seconds == 0 {
            text += "\(seconds % 60)S"
        }
        return text
    }
    public var value: Value { .string(description) }
}
