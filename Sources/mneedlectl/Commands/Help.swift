import MneedleClient
import MneedleWire

extension Tool {
    /// `help`, `help MODULE`, `help COMMAND`, `COMMAND --help`
    func help(_ words: [String]) throws(Failure) {
        let help = Help(width: output.width)
        let isOwn = Self.ownCommands.contains {
            [words.first, words.prefix(2).joined(separator: " ")].contains($0.name)
        }
        guard !words.isEmpty, !isOwn else {
            // The client's own help needs no daemon, and a person without a daemon needs it most.
            let catalog = try? asking { () throws(ClientError) in
                let places = SocketPath.candidates(explicit: options.socket)
                return try Catalog(try Connection(firstOf: places, timeout: .seconds(5)))
            }
            return output.text(help.everything(catalog))
        }
        let connection = try connect()
        let catalog = try asking { () throws(ClientError) in try Catalog(connection) }
        switch try catalog.target(of: words) {
        case .group(let name, let commands): output.text(help.group(name, commands))
        case .command(let command, _): output.text(help.command(command))
        }
    }
}

/// Writes help from the daemon's descriptions.
struct Help {
    let width: Int

    func everything(_ catalog: Catalog?) -> String {
        let commands =
            catalog.map { "\n" + commandList($0) } ?? "\nNo daemon answers, so its commands cannot be listed.\n"
        return """
            Talks to the microneedling safety daemon, mneedled.

            Usage: mneedlectl [OPTION…] COMMAND [--NAME VALUE | NAME=VALUE]…
            \(commands)
            Here:
            \(list([
                ("help [COMMAND]", Tool.ownCommands[0].summary),
                ("guide [PERSON]", Tool.ownCommands[1].summary),
                ("top", Tool.ownCommands[14].summary),
                ("watch [TOPIC…] [--since SEQ] [--bell]", "print events until interrupted, those after SEQ first"),
                ("telemetry show SESSION [--field NAME]", Tool.ownCommands[13].summary),
                ("completion bash|zsh|fish", Tool.ownCommands[3].summary),
                ("calendar --output FILE [--person NAME] [--keep-current]", Tool.ownCommands[4].summary),
                ("ledger witness [--user] [--since-accepted] [--journal FILE]", Tool.ownCommands[5].summary),
                ("ledger witness --dir FOLDER [--records]", "the same, against what the folder has kept"),
                ("ledger witness --checkpoint FILE", "the same, against what 'ledger page' has printed"),
                ("ledger page --output FILE", Tool.ownCommands[12].summary),
                ("ledger receipt --seq N [--facts FILE]", Tool.ownCommands[8].summary),
                ("ledger check FILE --key KEY [--facts FILE]", Tool.ownCommands[9].summary),
                ("keys backup FILE --to RECIPIENT…", Tool.ownCommands[10].summary),
                ("records page --person NAME --output FILE", Tool.ownCommands[11].summary),
                ("metrics [--output FILE]", "the service's figures as OpenMetrics text, printed or as a file"),
                ("on TOPIC… --state FILE [OPTION…] -- PROGRAM [ARG…]", Tool.ownCommands[6].summary),
                ("forward DEVICE --serial PATH [OPTION…]", Tool.ownCommands[7].summary),
            ]))
            Options:
            \(list([
                ("--socket PATH", "the daemon's socket; else $MNEEDLE_SOCKET, the user's daemon, the system's"),
                ("--json", "print JSON, one document a line, errors as well"),
                ("--timeout SECONDS", "how long the daemon may be silent (60)"),
                ("--no-header", "print tables without their header"),
                ("--quiet", "print no result"),
                ("-o, --format FORM", "how results are printed: \(RowForm.allCases.map(\.rawValue).joined(separator: ", "))"),
                ("--fields A,B", "only these members of results, in this order"),
                ("--why", "tell on a terminal, too, on which sources each finding rests"),
                ("--no-input", "never ask: fail where an argument is missing"),
                ("--yes", "do without asking what cannot be undone"),
                ("--version", "print the version"),
                ("-h, --help", "explain mneedlectl, or the command beside it"),
            ]))
            An argument that is named like an option is given as NAME=VALUE.

            Exit codes:
            \(list(ExitCode.allCases.map { ("\($0.rawValue)", $0.meaning) }))
            """
    }

    /// The list of all commands, by module. The daemon's `help` is left out: the client's explains the same.
    func commandList(_ catalog: Catalog) -> String {
        catalog.groups.map { group in
            let commands = group.commands.filter { $0.verb != "help" }
            return "\(group.name ?? "The daemon"):\n" + list(commands.map { ($0.words, summary($0)) })
        }.joined(separator: "\n")
    }

    /// The list of a module's commands.
    func group(_ name: String, _ commands: [CommandDescription]) -> String {
        let own = Tool.ownCommands.filter { $0.name.hasPrefix(name + " ") }
        return list(commands.map { ($0.words, summary($0)) } + own.map { ($0.name, $0.summary) })
            + "\n'mneedlectl help \(name) COMMAND' explains one.\n"
    }

    /// The help of one command.
    func command(_ command: CommandDescription) -> String {
        var text = HumanText.wrap(command.summary, width: width).joined(separator: "\n") + "\n\n"
        text += usage(command) + "\n"
        if !command.parameters.isEmpty {
            text += "\nArguments:\n" + list(command.parameters.flatMap { arguments($0) })
        }
        if !command.reply.isEmpty {
            text += command.kind == .rows ? "\nEach row has:\n" : "\nThe reply has:\n"
            text += list(command.reply)
        }
        text += "\n" + facts(command)
        if let example = command.example { text += "\nExample:\n  mneedlectl \(example)\n" }
        return HumanText.safe(text)
    }

    private func usage(_ command: CommandDescription) -> String {
        let lead = "Usage: mneedlectl \(command.words) "
        var words = command.parameters.filter(\.isRequired).map { parameter in
            if parameter.name == command.plain?.name {
                return "[--\(ParameterDescription.flagName(parameter.name))] \(parameter.valueText)"
            }
            let name = ParameterDescription.flagName(parameter.name)
            return parameter.members.isEmpty && !parameter.isOpenObject
                ? "--\(name) \(parameter.valueText)" : "--\(name).NAME VALUE…"
        }
        if command.parameters.contains(where: { !$0.isRequired }) { words.append("[ARGUMENT…]") }
        if command.kind == .bulk { words.append("< FILE") }
        let lines = HumanText.wrap(words.joined(separator: " "), width: width - 8)
        return lead + lines.joined(separator: "\n" + String(repeating: " ", count: 8))
    }

    /// The lines of an argument; an object has one for each member.
    private func arguments(_ parameter: ParameterDescription, prefix: String = "") -> [(String, String)] {
        let name = prefix + ParameterDescription.flagName(parameter.name)
        guard parameter.members.isEmpty else {
            return parameter.members.flatMap { arguments($0, prefix: "\(name).") }
        }
        var notes = [parameter.limits].compactMap { $0 }
        if let value = parameter.defaultValue { notes.append("default \(HumanText.cell(value))") }
        if parameter.isRequired { notes.append("required") }
        let note = notes.isEmpty ? "" : " (\(notes.joined(separator: ", ")))"
        return [("--\(name) \(parameter.valueText)", parameter.summary + note)]
    }

    private func facts(_ command: CommandDescription) -> String {
        var facts = command.changes ? "Changes records" : "Changes nothing"
        if !command.role.isEmpty { facts += "; needs the role \(command.role)" }
        if !command.isAllowed { facts += ", which you do not have" }
        facts += ".\n"
        if let final = command.final { facts += "Cannot be undone: \(final) Scripts add --yes.\n" }
        if !command.errors.isEmpty { facts += "May answer with: \(command.errors.joined(separator: ", ")).\n" }
        return facts
    }

    private func summary(_ command: CommandDescription) -> String {
        command.isAllowed ? command.summary : "\(command.summary) (needs the role \(command.role))"
    }

    /// Two columns, the second wrapped; a name that is too long has its explanation on the next line.
    private func list(_ entries: [(String, String)]) -> String {
        let column = min(entries.map(\.0.count).max() ?? 0, 30) + 4
        return entries.map { name, meaning in
            let lines = HumanText.wrap(HumanText.safe(meaning), width: max(width - column, 24))
            let indent = String(repeating: " ", count: column)
            let lead = "  \(name)"
            let start = lead.count + 2 <= column ? lead.padded(to: column) : "\(lead)\n\(indent)"
            return lines.isEmpty ? lead : start + lines.joined(separator: "\n" + indent)
        }.joined(separator: "\n") + "\n"
    }
}
