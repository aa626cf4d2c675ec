import MneedleKit

/// A course of sessions on days that suit the skin and the person.
struct Plan: Reply, Equatable {
    /// One planned session and the days between which it may be moved.
    struct Day: Reply, Equatable {
        var date: CivilDate
        var opens: CivilDate
        var closes: CivilDate

        static let members: [Member<Day>] = [
            Member("date", "the day", \.date), Member("opens", "the first day to which it may be moved", \.opens),
            Member("closes", "the last one", \.closes),
        ]
    }

    enum Weekday: String, CaseIterable, ReplyValue { case mon, tue, wed, thu, fri, sat, sun }

    /// The days on which no session shall be.
    struct Avoided: Sendable, Equatable {
        var weekdays: Set<Weekday> = []
        var holidays: Set<CivilDate> = []

        func holds(_ date: CivilDate) -> Bool {
            // The first day of Unix time was a Thursday.
            let weekday = (date.daysSinceEpoch + 3) % 7
            return holidays.contains(date) || weekdays.contains(Weekday.allCases[(weekday + 7) % 7])
        }
    }

    let person: String
    var avoided: Avoided
    /// The sessions that are still to come.
    var days: [Day]
    /// The number of further sessions to come whose days cannot be read any more, because the store was damaged.
    var unreadable = 0
    /// Whether something is open that does not end by itself: nothing reminds of the days then.
    var isHeld = false
    /// The number of the plan's sessions that are done.
    var done: Int
    /// The times at which the plan was accepted, and last planned anew.
    var accepted: Instant
    var changed: Instant

    /// The days for `count` sessions: the first as near to `first` as can be, each later one as near as can be to the best
    /// day after the one before it, and none outside of its window.
    /// - Parameters:
    ///   - last: The last day that anything may be planned for.
    ///   - isReplanning: Whether a course is planned anew after something has happened, which has to succeed: a window whose
    ///     days are all avoided has its best day nevertheless, and sessions beyond the last day are left out.
    /// - Throws: `conflict` when all days of a window are avoided, `invalid-argument` when there are too many sessions, unless
    ///   `isReplanning` says otherwise.
    static func days(
        _ count: Int, first: SessionWindow, after interval: GoalInterval, avoiding avoided: Avoided,
        until last: CivilDate, isReplanning: Bool = false
    ) throws -> [Day] {
        var window = first
        var days: [Day] = []
        for number in 1...max(1, count) {
            let near = (0...max(window.closes - window.opens, 0)).flatMap {
                [window.best.adding(days: $0), window.best.adding(days: -$0)]
            }
            let fitting = near.first { $0 >= window.opens && $0 <= window.closes && !avoided.holds($0) }
            if window.closes > last && isReplanning { break }
            guard window.closes <= last else {
                throw ModuleError.invalidArgument(
                    Scheduling.sessions.name, expected: "at most \(number - 1)", got: String(count),
                    "session \(number) might be as late as \(window.closes); nothing is planned more than \(Horizon.years) "
                        + "years ahead (\(last)), so give at most \(number - 1) sessions")
            }
            guard let date = fitting ?? (isReplanning ? window.best : nil) else {
                throw ModuleError.conflict(
                    "session \(number) may be from \(window.opens) to \(window.closes), and all these days are to be "
                        + "avoided; leave out fewer days", state: "no-day")
            }
            days.append(Day(date: date, opens: window.opens, closes: window.closes))
            window = interval.window(after: date)
        }
        return days
    }

    /// The values of the placeholders in texts about one of the plan's sessions.
    func words(_ index: Int) -> [String: any CustomStringConvertible] {
        let day = days[index]
        return [
            "until": day.date, "sessions": done + index + 1, "what": done + days.count, "opens": day.opens,
            "best": day.date, "closes": day.closes, "session": "", "device": "the device", "last": "", "at": "",
        ]
    }

    // MARK: In the store

    init(person: String, avoided: Avoided, days: [Day], done: Int, accepted: Instant, changed: Instant) {
        (self.person, self.avoided, self.days, self.done) = (person, avoided, days, done)
        (self.accepted, self.changed) = (accepted, changed)
    }

    /// The plan that a person has accepted, with as much of it as can be read: a plan that could not be read at all could not
    /// be given up either, and would hold up everything else about the person.
    init?(of person: String, in reading: any Reading) throws {
        guard let row = try reading.store.row("SELECT plan FROM scheduling_plans WHERE person = ?", person) else {
            return nil
        }
        let stored = row.text("plan").flatMap { try? reading.store.value(json: $0) }
        guard case .object(let plan) = stored, let listed = plan.list("sessions") else {
            self.init(
                person: person, avoided: Avoided(), days: [], done: 0, accepted: reading.now, changed: reading.now)
            unreadable = 1
            return
        }
        let last = Horizon.day(from: Zone.utc.date(of: reading.now))
        let days = listed.compactMap { value -> Day? in
            guard case .object(let day) = value, let date = day.date("date"), let opens = day.date("opens"),
                let closes = day.date("closes"), opens <= date, date <= closes, closes <= last
            else { return nil }
            return Day(date: date, opens: opens, closes: closes)
        }
        let weekdays = plan.strings("avoid").compactMap(Weekday.init)
        let holidays = plan.strings("holidays").compactMap { CivilDate($0) }
        self.init(
            person: person, avoided: Avoided(weekdays: Set(weekdays), holidays: Set(holidays)), days: days,
            done: Int(min(max(plan.integer("done") ?? 0, 0), Plan.mostSessions)),
            accepted: plan.instant("accepted") ?? reading.now, changed: plan.instant("changed") ?? reading.now)
        isHeld = plan.bool("held") ?? false
        let lost = Int64(listed.count - days.count) + max(plan.integer("unreadable") ?? 0, 0)
        unreadable = Int(min(lost, Plan.mostSessions))
    }

    /// The most sessions of a course.
    static let mostSessions: Int64 = 50

    static let members: [Member<Plan>] = [
        Member("person", "whose", \.person), Member("done", "how many of the plan are done", \.done),
        Member("sessions", "those to come: the day, and the days between which it may be moved", \.days),
        Member(
            "unreadable", "there when days cannot be read any more: how many; accept the course anew, or cancel it"
        ) { $0.unreadable == 0 ? nil : $0.unreadable },
        Member("held", "there while something forbids any session: then no days are told") {
            $0.isHeld ? true : nil
        },
        Member("avoid", "days of the week without sessions") {
            Weekday.allCases.filter($0.avoided.weekdays.contains)
        },
        Member("holidays", "days without sessions") { $0.avoided.holidays.sorted() },
        Member("accepted", "when it was accepted", \.accepted),
        Member("changed", "when it was last planned anew", \.changed),
    ]

    func write(_ transaction: any Transaction) throws {
        try transaction.store.execute(
            "INSERT INTO scheduling_plans (person, plan) VALUES (?, ?) ON CONFLICT (person) DO UPDATE SET plan = excluded.plan",
            person, transaction.store.json(.object(object)))
    }
}

extension Scheduling {
    // MARK: Planning anew

    /// Changes a plan after an entry. A session that was finished, early or late, takes the place of the plan's next one, and
    /// the rest is planned anew from it. A stopped session takes no place, but the skin has been needled all the same.
    /// Otherwise the days move only when the person has another goal, or when they were held back until they were over.
    func replan(after entry: Entry, _ transaction: any Transaction) throws {
        guard Scheduling.standingChanges.contains(entry.kind) || entry.kind == "preferences.changed",
            let slug = entry.person ?? entry.body.string("person"), var plan = try Plan(of: slug, in: transaction)
        else { return }
        let person = try person(slug, entry, transaction)
        let before = plan
        if entry.kind == EntryKind.sessionFinished.name {
            plan.done += 1
            if plan.days.isEmpty { plan.unreadable = max(0, plan.unreadable - 1) } else { plan.days.removeFirst() }
        }
        let next = try NextSession(person, knowledge.intervals, in: transaction)
        let moves = try Scheduling.ends.map(\.name).contains(entry.kind) || Scheduling.withAnotherGoal(entry) != nil
        let today = transaction.today(of: person)
        let count = plan.days.count + plan.unreadable
        if count > 0, moves, next.lastDay != nil {
            plan.unreadable = 0
            plan.days = try Plan.days(
                count, first: next.window, after: knowledge.intervals.interval(for: next.goal), avoiding: plan.avoided,
                until: Horizon.day(from: today), isReplanning: true)
        }
        try hold(&plan, next, today: today)
        guard plan != before else {
            // The days stay, but the person's clock or preferred hours may have changed.
            return try remindOfPlanned(plan, person, transaction)
        }
        plan.changed = transaction.now
        try keep(plan, plan.isHeld && !before.isHeld ? "plan.withdrawn" : "plan.changed", person, transaction)
    }

    func keep(_ plan: Plan, _ kind: String, _ person: Person, _ transaction: any Transaction) throws {
        try plan.write(transaction)
        try transaction.record(
            Entry(kind, subject: "person/\(plan.person)", person: plan.person, body: plan.object))
        try remindOfPlanned(plan, person, transaction)
    }

    /// Replaces the reminders of a plan's sessions, unless they are as they should be.
    private func remindOfPlanned(_ plan: Plan, _ person: Person, _ transaction: any Transaction) throws {
        let wanted = plan.isHeld ? [] : try plannedReminders(plan, person, transaction)
        let waiting = try knowledge.kinds.filter { $0.anchor == .planned }.flatMap {
            try openReminders(of: $0.name, .person, plan.person, transaction)
        }
        func key(_ reminder: Reminder) -> String {
            "\(reminder.kind) \(reminder.due) \(reminder.title) \(reminder.body ?? "")"
        }
        guard waiting.filter({ $0.state == .pending }).map(key).sorted() != wanted.map(key).sorted() else { return }
        try closePlanned(plan.person, because: plan.isHeld ? Scheduling.withdrawn : Scheduling.replaced, transaction)
        for reminder in wanted { try reminder.queue(transaction) }
    }

    func closePlanned(
        _ person: String, because reason: String = Scheduling.replaced, _ transaction: any Transaction
    ) throws {
        for kind in knowledge.kinds where kind.anchor == .planned {
            for reminder in try openReminders(of: kind.name, .person, person, transaction) {
                _ = try reminder.close(as: .dismissed, because: reason, transaction)
            }
        }
    }

    private func plannedReminders(
        _ plan: Plan, _ person: Person, _ transaction: any Transaction
    ) throws -> [Reminder] {
        var reminders: [Reminder] = []
        let preferences = try Preferences(of: plan.person, knowledge.defaults, in: transaction)
        let zone = transaction.zone(of: person)
        for kind in knowledge.kinds where kind.anchor == .planned && !preferences.off.contains(kind.name) {
            guard kind.setting == nil || kind.setting == person.setting else { continue }
            for (index, day) in plan.days.enumerated() where !kind.isForFirst || plan.done + index == 0 {
                let minute = (preferences.hour(for: kind) ?? 0) * 60
                let at = zone.instant(of: day.date.adding(days: kind.after.days - kind.daysBefore), minuteOfDay: minute)
                let due = preferences.outOfQuiet(at, kind, zone)
                guard due > transaction.now, due <= Horizon.instant(from: transaction.now) else { continue }
                if let same = kind.sameAs, try isQueued(same, plan.person, on: zone.date(of: due), zone, transaction) {
                    continue
                }
                let words = plan.words(index).merging([
                    "person": person.person, "name": person.name ?? person.person, "goal": person.goal.rawValue,
                ]) { $1 }
                reminders.append(
                    Reminder(
                        person.person, kind: kind.name, title: filled(kind.title, words),
                        body: filled(kind.body, words),
                        urgency: kind.urgency, due: due, now: transaction.now))
            }
        }
        return reminders
    }

    /// Whether a reminder of that kind comes or came on that day: one that says the same of the next window makes a course's
    /// reminder for its best day needless.
    private func isQueued(
        _ kind: String, _ person: String, on day: CivilDate, _ zone: Zone, _ reading: any Reading
    ) throws -> Bool {
        try reading.store.rows(
            """
            SELECT planned_at FROM scheduling_reminders WHERE person = ? AND kind = ? AND kind <> 'custom'
            AND (closed_because IS NULL OR closed_because NOT IN (?, ?))
            """, person, kind, Scheduling.replaced, Scheduling.withdrawn
        ).contains { row in
            row.integer("planned_at").map { zone.date(of: Instant(milliseconds: $0)) == day } ?? false
        }
    }
}
