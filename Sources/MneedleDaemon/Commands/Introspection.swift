import MneedleKit
import MneedleWire

/// `help` and `describe`: the command table as a manual and as data.
struct Introspection {
    let table: CommandTable
    let people: People

    private static let verb = Parameter.optional(
        "verb", .text(maximum: 64), "One command, or a module's name for all of its commands; left out for all.")

    var help: Command {
        let (table, people) = (table, people)
        return Command(
            "help", "Explains the commands to a person.", role: .reader, takes: Introspection.verb,
            gives: Explanation.self, errors: [.unknownCommand], concerns: .nobody, example: "help verb=session.start",
            immediate: { actor, name in
                let verbs = try table.matching(name)
                let text = verbs.count == 1 && name != nil ? verbs[0].help : table.overview(verbs, actor, people)
                return Explanation(text: text)
            })
    }

    var describe: Command {
        let (table, people) = (table, people)
        return Command(
            "describe", "Describes commands for programs, one row a command.", role: .reader, takes: Introspection.verb,
            gives: Description.self, errors: [.unknownCommand], concerns: .nobody,
            example: "describe verb=screening.assess",
            immediateRows: { actor, send, name in
                for verb in try table.matching(name) {
                    try send(
                        Description(
                            verb: verb, isAllowed: people.allows(verb.command, actor), catalogues: table.catalogues))
                }
            })
    }
}

/// The reply to `help`.
private struct Explanation: Reply {
    var text: String

    static let members: [Member<Explanation>] = [Member("text", "the explanation", \.text)]
}

extension CommandTable {
    /// One command, the commands of a module, or all commands.
    fileprivate func matching(_ name: String?) throws -> [Verb] {
        guard let name else { return ordered }
        if let verb = self[name] { return [verb] }
        let family = ordered.filter { $0.name.hasPrefix(name + ".") }
        guard family.isEmpty else { return family }
        let near = suggestions(for: name)
        throw ModuleError(
            .unknownCommand,
            "no command '\(name)'" + (near.first.map { "; did you mean '\($0)'?" } ?? "; 'help' lists them"),
            members: ["suggestions": near])
    }

    /// One line for each command.
    fileprivate func overview(_ verbs: [Verb], _ actor: Actor, _ people: People) -> String {
        let width = verbs.map { $0.name.count }.max() ?? 0
        let lines = verbs.map { verb in
            let padding = String(repeating: " ", count: width - verb.name.count)
            let needs = actor.role >= verb.command.role ? Role.admin : verb.command.role
            let note = people.allows(verb.command, actor) ? "" : " (needs \(needs.rawValue))"
            return "  \(verb.name)\(padding)  \(verb.command.summary)\(note)"
        }
        return (lines + ["", "'help verb=…' explains one."]).joined(separator: "\n")
    }

    /// The commands whose names are nearest to a mistyped one.
    func suggestions(for name: String) -> [String] {
        MneedleKit.suggestions(for: name, in: ordered.map(\.name))
    }
}
