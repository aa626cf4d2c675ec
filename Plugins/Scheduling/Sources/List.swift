import MneedleKit

/// One row of `scheduling.list-reminders`.
private struct ListedReminder: Reply {
    var reminder: Reminder
    var held: String?

    static let members: [Member<ListedReminder>] =
        Reminder.rowMembers.within(\ListedReminder.reminder) + [Member("held", Reminder.heldMeaning, \.held)]
}

extension Scheduling {
    private static let onlyOf = Parameter.optional("person", .slug, "Only those of this person.")
    private static let inState = Parameter.optional("state", .choice(Reminder.State.self), "Only those in this state.")

    var listReminders: Command {
        Command(
            "list-reminders", "Lists reminders by when they come.", role: .reader,
            takes: Scheduling.onlyOf, Scheduling.inState, gives: ListedReminder.self, errors: [.notFound],
            concerns: .named("person", rows: ["person"]), example: "scheduling.list-reminders state=due",
            lists: { reading, send, slug, state in
                let person = try slug.map { try reading.person($0).person }
                let held = HeldReminders(self, reading)
                try forEachReminder(of: person, where: state?.condition, reading) { reminder in
                    try send(ListedReminder(reminder: reminder, held: held.why(reminder)))
                }
            }
        )
        .catalogue(of: "reminder")
    }

    /// Calls `body` with reminders in the order of their due times; `nil` means everybody's, or those in every state.
    func forEachReminder(
        of person: String?, where condition: String?, _ reading: any Reading, _ body: (Reminder) throws -> Void
    ) throws {
        var conditions = condition.map { [$0] } ?? []
        var values: [SQLValue] = []
        if let person {
            conditions.append("person = ?")
            values.append(.text(person))
        }
        let filter = conditions.isEmpty ? "" : "WHERE " + conditions.joined(separator: " AND ")
        try reading.store.forEach("SELECT * FROM scheduling_reminders \(filter) ORDER BY due_at, id", values) {
            try body(Reminder($0))
        }
    }
}
