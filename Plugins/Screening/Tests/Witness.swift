import MneedleKit

@testable import Screening

/// Somebody for whom a condition holds, or does not: found from the condition itself, so that a rule added
/// to the file is tested without a line of code.
struct Witness {
    var answers: [String: Value?] = [:]
    var person = Person(person: "anna", setting: .home, goal: .collagen, fitzpatrick: 3)
    var areas: [String]?
    var sessions: [CivilDate] = []
    let today: CivilDate

    init(today: CivilDate, for condition: Condition, holds: Bool) {
        self.today = today
        suit(condition, holds)
    }

    private mutating func suit(_ condition: Condition, _ holds: Bool) {
        switch condition {
        case .all(let parts):
            // One part that fails is enough, and the last is the one that tells rules of a code apart.
            for part in holds ? parts[...] : parts.suffix(1) { suit(part, holds) }
        case .any(let parts):
            for part in holds ? parts.prefix(1) : parts[...] { suit(part, holds) }
        case .not(let part): suit(part, !holds)
        case .flag(let name, let wanted): answers[name] = .some((wanted == holds).value)
        case .choice(let name, let among): answers[name] = .some((holds ? among.first! : "none of them").value)
        case .number(let name, let bounds):
            let inside = bounds.over.map { $0 + 1 } ?? bounds.under! - 1
            let outside = bounds.over ?? bounds.under!
            answers[name] = .some((holds ? inside : outside).value)
        case .date(let name, let window):
            answers[name] = .some((holds ? today.adding(days: -window.fromDays) : Witness.over(window, today)).value)
        case .age(let name, let from, let under):
            let oldest = under.map { today.adding(months: -12 * $0) }
            let youngest = from.map { today.adding(months: -12 * $0) } ?? oldest!.adding(days: 1)
            answers[name] = .some((holds ? youngest : oldest ?? youngest.adding(days: 1)).value)
        case .answered(let name, let wanted): if wanted != holds { answers[name] = .some(nil) }
        case .areas(let names): areas = holds ? [names[0]] : ["body"]
        case .person(let fact, let test): suit(fact, test, holds)
        case .device: break
        case .sessionCount(let from, let under):
            let count = holds ? from ?? 0 : under ?? 0
            sessions = Array(repeating: today.adding(days: -100), count: count)
        case .lastSession(let window):
            sessions = [holds ? today.adding(days: -window.fromDays) : Witness.over(window, today)]
        }
    }

    private mutating func suit(_ fact: PersonFact, _ test: FactTest, _ holds: Bool) {
        switch (fact, test) {
        case (.firstTime, .among(let values)): person.firstTime = values.contains(.flag(holds))
        case (.fitzpatrick, .known(let known)): person.fitzpatrick = known == holds ? 3 : nil
        case (.fitzpatrick, _): person.fitzpatrick = (1...6).first { test.holds(for: .number(Double($0))) == holds }
        case (.goal, _):
            person.goal = Goal.allCases.first { test.holds(for: .text($0.rawValue)) == holds } ?? .collagen
        default: break
        }
    }

    /// The latest day whose window is over today.
    static func over(_ window: DateWindow, _ today: CivilDate) -> CivilDate {
        var day = today.adding(days: -window.fromDays)
        while window.verdict(day, today: today).truth == .yes { day = day.adding(days: -1) }
        return day
    }
}
