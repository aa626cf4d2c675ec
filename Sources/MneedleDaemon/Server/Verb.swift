import MneedleKit

/// One row of the daemon's command table: a module's command, or one of the host's own.
struct Verb: Sendable {
    enum Action: Sendable {
        /// The command's handler.
        case command
        /// Answered on the event loop from what it knows: never touches the store.
        case immediate(@Sendable (Arguments, Actor) throws -> Object)
        case immediateRows(@Sendable (Arguments, Actor) throws -> [Object])
        case subscribe
        case unsubscribe
    }

    var name: String
    var module: String
    var command: Command
    var action: Action

    /// Stands where a module's name does, for what no module answers.
    static let host = "mneedled"
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
        house.modules.filter { $0.state == .running }.flatMap { module in
            house.commands(of: module.name).map {
                Verb(name: "\(module.name).\($0.name)", module: module.name, command: $0, action: .command)
            }
        }
    }
}
