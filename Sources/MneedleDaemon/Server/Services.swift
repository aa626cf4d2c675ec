import Logging
import MneedleKit
import MneedleWire

/// The services that all connections share. A reload gives all of them new ones, with another table, limits and roles.
struct Services: Sendable {
    let engine: Engine
    let writer: Writer
    var table: CommandTable
    var limits: Limits
    /// The folders in which copies may be left.
    var backup: BackupSettings
    var roles: RoleMap
    let readers: Readers
    let logger: Logger
    let version: String
    /// The number of the first event that the ledger still has.
    let oldestEvent: Int64
}

extension Services {
    /// Types and checks a request; nothing has happened yet when this throws.
    func verb(named name: String, for actor: Actor) throws -> Verb {
        guard let verb = table[name] else { throw unknownCommand(excerpt(name)) }
        guard actor.role >= verb.command.role else {
            throw ModuleError(
                .forbidden, "'\(name)' needs the role \(verb.command.role.rawValue), you have \(actor.role.rawValue)",
                members: ["role": actor.role.rawValue, "needs": verb.command.role.rawValue])
        }
        try engine.registry.requireSight(name, verb.command.concerns, of: actor)
        return verb
    }

    private func unknownCommand(_ name: String) -> ModuleError {
        let module = String(name.prefix { $0 != "." })
        if name.contains("."), let reason = engine.registry.reason(whyMissing: module) {
            return .moduleFailed(module, "module '\(module)' does not run: \(reason)")
        }
        let near = table.suggestions(for: name)
        let hint = near.isEmpty ? "'help' lists the commands" : "did you mean '\(near[0])'?"
        return ModuleError(
            .unknownCommand, "no command '\(name)'; \(hint)", members: ["suggestions": near])
    }
}
