import MneedleKit

extension Scheduling {
    private static let onlyOf = Parameter.optional("person", .slug, "Only this person's.")

    var calendar: Command {
        Command(
            "calendar", "Gives reminders and the next sessions' windows as a calendar file (RFC 5545).", role: .reader,
            takes: Scheduling.onlyOf, gives: CalendarFile.self, errors: [.notFound, .busy],
            concerns: .named("person", otherwise: .person), example: "scheduling.calendar person=anna",
            reads: { reading, slug in
                let person = try slug.map { try reading.person($0) }
                return CalendarFile(text: try CalendarWriter(of: person, self, reading).text)
            })
    }
}

/// The reply of `scheduling.calendar`.
private struct CalendarFile: Reply {
    var text: String

    static let members: [Member<CalendarFile>] = [Member("ics", "the file's text, to be saved as .ics", \.text)]
}

/// Writes one calendar file. A program that reads it again finds everything under the same UID, with a higher SEQUENCE where it
/// has changed and CANCELLED where it is over, and so brings its own copy up to date.
private struct CalendarWriter {
    /// The time for which closed reminders stay in the file: long enough for a program that looks once a month.
    private static let keptClosed = Span.days(30)
    /// The most reminders in a file, which is one line of a reply and has to be whole in memory.
    private static let mostEvents = 10_000

    private var windows: [NextSession] = []
    private var reminders: [Reminder] = []
    /// The place of a reminder among those of its kind for the same session, or the same person, by the reminder's number.
    private var numbers: [Int64: Int64] = [:]
    private var plans: [(plan: Plan, name: String)] = []
    /// The kinds of reminders that invite to a session.
    private let inviting: Set<String>
    /// The reminders that do not come, or no longer hold, now; and the people whom nothing may invite to a session now.
    private var held: Set<Int64> = []
    private var uninvited: Set<String> = []
    private var zones: [String: Zone] = [:]
    /// The time at which a session's reminders last changed: the newest was made, or one that invites was taken back.
    private var newest: [Place: Instant] = [:]
    private struct Place: Hashable {
        var person: String
        var session: Int64
    }
    private let reading: any Reading

    init(of person: Person?, _ scheduling: Scheduling, _ reading: any Reading) throws {
        self.reading = reading
        let knowledge = scheduling.knowledge
        inviting = Set(knowledge.kinds.filter(\.invites).map(\.name))
        for person in try person.map({ [$0] }) ?? peopleWithSessions() {
            windows.append(try NextSession(person, knowledge.intervals, in: reading))
        }
        let names = try reading.store.rows("SELECT person FROM scheduling_plans").compactMap { $0.text("person") }
        for name in names.sorted() {
            guard person == nil || person?.person == name,
                let plan = try Plan(of: name, in: reading)
            else { continue }
            let person = try reading.person(name)
            if reading.safety.standing(of: person).isOpenEnded { uninvited.insert(name) }
            plans.append((plan, person.name ?? name))
        }
        let heldReminders = HeldReminders(scheduling, reading)
        let since = reading.now.milliseconds - Int64(CalendarWriter.keptClosed.days) * 86_400_000
        try forEachReminder(of: person?.person, since: Instant(milliseconds: since)) { reminder, number in
            guard reminders.count < CalendarWriter.mostEvents else {
                throw ModuleError(
                    .busy,
                    "over \(CalendarWriter.mostEvents) reminders are too many for one calendar file; ask for one person's with person=…",
                    members: ["limit": CalendarWriter.mostEvents])
            }
            reminders.append(reminder)
            numbers[reminder.id] = number
            if try heldReminders.why(reminder) != nil { held.insert(reminder.id) }
            if let session = reminder.session {
                let place = Place(person: reminder.person, session: session)
                // A reminder that was taken back changed last at that time.
                let isTaken = !reminder.state.isOpen && inviting.contains(reminder.kind)
                let changed = isTaken ? reminder.changed : reminder.created
                newest[place] = max(newest[place] ?? changed, changed)
            }
        }
        for name in Set(reminders.map(\.person)) { zones[name] = zone(of: name) }
        for next in windows where next.standing.isOpenEnded { uninvited.insert(next.person.person) }
    }

    var text: String {
        var file = ICalendar()
        file.component("VCALENDAR") { file in
            file.line("VERSION", "2.0")
            file.line("PRODID", "-//mneedle//scheduling//EN")
            file.line("CALSCALE", "GREGORIAN")
            file.line("METHOD", "PUBLISH")
            writeZones(to: &file)
            for window in windows { write(window, to: &file) }
            for (plan, name) in plans { write(plan, name, to: &file) }
            for reminder in reminders { write(reminder, to: &file) }
        }
        return file.text
    }

    private func peopleWithSessions() throws -> [Person] {
        let names = try reading.store.rows("SELECT DISTINCT person FROM scheduling_sessions").map { row in
            guard let person = row.text("person") else {
                throw ModuleError.internal("a row of scheduling_sessions is not complete")
            }
            return person
        }
        return try names.sorted().map { try reading.person($0) }
    }

    /// Calls `body` with each reminder that is open or was closed since `since`. A replaced reminder is left out, for another
    /// row stands for it under the same number.
    private func forEachReminder(
        of person: String?, since: Instant, _ body: (Reminder, _ number: Int64?) throws -> Void
    ) throws {
        try reading.store.forEach(
            """
            SELECT reminder.*, numbered.number FROM scheduling_reminders AS reminder
            LEFT JOIN (
                SELECT id, ROW_NUMBER() OVER (PARTITION BY person, kind, COALESCE(session, 0) ORDER BY id) AS number
                FROM scheduling_reminders WHERE kind <> 'custom' AND (closed_because IS NULL OR closed_because <> ?)
            ) AS numbered ON numbered.id = reminder.id
            WHERE (state IN ('pending', 'snoozed', 'due') OR changed_at >= ?) AND COALESCE(?, person) = person
            AND (closed_because IS NULL OR closed_because <> ?)
            ORDER BY due_at, reminder.id
            """, [.text(Scheduling.replaced), since.sql, person.sql, .text(Scheduling.replaced)]
        ) { try body(Reminder($0), $0.integer("number")) }
    }

    private func zone(of person: String) -> Zone {
        (try? reading.person(person)).map { reading.zone(of: $0) } ?? .utc
    }

    // MARK: Components

    /// The rules of every zone that an event is written in, over the time of its events.
    private func writeZones(to file: inout ICalendar) {
        var spans: [String: (zone: Zone, from: Instant, to: Instant)] = [:]
        for reminder in reminders {
            guard let zone = zones[reminder.person], zone.identifier != Zone.utc.identifier else { continue }
            let known = spans[zone.identifier]
            spans[zone.identifier] = (
                zone, min(known?.from ?? reminder.due, reminder.due), max(known?.to ?? reminder.due, reminder.due)
            )
        }
        // An absurd date of a damaged store is shown, but nobody needs the clocks of a thousand years for it.
        let far = Int64(366 * Horizon.years) * 86_400_000
        let (first, last) = (reading.now.milliseconds - far, reading.now.milliseconds + far)
        for (_, span) in spans.sorted(by: { $0.key < $1.key }) {
            let from = Instant(milliseconds: max(span.from.milliseconds, first))
            file.zone(span.zone, from: from, to: Instant(milliseconds: min(span.to.milliseconds, last)))
        }
    }

    /// The window as whole days that do not make anybody look busy.
    private func write(_ next: NextSession, to file: inout ICalendar) {
        guard let last = next.past.last, let session = next.past.lastSession else { return }
        let person = next.person.person
        // Another goal makes other reminders of the same session: the newest of them tells the time of the window's change.
        let changed = newest[Place(person: person, session: session)] ?? last
        file.component("VEVENT") { file in
            file.line("UID", "window-\(person)-\(session)@mneedle")
            file.time("DTSTAMP", max(last, changed))
            file.line("SEQUENCE", CalendarWriter.sequence(from: last, to: changed))
            file.line("STATUS", uninvited.contains(person) ? "CANCELLED" : "TENTATIVE")
            file.day("DTSTART", next.window.opens)
            // The end is the first day that no longer belongs to the window.
            file.day("DTEND", next.window.closes.adding(days: 1))
            file.text("SUMMARY", "Next session: \(next.person.name ?? person)")
            file.text("DESCRIPTION", "Best on \(next.window.best); for \(next.goal.rawValue).")
            file.line("TRANSP", "TRANSPARENT")
        }
    }

    /// The sessions of an accepted course, each under its number in the course.
    private func write(_ plan: Plan, _ name: String, to file: inout ICalendar) {
        for (index, day) in plan.days.enumerated() {
            let number = plan.done + index + 1
            file.component("VEVENT") { file in
                file.line("UID", "session-\(plan.person)-\(plan.accepted.milliseconds)-\(number)@mneedle")
                file.time("DTSTAMP", plan.changed)
                file.line("SEQUENCE", CalendarWriter.sequence(from: plan.accepted, to: plan.changed))
                file.line("STATUS", uninvited.contains(plan.person) ? "CANCELLED" : "CONFIRMED")
                file.day("DTSTART", day.date)
                file.day("DTEND", day.date.adding(days: 1))
                file.text("SUMMARY", "Session \(number) of \(plan.done + plan.days.count): \(name)")
                file.text("DESCRIPTION", "May be moved between \(day.opens) and \(day.closes).")
                file.line("TRANSP", "TRANSPARENT")
            }
        }
    }

    private func write(_ reminder: Reminder, to file: inout ICalendar) {
        let isOver = !reminder.state.isOpen || held.contains(reminder.id)
        file.component("VEVENT") { file in
            if let number = numbers[reminder.id] {
                let session = reminder.session.map { "-\($0)" } ?? ""
                file.line("UID", "\(reminder.kind)-\(reminder.person)\(session)-\(number)@mneedle")
                file.line("SEQUENCE", CalendarWriter.sequence(from: CalendarWriter.firstYear, to: reminder.changed))
            } else {
                // The creation time keeps numbers of different installations apart in one calendar.
                file.line("UID", "reminder-\(reminder.id)-\(reminder.created.milliseconds)@mneedle")
                file.line("SEQUENCE", CalendarWriter.sequence(from: reminder.created, to: reminder.changed))
            }
            file.time("DTSTAMP", reminder.changed)
            file.line("STATUS", isOver ? "CANCELLED" : "CONFIRMED")
            file.localTime("DTSTART", reminder.due, zones[reminder.person] ?? .utc)
            file.line("DURATION", "PT15M")
            file.text("SUMMARY", reminder.title)
            if let body = reminder.body, !body.isEmpty { file.text("DESCRIPTION", body) }
            file.text("CATEGORIES", reminder.kind)
            file.line("PRIORITY", CalendarWriter.priority(of: reminder.urgency))
            file.line("TRANSP", "TRANSPARENT")
            guard !isOver else { return }
            file.component("VALARM") { file in
                file.line("ACTION", "DISPLAY")
                file.line("TRIGGER", "PT0S")
                file.text("DESCRIPTION", reminder.title)
            }
        }
    }

    /// A number that rises with every change: the seconds since it was made.
    private static func sequence(from made: Instant, to changed: Instant) -> String {
        String(max(0, (changed.milliseconds - made.milliseconds + 999) / 1000))
    }

    /// The time that the SEQUENCE of a numbered reminder counts from: 2026-01-01, before the first of all reminders. One that
    /// is planned anew is another row, so that its creation time does not serve.
    private static let firstYear = Instant(seconds: 1_767_225_600)

    private static func priority(of urgency: Urgency) -> String {
        switch urgency {
        case .low: "9"
        case .normal: "5"
        case .critical: "1"
        }
    }
}
