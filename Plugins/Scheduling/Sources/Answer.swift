import MneedleKit

extension Scheduling {
    static let reminder = Parameter.required("reminder", .id, "Which: see scheduling.list-reminders.")
    private static let snoozedFor = Parameter.optional(
        "for", .duration,
        "How long from now; days are calendar days where the person lives, and do not end in their quiet hours.")
    private static let snoozedUntil = Parameter.optional("until", .time, "Until when, instead of 'for'.")

    var done: Command { closing("done", "Marks a reminder as done.", as: .done) }

    var dismiss: Command { closing("dismiss", "Puts a reminder away without doing it.", as: .dismissed) }

    private func closing(_ name: String, _ summary: String, as state: Reminder.State) -> Command {
        Command(
            name, summary, role: .operator, takes: Scheduling.reminder, gives: Reminder.self,
            errors: [.notFound, .conflict], concerns: .named("reminder"), example: "scheduling.\(name) reminder=7",
            writes: { transaction, id in
                let closed = try open(id, transaction).close(as: state, transaction)
                try endRepeats(of: closed, transaction)
                return closed
            })
    }

    /// Ends the reminders that an answer makes needless: those of the same kind, and of kinds that only press for an answer.
    private func endRepeats(of closed: Reminder, _ transaction: any Transaction) throws {
        for kind in knowledge.kind(named: closed.kind)?.answerEnds ?? [] {
            for reminder in try openReminders(of: kind, .person, closed.person, transaction)
            where reminder.session == closed.session {
                _ = try reminder.close(as: .dismissed, because: "answered", transaction)
            }
        }
    }

    var snooze: Command {
        Command(
            "snooze", "Lets a reminder come again later.", role: .operator,
            takes: Scheduling.reminder, Scheduling.snoozedFor, Scheduling.snoozedUntil, gives: Reminder.self,
            errors: [.notFound, .conflict], concerns: .named("reminder"),
            example: "scheduling.snooze reminder=7 for=2h",
            writes: { transaction, id, span, time in
                var reminder = try open(id, transaction)
                reminder.due = try snoozed(reminder, for: span, until: time, transaction)
                (reminder.state, reminder.changed) = (.snoozed, transaction.now)
                try transaction.store.execute(
                    "UPDATE scheduling_reminders SET state = ?, due_at = ?, changed_at = ? WHERE id = ?",
                    reminder.state.rawValue, reminder.due, transaction.now, reminder.id)
                try transaction.record(reminder.entry("reminder.snoozed"))
                return reminder
            })
    }

    private func snoozed(
        _ reminder: Reminder, for span: Span?, until time: Instant?, _ reading: any Reading
    ) throws -> Instant {
        let (until, name): (Instant, String)
        switch (span, time) {
        case (let span?, nil): (until, name) = (try end(of: span, reminder, reading), Scheduling.snoozedFor.name)
        case (nil, let time?): (until, name) = (time, Scheduling.snoozedUntil.name)
        default:
            throw ModuleError.invalidArgument(
                Scheduling.snoozedFor.name,
                expected: "either \(Scheduling.snoozedFor.name) or \(Scheduling.snoozedUntil.name)", got: nil,
                "give either '\(Scheduling.snoozedFor.name)' (a duration such as 2h) or "
                    + "'\(Scheduling.snoozedUntil.name)' (a time)")
        }
        guard until > reading.now else {
            throw ModuleError.invalidArgument(
                name, expected: "a time after now", got: until.description,
                "'\(name)' has to end after now (\(reading.now)); give another time")
        }
        return try withinHorizon(until, name, reading)
    }

    private func end(of span: Span, _ reminder: Reminder, _ reading: any Reading) throws -> Instant {
        guard span.days > 0 else { return Zone.utc.adding(span, to: reading.now) }
        // Only days depend on where the person lives. A span in hours is meant exactly; one in days does not mean at night.
        let zone = reading.zone(of: try reading.person(reminder.person))
        let preferences = try Preferences(of: reminder.person, knowledge.defaults, in: reading)
        return preferences.outOfQuiet(zone.adding(span, to: reading.now), reminder.urgency, zone)
    }

    /// The given time, if it is no further ahead than anything is planned.
    func withinHorizon(_ time: Instant, _ argument: String, _ reading: any Reading) throws -> Instant {
        let last = Horizon.instant(from: reading.now)
        guard time <= last else {
            throw ModuleError.invalidArgument(
                argument, expected: "a time until \(last)", got: time.description,
                "'\(argument)' is too far ahead: \(time); nothing is planned more than \(Horizon.years) years ahead, so "
                    + "give a time until \(last)")
        }
        return time
    }

    /// The reminder that a request answers: one that nobody has answered for good.
    private func open(_ id: Int64, _ reading: any Reading) throws -> Reminder {
        let reminder = try Reminder.find(id, in: reading)
        guard reminder.state.isOpen else {
            throw ModuleError.conflict(
                "reminder \(reminder.id) is \(reminder.state.rawValue) already; queue a new one with scheduling.remind",
                state: reminder.state.rawValue)
        }
        return reminder
    }
}
