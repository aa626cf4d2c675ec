/// The type of an argument, and of the value that a handler gets for it. Values are typed by this, never guessed.
public struct ParameterType<Content: Sendable>: Sendable {
    /// The same without the Swift type, for typing, `describe` and help.
    public let erased: AnyParameterType
    private let read: @Sendable (Argument) -> Content?
    private let write: @Sendable (Content) -> Value

    init(
        _ erased: AnyParameterType, read: @escaping @Sendable (Argument) -> Content?,
        write: @escaping @Sendable (Content) -> Value
    ) {
        self.erased = erased
        self.read = read
        self.write = write
    }

    /// The function that reads the value of an argument. It stands alone, so that no request has to look this type up.
    func reader(of name: String) -> @Sendable (Argument) throws -> Content {
        { [read] argument in
            guard let content = read(argument) else {
                throw ModuleError.internal("argument '\(name)' is typed otherwise than its command says")
            }
            return content
        }
    }

    func value(_ content: Content) -> Value { write(content) }

    /// A JSON array, or bare words split at commas.
    public static func list<Element>(_ element: ParameterType<Element>) -> ParameterType where Content == [Element] {
        ParameterType(.list(element.erased)) { argument in
            guard case .list(let list) = argument else { return nil }
            let elements = list.compactMap(element.read)
            return elements.count == list.count ? elements : nil
        } write: {
            .list($0.map(element.write))
        }
    }
}

/// The name of a new thing.
public struct GivenName: Hashable, Sendable {
    /// The short name that stands for it from then on: `anna-mueller`.
    public let slug: String
    /// What was said, where that is more than the short name: `Anna Müller`.
    public let text: String?

    /// A name whose slug is made already.
    public init(slug: String, text: String?) { (self.slug, self.text) = (slug, text) }
}

extension ParameterType where Content == GivenName {
    /// What people call a new thing: the host makes a short name of it that requests use from then on.
    public static var name: ParameterType {
        ParameterType(.name) { argument in
            guard case .object(let parts) = argument, case .text(let slug)? = parts["slug"] else { return nil }
            guard case .text(let text)? = parts["text"] else { return GivenName(slug: slug, text: nil) }
            return GivenName(slug: slug, text: text)
        } write: {
            ($0.text ?? $0.slug).value
        }
    }
}

extension ParameterType where Content == String {
    private init(text erased: AnyParameterType) {
        self.init(erased) {
            if case .text(let text) = $0 { text } else { nil }
        } write: {
            $0.value
        }
    }

    /// The name of a thing: 1–64 of `a-z 0-9 . _ -`, beginning with a letter or digit.
    public static var slug: ParameterType { ParameterType(text: .slug) }
    /// Free text of at most `maximum` characters; no control characters but TAB and LF.
    public static func text(maximum: Int = 1000) -> ParameterType { ParameterType(text: .text(maximum: maximum)) }
    /// Text of at most `maximum` characters on one line; see ``AnyParameterType/line(maximum:)``.
    public static func line(maximum: Int) -> ParameterType { ParameterType(text: .line(maximum: maximum)) }
    /// An identifier as it is printed on a box or plate, such as a lot or the name of a cartridge: `LOT7-1`, `A 12/3`.
    public static var printed: ParameterType { ParameterType(text: .printed) }
    /// One of some words that are known only when the module is made, as the areas of a knowledge file are.
    public static func choice(_ words: [String]) -> ParameterType { ParameterType(text: .choice(words)) }
}

extension ParameterType where Content: RawRepresentable & CaseIterable, Content.RawValue == String {
    /// One of the type's words.
    public static func choice(_ type: Content.Type) -> ParameterType {
        ParameterType(.choice(type.allCases.map(\.rawValue))) { argument in
            if case .text(let text) = argument { Content(rawValue: text) } else { nil }
        } write: {
            .string($0.rawValue)
        }
    }
}

extension ParameterType where Content == Int64 {
    /// A whole number within the range.
    public static func integer(_ range: ClosedRange<Int64>) -> ParameterType {
        ParameterType(.integer(range)) {
            if case .integer(let number) = $0 { number } else { nil }
        } write: {
            $0.value
        }
    }
    /// The number that the store gave a thing: a session's, an assessment's.
    public static var id: ParameterType { .integer(1...Int64.max) }
}

extension ParameterType where Content == Double {
    /// A number within the range.
    public static func number(_ range: ClosedRange<Double>) -> ParameterType {
        ParameterType(.number(range)) {
            if case .number(let number) = $0 { number } else { nil }
        } write: {
            $0.value
        }
    }
}

extension ParameterType where Content == Bool {
    /// `yes`, `no`, `true`, `false`.
    public static var boolean: ParameterType {
        ParameterType(.boolean) {
            if case .boolean(let flag) = $0 { flag } else { nil }
        } write: {
            $0.value
        }
    }
}

extension ParameterType where Content == CivilDate {
    /// `2026-11-20`, within ``CivilDate/acceptable``.
    public static var date: ParameterType {
        ParameterType(.date) {
            if case .date(let date) = $0 { date } else { nil }
        } write: {
            $0.value
        }
    }
}

extension ParameterType where Content == Instant {
    /// RFC 3339 with an offset, within ``Instant/acceptable``.
    public static var time: ParameterType {
        ParameterType(.time) {
            if case .time(let instant) = $0 { instant } else { nil }
        } write: {
            $0.value
        }
    }
}

extension ParameterType where Content == Span {
    /// `90s 5m 72h 3d 4w` or ISO 8601, no longer than `maximum`.
    public static func duration(maximum: Span = .longest) -> ParameterType {
        ParameterType(.duration(maximum: maximum)) {
            if case .duration(let span) = $0 { span } else { nil }
        } write: {
            $0.value
        }
    }
    /// A duration of at most ``Span/longest``.
    public static var duration: ParameterType { .duration() }
}

/// A date, or a word in place of a date that nobody knows: `never`, `unknown`.
public enum DateOrWord: Hashable, Sendable {
    case date(CivilDate)
    case word(String)
}

extension ParameterType where Content == DateOrWord {
    /// A date, or one of these words.
    public static func dateOr(_ words: String...) -> ParameterType {
        ParameterType(.dateOr(words)) { argument in
            switch argument {
            case .date(let date): .date(date)
            case .text(let word): .word(word)
            default: nil
            }
        } write: {
            switch $0 {
            case .date(let date): date.value
            case .word(let word): .string(word)
            }
        }
    }
}

extension ParameterType where Content == Arguments {
    /// Named members that are known only when the module is made: `answers.pregnant=no`. Only these members are taken.
    public static func object(_ members: [AnyParameter]) -> ParameterType {
        ParameterType(.object(members)) { argument in
            if case .object(let arguments) = argument { arguments } else { nil }
        } write: {
            $0.value
        }
    }
}
