import MneedleKit

/// One row of the daemon's command table: a module's command, or one of the host's own. A class, because every request
/// holds one and is handed on: that counts one reference, where a copy of the command would count a dozen.
final class Verb: Sendable {
    enum Action: Sendable {
        /// The command's handler.
        case command
        /// Answered on the event loop from what it knows: never touches the store.
        case immediate(@Sendable (Arguments, Actor) throws -> Object)
        case immediateRows(@Sendable (Arguments, Actor) throws -> [Object])
        case subscribe
        case unsubscribe
    }

    let name: String
    let module: String
    /// Where the metrics count its requests.
    let account: Account
    let command: Command
    /// Every parameter that a request may carry.
    let parameters: [AnyParameter]
    let action: Action
    /// What is answered where a read fails because there is no way to the store; without it, the error is.
    let withoutStore: (@Sendable (ModuleError) -> Object)?

    /// - Parameter slot: The module's place among the modules, from 1 on.
    init(
        name: String, module: String, slot: Int = Account.host, command: Command, action: Action,
        withoutStore: (@Sendable (ModuleError) -> Object)? = nil
    ) {
        self.name = name
        self.module = module
        self.command = command
        parameters = Typing.parameters(of: command)
        self.action = action
        self.withoutStore = withoutStore
        account = Account(slot: slot, timing: Account.Timing(command, action))
    }

    /// Stands where a module's name does, for what no module answers.
    static let host = "mneedled"

    /// What the metrics have to know of a request; small, for it is looked at with each.
    struct Account: Sendable {
        enum Timing: Sendable { case none, read, write }

        /// The host's own.
        static let host = 0

        /// A module's place among the modules, from 1 on. A reload keeps the modules.
        var slot = Account.host
        /// Among which times those of its requests are.
        var timing = Timing.none
    }
}

extension Verb.Account.Timing {
    fileprivate init(_ command: Command, _ action: Verb.Action) {
        switch (action, command.handler) {
        case (.command, .reads), (.command, .lists): self = .read
        case (.command, .writes): self = .write
        default: self = .none
        }
    }
}

/// Every verb that this daemon answers.
struct CommandTable: Sendable {
    private let verbs: [String: Verb]
    /// In the order of the modules and of their tables.
    let ordered: [Verb]

    init(_ verbs: [Verb]) {
        ordered = verbs
        self.verbs = Dictionary(verbs.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
    }

    subscript(name: String) -> Verb? { verbs[name] }

    /// The verbs of the modules that run.
    static func moduleVerbs(_ house: House) -> [Verb] {
        zip(house.modules, 1...).filter { $0.0.state == .running }.flatMap { module, slot in
            house.commands(of: module.name).map {
                Verb(
                    name: "\(module.name).\($0.name)", module: module.name, slot: slot, command: $0,
                    action: .command)
            }
        }
    }
}
