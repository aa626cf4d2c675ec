import MneedleKit

extension ReminderKind {
    /// Whether the kind invites to a session: every kind that is counted from the next one does, and no file can say otherwise.
    var invites: Bool { [.opens, .best, .closes, .planned].contains(anchor) }
}

extension Scheduling {
    /// The kinds of entry that may add findings to a person's standing or resolve them. A finding that ends by the calendar
    /// alone is noticed when an inviting reminder becomes due.
    static let standingChanges = [
        "session.started", "session.finished", "session.stopped", "session.explained", "reaction.opened",
        "reaction.resolved",
        "screening.assessed", "screening.remembered", "screening.corrected", "clearance.recorded",
        "twin.decided", "person.changed",
    ]

    /// Lets the next window be for the person's goal, where the entry says that it has changed.
    func takeGoal(after entry: Entry, _ transaction: any Transaction) throws {
        guard let person = try Scheduling.withAnotherGoal(entry) else { return }
        try PastSessions.aim(at: person.goal, person.person, transaction)
    }

    /// The person, where the entry says that the person's goal has changed.
    static func withAnotherGoal(_ entry: Entry) throws -> Person? {
        guard let change = try EntryKind.personChanged.body(of: entry), change.before.goal != change.after.goal
        else { return nil }
        return change.after
    }

    /// Takes back every reminder that invites a person to a session, also one that has come and waits for an answer.
    func withdrawInvitations(_ person: String, _ transaction: any Transaction) throws {
        for kind in knowledge.kinds where kind.invites {
            for reminder in try openReminders(of: kind.name, .person, person, transaction) {
                _ = try reminder.close(as: .dismissed, because: Scheduling.withdrawn, transaction)
            }
        }
    }

    /// Holds the course of a person back, or lets it go on.
    ///
    /// The days stay while the course is held. If they are over, or too soon, when it goes on, they are planned anew.
    func hold(_ plan: inout Plan, _ next: NextSession, today: CivilDate) throws {
        let wasHeld = plan.isHeld
        plan.isHeld = next.standing.isPersonsMatter
        guard wasHeld, !plan.isHeld, let first = plan.days.first?.date, first < max(today, next.floor) else { return }
        plan.days = try Plan.days(
            plan.days.count, first: next.window.notBefore(today), after: knowledge.intervals.interval(for: next.goal),
            avoiding: plan.avoided, until: Horizon.day(from: today), isReplanning: true)
    }
}
