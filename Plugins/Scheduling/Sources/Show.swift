import MneedleKit

extension Scheduling {
    var showReminder: Command {
        Command(
            "show-reminder", "Shows a reminder, and the sources that it rests on.", role: .reader,
            parameters: [.required("reminder", .integer(1...Int64.max), "Which: see scheduling.list-reminders.")],
            reply: Scheduling.reminderMembers + [
                Scheduling.heldMember,
                ReplyMember("sources", "what its time rests on; none for one of your own"),
            ],
            errors: [.notFound], concerns: .named("reminder"), example: "scheduling.show-reminder reminder=7",
            .reads { request, reading in
                let reminder = try Reminder.find(request.arguments.requiredInteger("reminder"), in: reading)
                let held = try HeldReminders(self, reading).why(reminder).map { Object.Member("held", .string($0)) }
                return Object(
                    uniqueMembers: reminder.object.members + [held, sources(of: reminder)].compactMap { $0 })
            })
    }

    /// What a reminder rests on, for whoever asks why it comes.
    func sources(of reminder: Reminder) -> Object.Member {
        let sources = knowledge.kind(named: reminder.kind)?.sources ?? []
        return Object.Member("sources", sources.value)
    }
}
