import Crypto
import MneedleKit

/// Remembers the replies to requests with an `idempotency_key`, by user, for 7 days of time that has really passed, however
/// the clock is set meanwhile.
package enum IdempotencyKeys {
    static let lifetime = Span.days(7)

    /// Runs `body` unless this user's key was used before: then the first reply is returned and nothing changes.
    /// - Throws: `conflict` when the key came with another request.
    package static func once(
        _ key: String?, verb: String, arguments: Arguments, in transaction: StoreTransaction,
        _ body: () throws -> Object
    ) throws -> Object {
        guard let key else { return try body() }
        let digest = [UInt8](SHA256.hash(data: Array("\(verb) \(arguments.value.jsonText)".utf8)))
        let uid = Int64(transaction.actor.uid)
        let seen = try transaction.within(Verb.host) {
            try transaction.row(
                "SELECT request, reply FROM mneedle_idempotency WHERE uid = ? AND key = ? AND at > ?", uid, key,
                oldest(in: transaction))
        }
        if let seen {
            guard let text = seen.text("reply") else {
                throw ModuleError.conflict(
                    "idempotency_key '\(key)' was used for a request about a person who has been erased",
                    state: "erased")
            }
            guard seen.blob("request") == digest else {
                throw ModuleError.conflict(
                    "idempotency_key '\(key)' was used for another request; use a new key for a new request",
                    state: "key-used")
            }
            guard case .object(let reply) = try transaction.value(json: text) else { return [:] }
            return reply
        }
        let told = transaction.events.count
        let reply = try body()
        // The reply says something about whom the request was about.
        let person = transaction.events.dropFirst(told).lazy.compactMap(\.person).first
        try transaction.within(Verb.host) {
            try transaction.execute("DELETE FROM mneedle_idempotency WHERE at <= ?", oldest(in: transaction))
            try transaction.execute(
                "INSERT INTO mneedle_idempotency (uid, key, request, person, reply, at) VALUES (?, ?, ?, ?, ?, ?)", uid,
                key, digest, person, reply.jsonText, transaction.steadyNow)
        }
        return reply
    }

    private static func oldest(in transaction: StoreTransaction) -> Instant {
        Instant(milliseconds: transaction.steadyNow.milliseconds - Int64(lifetime.days) * 86_400_000)
    }
}
