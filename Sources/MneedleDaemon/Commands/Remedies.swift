import MneedleKit

/// Commands by which an administrator decides that sessions may start again, where the service cannot decide by itself.
enum Remedies {
    private static let note = Parameter.required("note", .text(maximum: 1000), "Why; kept in the ledger.")
    private static let entry = Parameter.required("entry", .id, "The entry's sequence number: see status.")
    private static let failing = Parameter.required("module", .slug, "The module that fails at it.")
    private static let missed = Parameter.required("module", .slug, "The module: see status.")
    private static let reason = Parameter.required(
        "reason", .text(maximum: 1000), "Why it may be missing; kept in the ledger.")

    static var acceptClock: Command {
        Command(
            "ledger.accept-clock",
            "Takes the clock for right although it was later already: what is dated later was dated wrongly.",
            role: .admin, takes: note, gives: AcceptedClock.self, errors: [.conflict], concerns: .everybody,
            example: "ledger.accept-clock note=\"the clock was a year ahead until today\"",
            writes: { try store($0).acceptClock(note: $1) })
    }

    static var dropReaction: Command {
        Command(
            "ledger.drop-reaction",
            "Gives up having a module take in an entry that it fails at, after you have seen to what it would have done.",
            role: .admin, takes: entry, failing, note, gives: FailedReaction.self, errors: [.notFound],
            concerns: .everybody,
            example: "ledger.drop-reaction entry=17 module=sterilization note=\"the head was thrown away\"",
            writes: { try store($0).drop($1, of: $2, note: $3) }
        )
        .final("The module never takes that entry in.")
    }

    static var retireGuard: Command {
        Command(
            "modules.retire-guard",
            "Lets sessions start without a module that guarded them and is gone for good. When it runs again it guards again.",
            role: .admin, takes: missed, reason, gives: RetiredGuard.self, errors: [.notFound, .conflict],
            concerns: .everybody,
            example: "modules.retire-guard module=skindiary reason=\"nobody here keeps a diary any more\"",
            writes: { try store($0).retireGuard($1, reason: $2) }
        )
        .final("Sessions start although the module does not guard them.")
    }

    private static func store(_ transaction: any Transaction) throws -> StoreTransaction {
        guard let store = transaction as? StoreTransaction else {
            throw ModuleError.internal("this is answered by the store itself")
        }
        return store
    }
}

/// The reply to `ledger.accept-clock`, and the body of its entry.
struct AcceptedClock: Reply {
    var latest: Instant
    var accepted: Instant
    var note: String

    static let members: [Member<AcceptedClock>] = [
        Member("latest", "the latest time that was known", \.latest),
        Member("accepted", "what counts now", \.accepted),
        Member("note", "why", \.note),
    ]
}

/// The reply to `ledger.drop-reaction`.
extension FailedReaction: Reply {
    static let members: [Member<FailedReaction>] = [
        Member("entry", "the entry", \.sequence),
        Member("module", "the module", \.module),
        Member("kind", "what the entry says has happened", \.kind),
    ]
}

/// The reply to `modules.retire-guard`, and the body of its entry.
struct RetiredGuard: Reply {
    var module: String
    var missed: String
    var reason: String

    static let members: [Member<RetiredGuard>] = [
        Member("module", "the module", \.module),
        Member("missed", "why it was missed", \.missed),
        Member("reason", "why it may be missing", \.reason),
    ]
}
