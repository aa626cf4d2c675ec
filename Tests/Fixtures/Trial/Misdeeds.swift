import Glibc
import MneedleBulkKit
import MneedleKit

/// What a module does that is broken or means harm: it never ends, leaves, speaks for others, or says far too much.
let misdeeds = [
    Command(
        "spin", "Never ends.", role: .operator, gives: Done.self, example: "trial.spin", writes: { _ in spin() }),
    Command(
        "sleep", "Sleeps for ever.", role: .operator, gives: Done.self, example: "trial.sleep",
        writes: { _ in
            while true { pause() }
        }),
    Command(
        "crunch", "Asks the store for what never ends, after a change.", role: .operator, takes: Given.name,
        gives: Count.self, errors: [.moduleFailed], example: "trial.crunch name=a",
        writes: { transaction, name in
            try transaction.store.execute("INSERT INTO trial_items (name, text) VALUES (?, '')", name)
            return Count(count: try transaction.store.row(endless)?.integer("n"))
        }),
    Command(
        "leave", "Calls exit(0).", role: .reader, gives: Done.self, example: "trial.leave", reads: { _ in exit(0) }),
    Command(
        "record", "Records an entry of any kind and size.", role: .operator, takes: kind, bodyBytes, subject,
        gives: Done.self, example: "trial.record kind=trial.recorded",
        writes: { transaction, kind, bytes, subject in
            let text = String(repeating: "x", count: Int(bytes))
            try transaction.record(Entry(kind, subject: subject, body: ["text": text]))
            return Done()
        }),
    Command(
        "tell", "Tells something live of any topic, after a change.", role: .operator, takes: topic, Given.name,
        gives: Done.self, example: "trial.tell topic=trial.told name=a",
        writes: { transaction, topic, name in
            try transaction.store.execute("INSERT INTO trial_items (name, text) VALUES (?, '')", name)
            (transaction as? any BulkTransaction)?.publishLive(topic: topic, ["told": true])
            return Done()
        }),
]

private let kind = Parameter.required("kind", .text(), "Which.")
private let bodyBytes = Parameter.optional("bytes", .integer(0...400_000_000), "How large its body is.", default: 0)
private let subject = Parameter.optional("subject", .text(maximum: 1000), "What about.", default: "trial/record")
private let topic = Parameter.required("topic", .text(), "Which.")

/// A query that has no end.
let endless = "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT COUNT(*) AS n FROM n"

/// Never returns, and lets nothing else onto its thread.
func spin() -> Never {
    var count = 0
    while true { count &+= 1 }
}

/// What the configuration has go wrong beside requests.
struct Trouble {
    let timer: String?
    let reaction: String?

    var timers: [Timer] {
        guard timer != "none" else { return [] }
        return [
            Timer(
                "trouble", next: { $0.now },
                fire: { _ in
                    if timer == "trap" { fatalError("told to trap") }
                    spin()
                })
        ]
    }

    var reactions: [Reaction] {
        reaction == "trap" ? [Reaction(to: "person.added") { _, _, _ in fatalError("told to trap") }] : []
    }
}
