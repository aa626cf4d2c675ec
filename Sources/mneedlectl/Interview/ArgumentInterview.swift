import Glibc
import MneedleClient
import MneedleWire

/// Asks the person at the terminal for what a command lacks. What there is to ask, and which answers there are, the daemon says:
/// `describe` names the listing with the values that there are (`x-values`), and the one that asks for an object's members
/// (`x-questions`).
struct ArgumentInterview {
    let command: CommandDescription
    let connection: Connection
    let questioner: Questioner
    /// What is given: an object's members have names as `answers.pregnant`.
    private(set) var words: [RequestLine.Word]
    /// Arguments to ask for although the command does not require them.
    var alsoAsks: Set<String> = []

    /// - Parameter given: What stood on the command line.
    init(
        _ command: CommandDescription, given: [RequestLine.Word], on connection: Connection, _ questioner: Questioner
    ) {
        (self.command, self.connection, self.questioner) = (command, connection, questioner)
        words = given
    }

    /// Whether something is missing without which the daemon refuses the command.
    var isLacking: Bool { command.parameters.contains { isAsked($0) && !isGiven($0) } || !openObjects.isEmpty }

    /// The objects whose members are asked for, and were not given whole.
    private var openObjects: [ParameterDescription] {
        command.parameters.filter { parameter in
            parameter.isRequired && parameter.questions != nil && !words.contains { $0.name == parameter.name }
        }
    }

    private func isAsked(_ parameter: ParameterDescription) -> Bool {
        parameter.isRequired || alsoAsks.contains(parameter.name)
    }

    private func isGiven(_ parameter: ParameterDescription) -> Bool {
        words.contains { $0.name == parameter.name || $0.name.hasPrefix(parameter.name + ".") }
    }

    /// Asks for all that is missing.
    /// - Throws: A failure when the person ends it, or the daemon does not answer.
    mutating func complete() throws(Failure) {
        let asked = command.parameters.filter { isAsked($0) && $0.questions == nil && !isGiven($0) }
        var index = 0
        while index < asked.count {
            switch try ask(asked[index]) {
            case .word(let word):
                set(asked[index].name, word)
                index += 1
            case .back:
                index = max(0, index - 1)
                words.removeAll { $0.name == asked[index].name }
            case .skip: index += 1
            case .stop: throw stopped
            }
        }
        for object in openObjects { try askMembers(of: object) }
    }

    /// Asks again for an argument that the daemon has refused.
    /// - Returns: Whether it is one that a person can be asked for.
    mutating func mend(_ name: String, because why: String) throws(Failure) -> Bool {
        guard let (parameter, name) = command.parameter(named: name), parameter.members.isEmpty else { return false }
        questioner.tell(why)
        switch try ask(parameter, named: name) {
        case .word(let word): set(name, word)
        case .skip, .back: return false
        case .stop: throw stopped
        }
        return true
    }

    private var stopped: Failure {
        Failure(
            code: "stopped", message: "'\(command.words)' was not sent: nothing was changed", details: [],
            next: nil, exitCode: .usage)
    }

    private mutating func set(_ name: String, _ word: String) {
        words.removeAll { $0.name == name }
        words.append(RequestLine.Word(name, .bare(word)))
    }

    // MARK: One argument

    private func ask(_ parameter: ParameterDescription, named name: String? = nil) throws(Failure) -> Prompt.Answer {
        var prompt = Prompt(heading: (name ?? parameter.name) + ":", question: parameter.summary)
        prompt.choices = parameter.isOpenChoice ? [] : parameter.choices
        prompt.isList = parameter.isList
        prompt.expected = parameter.valueText + (parameter.limits.map { " (\($0))" } ?? "")
        if let values = parameter.values {
            prompt.choices = try names(values)
            guard !prompt.choices.isEmpty else { throw nothing(values.listing) }
            prompt.isOpen = true
        }
        return questioner.ask(prompt)
    }

    private func nothing(_ listing: String) -> Failure {
        let words = listing.split(separator: ".").joined(separator: " ")
        return Failure(
            code: "not-found", message: "there is nothing yet to choose from: '\(words)' is empty", details: [],
            next: "'mneedlectl help \(words.split(separator: " ").first ?? "")' shows how to begin", exitCode: .notFound
        )
    }

    private func names(_ values: (listing: String, member: String)) throws(Failure) -> [String] {
        var names: [String] = []
        do throws(ClientError) {
            _ = try connection.request(values.listing) { row in
                guard let name = row[values.member].map(HumanText.scalar), !names.contains(name) else { return }
                names.append(name)
            }
        } catch { throw Failure(error, verb: values.listing) }
        return names
    }

    // MARK: The members of an object

    /// Asks what the listing asks, which goes by the answers so far.
    private mutating func askMembers(of object: ParameterDescription) throws(Failure) {
        var order: [String] = []
        while true {
            let open = try questions(of: object).filter { row in
                let member = "\(object.name).\(row["question"]?.string ?? "")"
                return !order.contains(member) && !words.contains { $0.name == member }
            }
            guard let row = open.first, let name = row["question"]?.string else { break }
            let (parameter, member) = command.parameter(named: "\(object.name).\(name)") ?? (object.anyMember, name)
            var prompt = Prompt(
                heading: "[\(order.count + 1), \(open.count - 1) left]", question: row["text"]?.string ?? "")
            prompt.choices = parameter.isOpenChoice ? [] : parameter.choices
            prompt.expected = parameter.valueText
            prompt.why = row["why"]?.string
            prompt.isOptional = row["required"]?.bool == false
            switch questioner.ask(prompt) {
            case .word(let word):
                set(member, word)
                order.append(member)
            case .back:
                if let last = order.popLast() { words.removeAll { $0.name == last } }
            case .skip: order.append(member)
            case .stop: throw stopped
            }
        }
    }

    /// The rows of the listing for what is given. An answer that it does not take is asked for again.
    private mutating func questions(of object: ParameterDescription) throws(Failure) -> [JSON] {
        while true {
            let listing = object.questions ?? ""
            let taken = words.filter { word in
                let name = String(word.name.prefix { $0 != "." })
                return name == object.name || command.parameters.contains { $0.name == name && $0.questions == nil }
            }
            var rows: [JSON] = []
            do throws(ClientError) {
                _ = try connection.request(
                    RequestLine(verb: listing, arguments: taken.isEmpty ? .none : .words(taken))
                ) { rows.append($0) }
                return rows
            } catch {
                let failure = Failure(error, verb: listing)
                guard failure.code == "invalid-argument", let name = failure.blamed, name.hasPrefix(object.name + "."),
                    try mend(name, because: failure.message)
                else { throw failure }
            }
        }
    }
}

extension Failure {
    /// The argument that the daemon blames.
    var blamed: String? { details.first { $0.name == "argument" }?.value.string }
}
