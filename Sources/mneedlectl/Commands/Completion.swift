import MneedleClient
import MneedleWire

/// Completion: the shells ask `mneedlectl __complete WORD…` for the words that may stand in place of the last one, and the
/// daemon's description answers, so a new module needs no new script.
enum Completion {
    static func script(for words: [String]) throws(Failure) -> String {
        switch words.first {
        case "bash": bash
        case "zsh": zsh
        case "fish": fish
        default:
            throw .usage(
                words.isEmpty ? "which shell?" : "there is no completion for '\(words[0])'",
                suggestions: ["completion bash", "completion zsh", "completion fish"],
                next: "for example: source <(mneedlectl completion bash)")
        }
    }

    /// Prints one candidate a line, with its meaning after a TAB. Without a daemon there are few, and no error.
    static func printCandidates(for words: [String]) {
        let current = words.last ?? ""
        guard let options = try? Options.parse(Array(words.dropLast())) else { return }
        let connection = try? Connection(firstOf: SocketPath.candidates(explicit: options.socket), timeout: .seconds(2))
        let catalog = connection.flatMap { try? Catalog($0) }
        for (word, meaning) in candidates(after: options.words, current: current, catalog) where word.hasPrefix(current)
        {
            print(HumanText.safe("\(word)\t\(meaning)"))
        }
    }

    private typealias Candidates = [(word: String, meaning: String)]

    private static func candidates(after words: [String], current: String, _ catalog: Catalog?) -> Candidates {
        switch words.first {
        case nil: return first(catalog)
        case "completion": return [("bash", ""), ("zsh", ""), ("fish", "")]
        case "help" where words.count == 1: return first(catalog)
        case "calendar":
            return [
                ("--output", "the file"), ("--person", "only this person's"), ("--keep-current", "until interrupted"),
            ]
        case "on":
            return [
                ("--state", "the file that says which events are dealt with"), ("--since", "an event's number"),
                ("--time-limit", "seconds"), ("--retry-after", "seconds"), ("--attempts", "how often at most"),
            ]
        case "forward": return ForwardOrder.completions
        case "metrics": return [("--output", "a file in place of standard output")]
        case "watch": return [("--since", "an event's number"), ("--bell", "ring")]
        default: break
        }
        let words = words.first == "help" ? Array(words.dropFirst()) : words
        switch try? catalog?.target(of: words) {
        case .group(let group, let commands):
            let own = Tool.ownCommands.filter { $0.name.hasPrefix(group + " ") }
            return (commands.map { ($0.name, $0.summary) })
                + own.map { (String($0.name.dropFirst(group.count + 1)), $0.summary) }
        case .command(let command, let arguments): return self.arguments(of: command, after: arguments, current)
        case nil: return []
        }
    }

    private static func first(_ catalog: Catalog?) -> Candidates {
        let groups = catalog?.groups ?? []
        return groups.flatMap { group in
            group.name.map { [($0, group.commands.map(\.name).joined(separator: ", "))] }
                ?? group.commands.filter { $0.verb != "help" }.map { ($0.verb, $0.summary) }
        } + Tool.ownCommands.filter { !$0.name.contains(" ") }.map { ($0.name, $0.summary) }
    }

    private static func arguments(
        of command: CommandDescription, after words: [String], _ current: String
    ) -> Candidates {
        if let last = words.last, last.hasPrefix("--"), !last.contains("="),
            let (parameter, _) = command.parameter(named: String(last.dropFirst(2))), !parameter.isBoolean
        {
            return parameter.choices.map { ($0, "") }
        }
        if let end = current.firstIndex(of: "=") {
            let name = current[..<end].drop { $0 == "-" }
            let choices = command.parameter(named: String(name))?.parameter.choices ?? []
            return choices.map { ("\(current[...end])\($0)", "") }
        }
        return command.argumentNames.map { name in
            ("--\(ParameterDescription.flagName(name))", command.parameter(named: name)?.parameter.summary ?? "")
        }.filter { !words.contains($0.0) }
    }

    private static let bash = #"""
        # bash completion for mneedlectl: source <(mneedlectl completion bash)
        _mneedlectl() {
            local line=${COMP_LINE:0:COMP_POINT}
            local -a words
            read -ra words <<<"$line"
            [[ $line == *[[:blank:]] ]] && words+=("")
            mapfile -t COMPREPLY < <(mneedlectl __complete "${words[@]:1}" 2>/dev/null | cut -f1)
            # bash takes '=' for a word of its own and completes only what follows it.
            [[ ${words[-1]} == *=* ]] && COMPREPLY=("${COMPREPLY[@]#*=}")
        }
        complete -F _mneedlectl mneedlectl

        """#

    private static let zsh = #"""
        #compdef mneedlectl
        # zsh completion for mneedlectl: source <(mneedlectl completion zsh)
        _mneedlectl() {
            local -a candidates
            local line
            for line in ${(f)"$(mneedlectl __complete "${(@)words[2,CURRENT]}" 2>/dev/null)"}; do
                candidates+=("${${line%%$'\t'*}//:/\\:}:${line#*$'\t'}")
            done
            _describe 'mneedlectl' candidates
        }
        # Either loaded by zsh in the place of its first call, or read by 'source'.
        if [[ $funcstack[1] == _mneedlectl ]]; then _mneedlectl "$@"; else compdef _mneedlectl mneedlectl; fi

        """#

    private static let fish = #"""
        # fish completion for mneedlectl: mneedlectl completion fish | source
        function __mneedlectl_candidates
            set -l words (commandline -opc) (commandline -ct)
            mneedlectl __complete $words[2..-1] 2>/dev/null
        end
        complete -c mneedlectl -f -a '(__mneedlectl_candidates)'

        """#
}
