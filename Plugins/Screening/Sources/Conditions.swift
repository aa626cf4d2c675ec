import MneedleKit

/// The condition under which a rule holds: `when = { … }` in the knowledge file.
indirect enum Condition: Sendable {
    case all([Condition])
    case any([Condition])
    case not(Condition)
    /// A yes-no question's answer.
    case flag(String, is: Bool)
    case choice(String, among: Set<String>)
    case number(String, Bounds)
    case date(String, DateWindow)
    /// The age today, from a date of birth.
    case age(String, from: Int?, under: Int?)
    /// Whether the question was answered at all.
    case answered(String, Bool)
    case person(PersonFact, FactTest)
    case device(DeviceFact, FactTest)
    /// Whether one of these areas is to be treated.
    case areas([String])
    case sessionCount(from: Int?, under: Int?)
    case lastSession(DateWindow)
}

/// The verdict on a condition. An answer that was not given makes it unknown, which is never taken for "no".
struct Verdict: Sendable {
    enum Truth: Int, Comparable, Sendable {
        case no, unknown, yes
        static func < (left: Truth, right: Truth) -> Bool { left.rawValue < right.rawValue }
    }
    var truth: Truth
    /// The end that the condition has by itself, while it holds; `nil` where it has none.
    var end: Ending?

    static let unknown = Verdict(truth: .unknown)

    init(truth: Truth, end: Ending? = nil) {
        self.truth = truth
        self.end = truth == .yes ? end : nil
    }
    init(_ holds: Bool, end: Ending? = nil) { self.init(truth: holds ? .yes : .no, end: end) }
}

/// The first day on which a condition holds no more, and the length of time that it comes from.
struct Ending: Hashable, Sendable {
    let day: CivilDate
    let period: Period
}

/// A length of calendar time.
enum Period: Hashable, Sendable, CustomStringConvertible {
    case days(Int)
    case months(Int)
    case years(Int)

    func end(from date: CivilDate) -> CivilDate {
        switch self {
        case .days(let days): date.adding(days: days)
        case .months(let months): date.adding(months: months)
        case .years(let years): date.adding(months: 12 * years)
        }
    }

    var description: String {
        switch self {
        case .days(let count): counted(count, "day")
        case .months(let count): counted(count, "month")
        case .years(let count): counted(count, "year")
        }
    }
}

/// The days after a date on which a condition holds: from the day `fromDays` after it until `period` is over.
struct DateWindow: Hashable, Sendable {
    var fromDays = 0
    var period: Period?

    func verdict(_ date: CivilDate, today: CivilDate) -> Verdict {
        // A date that lies ahead, because the person has moved to another time zone since, counts as today.
        let hasBegun = fromDays == 0 || date.adding(days: fromDays) <= today
        guard let period else { return Verdict(hasBegun) }
        let end = period.end(from: date)
        return Verdict(hasBegun && today < end, end: Ending(day: end, period: period))
    }
}

/// The bounds of a number, both exclusive; one that is `nil` does not bound.
struct Bounds: Hashable, Sendable {
    var over: Double?
    var under: Double?

    func contains(_ number: Double) -> Bool { number > over ?? -.infinity && number < under ?? .infinity }
}

extension Condition {
    func verdict(_ facts: Facts) throws -> Verdict {
        switch self {
        case .all(let parts): return Condition.conjunction(try parts.map { try $0.verdict(facts) })
        case .any(let parts): return Condition.disjunction(try parts.map { try $0.verdict(facts) })
        case .not(let part): return Condition.negation(try part.verdict(facts))
        case .areas(let names): return Verdict(facts.areas.isEmpty || names.contains(where: facts.areas.contains))
        case .person(let fact, let test): return Verdict(test.holds(for: fact.value(of: facts.person)))
        case .device(let fact, let test): return Verdict(test.holds(for: facts.device.flatMap(fact.value(of:))))
        case .sessionCount(let from, let under):
            let count = try facts.sessions().count
            return Verdict(count >= from ?? 0 && count < under ?? .max)
        case .lastSession(let window):
            guard let last = try facts.sessions().first else { return Verdict(false) }
            return window.verdict(last, today: facts.today)
        case .answered(let name, let wanted): return Verdict((facts.answers[name] != nil) == wanted)
        case .flag(let name, _), .choice(let name, _), .number(let name, _), .date(let name, _), .age(let name, _, _):
            guard let answer = facts.answers[name] else { return .unknown }
            return verdict(on: answer, today: facts.today)
        }
    }

    private func verdict(on answer: Answer, today: CivilDate) -> Verdict {
        switch (self, answer) {
        case (.flag(_, let wanted), .flag(let flag)): return Verdict(flag == wanted)
        case (.choice(_, let among), .choice(let choice)): return Verdict(among.contains(choice))
        case (.number(_, let bounds), .number(let number)): return Verdict(bounds.contains(number))
        case (.date(_, let window), .date(let date)): return window.verdict(date, today: today)
        case (.date, .never): return Verdict(false)
        case (.age(_, let from, let under), .date(let birth)):
            let isOldEnough = Period.years(from ?? 0).end(from: birth) <= today
            let end = under.map { Ending(day: Period.years($0).end(from: birth), period: .years($0)) }
            return Verdict((from == nil || isOldEnough) && (end.map { today < $0.day } ?? true), end: end)
        default: return .unknown
        }
    }

    /// The verdict on parts that have to hold together: it ends with the first part that ends.
    private static func conjunction(_ parts: [Verdict]) -> Verdict {
        Verdict(
            truth: parts.map(\.truth).min() ?? .yes, end: parts.compactMap(\.end).min { $0.day < $1.day })
    }

    /// The verdict on parts of which one has to hold: it ends with the last of those that hold, and not by itself if one of
    /// them does not.
    private static func disjunction(_ parts: [Verdict]) -> Verdict {
        let holding = parts.filter { $0.truth == .yes }
        let ends = holding.compactMap(\.end)
        return Verdict(
            truth: parts.map(\.truth).max() ?? .no,
            end: ends.count == holding.count ? ends.max { $0.day < $1.day } : nil)
    }

    private static func negation(_ part: Verdict) -> Verdict {
        switch part.truth {
        case .yes: Verdict(false)
        case .no: Verdict(true)
        case .unknown: .unknown
        }
    }

    /// Whether the condition could hold for somebody when these areas are treated; no areas mean any.
    func couldHold(_ areas: [String]) -> Bool { outlook(areas) != .no }

    private func outlook(_ areas: [String]) -> Verdict.Truth {
        switch self {
        case .all(let parts): return parts.map { $0.outlook(areas) }.min() ?? .yes
        case .any(let parts): return parts.map { $0.outlook(areas) }.max() ?? .no
        case .not(let part):
            switch part.outlook(areas) {
            case .yes: return .no
            case .no: return .yes
            case .unknown: return .unknown
            }
        case .areas(let names):
            return areas.isEmpty ? .unknown : names.contains(where: areas.contains) ? .yes : .no
        default: return .unknown
        }
    }

    /// The questions that the condition looks at, in order, each once.
    var questions: [String] {
        switch self {
        case .all(let parts), .any(let parts):
            var names: [String] = []
            for name in parts.flatMap(\.questions) where !names.contains(name) { names.append(name) }
            return names
        case .not(let part): return part.questions
        case .flag(let name, _), .choice(let name, _), .number(let name, _), .date(let name, _), .age(let name, _, _),
            .answered(let name, _):
            return [name]
        case .person, .device, .areas, .sessionCount, .lastSession: return []
        }
    }

    /// Whether the condition has an end whenever it holds.
    var alwaysEnds: Bool {
        switch self {
        case .all(let parts): parts.contains(where: \.alwaysEnds)
        case .any(let parts): parts.allSatisfy(\.alwaysEnds)
        case .date(_, let window), .lastSession(let window): window.period != nil
        case .age(_, _, let under): under != nil
        default: false
        }
    }
}
