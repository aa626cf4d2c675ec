import Glibc
import MneedleKit

/// What a module does that is broken or means harm: it never ends, leaves, speaks for others, or says far too much.
let misdeeds = [
    Command(
        "spin", "Never ends.", role: .operator, example: "trial.spin", .writes { _, _ in spin() }),
    Command(
        "sleep", "Sleeps for ever.", role: .operator, example: "trial.sleep",
        .writes { _, _ in
            while true { pause() }
        }),
    Command(
        "crunch", "Asks the store for what never ends, after a change.", role: .operator,
        parameters: [.required("name", .slug, "An item to add before.")], errors: [.moduleFailed],
        example: "trial.crunch name=a",
        .writes { request, transaction in
            try transaction.execute(
                "INSERT INTO trial_items (name, text) VALUES (?, '')", request.arguments.text("name"))
            let endless = "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT COUNT(*) AS n FROM n"
            return ["count": try transaction.row(endless)?.integer("n")]
        }),
    Command(
        "leave", "Calls exit(0).", role: .reader, example: "trial.leave", .reads { _, _ in exit(0) }),
    Command(
        "record", "Records an entry of any kind and size.", role: .operator,
        parameters: [
            .required("kind", .text(), "Which."),
            .optional("bytes", .integer(0...400_000_000), "How large its body is.", default: 0),
            .optional("subject", .text(maximum: 1000), "What about.", default: "trial/record"),
        ],
        example: "trial.record kind=trial.recorded",
        .writes { request, transaction in
            let text = String(repeating: "x", count: Int(try request.arguments.requiredInteger("bytes")))
            try transaction.record(
                Entry(
                    try request.arguments.requiredText("kind"), subject: try request.arguments.requiredText("subject"),
                    body: ["text": text]))
            return [:]
        }),
    Command(
        "tell", "Tells something live of any topic, after a change.", role: .operator,
        parameters: [.required("topic", .text(), "Which."), .required("name", .slug, "An item to add before.")],
        example: "trial.tell topic=trial.told name=a",
        .writes { request, transaction in
            try transaction.execute(
                "INSERT INTO trial_items (name, text) VALUES (?, '')", request.arguments.text("name"))
            transaction.publishLive(topic: try request.arguments.requiredText("topic"), ["told": true])
            return [:]
        }),
]

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
