import MneedleKit

extension Scheduling {
    private static let whom = Parameter.required("person", .slug, "Whom it concerns.")
    private static let at = Parameter.required("at", .time, "When it comes; not in the past.")
    private static let title = Parameter.required("title", .line(maximum: 200), "What it says.")
    private static let body = Parameter.optional("body", .text(), "What it says beside that.")
    private static let urgency = Parameter.optional(
        "urgency", .choice(Urgency.self), "How much it presses.", default: .normal)

    var remind: Command {
        Command(
            "remind", "Queues a reminder of your own.", role: .operator,
            takes: Scheduling.whom, Scheduling.at, Scheduling.title, Scheduling.body, Scheduling.urgency,
            gives: Reminder.self, errors: [.notFound], concerns: .named("person"),
            example: #"scheduling.remind person=anna at=2027-03-01T09:00:00+01:00 title="Buy alcohol""#,
            writes: { transaction, person, at, title, body, urgency in
                let name = Scheduling.at.name
                guard at >= transaction.now else {
                    throw ModuleError.invalidArgument(
                        name, expected: "a time from now on", got: at.description,
                        "'\(name)' is in the past: \(at), and it is \(transaction.now); give a later time")
                }
                _ = try withinHorizon(at, name, transaction)
                try transaction.requirePerson(person)
                return try Reminder(
                    person, kind: ReminderKind.own, title: title, body: body, urgency: urgency, due: at,
                    now: transaction.now
                ).queue(transaction)
            })
    }
}
