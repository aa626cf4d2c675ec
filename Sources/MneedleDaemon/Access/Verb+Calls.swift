import MneedleBulkKit
import MneedleKit
import MneedleWire

/// What becomes of a request that was read, without the connection that it came on: connections and the simulation share it.
extension Verb {
    /// Runs a command that changes something: behind the gate, and once for each idempotency key.
    func change(_ call: Request, _ transaction: StoreTransaction) throws -> Object {
        guard case .writes(let handler) = command.handler else {
            throw ModuleError.internal("'\(name)' changes nothing")
        }
        // The gate also stands before a first reply that is given again: its owner may have changed.
        return try guarded(call, transaction) { call in
            try IdempotencyKeys.once(
                Typing.key(of: call.arguments), verb: name, arguments: call.arguments, in: transaction
            ) { try handler(transaction.resolved(call, command), transaction) }
        }
    }

    /// Runs a command that reads, behind the gate.
    /// - Parameter send: Takes the rows of a listing.
    func answer(_ call: Request, _ reading: StoreReading, _ send: @escaping Command.RowSink) throws -> Object {
        switch command.handler {
        case .reads(let handler):
            return try guarded(call, reading) { try handler(reading.resolved($0, command), reading) }
        case .lists(let handler):
            return try guarded(call, reading, send) {
                try handler(reading.resolved($0, command), reading, $1)
            }
        default: throw ModuleError.internal("'\(name)' reads nothing")
        }
    }

    /// Asks for the receiver of a bulk transfer, behind the gate.
    func receiver(_ call: Request, _ transaction: StoreTransaction) throws -> any BulkReceiver {
        var receiver: (any BulkReceiver)?
        _ = try guarded(call, transaction) { call in
            receiver = try command.bulk?.begin(transaction.resolved(call, command), transaction)
            return [:]
        }
        guard let receiver else { throw ModuleError.internal("'\(name)' has no receiver") }
        return receiver
    }
}

extension CommandTable {
    /// The command that a request names, if this peer may call it; nothing has happened yet when this throws.
    func verb(named name: String, for actor: Actor, _ registry: ModuleRegistry) throws -> Verb {
        guard let verb = self[name] else { throw unknownCommand(excerpt(name), registry) }
        guard actor.role >= verb.command.role else {
            throw ModuleError(
                .forbidden, "'\(name)' needs the role \(verb.command.role.rawValue), you have \(actor.role.rawValue)",
                members: ["role": actor.role.rawValue, "needs": verb.command.role.rawValue])
        }
        try registry.requireSight(name, verb.command.concerns, of: actor)
        return verb
    }

    private func unknownCommand(_ name: String, _ registry: ModuleRegistry) -> ModuleError {
        let module = String(name.prefix { $0 != "." })
        if name.contains("."), let reason = registry.reason(whyMissing: module) {
            return .moduleFailed(module, "module '\(module)' does not run: \(reason)")
        }
        let near = suggestions(for: name)
        let hint = near.isEmpty ? "'help' lists the commands" : "did you mean '\(near[0])'?"
        return ModuleError(
            .unknownCommand, "no command '\(name)'; \(hint)", members: ["suggestions": near])
    }
}
