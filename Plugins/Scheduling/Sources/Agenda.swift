import MneedleKit

extension Scheduling {
    /// The next session of those who may have one, and the reminders that nobody has answered.
    var agenda: Agenda {
        Agenda("Whose next session is possible, and which reminders are unanswered?") { scope, reading in
            let sessions = try scope.people.filter { scope.free.contains($0.person) }.flatMap { person in
                try nextSession(of: person, reading)
            }
            return try sessions + scope.people.flatMap { try reminders(of: $0, reading) }
        }
    }

    private func nextSession(of person: Person, _ reading: any Reading) throws -> [AgendaItem] {
        let next = try NextSession(person, knowledge.intervals, in: reading)
        let window = next.window
        let today = reading.today(of: person)
        let (kind, code): (AgendaItem.Kind, IntervalCode) =
            if next.past.latest == nil {
                (.due, .first)
            } else if today < window.opens {
                (.upcoming, .comes)
            } else {
                (.due, today <= window.closes ? .open : .over)
            }
        return try knowledge.intervals.findings.find(
            code, person.setting, in: reading.zone(of: person), until: kind == .upcoming ? .date(window.opens) : nil,
            [
                "person": person.person, "goal": next.goal.rawValue, "opens": window.opens, "best": window.best,
                "closes": window.closes,
            ]
        ).map { AgendaItem(kind, person: person.person, $0) }
    }

    private func reminders(of person: Person, _ reading: any Reading) throws -> [AgendaItem] {
        let held = HeldReminders(self, reading)
        var items: [AgendaItem] = []
        try forEachReminder(of: person.person, where: Reminder.State.due.condition, reading) { reminder in
            guard try held.why(reminder) == nil else { return }
            var finding = Finding(
                code: "reminder-due", severity: .info, message: reminder.title, advice: reminder.body ?? "",
                sources: [], module: "scheduling")
            finding.remedy = Remedy("scheduling.done", ["reminder": reminder.id])
            items.append(AgendaItem(.due, person: person.person, device: reminder.device, finding))
        }
        return items
    }
}
