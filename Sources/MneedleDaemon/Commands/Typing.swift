import MneedleKit
import MneedleWire

/// Types the arguments of a request by its command's table. Words and JSON meet here: their meaning is decided in this one
/// place, and nothing is guessed.
package enum Typing {
    /// An argument as it arrived: a bare word, or a JSON value (a quoted word is a JSON string).
    enum Raw {
        case bare(String)
        case value(Value)
        /// Members given one by one: `answers.pregnant=no`.
        case members([(name: String, raw: Raw)])

        var shown: String {
            switch self {
            case .bare(let text): text
            case .value(.string(let text)): text
            case .value(let value): value.jsonText
            case .members: "members"
            }
        }
    }

    static let idempotencyKey = Parameter.optional(
        "idempotency_key", .text(maximum: 64),
        "Asking again with the same key returns the first reply and changes nothing; kept 7 days.")

    /// Every parameter that a request may carry, the ones that all changing commands share included.
    static func parameters(of command: Command) -> [AnyParameter] {
        if case .writes = command.handler {
            command.parameters + idempotencyKey.descriptions
        } else {
            command.parameters
        }
    }

    /// The key by which a change is done once; `nil` where none is given.
    static func key(of arguments: Arguments) -> String? {
        if case .text(let key)? = arguments[idempotencyKey.name] { key } else { nil }
    }

    /// - Throws: `invalid-argument` naming the argument, the value expected and the value that came.
    static func bind(_ line: RequestLine.Arguments, _ parameters: [AnyParameter]) throws -> Arguments {
        let raw: [(name: String, raw: Raw)] =
            switch line {
            case .none: []
            case .words(let words): try gathered(words, parameters)
            case .object(let members): members.map { ($0.name, .value(Value($0.value))) }
            }
        let arguments = try bind(raw, parameters, prefix: "")
        if let key = key(of: arguments), key.utf8.contains(where: { $0 < 32 }) {
            throw ModuleError.invalidArgument(
                idempotencyKey.name, expected: "1 to 64 printable characters", got: key)
        }
        return arguments
    }

    package static func bind(_ object: Object, _ parameters: [AnyParameter]) throws -> Arguments {
        try bind(object.members.map { ($0.name, .value($0.value)) }, parameters, prefix: "")
    }

    /// Gathers `answers.a=… answers.b=…` under `answers`, once `answers` is known to be an argument.
    private static func gathered(
        _ words: [RequestLine.Word], _ parameters: [AnyParameter]
    ) throws -> [(name: String, raw: Raw)] {
        var result: [(name: String, raw: Raw)] = []
        var members: [String: [(name: String, raw: Raw)]] = [:]
        for word in words {
            let raw: Raw =
                switch word.value {
                case .bare(let text): .bare(text)
                case .quoted(let text): .value(.string(text))
                }
            guard let dot = word.name.firstIndex(of: ".") else {
                result.append((word.name, raw))
                continue
            }
            let name = String(word.name[..<dot])
            let member = String(word.name[word.name.index(after: dot)...])
            guard parameters.contains(where: { $0.name == name }) else { throw unknown(name, parameters, "") }
            if members[name] == nil { result.append((name, .members([]))) }
            members[name, default: []].append((member, raw))
        }
        guard !members.isEmpty else { return result }
        for (index, argument) in result.enumerated() {
            guard let gathered = members[argument.name] else { continue }
            guard case .members = argument.raw else {
                throw ModuleError.invalidArgument(
                    argument.name, expected: "to be given once", got: argument.name + "." + gathered[0].name,
                    "argument '\(argument.name)' is given both whole and by its members; give it once")
            }
            result[index].raw = .members(gathered)
        }
        return result
    }

    private static func bind(
        _ raw: [(name: String, raw: Raw)], _ parameters: [AnyParameter], prefix: String
    ) throws -> Arguments {
        // At most as many names are looked up as there are parameters: the first unknown or repeated name ends the search.
        for index in raw.indices {
            let name = raw[index].name
            guard parameters.contains(where: { $0.name == name }) else {
                throw unknown(prefix + name, parameters, prefix)
            }
            if raw[..<index].contains(where: { $0.name == name }) {
                throw ModuleError.invalidArgument(
                    prefix + name, expected: "to be given once", got: excerpt(raw[index].raw.shown),
                    "argument '\(prefix + name)' is given twice; give it once")
            }
        }
        var entries: [(name: String, argument: Argument)] = []
        var faults: [ModuleError] = []
        entries.reserveCapacity(parameters.count)
        // By index: every request comes through here, and taking a parameter out would copy its whole description.
        for index in parameters.indices {
            let name = parameters[index].name
            if let place = raw.firstIndex(where: { $0.name == name }) {
                do {
                    entries.append((name, try convert(raw[place].raw, parameters[index].type, prefix + name)))
                } catch let fault as ModuleError { faults.append(fault) }
            } else if let value = parameters[index].defaultValue {
                entries.append((name, try convert(.value(value), parameters[index].type, prefix + name)))
            } else if parameters[index].isRequired {
                faults.append(.invalidArgument(prefix + name, expected: parameters[index].expectation, got: nil))
            }
        }
        guard faults.isEmpty else { throw together(faults) }
        return Arguments(entries)
    }

    /// The most faults that are told at once.
    private static let mostFaults = 16

    /// One error for all arguments that are missing or wrong, so that nobody mends them one by one. It blames the first; `arguments`
    /// has each.
    private static func together(_ faults: [ModuleError]) -> ModuleError {
        // Those of an object's members were told together already.
        let each = faults.flatMap { fault -> [Value] in
            if case .list(let inner)? = fault.members["arguments"] { inner } else { [.object(fault.members)] }
        }
        guard each.count > 1 else { return faults[0] }
        let missing = faults.filter { $0.members["got"] == nil && $0.members["arguments"] == nil }
        let names = missing.map { "'\($0.members.string("argument") ?? "")'" }
        var sentences =
            missing.count > 1
            ? ["arguments \(names.dropLast().joined(separator: ", ")) and \(names[names.count - 1]) are missing"]
            : missing.map(\.message)
        sentences += faults.filter { $0.members["got"] != nil || $0.members["arguments"] != nil }.map(\.message)
        var error = faults[0]
        error.message = sentences.prefix(mostFaults).joined(separator: "; ")
        error.members["arguments"] = .list(Array(each.prefix(mostFaults)))
        return error
    }

    private static func unknown(_ name: String, _ parameters: [AnyParameter], _ prefix: String) -> ModuleError {
        let names = parameters.map { prefix + $0.name }
        let name = excerpt(name)
        let near = suggestions(for: name, in: names)
        let hint = near.isEmpty ? "" : "; did you mean \(near.map { "'\($0)'" }.joined(separator: " or "))?"
        var error = ModuleError.invalidArgument(
            name, expected: names.isEmpty ? "no arguments" : "one of \(names.joined(separator: ", "))", got: name,
            "unknown argument '\(name)'\(hint)")
        error.members["suggestions"] = near.value
        return error
    }

    // MARK: One value

    static func convert(_ raw: Raw, _ type: AnyParameterType, _ name: String) throws -> Argument {
        if let argument = try converted(raw, type, name) { return argument }
        var error = ModuleError.invalidArgument(name, expected: type.expectation, got: excerpt(raw.shown))
        if let choices = type.choices, case let near = suggestions(for: excerpt(raw.shown), in: choices), !near.isEmpty
        {
            error.members["suggestions"] = near.value
        }
        throw error
    }

    private static func converted(_ raw: Raw, _ type: AnyParameterType, _ name: String) throws -> Argument? {
        switch type {
        case .list(let element): return try list(raw, of: element, name)
        case .object(let members): return try object(raw, members, name)
        case .integer(let range):
            let number = integer(withoutUnit(raw, name)) ?? roman(raw, range)
            return number.flatMap { range.contains($0) ? .integer($0) : nil }
        case .number(let range):
            return number(withoutUnit(raw, name)).flatMap { range.contains($0) ? .number($0) : nil }
        case .boolean:
            if case .value(.bool(let flag)) = raw { return .boolean(flag) }
        default: break
        }
        switch raw {
        case .bare(let text), .value(.string(let text)): return fromText(text, type)
        default: return nil
        }
    }

    /// Longer than any choice, date or number with a meaning. A longer word is not compared with anything: the time to
    /// compare texts of combining characters grows with the square of their length.
    private static let longestWord = 256

    private static func fromText(_ text: String, _ type: AnyParameterType) -> Argument? {
        if case .text(let maximum) = type { return isText(text, maximum) ? .text(text) : nil }
        if case .line(let maximum) = type { return isText(text, maximum) && isOneLine(text) ? .text(text) : nil }
        guard text.utf8.count <= longestWord else { return nil }
        return switch type {
        case .slug: Slugs.isSlug(text) ? .text(text) : lowered(text).flatMap { Slugs.isSlug($0) ? .text($0) : nil }
        case .name: named(text)
        case .boolean:
            switch lowered(text) {
            case "yes", "true": .boolean(true)
            case "no", "false": .boolean(false)
            default: nil
            }
        case .date: date(text)
        case .dateOr(let words): word(text, of: words).map { .text($0) } ?? date(text)
        case .time: Instant(text).map { Instant.acceptable.contains($0) ? .time($0) : nil } ?? spoken(text)
        case .duration(let maximum):
            (Span(text) ?? SpokenTime.span(text)).flatMap {
                $0.totalMilliseconds <= maximum.totalMilliseconds ? .duration($0) : nil
            }
        case .choice(let choices): word(text, of: choices).map { .text($0) }
        case .text, .line, .integer, .number, .list, .object: nil
        }
    }

    /// The word that is meant, in any case of letters: no two differ in it alone.
    private static func word(_ text: String, of words: [String]) -> String? {
        if words.contains(text) { return text }
        return lowered(text).flatMap { low in words.first { lowered($0) == low } }
    }

    /// The text in small letters; `nil` unless all of it is ASCII, as words of choices are: other letters take their time.
    private static func lowered(_ text: String) -> String? {
        guard text.utf8.allSatisfy({ $0 < 0x80 }) else { return nil }
        return String(decoding: text.utf8.map { (65...90).contains($0) ? $0 + 32 : $0 }, as: UTF8.self)
    }

    private static func date(_ text: String) -> Argument? {
        CivilDate(text).map { CivilDate.acceptable.contains($0) ? .date($0) : nil } ?? spoken(text)
    }

    private static func spoken(_ text: String) -> Argument? { SpokenTime(text).map { .spoken($0) } }

    /// A number as people write it: with the unit that the argument's name ends in (`0.5mm`, `70 %`), and with a comma before one or
    /// two digits. More digits could be thousands.
    private static func withoutUnit(_ raw: Raw, _ name: String) -> Raw {
        let text: String
        switch raw {
        case .bare(let bare): text = bare
        case .value(.string(let string)): text = string
        default: return raw
        }
        guard text.utf8.count <= longestWord else { return raw }
        let member = name.split(separator: ".").last.map(String.init) ?? name
        var digits = text[...]
        let unit = AnyParameter.unit(of: member)
        if let unit, text.hasSuffix(unit) {
            digits = text.dropLast(unit.count)
            while digits.last == " " { digits.removeLast() }
        } else if case .value = raw {
            // A text is no number, unless its unit says so.
            return raw
        }
        let parts = digits.split(separator: ",", omittingEmptySubsequences: false)
        if parts.count == 2, !parts[0].isEmpty, (1...2).contains(parts[1].utf8.count) {
            return .bare("\(parts[0]).\(parts[1])")
        }
        return .bare(String(digits))
    }

    private static func integer(_ raw: Raw) -> Int64? {
        switch raw {
        // As JSON writes them: no plus sign, no leading zeros.
        case .bare(let text): numeral(text)?.integer
        case .value(.integer(let number)): number
        default: nil
        }
    }

    /// A step of a scale in Roman numerals, as skin types have them.
    private static func roman(_ raw: Raw, _ range: ClosedRange<Int64>) -> Int64? {
        let numerals = ["i", "ii", "iii", "iv", "v", "vi", "vii", "viii", "ix", "x"]
        guard range.lowerBound == 1, range.upperBound <= numerals.count else { return nil }
        switch raw {
        case .bare(let text), .value(.string(let text)):
            guard text.utf8.count <= 4, let low = lowered(text) else { return nil }
            return numerals.firstIndex(of: low).map { Int64($0) + 1 }
        default: return nil
        }
    }

    private static func number(_ raw: Raw) -> Double? {
        switch raw {
        // As JSON writes numbers: no "inf", "nan" or hexadecimal.
        case .bare(let text): numeral(text)?.number
        case .value(.integer(let number)): Double(number)
        case .value(.number(let number)): number
        default: nil
        }
    }

    private static func numeral(_ text: String) -> JSON? {
        guard text.utf8.count <= longestWord else { return nil }
        return try? JSON.parse(text, maximumDepth: 0)
    }

    private static func list(_ raw: Raw, of type: AnyParameterType, _ name: String) throws -> Argument? {
        switch raw {
        case .bare(let text):
            // Bytes are counted: the end of a character can depend on everything that follows it.
            try checkCount(1 + text.utf8.count { $0 == UInt8(ascii: ",") }, name)
            let parts = text.utf8.split(separator: UInt8(ascii: ","), omittingEmptySubsequences: false)
            return .list(try parts.map { try convert(.bare(String(Substring($0))), type, name) })
        case .value(.list(let values)):
            try checkCount(values.count, name)
            return .list(try values.map { try convert(.value($0), type, name) })
        case .value(.string):
            return .list([try convert(raw, type, name)])
        default: return nil
        }
    }

    private static func checkCount(_ count: Int, _ name: String) throws {
        guard count > RequestBounds.mostValues else { return }
        throw ModuleError.invalidArgument(
            name, expected: "at most \(RequestBounds.mostValues) elements", got: String(count))
    }

    private static func object(_ raw: Raw, _ members: [AnyParameter], _ name: String) throws -> Argument? {
        switch raw {
        case .members(let given): .object(try bind(given, members, prefix: name + "."))
        case .value(.object(let object)):
            .object(try bind(object.members.map { ($0.name, .value($0.value)) }, members, prefix: name + "."))
        default: nil
        }
    }

    /// A name with the slug that is made of it.
    private static func named(_ text: String) -> Argument? {
        if Slugs.isSlug(text) { return .object(Arguments([("slug", .text(text))])) }
        guard isText(text, longestName), isOneLine(text), let slug = Slugs.made(of: text) else { return nil }
        let bare = String(text.drop { $0.isWhitespace }.reversed().drop { $0.isWhitespace }.reversed())
        return .object(Arguments([("slug", .text(slug)), ("text", .text(bare))]))
    }

    /// The longest name in characters.
    private static let longestName = 100

    private static func isOneLine(_ text: String) -> Bool {
        // Blanks alone name nobody and give no reason.
        guard text.contains(where: { !$0.isWhitespace }) else { return false }
        return text.unicodeScalars.allSatisfy { scalar in
            switch scalar.value {
            // Controls, line and paragraph separators, and characters that turn the direction of a text.
            case 0..<0x20, 0x7F...0x9F, 0x2028...0x202E, 0x2066...0x2069, 0xFEFF: false
            default: true
            }
        }
    }

    private static func isText(_ text: String, _ maximum: Int) -> Bool {
        guard !text.isEmpty, text.utf8.count <= maximum * 4, text.unicodeScalars.count <= maximum else { return false }
        return text.utf8.allSatisfy { ($0 >= 32 && $0 != 127) || $0 == 9 || $0 == 10 }
    }
}
