import MneedleKit

/// What the module knows: intervals, and what people are reminded of.
struct SchedulingKnowledge: Sendable {
    let intervals: Intervals
    let kinds: [ReminderKind]
    let defaults: ReminderDefaults
    /// So many late ones of one person at once come as one digest.
    let digestFrom: Int
    /// How late a delivery is before it is called late.
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
