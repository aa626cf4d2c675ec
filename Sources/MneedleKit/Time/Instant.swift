/// A moment in UTC, to the millisecond. All stored times are instants.
///
/// Every instant is within the years 1 to 9999, so that it can be written and read again: a time beyond them, such as a
/// damaged row's, becomes their first or last instant. ``init(exactly:)`` tells such a time from a real one.
public struct Instant: Hashable, Comparable, Sendable {
    /// Milliseconds since 1970-01-01T00:00:00Z.
    public let milliseconds: Int64

    /// The first instant, 0001-01-01T00:00:00Z.
    public static let first = Instant(unchecked: -62_135_596_800_000)
    /// The last instant, 9999-12-31T23:59:59.999Z.
    public static let last = Instant(unchecked: 253_402_300_799_999)
    /// The times that a request or a device may name, 1900-01-01T00:00:00Z to 2200-12-31T23:59:59.999Z. Each has a number of
    /// nanoseconds, too.
    public static let acceptable = Instant(unchecked: -2_208_988_800_000)...Instant(unchecked: 7_289_654_399_999)

    private init(unchecked milliseconds: Int64) { self.milliseconds = milliseconds }

    /// The instant so many milliseconds after 1970; beyond the years 1 to 9999 their first or last one.
    public init(milliseconds: Int64) {
        self.milliseconds = milliseconds.clamped(to: Instant.first.milliseconds...Instant.last.milliseconds)
    }
    /// The instant so many seconds after 1970; beyond the years 1 to 9999 their first or last one.
    public init(seconds: Int64) { self.init(milliseconds: seconds.multipliedClamped(by: 1000)) }

    /// The millisecond that begins at or before so many nanoseconds since 1970.
    public init(nanoseconds: Int64) { self.init(milliseconds: floorDivide(nanoseconds, 1_000_000).quotient) }

    /// - Returns: `nil` where the time is outside of the years 1 to 9999.
    public init?(exactly milliseconds: Int64) {
        self.init(milliseconds: milliseconds)
        guard self.milliseconds == milliseconds else { return nil }
    }

    /// Parses RFC 3339 with an offset: `2026-11-20T18:00:00+01:00`. A leap second counts as the next second. The result is
    /// `nil` also for a time outside of the years 1 to 9999 in UTC.
    public init?(_ text: String) {
        let bytes = Array(text.utf8)
        guard bytes.count >= 20, let date = CivilDate(String(decoding: bytes[0..<10], as: UTF8.self)),
            bytes[10] == UInt8(ascii: "T") || bytes[10] == UInt8(ascii: "t"),
            bytes[13] == UInt8(ascii: ":"), bytes[16] == UInt8(ascii: ":"),
            let hour = decimal(bytes[11..<13]), hour < 24,
            let minute = decimal(bytes[14..<16]), minute < 60,
            let second = decimal(bytes[17..<19]), second <= 60
        else { return nil }
        var rest = bytes[19...]
        var fraction = 0
        if rest.first == UInt8(ascii: ".") {
            let digits = rest.dropFirst().prefix { $0 >= 48 && $0 <= 57 }
            let three = digits.prefix(3) + Array(repeating: 48, count: max(0, 3 - digits.count))
            guard !digits.isEmpty, digits.count <= 9, let milliseconds = decimal(three) else { return nil }
            fraction = milliseconds
            rest = rest[digits.endIndex...]
        }
        guard let offset = Instant.offsetSeconds(Array(rest)) else { return nil }
        let seconds = date.daysSinceEpoch * 86_400 + hour * 3600 + minute * 60 + second - offset
        self.init(exactly: Int64(seconds) * 1000 + Int64(fraction))
    }

    private static func offsetSeconds(_ bytes: [UInt8]) -> Int? {
        if bytes == [UInt8(ascii: "Z")] || bytes == [UInt8(ascii: "z")] { return 0 }
        guard bytes.count == 6, bytes[3] == UInt8(ascii: ":"),
            let hours = decimal(bytes[1..<3]), hours < 24,
            let minutes = decimal(bytes[4..<6]), minutes < 60
        else { return nil }
        switch bytes[0] {
        case UInt8(ascii: "+"): return hours * 3600 + minutes * 60
        case UInt8(ascii: "-"): return -(hours * 3600 + minutes * 60)
        default: return nil
        }
    }

    /// Seconds since 1970, with their fraction.
    public var seconds: Double { Double(milliseconds) / 1000 }

    /// The milliseconds since 1970 that a clock at that offset shows.
    func local(offsetSeconds: Int) -> Int64 {
        milliseconds.addingClamped(Int64(offsetSeconds).multipliedClamped(by: 1000))
    }

    /// Nanoseconds since 1970. They reach from 1677 to 2262; an instant beyond has the first or the last of them.
    public var nanoseconds: Int64 { milliseconds.multipliedClamped(by: 1_000_000) }

    /// The instant so many milliseconds later.
    public func adding(milliseconds more: Int64) -> Instant {
        Instant(milliseconds: milliseconds.addingClamped(more))
    }
    /// The instant so many seconds later, to the millisecond.
    public func adding(seconds: Double) -> Instant { adding(milliseconds: Int64(clamping: seconds * 1000)) }
    /// The instant so many hours of elapsed time later, whatever clocks show.
    public func adding(hours: Double) -> Instant { adding(seconds: hours * 3600) }

    /// The elapsed milliseconds since `earlier`; negative before it.
    public func milliseconds(since earlier: Instant) -> Int64 { milliseconds - earlier.milliseconds }

    /// The elapsed seconds from `right` to `left`.
    public static func - (left: Instant, right: Instant) -> Double {
        Double(left.milliseconds - right.milliseconds) / 1000
    }
    public static func < (left: Instant, right: Instant) -> Bool { left.milliseconds < right.milliseconds }
}

extension Instant: CustomStringConvertible, ValueConvertible {
    /// RFC 3339 in UTC, with milliseconds only where there are any: `2026-11-20T17:00:00Z`.
    public var description: String { rfc3339(offsetSeconds: 0) }
    public var value: Value { .string(description) }

    /// RFC 3339 as a clock at that offset from UTC shows it. The offset is less than a day.
    public func rfc3339(offsetSeconds: Int) -> String {
        let offsetSeconds = offsetSeconds.clamped(to: -86_399...86_399)
        let local = local(offsetSeconds: offsetSeconds)
        let (days, rest) = floorDivide(local, 86_400_000)
        let second = Int(rest / 1000)
        var text = DigitText()
        text.date(CivilDate(daysSinceEpoch: Int(days)))
        text.append("T")
        text.number(second / 3600, 2)
        text.append(":")
        text.number(second / 60 % 60, 2)
        text.append(":")
        text.number(second % 60, 2)
        if rest % 1000 != 0 {
            text.append(".")
            text.number(Int(rest % 1000), 3)
        }
        if offsetSeconds == 0 {
            text.append("Z")
        } else {
            text.append(offsetSeconds < 0 ? "-" : "+")
            text.number(abs(offsetSeconds) / 3600, 2)
            text.append(":")
            text.number(abs(offsetSeconds) / 60 % 60, 2)
        }
        return text.string
    }
}
