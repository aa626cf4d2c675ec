import MneedleWire

extension RequestLine.Arguments {
    /// The words; `nil` for a whole object.
    var given: [RequestLine.Word]? {
        switch self {
        case .none: []
        case .words(let words): words
        case .object: nil
        }
    }
}

/// Turns the words after a command into a request's arguments. Values are sent as they are: the daemon judges their
/// meaning.
struct CommandLineArguments {
    private let command: CommandDescription
    private var words: [RequestLine.Word] = []
    /// Whether a value stood there without its name.
    private var hasPlain = false

    /// Understands `--name value`, `--name=value`, `name=value`, `--flag`, `--no-flag`, or one JSON object.
    static func parse(_ words: [String], for command: CommandDescription) throws(Failure) -> RequestLine.Arguments {
        var arguments = CommandLineArguments(command: command)
        if words.count == 1, words[0].hasPrefix("{") {
            do {
                return .object(try JSON.parse(words[0]).members ?? [])
            } catch {
                throw .usage(
                    "'\(HumanText.echo(words[0]))' is no JSON object: \(error)",
                    next: "give one object in quotes, or --NAME VALUE; \(arguments.way)")
            }
        }
        var rest = words[...]
        while let word = rest.popFirst() { try arguments.take(word, &rest) }
        return arguments.words.isEmpty ? .none : .words(arguments.words)
    }

    private init(command: CommandDescription) { self.command = command }

    private var way: String { "'mneedlectl help \(command.words)' explains the arguments" }

    private mutating func take(_ word: String, _ rest: inout ArraySlice<String>) throws(Failure) {
        if word == "--" { return }
        let isOption = word.hasPrefix("--")
        let text = isOption ? word.dropFirst(2) : word[...]
        let parts = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
        let name = String(parts[0])
        let value = parts.count == 2 ? String(parts[1]) : nil
        guard isOption || value != nil else {
            // Whom or what a command is about, which it asks for first, needs no name: `records show-person nora`.
            if !hasPlain, let first = command.plain, !words.contains(where: { $0.name == first.name }) {
                hasPlain = true
                return try add(first.name, word, first)
            }
            let shown = HumanText.echo(word)
            throw .usage("'\(shown)' needs a name: --NAME \(shown)", suggestions: names(for: word), next: way)
        }
        if let (parameter, name) = command.parameter(named: name) {
            if let value {
                try add(name, value, parameter)
            } else {
                try add(name, try valueAfter(word, parameter, &rest), parameter)
            }
        } else if name.hasPrefix("no-"), value == nil,
            let (parameter, name) = command.parameter(named: String(name.dropFirst(3))), parameter.isBoolean
        {
            try add(name, "no", parameter)
        } else {
            let known = command.argumentNames
            let near = suggestions(
                for: ParameterDescription.flagName(name), in: known.map(ParameterDescription.flagName))
            throw .usage(
                "'\(command.words)' has no argument '\(HumanText.echo(name))'", suggestions: near.map { "--\($0)" },
                next: known.isEmpty ? "leave it out: '\(command.words)' takes nothing" : way)
        }
    }

    /// The value of `--name value`; a yes-or-no argument may stand alone.
    private func valueAfter(
        _ word: String, _ parameter: ParameterDescription, _ rest: inout ArraySlice<String>
    ) throws(Failure) -> String {
        if parameter.isBoolean, !["yes", "no", "true", "false"].contains(rest.first) {
            guard let next = rest.first, !next.hasPrefix("-"), !next.contains("=") else { return "yes" }
            throw .usage("\(word): expected yes or no, got '\(HumanText.echo(next))'", next: way)
        }
        guard let value = rest.popFirst() else {
            throw .usage("\(word) needs a value: \(parameter.valueText)", next: way)
        }
        return value
    }

    private mutating func add(_ name: String, _ value: String, _ parameter: ParameterDescription) throws(Failure) {
        guard let index = words.firstIndex(where: { $0.name == name }) else {
            return words.append(RequestLine.Word(name, .bare(value)))
        }
        guard parameter.isList else {
            let both = "'\(HumanText.echo(words[index].value.text))' and '\(HumanText.echo(value))'"
            throw .usage("'\(name)' is given twice, as \(both); give it once", next: way)
        }
        words[index].value = .bare("\(words[index].value.text),\(value)")
    }

    /// Arguments for which a value without a name may have been meant.
    private func names(for value: String) -> [String] {
        let given = Set(words.map(\.name))
        let open = command.parameters.filter { !given.contains($0.name) }
        let fitting = open.filter { $0.choices.contains(value) } + open.filter { $0.isRequired && $0.choices.isEmpty }
        return fitting.prefix(2).map { "--\(ParameterDescription.flagName($0.name)) \(HumanText.echo(value))" }
    }
}
