import Glibc
import MneedleWire

/// One question to the person at the terminal, and how what they type is understood.
struct Prompt {
    /// What stands before the answer: the argument's name, or how far an interview is.
    var heading: String
    var question: String
    /// The words that may be answered; empty where anything may.
    var choices: [String] = []
    /// Whether other words than the choices may be answered.
    var isOpen = false
    /// Whether several may be answered.
    var isList = false
    /// What to type, for an open question: `DATE`.
    var expected = ""
    /// Why it is asked.
    var why: String?
    /// Whether it may be left out.
    var isOptional = false

    /// What the person wants.
    enum Answer: Equatable {
        case word(String)
        case skip
        case back
        /// The end of the input: nothing more is asked.
        case stop
    }

    /// What was typed, if it can be told.
    enum Reading: Equatable {
        case answer(Answer)
        case explain
        /// Ask again, and say this.
        case unclear(String)
    }

    /// More choices than these are told apart by their first letters, and not by numbers on lines of their own.
    private static let most = 24

    /// The question as it is shown.
    func text(width: Int) -> String {
        var lines = HumanText.wrap(heading.isEmpty ? question : "\(heading)  \(question)", width: width)
        if !choices.isEmpty, !isYesNo {
            let shown = choices.prefix(Prompt.most).enumerated().map { isNumbered ? "[\($0 + 1)] \($1)" : $1 }
            lines += Prompt.columns(shown, width: width - 2).map { "  " + $0 }
            if choices.count > Prompt.most { lines.append("  … and \(choices.count - Prompt.most) more") }
        }
        return HumanText.safe(lines.map { $0 + "\n" }.joined())
    }

    /// As many of the choices on a line as fit; none is broken.
    private static func columns(_ choices: [String], width: Int) -> [String] {
        choices.reduce(into: [String]()) { lines, choice in
            if let last = lines.last, last.count + 2 + choice.count <= width {
                lines[lines.count - 1] = "\(last)  \(choice)"
            } else {
                lines.append(choice)
            }
        }
    }

    /// What stands before the cursor.
    var mark: String {
        let what =
            isYesNo
            ? "y/n"
            : choices.isEmpty ? expected : isList ? "one or more, with commas" : isOpen ? "one, or another" : "one"
        return "\(what)\(isOptional ? ", or Enter for none" : ""), ? why, < back: "
    }

    private var isYesNo: Bool { choices == ["yes", "no"] }

    /// Whether a choice may be named by its place. Where names are numbers themselves, as those of sessions, a number is a name.
    private var isNumbered: Bool { !isYesNo && !choices.contains { Int($0) != nil } }

    /// Understands a line.
    func read(_ line: String) -> Reading {
        let text = line.trimmed
        switch text {
        case "": return isOptional ? .answer(.skip) : .unclear("an answer is needed, for nothing is taken for harmless")
        case "?": return .explain
        case "<": return .answer(.back)
        default: break
        }
        guard !choices.isEmpty else { return .answer(.word(text)) }
        guard isList else { return choice(text) }
        var words: [String] = []
        for part in text.split(separator: ",", omittingEmptySubsequences: true) {
            switch choice(String(part).trimmed) {
            case .answer(.word(let word)): words.append(word)
            case let other: return other
            }
        }
        return words.isEmpty ? .unclear("an answer is needed") : .answer(.word(words.joined(separator: ",")))
    }

    /// A choice by its number, its name, or the first letters of it.
    private func choice(_ text: String) -> Reading {
        let low = text.lowercased()
        if let exact = choices.first(where: { $0.lowercased() == low }) { return .answer(.word(exact)) }
        if isNumbered, let number = Int(text), choices.indices.contains(number - 1), number <= Prompt.most {
            return .answer(.word(choices[number - 1]))
        }
        let fitting = choices.filter { $0.lowercased().hasPrefix(low) }
        if fitting.count == 1 { return .answer(.word(fitting[0])) }
        if isOpen { return .answer(.word(text)) }
        let near = fitting.isEmpty ? suggestions(for: low, in: choices) : fitting
        let shown = HumanText.echo(text)
        return .unclear(
            near.isEmpty
                ? "'\(shown)' is none of them"
                : "'\(shown)' is not clear; did you mean \(near.joined(separator: " or "))?")
    }
}

extension String {
    /// The text without blanks around it.
    var trimmed: String {
        String(drop { $0.isWhitespace }.reversed().drop { $0.isWhitespace }.reversed())
    }
}

/// A terminal, line by line: what is asked goes to standard error, so that standard output has nothing but the result.
struct Questioner {
    let width: Int
    private let next: () -> String?
    private let say: (String) -> Void

    /// - Parameter next: The next line that is typed; `nil` at the end.
    init(width: Int, next: @escaping () -> String? = { readLine() }, say: @escaping (String) -> Void) {
        (self.width, self.next, self.say) = (width, next, say)
    }

    /// Asks until it is answered.
    func ask(_ prompt: Prompt) -> Prompt.Answer {
        say("\n" + prompt.text(width: width))
        while true {
            say(prompt.mark)
            guard let line = next() else {
                say("\n")
                return .stop
            }
            switch prompt.read(line) {
            case .answer(let answer):
                if case .word(let word) = answer, !choices(prompt, have: line) { tell("→ \(word)") }
                return answer
            case .explain: tell(prompt.why ?? "It has to be known, and is not said anywhere yet.")
            case .unclear(let why): tell(why)
            }
        }
    }

    /// Asks whether something is meant. Only a yes is one.
    func confirms(_ text: String, about what: String) -> Bool {
        say("\n")
        tell(text)
        tell(what)
        say("Go on? [y/N] ")
        guard let line = next()?.trimmed.lowercased() else { return false }
        return ["y", "yes"].contains(line)
    }

    /// Whether what was typed is what is meant, and needs no echo.
    private func choices(_ prompt: Prompt, have line: String) -> Bool {
        prompt.choices.isEmpty || prompt.choices == ["yes", "no"] || prompt.choices.contains(line.trimmed)
    }

    /// Says something between questions.
    func tell(_ text: String) {
        say(HumanText.safe(HumanText.wrap(text, width: width - 2).map { "  " + $0 + "\n" }.joined()))
    }
}
