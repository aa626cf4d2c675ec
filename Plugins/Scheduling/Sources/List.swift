import MneedleKit

extension Scheduling {
    var listReminders: Command {
        Command(
            "list-reminders", "Lists reminders by when they come.", role: .reader,
            parameters: [
                .optional("person", .slug, "Only those of this person."),
                .optional("state", .choice(Reminder.State.allCases.map(\.rawValue)), "Only those in this state."),
            ],
            reply: Scheduling.rowMembers + [Scheduling.heldMember], errors: [.notFound],
            concerns: .named("person", rows: ["person"]),
            example: "scheduling.list-reminders state=due",
            .lists { request, reading, send in
                let person = try request.arguments.text("person").map { try reading.person($0).person }
                let state = request.arguments.text("state").flatMap(Reminder.State.init)
                let held = HeldReminders(self, reading)
                try forEachReminder(of: person, where: state?.condition, reading) { reminder in
                    var row = reminder.row
                    if let why = try held.why(reminder) { row["held"] = .string(why) }
                    try send(row)
                }
                return [:]
            })
    }

    static let heldMember = ReplyMember(
        "held", "there while it does not come, or does not hold any more: what forbids it now")

    /// Reminders by when they are due; `nil` means everybody's, or those in every state.
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
        try reading.forEach("SELECT * FROM scheduling_reminders \(filter) ORDER BY due_at, id", values) {
            try body(Reminder($0))
        }
    }
}
