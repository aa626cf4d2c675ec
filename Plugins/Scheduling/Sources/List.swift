import MneedleKit

extension Scheduling {
    var listReminders: Command {
        Command(
            "list-reminders", "Lists reminders by when they come.", role: .reader,
            parameters: [
                .optional("person", .slug, "Only those of this person."),
                .optional("state", .choice(Reminder.State.allCases.map(\.rawValue)), "Only those in this state."),
            ],
            reply: Scheduling.reminderMembers, errors: [.notFound], example: "scheduling.list-reminders state=due",
            .lists { request, reading, send in
                let person = try request.arguments.text("person").map { try reading.person($0).person }
                try forEachReminder(of: person, states: request.arguments.text("state").map { [$0] }, reading) {
                    try send($0.object)
                }
                return [:]
            })
    }

    /// Reminders by when they are due; `nil` means everybody's, or those in every state.
    func forEachReminder(
        of person: String?, states: [String]?, _ reading: any Reading, _ body: (Reminder) throws -> Void
    ) throws {
        var conditions: [String] = []
        var values: [(any SQLBindable)?] = []
        if let person {
            conditions.append("person = ?")
            values.append(person)
        }
        if let states {
            conditions.append("state IN (\(states.map { _ in "?" }.joined(separator: ", ")))")
            values += states.map { $0 as any SQLBindable }
        }
        let filter = conditions.isEmpty ? "" : "WHERE " + conditions.joined(separator: " AND ")
        try reading.forEach("SELECT * FROM scheduling_reminders \(filter) ORDER BY due_at, id", values) {
            try body(Reminder($0))
        }
    }
}
