import MneedleKit

/// What holds for a person's next session.
struct NextSession: Sendable {
    let person: Person
    let past: PastSessions
    let lastDay: CivilDate?
    let window: SessionWindow
    /// The first day that is not too soon.
    let floor: CivilDate

    init(_ person: Person, _ intervals: Intervals, in reading: any Reading) throws {
        self.person = person
        past = try PastSessions(of: person.person, in: reading)
        let zone = reading.zone(of: person)
        let interval = try intervals.interval(for: person.goal)
        guard let last = past.last.map(zone.date) else {
            let today = zone.date(of: reading.now)
            (lastDay, floor, window) = (nil, today, interval.window(openFrom: today))
            return
        }
        lastDay = last
        window = interval.window(after: last)
        floor = person.setting == .clinic ? window.opens : last.adding(days: intervals.floorDays)
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
                ReplyMember("window", "the days on which it opens, is best and closes, where the person lives"),
                ReplyMember("floor", "the first day that is not too soon; sooner is blocked"),
                ReplyMember("sources", "what it rests on"), ReplyMember("reason", "why, in plain words"),
                ReplyMember("sessions", "how many there were"), ReplyMember("course", "how many a course has"),
            ],
            errors: [.notFound], concerns: .named("person"), example: "scheduling.next person=anna",
            .reads { request, reading in
                let person = try reading.person(request.arguments.requiredText("person"))
                let next = try NextSession(person, knowledge.intervals, in: reading)
                let fact = try knowledge.intervals.interval(for: person.goal).fact
                let course = knowledge.intervals.course
                return [
                    "person": person.person, "goal": person.goal.rawValue, "last_session": next.past.last,
                    "window": next.window, "floor": next.floor, "sources": fact.sources,
                    "reason": "\(fact.text) \(fact.reason)", "sessions": next.past.count,
                    "course": ["from": course.lowerBound, "to": course.upperBound] as Object,
                ]
            })
    }
}
