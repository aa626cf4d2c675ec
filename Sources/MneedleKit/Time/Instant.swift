/// A moment in UTC, to the millisecond. All stored times are instants.
public struct Instant: Hashable, Comparable, Sendable {
    /// Milliseconds since 1970-01-01T00:00:00Z.
    public let milliseconds: Int64

    public init(milliseconds: Int64) { self.milliseconds = milliseconds }
    public init(seconds: Int64) { milliseconds = seconds * 1000 }

    /// Parses RFC 3339 with an offset: `2026-11-20T18:00:00+01:00`. A leap second counts as the next second.
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
        milliseconds = Int64(seconds) * 1000 + Int64(fraction)
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

    public var seconds: Double { Double(milliseconds) / 1000 }

    public func adding(seconds: Double) -> Instant {
        Instant(milliseconds: milliseconds + Int64(seconds * 1000))
    }
    public func adding(hours: Double) -> Instant { adding(seconds: hours * 3600) }

    /// Elapsed seconds from `right` to `left`.
    public static func - (left: Instant, right: Instant) -> Double {
        Double(left.milliseconds - right.milliseconds) / 1000
    }
    public static func < (left: Instant, right: Instant) -> Bool { left.milliseconds < right.milliseconds }
}

extension Instant: CustomStringConvertible, ValueConvertible {
    /// RFC 3339 in UTC, milliseconds only where there are any: `2026-11-20T17:00:00Z`.
    public var description: String { rfc3339(offsetSeconds: 0) }
    public var value: Value { .string(description) }

    /// RFC 3339 as a clock at that offset from UTC shows it.
    public func rfc3339(offsetSeconds: Int) -> String {
        let local = milliseconds + Int64(offsetSeconds) * 1000
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

/// Quotient and remainder with the quotient rounded towards negative infinity.
func floorDivide(_ dividend: Int64, _ divisor: Int64) -> (quotient: Int64, remainder: Int64) {
    let (quotient, remainder) = dividend.quotientAndRemainder(dividingBy: divisor)
    return remainder < 0 ? (quotient - 1, remainder + divisor) : (quotient, remainder)
}
