import MneedleClient
import MneedleWire

/// The daemon's commands, as its `describe` gives them.
struct Catalog {
    let commands: [CommandDescription]

    /// Asks the daemon for its commands.
    init(_ connection: Connection) throws(ClientError) {
        var commands: [CommandDescription] = []
        try connection.request("describe") { row in
            if let command = CommandDescription(row) { commands.append(command) }
        }
        self.commands = commands
    }

    /// Groups in the order in which the daemon names them; `nil` holds the commands without a dot.
    var groups: [(name: String?, commands: [CommandDescription])] {
        var groups: [(name: String?, commands: [CommandDescription])] = []
        for command in commands {
            if let index = groups.firstIndex(where: { $0.name == command.group }) {
                groups[index].commands.append(command)
            } else {
                groups.append((command.group, [command]))
            }
        }
        return groups
    }

    func command(_ verb: String) -> CommandDescription? { commands.first { $0.verb == verb } }

    /// The meaning of the first words of a command line.
    enum Target {
        /// A command, and the words after its name.
        case command(CommandDescription, arguments: [String])
        case group(String, [CommandDescription])
    }

    /// Finds the target of the words: `screening assess …`, `screening.assess …`, `screening` or `ping`; and `assess …`, where one
    /// module alone has a command of that name.
    func target(of words: [String]) throws(Failure) -> Target {
        let first = words.first ?? ""
        if let command = command(first) { return .command(command, arguments: Array(words.dropFirst())) }
        guard let group = groups.first(where: { $0.name == first }) else {
            let sameName = commands.filter { $0.group != nil && $0.name == first }
            guard sameName.count == 1 else { throw unknown(first) }
            return .command(sameName[0], arguments: Array(words.dropFirst()))
        }
        guard words.count > 1 else { return .group(first, group.commands) }
        guard let command = command("\(first).\(words[1])") else { throw unknown("\(first).\(words[1])") }
        return .command(command, arguments: Array(words.dropFirst(2)))
    }

    private func unknown(_ verb: String) -> Failure {
        let sameName = commands.filter { $0.group != nil && $0.name == verb }.map(\.words)
        let similar = suggestions(
            for: verb, in: commands.map(\.verb) + groups.compactMap(\.name) + Tool.ownCommands.map(\.name))
        let near = sameName + similar.map { command($0)?.words ?? $0 }
        let typed = verb.split(separator: ".").joined(separator: " ")
        return .usage(
            "there is no command '\(HumanText.echo(typed))'", suggestions: near,
            next: "'mneedlectl help' lists the commands")
    }
}
