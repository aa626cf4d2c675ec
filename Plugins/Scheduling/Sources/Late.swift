import MneedleKit

extension Scheduling {
    /// A late reminder, with the time at which it was due and, on a later day, in the words that hold now.
    /// - Returns: `nil` when the last day is over on which the reminder means something.
    func asOfNow(
        _ reminder: Reminder, _ kind: ReminderKind?, _ next: NextSession?, _ reading: any Reading
    ) throws -> Reminder? {
        let zone = next.map { reading.zone(of: $0.person) } ?? .utc
        let today = zone.date(of: reading.now)
        var shown = reminder
        if let kind, let next, kind.invites {
            let planned = try plannedDay(of: reminder, zone, next, reading)
            if let last = lastDay(of: kind, next, planned?.date), today > last { return nil }
            if kind.anchor == .planned && planned == nil { return nil }
            if today > zone.date(of: reminder.due) {
                let words = next.words.merging(planned?.words ?? [:]) { $1 }
                if let title = kind.lateTitle { shown.title = filled(title, words) }
                if let body = kind.lateBody { shown.body = filled(body, words) }
            }
        }
        let note = filled(knowledge.defaults.late, in: zone, ["due": reminder.due])
        shown.body = [shown.body, note].compactMap { $0 }.filter { !$0.isEmpty }.joined(separator: " ")
        return shown
    }

    /// The last day on which a reminder means something.
    private func lastDay(of kind: ReminderKind, _ next: NextSession, _ planned: CivilDate?) -> CivilDate? {
        switch kind.expiresOn {
        case .opens: next.window.opens
        case .best: next.window.best
        case .closes: next.window.closes
        case .planned: planned
        case .event, .until, nil: nil
        }
    }

    /// The session of the accepted course that a reminder is about: the first from the day on which it was due.
    private func plannedDay(
        of reminder: Reminder, _ zone: Zone, _ next: NextSession, _ reading: any Reading
    ) throws -> (date: CivilDate, words: [String: any CustomStringConvertible])? {
        let day = zone.date(of: reminder.due)
        guard let plan = try Plan(of: reminder.person, in: reading),
            let index = plan.days.firstIndex(where: { $0.date >= day })
        else { return nil }
        return (plan.days[index].date, plan.words(index))
    }

    /// Takes back everything that invites a person to a session, the course included.
    func withdraw(_ next: NextSession, _ transaction: any Transaction) throws {
        let slug = next.person.person
        try withdrawInvitations(slug, transaction)
        guard var plan = try Plan(of: slug, in: transaction), !plan.isHeld else { return }
        try hold(&plan, next, today: transaction.today(of: next.person))
        plan.changed = transaction.now
        try keep(plan, "plan.withdrawn", next.person, transaction)
    }

    /// Puts a reminder off by an hour: nobody is invited while the service cannot say whether something is open.
    func postpone(_ reminder: Reminder, _ transaction: any Transaction) throws {
        var held = reminder
        held.due = transaction.now.adding(hours: 1)
        try transaction.store.execute(
            "UPDATE scheduling_reminders SET due_at = ?, changed_at = ? WHERE id = ?", held.due, transaction.now,
            held.id)
        try transaction.record(held.entry("reminder.held"))
    }
}

extension NextSession {
    /// The values of the placeholders in texts about the window.
    fileprivate var words: [String: any CustomStringConvertible] {
        [
            "person": person.person, "name": person.name ?? person.person, "goal": goal.rawValue,
            "device": "the device",
            "session": past.lastSession.map(String.init) ?? "", "sessions": past.count,
            "last": lastDay?.description ?? "", "opens": window.opens, "best": window.best, "closes": window.closes,
            "until": "", "what": "", "at": "",
        ]
    }
}
