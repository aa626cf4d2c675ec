import MneedleKit

/// One row of the command table: a command and its module. A class, because every request holds one and is handed on: that
/// counts one reference, where a copy of the command would count a dozen.
package final class Verb: Sendable {
    /// The command's name in a request: `session.start`, `ping`.
    package let name: String
    package let module: String
    package let command: Command
    /// Every parameter that a request may carry, the ones that all changing commands share included.
    package let parameters: [AnyParameter]
    /// The account under which the metrics count its requests.
    let account: Account

    /// - Parameters:
    ///   - module: The command's module; the service's own commands carry their whole name themselves.
    ///   - slot: The module's place among the modules, from 1 on.
    package init(module: String, slot: Int = Account.host, _ command: Command) {
        name = module == Verb.host ? command.name : "\(module).\(command.name)"
        self.module = module
        self.command = command
        parameters = Typing.parameters(of: command)
        account = Account(slot: slot, timing: Account.Timing(command.handler))
    }

    /// The service, as a module among the others.
    package static let host = "mneedled"

    /// The part of a command that metrics need; small, for it is looked at with each request.
    struct Account: Sendable {
        enum Timing: Sendable { case none, read, write }

        /// The slot of the host.
        package static let host = 0

        /// A module's place among the modules, from 1 on. A reload keeps the modules.
        var slot = Account.host
        /// The group of latencies that its requests count in.
        var timing = Timing.none
    }
}

extension Verb.Account.Timing {
    fileprivate init(_ handler: Command.Handler) {
        switch handler {
        case .reads, .lists: self = .read
        case .writes: self = .write
        case .special, .immediate, .immediateRows, .constant, .connection: self = .none
        }
    }
}

/// Commands by their names, in the order of the modules and of their tables.
package struct CommandTable: Sendable {
    package private(set) var ordered: [Verb] = []
    private var verbs: [String: Verb] = [:]
    /// The lines that are answered with `{}` without being parsed; there are few.
    private(set) var constants: [[UInt8]] = []

    /// The listings in which all things of a kind are found, by the kind; of two for the same, the first.
    var catalogues: [String: String] {
        Dictionary(
            ordered.compactMap { verb in verb.command.catalogue.map { ($0, verb.name) } },
            uniquingKeysWith: { first, _ in first })
    }

    /// Adds the commands of one more module. Of two with the same name, the first stays.
    package mutating func add(_ commands: [Command], of module: String, slot: Int = Verb.Account.host) {
        for command in commands { add(Verb(module: module, slot: slot, command)) }
    }

    package mutating func add(_ verb: Verb) {
        guard verbs[verb.name] == nil else { return }
        ordered.append(verb)
        verbs[verb.name] = verb
        if case .constant = verb.command.handler { constants.append(Array(verb.name.utf8)) }
    }

    mutating func add(_ table: CommandTable) {
        for verb in table.ordered { add(verb) }
    }

    mutating func remove(_ module: String) {
        ordered.removeAll { $0.module == module }
        verbs = verbs.filter { $0.value.module != module }
    }

    package subscript(name: String) -> Verb? { verbs[name] }
}
