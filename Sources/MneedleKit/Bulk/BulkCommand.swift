import MneedleKit

/// The part of a command that makes the receiver of one bulk transfer.
public struct BulkHandler: Command.SpecialHandler {
    /// The function that makes the receiver; it throws where the transfer is refused.
    public let begin: @Sendable (Request, any BulkTransaction) throws -> any BulkReceiver
}

extension Command {
    /// A command that takes bulk lines after `READY`. Its receiver gives the final reply.
    public init<each Argument: Sendable, Answer: Reply>(
        _ name: String, _ summary: String, role: Role, takes: repeat Parameter<each Argument>, gives: Answer.Type,
        errors: [ModuleError.Code] = [], concerns: Concern? = nil, example: String,
        receives: @escaping @Sendable (any BulkTransaction, repeat each Argument) throws -> any BulkReceiver
    ) {
        self.init(
            name, summary, role: role, takes: repeat each takes, gives: gives, errors: errors, concerns: concerns,
            example: example,
            special: BulkHandler { try receives($1, repeat try $0.arguments[each takes]) })
    }

    /// The command's handler of bulk lines; `nil` for a command that takes none.
    public var bulk: BulkHandler? {
        if case .special(let handler) = handler { handler as? BulkHandler } else { nil }
    }
}
