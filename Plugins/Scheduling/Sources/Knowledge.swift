import MneedleKit

/// The module's knowledge: the intervals and the kinds of reminders.
struct SchedulingKnowledge: Sendable {
    let intervals: Intervals
    let kinds: [ReminderKind]
    let defaults: ReminderDefaults
    /// The number of late reminders of one person from which on they come as one digest.
    let digestFrom: Int
    /// The delay after which a delivery counts as late.
    let lateAfter: Span

    init(_ setup: Setup) throws {
        intervals = Intervals(setup.knowledge("intervals"))
        kinds = ReminderKind.all(setup.knowledge("reminders"), course: intervals.course)
        defaults = ReminderDefaults(setup.knowledge("reminders"))
        digestFrom = Int(try setup[digestFromKey])
        lateAfter = .minutes(Double(try setup[lateMinutesKey]))
    }

    func kind(named name: String) -> ReminderKind? { kinds.first { $0.name == name } }
}

extension Scheduling {
    var rules: Command {
        Command(
            "rules", "Lists the intervals between sessions, in words and with their sources.", role: .reader,
            gives: RuleInWords.self, concerns: .nobody, example: "scheduling.rules",
            lists: { _, send in
                for rule in knowledge.intervals.rules { try send(rule) }
            })
    }
}
