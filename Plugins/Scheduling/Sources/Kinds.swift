import MneedleKit

extension ReminderKind: Reply {
    static let members: [Member<ReminderKind>] = [
        Member("kind", "its name", \.name), Member("title", "what it says", \.title),
        Member("when", "when it comes", \.timing), Member("urgency", "low, normal or critical", \.urgency),
        Member("sources", "what it rests on", \.sources),
    ]
}

extension Scheduling {
    var kinds: Command {
        Command(
            "kinds", "Lists what people are reminded of, when and on which sources.", role: .reader,
            gives: ReminderKind.self, concerns: .nobody, example: "scheduling.kinds",
            lists: { _, send in
                for kind in knowledge.kinds { try send(kind) }
            })
    }
}

extension ReminderKind {
    /// The time of such reminders in words: `3 days before the best day for the next session, at 9 o'clock`.
    var timing: String {
        let point =
            switch anchor {
            case .event: "it"
            case .until: "the last day"
            case .planned: "each session of the plan"
            case .opens: "the day on which the window for the next session opens"
            case .best: "the best day for the next session"
            case .closes: "the day on which the window for the next session closes"
            }
        let distance =
            if daysBefore > 0 {
                "\(counted(daysBefore, "day")) before \(point)"
            } else if after == Span() {
                anchor == .event ? "at once" : "on \(point)"
            } else {
                "\(after.words) after \(point)"
            }
        let again = times > 1 ? ", \(times) times, \(every.words) apart" : ""
        return distance + (hour.map { ", at \($0) o'clock" } ?? "") + again
    }
}
