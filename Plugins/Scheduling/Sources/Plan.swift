import MneedleKit

/// A course of sessions on days that suit the skin and the person.
struct Plan: Sendable, Equatable {
    /// One planned session and the days between which it may be moved.
    struct Day: Sendable, Equatable {
        var date: CivilDate
        var opens: CivilDate
        var closes: CivilDate

        var object: Object { ["date": date, "opens": opens, "closes": closes] }
    }

    /// Days on which no session shall be.
    struct Avoided: Sendable, Equatable {
        /// `mon` … `sun`.
        var weekdays: Set<String> = []
        var holidays: Set<CivilDate> = []

        static let names = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]

        func holds(_ date: CivilDate) -> Bool {
            // The first day of Unix time was a Thursday.
            let weekday = (date.daysSinceEpoch + 3) % 7
            return holidays.contains(date) || weekdays.contains(Avoided.names[(weekday + 7) % 7])
        }
    }

    let person: String
    var avoided: Avoided
    /// The sessions that are still to come.
    var days: [Day]
    /// How many more are to come on days that cannot be read any more, because the store was damaged.
    var unreadable = 0
    /// Whether something is open that does not end by itself: nothing reminds of the days then.
    var isHeld = false
    /// How many of the plan are done.
    var done: Int
    /// When it was accepted, and last planned anew.
    var accepted: Instant
    var changed: Instant

    /// The days for `count` sessions: the first as near to `first` as can be, each later one as near as can be to the best
    /// day after the one before it, and none outside of its window.
    /// - Parameters:
    ///   - last: The last day that anything may be planned for.
    ///   - isReplanning: What has happened has happened, and the rest is to be planned anew in any case: a window without any
    ///     other day has its best one nevertheless, and what would be beyond the last day is left out.
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
                    "sessions", expected: "at most \(number - 1)", got: String(count),
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

    /// What texts about one of its sessions say.
    func words(_ index: Int) -> [String: any CustomStringConvertible] {
        let day = days[index]
        return [
            "until": day.date, "sessions": done + index + 1, "what": done + days.count, "opens": day.opens,
            "best": day.date, "closes": day.closes, "session": "", "device": "the device", "last": "", "at": "",
        ]
    }

    // MARK: Kept

    init(person: String, avoided: Avoided, days: [Day], done: Int, accepted: Instant, changed: Instant) {
        (self.person, self.avoided, self.days, self.done) = (person, avoided, days, done)
        (self.accepted, self.changed) = (accepted, changed)
    }

    /// The plan that a person has accepted. Whatever can be read of it: a plan that could not be read at all could not be
    /// given up either, and would hold up everything else about the person.
    init?(of person: String, in reading: any Reading) throws {
        guard let row = try reading.row("SELECT plan FROM scheduling_plans WHERE person = ?", person) else {
            return nil
        }
        let stored = row.text("plan").flatMap { try? reading.value(json: $0) }
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
        let holidays = plan.strings("holidays").compactMap { CivilDate($0) }
        self.init(
            person: person, avoided: Avoided(weekdays: Set(plan.strings("avoid")), holidays: Set(holidays)), days: days,
            done: Int(min(max(plan.integer("done") ?? 0, 0), Plan.mostSessions)),
            accepted: plan.instant("accepted") ?? reading.now, changed: plan.instant("changed") ?? reading.now)
        isHeld = plan.bool("held") ?? false
        let lost = Int64(listed.count - days.count) + max(plan.integer("unreadable") ?? 0, 0)
        unreadable = Int(min(lost, Plan.mostSessions))
    }

    /// Of a course.
    static let mostSessions: Int64 = 50

    var object: Object {
        [
            "person": person, "done": done, "sessions": days.map(\.object),
            "unreadable": unreadable == 0 ? nil : unreadable, "held": isHeld ? true : nil,
            "avoid": Avoided.names.filter(avoided.weekdays.contains),
            "holidays": avoided.holidays.sorted().map(\.description), "accepted": accepted, "changed": changed,
        ]
    }

    func write(_ transaction: any Transaction) throws {
        try transaction.execute(
            "INSERT INTO scheduling_plans (person, plan) VALUES (?, ?) ON CONFLICT (person) DO UPDATE SET plan = excluded.plan",
            person, transaction.json(.object(object)))
    }
}

extension Scheduling {
    private static let planReply = [
        ReplyMember("person", "whose"), ReplyMember("done", "how many of the plan are done"),
        ReplyMember("sessions", "those to come: the day, and the days between which it may be moved"),
        ReplyMember(
            "unreadable", "there when days cannot be read any more: how many; accept the course anew, or cancel it"),
        ReplyMember("held", "there while something forbids any session: then no days are told"),
        ReplyMember("findings", "with held: what forbids it, and what to do"),
        ReplyMember("avoid", "days of the week without sessions"), ReplyMember("holidays", "days without sessions"),
        ReplyMember("accepted", "when it was accepted"), ReplyMember("changed", "when it was last planned anew"),
    ]

    private static let planParameters: [AnyParameter] = [
        .required("person", .slug, "Whose."),
        .optional(
            "sessions", .integer(1...Plan.mostSessions), "How many; by default as many as a course has at least."),
        .optional("start", .date, "The day to begin on or soon after; by default the best day of the next window."),
        .optional("avoid", .list(.choice(Plan.Avoided.names)), "Days of the week without sessions: mon … sun."),
        .optional("holidays", .list(.date), "Other days without sessions."),
    ]

    var plan: Command {
        Command(
            "plan", "Proposes the days of a course; nothing is kept. Accept it with scheduling.accept.", role: .reader,
            parameters: Scheduling.planParameters, reply: Scheduling.planReply,
            errors: [.notFound, .conflict, .blocked],
            concerns: .named("person"), example: "scheduling.plan person=anna sessions=6 start=2027-01-09 avoid=sun",
            .reads { request, reading in try proposal(request.arguments, reading).object })
    }

    var accept: Command {
        Command(
            "accept",
            "Books the course that scheduling.plan proposes for the same arguments, and reminds of each session.",
            role: .operator, parameters: Scheduling.planParameters, reply: Scheduling.planReply,
            errors: [.notFound, .conflict, .blocked],
            concerns: .named("person"), example: "scheduling.accept person=anna sessions=6 start=2027-01-09 avoid=sun",
            .writes { request, transaction in
                let plan = try proposal(request.arguments, transaction)
                try keep(plan, "plan.accepted", transaction.person(plan.person), transaction)
                return plan.object
            })
    }

    var showPlan: Command {
        Command(
            "show-plan", "Shows the course that a person has accepted.", role: .reader,
            parameters: [.required("person", .slug, "Whose.")], reply: Scheduling.planReply, errors: [.notFound],
            concerns: .named("person"), example: "scheduling.show-plan person=anna",
            .reads { request, reading in
                let person = try reading.person(request.arguments.requiredText("person"))
                return try shown(requirePlan(person.person, reading), reading.standing(of: person))
            })
    }

    var cancelPlan: Command {
        Command(
            "cancel-plan", "Gives up the course that a person has accepted, and its reminders.", role: .operator,
            parameters: [.required("person", .slug, "Whose.")], reply: Scheduling.planReply, errors: [.notFound],
            concerns: .named("person"), example: "scheduling.cancel-plan person=anna",
            .writes { request, transaction in
                let plan = try requirePlan(
                    transaction.person(request.arguments.requiredText("person")).person, transaction)
                try transaction.execute("DELETE FROM scheduling_plans WHERE person = ?", plan.person)
                try closePlanned(plan.person, transaction)
                try transaction.record(
                    Entry("plan.cancelled", subject: "person/\(plan.person)", person: plan.person, body: plan.object))
                return plan.object
            })
    }

    /// What a person is told of a course: no days while nothing may invite to a session.
    private func shown(_ plan: Plan, _ standing: Standing) -> Object {
        var object = plan.object
        object["held"] = standing.isOpenEnded ? true.value : nil
        guard standing.isOpenEnded else { return object }
        object["sessions"] = .list([])
        object["findings"] = standing.findings.value
        return object
    }

    private func requirePlan(_ person: String, _ reading: any Reading) throws -> Plan {
        if let plan = try Plan(of: person, in: reading) { return plan }
        throw ModuleError.notFound("plan", person, next: "propose one with scheduling.plan")
    }

    private func proposal(_ arguments: Arguments, _ reading: any Reading) throws -> Plan {
        let person = try reading.person(arguments.requiredText("person"))
        let next = try NextSession(person, knowledge.intervals, in: reading)
        guard !next.standing.isOpenEnded else {
            throw ModuleError.blocked(
                next.standing.findings,
                "no session can be planned while something forbids any: "
                    + next.standing.blocking.map { "\($0.message) \($0.advice)" }.joined(separator: " "))
        }
        let today = reading.today(of: person)
        let earliest = max(next.lastDay == nil ? today : max(next.window.opens, next.floor), today)
        let start = arguments.date("start") ?? max(next.lastDay == nil ? today : next.window.best, today)
        guard start >= earliest else {
            throw ModuleError.invalidArgument(
                "start", expected: "a day from \(earliest) on", got: start.description,
                "'start' is too soon: the next session may be from \(earliest) on; give that day or a later one")
        }
        let last = Horizon.day(from: today)
        let lastStart = last.adding(days: -knowledge.intervals.courseStartsWithinDays)
        guard start <= lastStart else {
            throw ModuleError.invalidArgument(
                "start", expected: "a day until \(lastStart)", got: start.description,
                "'start' is too far ahead: nothing is planned more than \(Horizon.years) years ahead; give a day until "
                    + "\(lastStart)")
        }
        let latest = start.adding(days: knowledge.intervals.courseStartsWithinDays)
        let first = SessionWindow(opens: start, best: start, closes: latest)
        var holidays: [CivilDate] = []
        if case .list(let list) = arguments["holidays"] {
            holidays = list.compactMap { if case .date(let date) = $0 { date } else { nil } }
        }
        let avoided = Plan.Avoided(weekdays: Set(arguments.texts("avoid") ?? []), holidays: Set(holidays))
        let count = arguments.integer("sessions").map(Int.init) ?? knowledge.intervals.course.lowerBound
        let days = try Plan.days(
            count, first: first, after: knowledge.intervals.interval(for: next.goal), avoiding: avoided, until: last)
        return Plan(
            person: person.person, avoided: avoided, days: days, done: 0,
            accepted: reading.now, changed: reading.now)
    }

    // MARK: Keeping it true

    /// A session that was finished, early or late, takes the place of the plan's next one; the rest is planned anew from
    /// it. One that was stopped takes no place, but the skin has been needled all the same. Otherwise the days move only
    /// when the person has another goal, or when they were held back until they were over.
    func replan(after entry: Entry, _ transaction: any Transaction) throws {
        guard Scheduling.standingChanges.contains(entry.kind) || entry.kind == "preferences.changed",
            let slug = entry.person ?? entry.body.string("person"), var plan = try Plan(of: slug, in: transaction)
        else { return }
        let person = try person(slug, entry, transaction)
        let before = plan
        if entry.kind == "session.finished" {
            plan.done += 1
            if plan.days.isEmpty { plan.unreadable = max(0, plan.unreadable - 1) } else { plan.days.removeFirst() }
        }
        let next = try NextSession(person, knowledge.intervals, in: transaction)
        let moves =
            ["session.finished", "session.stopped"].contains(entry.kind) || Scheduling.changedGoal(entry) != nil
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
            // The days stay; the person's clock or hours may not.
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

    /// Makes the reminders of a plan's sessions what they should be, unless they are.
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

    private func closePlanned(
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

    /// Whether a kind that says the same comes on that day, or came: a course that begins on the best day is the next window's.
    private func isQueued(
        _ kind: String, _ person: String, on day: CivilDate, _ zone: Zone, _ reading: any Reading
    ) throws -> Bool {
        try reading.rows(
            """
            SELECT planned_at FROM scheduling_reminders WHERE person = ? AND kind = ? AND kind <> 'custom'
            AND (closed_because IS NULL OR closed_because NOT IN (?, ?))
            """, person, kind, Scheduling.replaced, Scheduling.withdrawn
        ).contains { row in
            row.integer("planned_at").map { zone.date(of: Instant(milliseconds: $0)) == day } ?? false
        }
    }
}
