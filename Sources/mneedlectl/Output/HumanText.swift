import MneedleWire

/// Turns the daemon's replies and events into text for a person.
enum HumanText {
    // MARK: On one line

    /// The text of a value that is neither a list nor an object.
    static func scalar(_ value: JSON) -> String {
        switch value {
        case .null: "-"
        case .bool(let flag): flag ? "yes" : "no"
        case .integer(let number): String(number)
        case .number(let number): Int64(exactly: number).map { String($0) } ?? number.description
        case .string(let text): text
        case .array, .object: value.text
        }
    }

    /// Any value on one line.
    static func cell(_ value: JSON) -> String {
        let text =
            switch value {
            case .array(let elements): elements.map { $0["code"]?.string ?? cell($0) }.joined(separator: ", ")
            case .object: flat(value)
            default: scalar(value)
            }
        return safe(text, keeping: "")
    }

    /// An object on one line: `person=anna title="Change the pillow case"`.
    static func flat(_ object: JSON) -> String {
        (object.members ?? []).map { member in
            let text = cell(member.value)
            return "\(member.name)=\(RequestLine.Word.canStandBare(text) ? text : JSON.string(text).text)"
        }.joined(separator: " ")
    }

    // MARK: On several lines

    /// The object of an `OK`. One that holds nothing but a text of several lines is that text (help, a calendar).
    static func reply(_ object: JSON, width: Int?) -> String {
        guard let members = object.members, !members.isEmpty else { return "ok\n" }
        if members.count == 1, case .string(let text) = members[0].value,
            text.utf8.contains(0x0A) || members[0].name == "text"
        {
            return safe(text.utf8.last == 0x0A ? text : text + "\n", keeping: "\n\t\r")
        }
        return safe(lines(of: members, width: width).map { $0 + "\n" }.joined())
    }

    /// `name: value`, aligned; lists of objects and objects stand indented below their name.
    static func lines(of members: [JSON.Member], width: Int? = nil) -> [String] {
        let column = (members.filter { !isBlock($0.value) }.map(\.name.count).max() ?? 0) + 3
        return members.flatMap { member -> [String] in
            guard isBlock(member.value) else {
                let text = member.value == .array([]) ? "none" : cell(member.value)
                // A single long word (a digest, a path) stays whole, so that it can be copied.
                let limit = text.contains(" ") ? width : nil
                let wrapped = limit.map { wrap(text, width: max($0 - column, 24)) } ?? [text]
                let rest = wrapped.dropFirst().map { String(repeating: " ", count: column) + $0 }
                return ["\(member.name):".padded(to: column) + (wrapped.first ?? "")] + rest
            }
            return ["\(member.name):"] + block(member.value, width: width.map { $0 - 2 }).map { "  " + $0 }
        }
    }

    private static func isBlock(_ value: JSON) -> Bool {
        switch value {
        case .object(let members): !members.isEmpty
        case .array(let elements): elements.contains { $0.members != nil } || isListOfSentences(elements)
        default: false
        }
    }

    /// Whether a list holds sentences, which, unlike names, would be hard to tell apart on one line.
    private static func isListOfSentences(_ elements: [JSON]) -> Bool {
        elements.contains { ($0.string?.count ?? 0) > 30 }
    }

    private static func block(_ value: JSON, width: Int?) -> [String] {
        guard let elements = value.elements else { return lines(of: value.members ?? [], width: width) }
        if elements.allSatisfy(isFinding) { return elements.flatMap { finding($0, width: width) } }
        if elements.contains(where: { $0.members == nil }) {
            return elements.flatMap { element -> [String] in
                let lines = width.map { wrap(cell(element), width: max($0 - 2, 24)) } ?? [cell(element)]
                return lines.enumerated().map { ($0.offset == 0 ? "- " : "  ") + $0.element }
            }
        }
        let table = TextTable(sample: elements, order: [], width: width)
        return (table.header + elements.map(table.lines).joined()).split(separator: "\n").map(String.init)
    }

    // MARK: Findings

    private static func isFinding(_ value: JSON) -> Bool {
        value["code"]?.string != nil && value["severity"]?.string != nil && value["message"]?.string != nil
    }

    /// The lines of a finding: severity, code and end, then message, advice and sources.
    static func finding(_ finding: JSON, width: Int?) -> [String] {
        var head = "[\(scalar(finding["severity"] ?? .null))] \(scalar(finding["code"] ?? .null))"
        if let until = finding["until"], until != .null { head += ", until \(scalar(until))" }
        var paragraphs = [scalar(finding["message"] ?? .null)]
        if let advice = finding["advice"]?.string, !advice.isEmpty { paragraphs.append("Advice: \(advice)") }
        if let sources = finding["sources"]?.elements, !sources.isEmpty {
            paragraphs.append("Sources: \(sources.map(source).joined(separator: "; "))")
        }
        return [head]
            + paragraphs.flatMap { paragraph in
                (width.map { wrap(paragraph, width: $0 - 4) } ?? [paragraph]).map { "    " + $0 }
            }
    }

    /// A source by its title and its strength, for example `Is microneedling at home safe? (article)`.
    private static func source(_ source: JSON) -> String {
        guard let title = source["title"] else { return cell(source) }
        return scalar(title) + (source["evidence"].map { " (\(scalar($0)))" } ?? "")
    }

    // MARK: Errors

    /// The message, what it does not say of the expectation, the suggestions, and the next step.
    /// - Parameter width: The terminal's width; `nil` for no wrapping.
    static func failure(_ failure: Failure, width: Int?) -> String {
        func paragraph(_ text: String, after mark: String) -> [String] {
            let wrapped = width.map { wrap(text, width: max($0 - mark.count, 24)) } ?? [text]
            return wrapped.enumerated().map {
                ($0.offset == 0 ? mark : String(repeating: " ", count: mark.count)) + $0.element
            }
        }
        var lines = paragraph(failure.message, after: "mneedlectl: ")
        let arguments = failure.details.first { $0.name == "arguments" }?.value.elements ?? []
        let rest = failure.details.filter { member in
            !isSaid(member, by: failure)
                && (arguments.isEmpty || !["argument", "arguments", "expected", "got"].contains(member.name))
        }
        for argument in arguments where !says(failure.message, scalar(argument["expected"] ?? .null)) {
            let name = ParameterDescription.flagName(scalar(argument["argument"] ?? .null))
            lines += paragraph(scalar(argument["expected"] ?? .null), after: "  --\(name): ")
        }
        lines += self.lines(of: rest, width: width.map { $0 - 2 }).map { "  " + $0 }
        let details = JSON.object(failure.details)
        for finding in details["findings"]?.elements ?? [] {
            lines += self.finding(finding, width: width.map { $0 - 2 }).map { "  " + $0 }
        }
        let suggestions = details["suggestions"]?.strings ?? []
        if !suggestions.isEmpty {
            lines += paragraph("\(suggestions.joined(separator: ", "))?", after: "  did you mean: ")
        }
        if let next = failure.next { lines += paragraph(next, after: "  next: ") }
        return safe(lines.map { $0 + "\n" }.joined())
    }

    /// Whether a member needs no line of its own: it is shown otherwise, is a word for programs, or stands in the message.
    private static func isSaid(_ member: JSON.Member, by failure: Failure) -> Bool {
        switch member.name {
        case "suggestions", "findings", "state": true
        default: !isBlock(member.value) && says(failure.message, cell(member.value))
        }
    }

    /// Whether a text holds these words as they are, and not as part of others.
    private static func says(_ text: String, _ words: String) -> Bool {
        func isPart(_ character: Character?) -> Bool {
            character.map { $0.isLetter || $0.isNumber || $0 == "_" } ?? false
        }
        return text.ranges(of: words).contains { range in
            !isPart(text[..<range.lowerBound].last) && !isPart(text[range.upperBound...].first)
        }
    }

    // MARK: Text

    /// Replaces control characters, which could command a terminal.
    static func safe(_ text: String, keeping kept: String = "\n\t") -> String {
        guard text.unicodeScalars.contains(where: { $0.properties.generalCategory == .control }) else { return text }
        var result = String.UnicodeScalarView()
        for scalar in text.unicodeScalars {
            let isControl = scalar.properties.generalCategory == .control
            let isKept = !isControl || kept.unicodeScalars.contains(scalar)
            result.append(isKept ? scalar : kept.isEmpty ? " " : "\u{FFFD}")
        }
        return String(result)
    }

    /// The most characters of a word that somebody typed that are said back.
    static let longestEcho = 80

    /// A word that somebody typed, in an error: cut where it is too long to be read.
    static func echo(_ word: some StringProtocol) -> String {
        word.count > longestEcho ? word.prefix(longestEcho) + "…" : String(word)
    }

    /// The words of a text. A command in quotes that fits a line is one word, so that it can be copied.
    private static func words(of text: String, width: Int) -> [Substring] {
        var words: [Substring] = []
        var rest = text[...]
        while !rest.isEmpty {
            rest = rest.drop { $0 == " " || $0 == "\n" }
            let word = rest.prefix { $0 != " " && $0 != "\n" }
            var end = word.endIndex
            if word.first == "'", let close = rest.dropFirst().firstIndex(of: "'") {
                let whole = rest[..<close] + rest[close...].prefix { $0 != " " && $0 != "\n" }
                if whole.count <= width { end = rest.index(rest.startIndex, offsetBy: whole.count) }
            }
            if end > rest.startIndex { words.append(rest[..<end]) }
            rest = rest[end...]
        }
        return words
    }

    /// Breaks a text at blanks; a word that is longer than a line is cut.
    static func wrap(_ text: String, width: Int) -> [String] {
        var lines: [String] = []
        var line = ""
        for word in words(of: text, width: width) {
            var word = word
            if !line.isEmpty, line.count + 1 + word.count > width {
                lines.append(line)
                line = ""
            }
            while word.count > width {
                lines.append(String(word.prefix(width)))
                word = word.dropFirst(width)
            }
            line += line.isEmpty ? String(word) : " \(word)"
        }
        return line.isEmpty ? lines : lines + [line]
    }
}
