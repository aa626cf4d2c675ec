/// A calendar day (proleptic Gregorian), independent of any time zone.
///
/// Every date is within the years 1 to 9999: a day beyond them becomes their first or last day.
public struct CivilDate: Hashable, Comparable, Sendable {
    /// Days since 1970-01-01.
    public let daysSinceEpoch: Int

    /// The first day, 0001-01-01.
    public static let first = CivilDate(unchecked: -719_162)
    /// The last day, 9999-12-31.
    public static let last = CivilDate(unchecked: 2_932_896)
    /// The days that a request or a device may name: no person's record reaches further, and every sum with a ``Span/longest``
    /// can still be stored.
    public static let acceptable = CivilDate(unchecked: -25_567)...CivilDate(unchecked: 84_370)

    private init(unchecked days: Int) { daysSinceEpoch = days }

    /// The day so many days after 1970-01-01; beyond the years 1 to 9999 their first or last day.
    public init(daysSinceEpoch: Int) {
        self.daysSinceEpoch = daysSinceEpoch.clamped(
            to: CivilDate.first.daysSinceEpoch...CivilDate.last.daysSinceEpoch)
    }

    /// The day of a year, month and day of the month; `nil` unless it exists (no 30 February) and the year is 1 to 9999.
    public init?(year: Int, month: Int, day: Int) {
        guard (1...9999).contains(year), (1...12).contains(month),
            day >= 1, day <= CivilDate.days(inMonth: month, of: year)
        else { return nil }
        // Counting years from March puts the leap day last, so that a month's start is linear.
        let shifted = month <= 2 ? year - 1 : year
        let era = shifted / 400
        let yearOfEra = shifted - era * 400
        let dayOfYear = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1
        let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
        daysSinceEpoch = era * 146_097 + dayOfEra - 719_468
    }

    /// Parses `2026-11-20`.
    public init?(_ text: String) {
        let bytes = Array(text.utf8)
        guard bytes.count == 10, bytes[4] == UInt8(ascii: "-"), bytes[7] == UInt8(ascii: "-"),
            let year = decimal(bytes[0..<4]), let month = decimal(bytes[5..<7]),
            let day = decimal(bytes[8..<10])
        else { return nil }
        self.init(year: year, month: month, day: day)
    }

    /// The year, the month from 1 to 12, and the day of the month from 1.
    public var components: (year: Int, month: Int, day: Int) {
        let shifted = daysSinceEpoch + 719_468
        let era = (shifted >= 0 ? shifted : shifted - 146_096) / 146_097
        let dayOfEra = shifted - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shiftedMonth = (5 * dayOfYear + 2) / 153
        let day = dayOfYear - (153 * shiftedMonth + 2) / 5 + 1
        let month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9
        return (yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, day)
    }

    /// The date so many days later; earlier where the number is negative.
    public func adding(days: Int) -> CivilDate { CivilDate(daysSinceEpoch: daysSinceEpoch.addingClamped(days)) }

    /// The same day of the month so many months later, or the last day of a month that has no such day.
    public func adding(months: Int) -> CivilDate {
        let (year, month, day) = components
        let index = (year * 12 + month - 1).addingClamped(months)
        guard index >= 12 else { return .first }
        guard index < 120_000 else { return .last }
        let (newYear, newMonth) = (index / 12, index % 12 + 1)
        let newDay = min(day, CivilDate.days(inMonth: newMonth, of: newYear))
        return CivilDate(year: newYear, month: newMonth, day: newDay) ?? self
    }

    /// The number of days from `right` to `left`.
    public static func - (left: CivilDate, right: CivilDate) -> Int {
        left.daysSinceEpoch - right.daysSinceEpoch
    }
    public static func < (left: CivilDate, right: CivilDate) -> Bool {
        left.daysSinceEpoch < right.daysSinceEpoch
    }

    private static func days(inMonth month: Int, of year: Int) -> Int {
        switch month {
        case 2: year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28
        case 4, 6, 9, 11: 30
        default: 31
        }
    }
}

extension CivilDate: CustomStringConvertible, ValueConvertible {
    /// `2026-11-20`
    public var description: String {
        var text = DigitText()
        text.date(self)
        return text.string
    }
    public var value: Value { .string(description) }
}

/// The number that ASCII digits spell; `nil` where other bytes stand among them.
func decimal(_ digits: ArraySlice<UInt8>) -> Int? {
    var number = 0
    for digit in digits {
        guard digit >= 48, digit <= 57, number < Int.max / 100 else { return nil }
        number = number * 10 + Int(digit - 48)
    }
    return digits.isEmpty ? nil : number
}

func padded(_ number: Int, _ width: Int) -> String {
    let digits = String(number)
    return String(repeating: "0", count: max(0, width - digits.utf8.count)) + digits
}

/// Digits with leading zeros, written without the cost of string interpolation: times stand in every entry.
struct DigitText {
    private var bytes: [UInt8] = []

    init() { bytes.reserveCapacity(32) }

    var string: String { String(decoding: bytes, as: UTF8.self) }

    mutating func append(_ letter: Unicode.Scalar) { bytes.append(UInt8(ascii: letter)) }

    mutating func number(_ number: Int, _ width: Int) {
        var unit = 1
        for _ in 1..<width { unit *= 10 }
        while unit > 0 {
            bytes.append(48 + UInt8(number / unit % 10))
            unit /= 10
        }
    }

    mutating func date(_ date: CivilDate) {
        let (year, month, day) = date.components
        number(year, 4)
        append("-")
        number(month, 2)
        append("-")
        number(day, 2)
    }
}
