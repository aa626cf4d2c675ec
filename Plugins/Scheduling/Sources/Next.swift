import MneedleKit

/// A person's next session: the window, the floor and the standing that it waits for.
struct NextSession: Sendable {
    let person: Person
    let past: PastSessions
    let lastDay: CivilDate?
    /// The findings against any session now; while they are open-ended, nobody is told of the window.
    let standing: Standing
    /// The window of the session, no earlier than anything allows.
    let window: SessionWindow
    /// The first day that is not too soon.
    let floor: CivilDate

    init(_ person: Person, _ intervals: Intervals, in reading: any Reading) throws {
        self.person = person
        past = try PastSessions(of: person.person, in: reading)
        standing = reading.safety.standing(of: person)
        let zone = reading.zone(of: person)
        let earliest = standing.earliest(in: zone)
        guard let last = past.latest else {
            let first = [zone.date(of: reading.now), earliest].compactMap { $0 }.max() ?? zone.date(of: reading.now)
            let usual = try intervals.interval(for: person.goal)
            (lastDay, floor, window) = (nil, first, usual.window(openFrom: first))
            return
        }
        lastDay = zone.date(of: last.ended)
        let floor = try intervals.floor(of: person, after: last, zone)
        self.floor = [floor, earliest].compactMap { $0 }.max() ?? floor
        window = try intervals.window(of: person, after: last, zone).notBefore(self.floor)
    }

    /// The goal that the window is for.
    var goal: Goal { past.latest.flatMap { $0.aim ?? $0.goal } ?? person.goal }
}

extension SessionWindow {
    /// The same window without the days before `day`.
    func notBefore(_ day: CivilDate) -> SessionWindow {
        SessionWindow(opens: max(opens, day), best: max(best, day), closes: max(closes, day))
    }
}

/// The number of sessions in a course.
private struct CourseLength: Reply {
    var from: Int
    var to: Int

    static let members: [Member<CourseLength>] = [
        Member("from", "at least", \.from), Member("to", "at most", \.to),
    ]
}

/// The reply of `scheduling.next`.
private struct NextAnswer: Reply {
    var next: NextSession
    var rule: RuleInWords
    var course: CourseLength

    static let members: [Member<NextAnswer>] = [
        Member("person", "whose", \.next.person.person),
        Member("goal", "what the sessions are for", \.next.goal),
        Member("last_session", "when the last one ended; absent when there was none", \.next.past.last),
        Member(
            "window",
            "the days on which it opens, is best and closes, where the person lives; absent while no session may be"
        ) { $0.next.standing.isOpenEnded ? nil : $0.next.window },
        Member("floor", "the first day that is not too soon; absent while nobody knows it") {
            $0.next.standing.isOpenEnded ? nil : $0.next.floor
        },
        Member(
            "findings", "what speaks against a session now, what to do about it, and until when",
            \.next.standing.findings),
        Member("sources", "what it rests on", \.rule.sources),
        Member("reason", "why, in plain words") { "\($0.rule.text) \($0.rule.reason)" },
        Member("sessions", "how many there were", \.next.past.count),
        Member("course", "how many a course has", \.course),
    ]
}

extension Scheduling {
    static let person = Parameter.required("person", .slug, "Whose.")

    var next: Command {
        Command(
            "next", "Says when a person's next session should be.", role: .reader, takes: Scheduling.person,
            gives: NextAnswer.self, errors: [.notFound], concerns: .named("person"),
            example: "scheduling.next person=anna",
            reads: { reading, slug in
                let next = try NextSession(reading.person(slug), knowledge.intervals, in: reading)
                let course = knowledge.intervals.course
                return NextAnswer(
                    next: next, rule: try knowledge.intervals.interval(for: next.goal).rule,
                    course: CourseLength(from: course.lowerBound, to: course.upperBound))
            })
    }
}
