import MneedleKit

/// A course as a request asks for it.
private struct CourseWish {
    var person: String
    var sessions: Int64?
    var start: CivilDate?
    var avoid: [Plan.Weekday]?
    var holidays: [CivilDate]?
}

/// The reply of `scheduling.show-plan`: no days while nothing may invite to a session.
private struct ShownPlan: Reply {
    var plan: Plan
    var findings: [Finding]?

    init(_ plan: Plan, _ standing: Standing) {
        self.plan = plan
        self.plan.isHeld = standing.isOpenEnded
        guard standing.isOpenEnded else { return }
        self.plan.days = []
        findings = standing.findings
    }

    static let members: [Member<ShownPlan>] =
        Plan.members.within(\ShownPlan.plan) + [
            Member("findings", "with held: what forbids it, and what to do", \.findings)
        ]
}

extension Scheduling {
    static let sessions = Parameter.optional(
        "sessions", .integer(1...Plan.mostSessions), "How many; by default as many as a course has at least.")
    private static let start = Parameter.optional(
        "start", .date, "The day to begin on or soon after; by default the best day of the next window.")
    private static let avoid = Parameter.optional(
        "avoid", .list(.choice(Plan.Weekday.self)), "Days of the week without sessions: mon … sun.")
    private static let holidays = Parameter.optional("holidays", .list(.date), "Other days without sessions.")
    private static let wish = Parameter.group(person, sessions, start, avoid, holidays, as: CourseWish.init)

    var plan: Command {
        Command(
            "plan", "Proposes the days of a course; nothing is kept. Accept it with scheduling.accept.", role: .reader,
            takes: Scheduling.wish, gives: Plan.self, errors: [.notFound, .conflict, .blocked],
            concerns: .named("person"), example: "scheduling.plan person=anna sessions=6 start=2027-01-09 avoid=sun",
            reads: { reading, wish in try proposal(wish, reading) })
    }

    var accept: Command {
        Command(
            "accept",
            "Books the course that scheduling.plan proposes for the same arguments, and reminds of each session.",
            role: .operator, takes: Scheduling.wish, gives: Plan.self, errors: [.notFound, .conflict, .blocked],
            concerns: .named("person"), example: "scheduling.accept person=anna sessions=6 start=2027-01-09 avoid=sun",
            writes: { transaction, wish in
                let plan = try proposal(wish, transaction)
                try keep(plan, "plan.accepted", transaction.person(plan.person), transaction)
                return plan
            })
    }

    var showPlan: Command {
        Command(
            "show-plan", "Shows the course that a person has accepted.", role: .reader, takes: Scheduling.person,
            gives: ShownPlan.self, errors: [.notFound], concerns: .named("person"),
            example: "scheduling.show-plan person=anna",
            reads: { reading, slug in
                let person = try reading.person(slug)
                return try ShownPlan(requirePlan(person.person, reading), reading.safety.standing(of: person))
            })
    }

    var cancelPlan: Command {
        Command(
            "cancel-plan", "Gives up the course that a person has accepted, and its reminders.", role: .operator,
            takes: Scheduling.person, gives: Plan.self, errors: [.notFound], concerns: .named("person"),
            example: "scheduling.cancel-plan person=anna",
            writes: { transaction, slug in
                let plan = try requirePlan(transaction.person(slug).person, transaction)
                try transaction.store.execute("DELETE FROM scheduling_plans WHERE person = ?", plan.person)
                try closePlanned(plan.person, transaction)
                try transaction.record(
                    Entry("plan.cancelled", subject: "person/\(plan.person)", person: plan.person, body: plan.object))
                return plan
            })
    }

    private func requirePlan(_ person: String, _ reading: any Reading) throws -> Plan {
        if let plan = try Plan(of: person, in: reading) { return plan }
        throw ModuleError.notFound("plan", person, next: "propose one with scheduling.plan")
    }

    private func proposal(_ wish: CourseWish, _ reading: any Reading) throws -> Plan {
        let person = try reading.person(wish.person)
        let next = try NextSession(person, knowledge.intervals, in: reading)
        guard !next.standing.isOpenEnded else {
            throw ModuleError.blocked(
                next.standing.findings,
                "no session can be planned while something forbids any: "
                    + next.standing.blocking.map { "\($0.message) \($0.advice)" }.joined(separator: " "))
        }
        let today = reading.today(of: person)
        let earliest = max(next.lastDay == nil ? today : max(next.window.opens, next.floor), today)
        let start = wish.start ?? max(next.lastDay == nil ? today : next.window.best, today)
        guard start >= earliest else {
            throw ModuleError.invalidArgument(
                Scheduling.start.name, expected: "a day from \(earliest) on", got: start.description,
                "'\(Scheduling.start.name)' is too soon: the next session may be from \(earliest) on; give that day or a later one"
            )
        }
        let last = Horizon.day(from: today)
        let lastStart = last.adding(days: -knowledge.intervals.courseStartsWithinDays)
        guard start <= lastStart else {
            throw ModuleError.invalidArgument(
                Scheduling.start.name, expected: "a day until \(lastStart)", got: start.description,
                "'\(Scheduling.start.name)' is too far ahead: nothing is planned more than \(Horizon.years) years ahead; give a day until "
                    + "\(lastStart)")
        }
        let latest = start.adding(days: knowledge.intervals.courseStartsWithinDays)
        let first = SessionWindow(opens: start, best: start, closes: latest)
        let avoided = Plan.Avoided(weekdays: Set(wish.avoid ?? []), holidays: Set(wish.holidays ?? []))
        let count = wish.sessions.map(Int.init) ?? knowledge.intervals.course.lowerBound
        let days = try Plan.days(
            count, first: first, after: knowledge.intervals.interval(for: next.goal), avoiding: avoided, until: last)
        return Plan(
            person: person.person, avoided: avoided, days: days, done: 0,
            accepted: reading.now, changed: reading.now)
    }
}
