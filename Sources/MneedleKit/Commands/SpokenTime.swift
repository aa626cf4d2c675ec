/// A day or a time as people say it: `yesterday`, `3 weeks ago`, `tomorrow 14:00`, `24.12.2026`. It becomes one day or moment only
/// where the time now and a zone are known; modules get that and never this.
///
/// What may mean two days is refused with both, and a day alone is no time: nothing is guessed.
public struct SpokenTime: Hashable, Sendable {
    /// The words as they came.
    public let text: String
    private let form: Form

    private enum Form: Hashable, Sendable {
        case now
        case elapsed(milliseconds: Int64)
        case day(Day, minuteOfDay: Int?)
    }

    private enum Day: Hashable, Sendable {
        case date(CivilDate)
        /// Days from today. `isSpan` for "3 days ago", which keeps the time of day, and not for "yesterday".
        case days(Int, isSpan: Bool)
        case months(Int)
        /// 0 for Monday. The nearest one before today, or after it; `nil` where that is not said.
        case weekday(Int, isNext: Bool?)
        /// Two numbers with a slash, of which either may be the month.
        case slashed(Int, Int, year: Int)
    }

    /// The reason for which words are no day or no time.
    public enum Fault: Error, Hashable, Sendable {
        /// They may mean either day.
        case ambiguous(CivilDate, CivilDate)
        /// They name a day, and a time is wanted.
        case isDayAlone
        /// They name a time of day, and a day is wanted.
        case isTime
    }

    /// - Returns: `nil` for words that are no day or time.
    public init?(_ text: String) {
        var words = SpokenTime.words(text)
        guard (1...6).contains(words.count) else { return nil }
        self.text = text
        if words == ["now"] {
            form = .now
            return
        }
        if let span = SpokenTime.span(&words) {
            guard words.isEmpty || span.unit.isDate else { return nil }
            guard let minute = SpokenTime.clock(&words), words.isEmpty else { return nil }
            switch span.unit {
            case .minutes, .hours:
                form = .elapsed(milliseconds: Int64(span.count) * (span.unit == .hours ? 3_600_000 : 60_000))
            case .days: form = .day(.days(span.count, isSpan: true), minuteOfDay: minute.time)
            case .weeks: form = .day(.days(span.count * 7, isSpan: true), minuteOfDay: minute.time)
            case .months: form = .day(.months(span.count), minuteOfDay: minute.time)
            case .years: form = .day(.months(span.count * 12), minuteOfDay: minute.time)
            }
            return
        }
        let day = SpokenTime.day(&words)
        guard let minute = SpokenTime.clock(&words), words.isEmpty, day != nil || minute.time != nil else { return nil }
        form = .day(day ?? .days(0, isSpan: false), minuteOfDay: minute.time)
    }

    /// A span of time in words: `3 weeks`, `90 minutes`.
    public static func span(_ text: String) -> Span? {
        switch SpokenTime("in \(text)")?.form {
        case .elapsed(let milliseconds): Span(milliseconds: milliseconds)
        case .day(.days(let days, isSpan: true), minuteOfDay: nil): Span(days: days)
        default: nil
        }
    }

    // MARK: What is meant

    /// The day that is meant.
    public func date(now: Instant, in zone: Zone) throws(Fault) -> CivilDate {
        switch form {
        case .now: return zone.date(of: now)
        case .elapsed(let milliseconds): return zone.date(of: now.adding(milliseconds: milliseconds))
        case .day(let day, minuteOfDay: nil): return try SpokenTime.date(day, zone.date(of: now))
        case .day: throw .isTime
        }
    }

    /// The moment that is meant, by the clocks of the zone. A time that comes twice means the first; one that does not exist moves
    /// forward by the gap.
    public func instant(now: Instant, in zone: Zone) throws(Fault) -> Instant {
        switch form {
        case .now: return now
        case .elapsed(let milliseconds): return now.adding(milliseconds: milliseconds)
        case .day(let day, .some(let minute)):
            return zone.instant(of: try SpokenTime.date(day, zone.date(of: now)), minuteOfDay: minute)
        case .day(.days(let days, isSpan: true), nil): return zone.adding(.days(days), to: now)
        case .day(.months(let months), nil):
            let today = zone.date(of: now)
            return zone.adding(.days(today.adding(months: months) - today), to: now)
        case .day: throw .isDayAlone
        }
    }

    private static func date(_ day: Day, _ today: CivilDate) throws(Fault) -> CivilDate {
        switch day {
        case .date(let date): return date
        case .days(let days, _): return today.adding(days: days)
        case .months(let months): return today.adding(months: months)
        case .weekday(let weekday, let isNext):
            // 1970-01-01 was a Thursday.
            let since = ((today.daysSinceEpoch + 3 - weekday) % 7 + 7) % 7
            let (last, next) = (today.adding(days: since == 0 ? -7 : -since), today.adding(days: 7 - since))
            guard let isNext else { throw .ambiguous(last, next) }
            return isNext ? next : last
        case .slashed(let first, let second, let year):
            let british = CivilDate(year: year, month: second, day: first)
            let american = CivilDate(year: year, month: first, day: second)
            if let british, let american, british != american { throw .ambiguous(british, american) }
            return british ?? american ?? today
        }
    }

    // MARK: Reading

    /// The words in small letters. `3-weeks-ago` is three, for a word of a request has no blanks.
    private static func words(_ text: String) -> [String] {
        guard text.utf8.count <= 64, text.utf8.allSatisfy({ $0 >= 32 && $0 < 127 }) else { return [] }
        let blank = UInt8(ascii: " ")
        return text.lowercased().split(separator: " ").flatMap { word -> [String] in
            // A date keeps its hyphens; a time may follow its T.
            if CivilDate(String(word.prefix(10))) != nil {
                let rest = word.dropFirst(10)
                return [String(word.prefix(10))]
                    + (rest.first == "t" ? [String(rest.dropFirst())] : rest.isEmpty ? [] : ["?"])
            }
            let parts = word.utf8.map { $0 == UInt8(ascii: "-") || $0 == UInt8(ascii: "_") ? blank : $0 }
            return String(decoding: parts, as: UTF8.self).split(separator: " ").map(String.init)
        }.filter { $0 != "at" && $0 != "on" }
    }

    private enum Unit {
        case minutes, hours, days, weeks, months, years

        init?(_ word: Substring) {
            switch word {
            case "min", "mins", "minute", "minutes": self = .minutes
            case "h", "hour", "hours": self = .hours
            case "d", "day", "days": self = .days
            case "w", "week", "weeks": self = .weeks
            case "month", "months": self = .months
            case "y", "year", "years": self = .years
            default: return nil
            }
        }

        var isDate: Bool { self != .minutes && self != .hours }
    }

    /// `3 weeks ago`, `in 2h`: takes the words, and gives the number with its sign.
    private static func span(_ words: inout [String]) -> (count: Int, unit: Unit)? {
        var rest = words
        let isAhead = rest.first == "in"
        if isAhead { rest.removeFirst() }
        guard let first = rest.first else { return nil }
        let digits = first.prefix { $0.isASCII && $0.isNumber }
        let number: Int
        var name = first.dropFirst(digits.count)
        if digits.isEmpty {
            guard first == "a" || first == "an" else { return nil }
            (number, name) = (1, "")
        } else {
            guard let count = Int(digits), count <= 9999 else { return nil }
            number = count
        }
        rest.removeFirst()
        if name.isEmpty {
            guard let next = rest.first else { return nil }
            name = next[...]
            rest.removeFirst()
        }
        guard let unit = Unit(name) else { return nil }
        if !isAhead {
            guard rest.first == "ago" else { return nil }
            rest.removeFirst()
        }
        words = rest
        return (isAhead ? number : -number, unit)
    }

    private static let weekdays = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
    private static let weekdayNames = [
        "monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday",
    ]
    private static let months = [
        "january", "february", "march", "april", "may", "june", "july", "august", "september", "october", "november",
        "december",
    ]

    /// Takes the words of a day; `nil` where they begin with none.
    private static func day(_ words: inout [String]) -> Day? {
        guard let first = words.first else { return nil }
        if let taken = dateWithMonth(words) {
            words.removeFirst(3)
            return .date(taken)
        }
        var count = 1
        let day: Day?
        switch first {
        case "today": day = .days(0, isSpan: false)
        case "yesterday": day = .days(-1, isSpan: false)
        case "tomorrow": day = .days(1, isSpan: false)
        case "last", "next":
            count = 2
            day = words.count > 1 ? weekday(words[1]).map { .weekday($0, isNext: first == "next") } : nil
        default: day = weekday(first).map { .weekday($0, isNext: nil) } ?? numbers(first)
        }
        guard let day else { return nil }
        words.removeFirst(count)
        return day
    }

    private static func weekday(_ word: String) -> Int? {
        weekdays.firstIndex(of: word) ?? weekdayNames.firstIndex(of: word)
    }

    /// `2026-12-24`, `24.12.2026`, `24/12/2026`; a year has four digits.
    private static func numbers(_ word: String) -> Day? {
        if let date = CivilDate(word) { return .date(date) }
        for separator in [".", "/"] as [Character] {
            let parts = word.split(separator: separator, omittingEmptySubsequences: false)
            guard parts.count == 3, parts[2].utf8.count == 4, let first = number(parts[0]),
                let second = number(parts[1]),
                let year = number(parts[2])
            else { continue }
            if separator == "." { return CivilDate(year: year, month: second, day: first).map(Day.date) }
            let exists =
                CivilDate(year: year, month: second, day: first) != nil
                || CivilDate(year: year, month: first, day: second) != nil
            return exists ? .slashed(first, second, year: year) : nil
        }
        return nil
    }

    /// `24 December 2026`, `Dec 24 2026`.
    private static func dateWithMonth(_ words: [String]) -> CivilDate? {
        guard words.count >= 3, words[2].utf8.count == 4, let year = number(words[2][...]) else { return nil }
        func month(_ word: String) -> Int? {
            guard word.utf8.count >= 3 else { return nil }
            return months.firstIndex { $0 == word || String($0.prefix(3)) == word }.map { $0 + 1 }
        }
        func day(_ word: String) -> Int? {
            number(word.hasSuffix(".") || word.hasSuffix(",") ? word.dropLast() : word[...])
        }
        if let day = day(words[0]), let month = month(words[1]) {
            return CivilDate(year: year, month: month, day: day)
        }
        guard let month = month(words[0]), let day = day(words[1]) else { return nil }
        return CivilDate(year: year, month: month, day: day)
    }

    private static func number(_ digits: Substring) -> Int? {
        guard (1...4).contains(digits.utf8.count), digits.utf8.allSatisfy({ (48...57).contains($0) }) else {
            return nil
        }
        return Int(digits)
    }

    /// A time of day in minutes since midnight, or none.
    private struct TimeOfDay { let time: Int? }

    /// `14:00`, `2pm`, `2:30 pm`, `noon`: takes the words of a time of day. No word at all is no time of day.
    /// - Returns: `nil` for words that are none.
    private static func clock(_ words: inout [String]) -> TimeOfDay? {
        guard let first = words.first else { return TimeOfDay(time: nil) }
        if first == "noon" {
            words.removeFirst()
            return TimeOfDay(time: 720)
        }
        var word = first[...]
        var half: Substring?
        if word.hasSuffix("am") || word.hasSuffix("pm") {
            half = word.suffix(2)
            word = word.dropLast(2)
        } else if words.count > 1, ["am", "pm"].contains(words[1]) {
            half = words[1][...]
        }
        let parts = word.split(separator: ":", omittingEmptySubsequences: false)
        guard (1...2).contains(parts.count), parts.count == 2 || half != nil, let hour = number(parts[0]),
            parts[0].utf8.count <= 2
        else { return nil }
        var minute = 0
        if parts.count == 2 {
            guard parts[1].utf8.count == 2, let given = number(parts[1]), given < 60 else { return nil }
            minute = given
        }
        words.removeFirst(half != nil && !first.hasSuffix("m") ? 2 : 1)
        guard let half else { return hour < 24 ? TimeOfDay(time: hour * 60 + minute) : nil }
        guard (1...12).contains(hour) else { return nil }
        return TimeOfDay(time: (hour % 12 + (half == "pm" ? 12 : 0)) * 60 + minute)
    }
}
