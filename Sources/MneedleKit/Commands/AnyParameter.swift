/// A parameter of a command without its Swift type, for typing, `describe` and help. Modules write ``Parameter``.
public struct AnyParameter: Hashable, Sendable {
    /// The name in requests.
    public var name: String
    /// The type of the argument.
    public var type: AnyParameterType
    /// The meaning, for a person, in one sentence.
    public var summary: String
    /// Whether a request without it is refused.
    public var isRequired: Bool
    /// The value of an absent argument, where the command fills it in.
    public var defaultValue: Value?
    /// The listing whose rows ask a person for the members of this object, one after the other; see ``Parameter/asked(by:)``.
    public var questions: String?

    /// A parameter that every request gives.
    public static func required(_ name: String, _ type: AnyParameterType, _ summary: String) -> AnyParameter {
        AnyParameter(name: name, type: type, summary: summary, isRequired: true, defaultValue: nil)
    }

    /// A parameter that may be left out.
    /// - Parameter default: The value of an absent argument, where the command fills it in.
    public static func optional(
        _ name: String, _ type: AnyParameterType, _ summary: String, default: (any ValueConvertible)? = nil
    ) -> AnyParameter {
        AnyParameter(name: name, type: type, summary: summary, isRequired: false, defaultValue: `default`?.value)
    }
}

extension AnyParameter {
    /// The unit that a name ends in: `mm` of `depth_mm`.
    public static func unit(of name: String) -> String? {
        let units = [
            "mm": "mm", "hz": "Hz", "ma": "mA", "c": "°C", "n": "N", "percent": "%", "minutes": "min", "hours": "h",
            "days": "d", "weeks": "wk", "seconds": "s", "bytes": "B",
        ]
        guard let last = name.split(separator: "_").last else { return nil }
        return name.contains("_") || last == "minutes" ? units[String(last)] : nil
    }
}

/// The type of an argument, without its Swift type.
public indirect enum AnyParameterType: Hashable, Sendable {
    /// The name of a thing: 1–64 of `a-z 0-9 . _ -`, beginning with a letter or digit.
    case slug
    /// What people call a new thing, of which a slug can be made: `Anna Müller`.
    case name
    /// Free text of at most `maximum` characters; no control characters but TAB and LF.
    case text(maximum: Int = 1000)
    /// Text of at most `maximum` characters on one line, such as a name: nothing in it ends a line, moves the cursor or
    /// turns the direction of the text after it, so that it stays one line wherever it is written.
    case line(maximum: Int)
    case integer(ClosedRange<Int64>)
    case number(ClosedRange<Double>)
    /// `yes`, `no`, `true`, `false`.
    case boolean
    /// `2026-11-20`, within ``CivilDate/acceptable``, or words as ``SpokenTime`` has them.
    case date
    /// A date, or one of these words.
    case dateOr([String])
    /// RFC 3339 with an offset, within ``Instant/acceptable``, or words as ``SpokenTime`` has them.
    case time
    /// `90s 5m 72h 3d 4w` or ISO 8601, no longer than `maximum`.
    case duration(maximum: Span)
    case choice([String])
    /// A JSON array, or bare words split at commas.
    case list(AnyParameterType)
    /// Named members, typed like arguments: `answers.pregnant=no`. Only these members are taken.
    case object([AnyParameter])

    /// An identifier as it is printed on a box or plate, such as a lot or the name of a cartridge: `LOT7-1`, `A 12/3`.
    public static var printed: AnyParameterType { .line(maximum: 64) }

    /// A duration of at most ``Span/longest``.
    public static var duration: AnyParameterType { .duration(maximum: .longest) }
}

/// A typed argument.
public enum Argument: Hashable, Sendable {
    /// Slugs, texts and choices.
    case text(String)
    case integer(Int64)
    case number(Double)
    case boolean(Bool)
    case date(CivilDate)
    case time(Instant)
    case duration(Span)
    case list([Argument])
    case object(Arguments)
    /// A day or time in words. The host makes it absolute before a handler gets it.
    case spoken(SpokenTime)
}

extension Argument: ValueConvertible {
    /// The argument as it stands in JSON.
    public var value: Value {
        switch self {
        case .text(let text): .string(text)
        case .integer(let number): .integer(number)
        case .number(let number): .number(number)
        case .boolean(let flag): .bool(flag)
        case .date(let date): date.value
        case .time(let instant): instant.value
        case .duration(let span): span.value
        case .list(let list): .list(list.map(\.value))
        case .object(let arguments): arguments.value
        case .spoken(let words): .string(words.text)
        }
    }
}
