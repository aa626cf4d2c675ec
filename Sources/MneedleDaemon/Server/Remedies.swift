import MneedleKit

/// What an administrator says when the service cannot find out by itself whether a session may start again.
enum Remedies {
    static var verbs: [Verb] {
        [("ledger", acceptClock), ("ledger", dropReaction), ("modules", retireGuard)].map { family, command in
            Verb(name: "\(family).\(command.name)", module: Verb.host, command: command, action: .command)
        }
    }

    private static let note = AnyParameter.required("note", .text(maximum: 1000), "Why; kept in the ledger.")

    private static var acceptClock: Command {
        Command(
            "accept-clock",
            "Takes the clock for right although it was later already: what is dated later was dated wrongly.",
            role: .admin, parameters: [note],
            reply: [
                ReplyMember("latest", "the latest time that was known"), ReplyMember("accepted", "what counts now"),
                ReplyMember("note", "why"),
            ],
            errors: [.conflict], concerns: .everybody,
            example: "ledger.accept-clock note=\"the clock was a year ahead until today\"",
            .writes { request, transaction in
                try store(transaction).acceptClock(note: request.arguments.requiredText("note"))
            })
    }

    private static var dropReaction: Command {
        Command(
            "drop-reaction",
            "Gives up having a module take in an entry that it fails at, after you have seen to what it would have done.",
            role: .admin,
            parameters: [
                .required("entry", .integer(1...Int64.max), "The entry's sequence number: see status."),
                .required("module", .slug, "The module that fails at it."), note,
            ],
            reply: [
                ReplyMember("entry", "the entry"), ReplyMember("module", "the module"),
                ReplyMember("kind", "what the entry says has happened"),
            ],
            errors: [.notFound], concerns: .everybody,
            example: "ledger.drop-reaction entry=17 module=sterilization note=\"the head was thrown away\"",
            .writes { request, transaction in
                let arguments = request.arguments
                return try store(transaction).drop(
                    arguments.requiredInteger("entry"), of: arguments.requiredText("module"),
                    note: arguments.requiredText("note"))
            })
    }

    private static var retireGuard: Command {
        Command(
            "retire-guard",
            "Lets sessions start without a module that guarded them and is gone for good. When it runs again it guards again.",
            role: .admin,
            parameters: [
                .required("module", .slug, "The module: see status."),
                .required("reason", .text(maximum: 1000), "Why it may be missing; kept in the ledger."),
            ],
            reply: [
                ReplyMember("module", "the module"), ReplyMember("missed", "why it was missed"),
                ReplyMember("reason", "why it may be missing"),
            ],
            errors: [.notFound, .conflict], concerns: .everybody,
            example: "modules.retire-guard module=skindiary reason=\"nobody here keeps a diary any more\"",
            .writes { request, transaction in
                try store(transaction).retireGuard(
                    request.arguments.requiredText("module"), reason: request.arguments.requiredText("reason"))
            })
    }

    private static func store(_ transaction: any Transaction) throws -> StoreTransaction {
        guard let store = transaction as? StoreTransaction else {
            throw ModuleError.internal("this is answered by the store itself")
        }
        return store
    }
}
