import MneedleKit

extension Scheduling {
    var remind: Command {
        Command(
            "remind", "Queues a reminder of your own.", role: .operator,
            parameters: [
                .required("person", .slug, "Whom it concerns."),
                .required("at", .time, "When it comes; not in the past."),
                .required("title", .line(maximum: 200), "What it says."),
                .optional("body", .text(), "What it says beside that."),
                .optional(
                    "urgency", .choice(Urgency.allCases.map(\.rawValue)), "How much it presses.",
                    default: Urgency.normal.rawValue),
            ],
            reply: Scheduling.reminderMembers, errors: [.notFound],
            concerns: .named("person"),
            example: #"scheduling.remind person=anna at=2026-12-01T09:00:00+01:00 title="Buy alcohol""#,
            .writes { request, transaction in
                let arguments = request.arguments
                let person = try arguments.requiredText("person")
                guard let at = arguments.time("at") else { throw ModuleError.internal("'at' is required") }
                guard at >= transaction.now else {
                    throw ModuleError.invalidArgument(
                        "at", expected: "a time from now on", got: at.description,
                        "'at' is in the past: \(at), and it is \(transaction.now); give a later time")
                }
                _ = try withinHorizon(at, "at", transaction)
                try transaction.requirePerson(person)
                return try Reminder(
                    person, kind: ReminderKind.own, title: arguments.requiredText("title"),
                    body: arguments.text("body"),
                    urgency: arguments.text("urgency").flatMap(Urgency.init) ?? .normal, due: at,
                    now: transaction.now
                ).queue(transaction)
            })
    }

    static let rowMembers = [
        ReplyMember("reminder", "its number"), ReplyMember("person", "whom it concerns"),
        ReplyMember("kind", "what it is about; custom for one of your own"), ReplyMember("title", "what it says"),
        ReplyMember("body", "what it says beside that"), ReplyMember("due", "when it comes, or came"),
        ReplyMember("state", "pending, due, snoozed, done or dismissed"),
        ReplyMember("urgency", "low, normal or critical"),
    ]

    static let reminderMembers =
        rowMembers + [
            ReplyMember("session", "the session that it follows"), ReplyMember("device", "the device that it is about"),
        ]
}
