import MneedleKit

/// What holds for a person's next session.
struct NextSession: Sendable {
    let person: Person
    let past: PastSessions
    let lastDay: CivilDate?
    /// What speaks against any session now; while that is open-ended, nobody is told of the window.
    let standing: Standing
    /// When it should be, no earlier than anything allows.
    let window: SessionWindow
    /// The first day that is not too soon.
    let floor: CivilDate

    init(_ person: Person, _ intervals: Intervals, in reading: any Reading) throws {
        self.person = person
        past = try PastSessions(of: person.person, in: reading)
        standing = reading.standing(of: person)
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

extension Scheduling {
    var next: Command {
        Command(
            "next", "Says when a person's next session should be.", role: .reader,
            parameters: [.required("person", .slug, "Whose.")],
            reply: [
                ReplyMember("person", "whose"), ReplyMember("goal", "what the sessions are for"),
                ReplyMember("last_session", "when the last one ended; absent when there was none"),
                ReplyMember(
                    "window",
                    "the days on which it opens, is best and closes, where the person lives; absent while no session may be"
                ),
                ReplyMember("floor", "the first day that is not too soon; absent while nobody knows it"),
                ReplyMember("findings", "what speaks against a session now, what to do about it, and until when"),
                ReplyMember("sources", "what it rests on"), ReplyMember("reason", "why, in plain words"),
                ReplyMember("sessions", "how many there were"), ReplyMember("course", "how many a course has"),
            ],
            errors: [.notFound], concerns: .named("person"), example: "scheduling.next person=anna",
            .reads { request, reading in
                let person = try reading.person(request.arguments.requiredText("person"))
                let next = try NextSession(person, knowledge.intervals, in: reading)
                let fact = try knowledge.intervals.interval(for: next.goal).fact
                let isOpenEnded = next.standing.isOpenEnded
                let course = knowledge.intervals.course
                return [
                    "person": person.person, "goal": next.goal.rawValue, "last_session": next.past.last,
                    "window": isOpenEnded ? nil : next.window, "floor": isOpenEnded ? nil : next.floor,
                    "findings": next.standing.findings, "sources": fact.sources,
                    "reason": "\(fact.text) \(fact.reason)", "sessions": next.past.count,
                    "course": ["from": course.lowerBound, "to": course.upperBound] as Object,
                ]
            })
    }
}
