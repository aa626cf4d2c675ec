import MneedleKit

extension Scheduling {
    var calendar: Command {
        Command(
            "calendar", "Gives reminders and the next sessions' windows as a calendar file (RFC 5545).", role: .reader,
            parameters: [.optional("person", .slug, "Only this person's.")],
            reply: [ReplyMember("ics", "the file's text, to be saved as .ics")],
            errors: [.notFound], example: "scheduling.calendar person=anna",
            .reads { request, reading in
                let person = try request.arguments.text("person").map { try reading.person($0) }
                var file = ICalendar()
                try file.component("VCALENDAR") { file in
                    file.line("VERSION", "2.0")
                    file.line("PRODID", "-//mneedle//scheduling//EN")
                    file.line("CALSCALE", "GREGORIAN")
                    for person in try person.map({ [$0] }) ?? peopleWithSessions(reading) {
                        try write(NextSession(person, knowledge.intervals, in: reading), to: &file)
                    }
                    let open = "state IN ('pending', 'snoozed', 'due')"
                    try forEachReminder(of: person?.person, where: open, reading) { write($0, to: &file) }
                }
                return ["ics": file.text]
            })
    }

    private func peopleWithSessions(_ reading: any Reading) throws -> [Person] {
        try reading.rows("SELECT DISTINCT person FROM scheduling_sessions ORDER BY person").map { row in
            try reading.person(row.text("person") ?? "")
        }
    }

    /// The window as whole days that do not make anybody look busy.
    private func write(_ next: NextSession, to file: inout ICalendar) {
        guard let last = next.past.last, let session = next.past.lastSession else { return }
        file.component("VEVENT") { file in
            file.line("UID", "window-\(next.person.person)-\(session)@mneedle")
            file.time("DTSTAMP", last)
            file.day("DTSTART", next.window.opens)
            // The end is the first day that no longer belongs to it.
            file.day("DTEND", next.window.closes.adding(days: 1))
            file.text("SUMMARY", "Next session: \(next.person.name ?? next.person.person)")
            file.text("DESCRIPTION", "Best on \(next.window.best); for \(next.person.goal.rawValue).")
            file.line("TRANSP", "TRANSPARENT")
        }
    }

    private func write(_ reminder: Reminder, to file: inout ICalendar) {
        file.component("VEVENT") { file in
            // The creation time keeps numbers of different installations apart in one calendar.
            file.line("UID", "reminder-\(reminder.id)-\(reminder.created.milliseconds)@mneedle")
            file.time("DTSTAMP", reminder.changed)
            file.time("DTSTART", reminder.due)
            file.line("DURATION", "PT15M")
            file.text("SUMMARY", reminder.title)
            if let body = reminder.body, !body.isEmpty { file.text("DESCRIPTION", body) }
            file.text("CATEGORIES", reminder.kind)
            file.line("PRIORITY", Scheduling.priority[reminder.urgency] ?? "5")
            file.line("TRANSP", "TRANSPARENT")
            file.component("VALARM") { file in
                file.line("ACTION", "DISPLAY")
                file.line("TRIGGER", "PT0S")
                file.text("DESCRIPTION", reminder.title)
            }
        }
    }

    private static let priority = [
        Urgency.low.rawValue: "9", Urgency.normal.rawValue: "5", Urgency.critical.rawValue: "1",
    ]
}
