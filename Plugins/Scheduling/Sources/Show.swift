import MneedleKit

/// The reply of `scheduling.show-reminder`.
private struct ShownReminder: Reply {
    var reminder: Reminder
    var held: String?
    var sources: [Source]

    static let members: [Member<ShownReminder>] =
        Reminder.members.within(\ShownReminder.reminder) + [
            Member("held", Reminder.heldMeaning, \.held),
            Member("sources", "what its time rests on; none for one of your own", \.sources),
        ]
}

extension Scheduling {
    var showReminder: Command {
        Command(
            "show-reminder", "Shows a reminder, and the sources that it rests on.", role: .reader,
            takes: Scheduling.reminder, gives: ShownReminder.self, errors: [.notFound], concerns: .named("reminder"),
            example: "scheduling.show-reminder reminder=7",
            reads: { reading, id in
                let reminder = try Reminder.find(id, in: reading)
                return ShownReminder(
                    reminder: reminder, held: try HeldReminders(self, reading).why(reminder),
                    sources: sources(of: reminder))
            })
    }

    /// The sources that a reminder rests on, for a reader who asks why it comes.
    func sources(of reminder: Reminder) -> [Source] { knowledge.kind(named: reminder.kind)?.sources ?? [] }
}
