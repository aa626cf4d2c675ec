import MneedleKit

/// `Config/knowledge/intervals.toml`, read and checked: the time for which the skin is left alone.
struct Intervals: Sendable {
    let floorDays: Int
    let homeCautionDays: Int
    let beginnerMonths: Int
    /// The number of sessions in a course.
    let course: ClosedRange<Int>
    /// The number of days after the requested day within which a course may begin.
    let courseStartsWithinDays: Int
    /// Every rule in words.
    let rules: [RuleInWords]
    let findings: FindingCatalogue<IntervalCode>
    private let goals: [Goal: GoalInterval]

    init(_ file: Table) {
        let (floor, home) = (file.section("floor"), file.section("home"))
        let (beginner, course) = (file.section("beginner"), file.section("course"))
        let floorDays = floor.integer("days", in: Intervals.shortestFloor...365)
        self.floorDays = floorDays
        homeCautionDays = home.integer("caution_days", in: 0...365)
        beginnerMonths = beginner.integer("months", in: 0...12)
        courseStartsWithinDays = course.integer("start_within_days", in: 0...28)
        let from = course.integer("sessions_from", in: 1...100)
        self.course = from...max(from, course.integer("sessions_to", in: from...100))

        let read = file.list("goal", names: { [$0.goal.rawValue] }) { GoalInterval($0, floorDays: floorDays) }
        let goals = Dictionary(read.map { ($0.goal, $0) }) { first, _ in first }
        self.goals = goals
        rules =
            [("floor", floor), ("home", home), ("beginner", beginner), ("course", course)].map(RuleInWords.init)
            + read.map(\.rule)
        findings = FindingCatalogue(file, module: "scheduling")
        for goal in Goal.allCases where goals[goal] == nil { file.report("goal", "'\(goal.rawValue)' is missing") }
    }

    /// No document allows less than two weeks, so no file may.
    private static let shortestFloor = 14

    /// The goal that asks for the longest wait.
    var slowest: Goal? { goals.values.max { $0.minDays < $1.minDays }?.goal }

    /// - Throws: `internal` for a goal that the file lacks; a file without one is refused at start.
    func interval(for goal: Goal) throws -> GoalInterval {
        guard let interval = goals[goal] else { throw ModuleError.internal("no interval for '\(goal.rawValue)'") }
        return interval
    }
}

/// The time between two sessions for a goal, in whole weeks.
struct GoalInterval: Sendable {
    let goal: Goal
    let minDays: Int
    let bestDays: Int
    let maxDays: Int
    let rule: RuleInWords

    init(_ table: Table, floorDays: Int) {
        goal = table.choice("goal", standIn: .collagen)
        let weeks = ["min_weeks", "best_weeks", "max_weeks"].map { table.integer($0, in: 1...104) }
        (minDays, bestDays, maxDays) = (weeks[0] * 7, weeks[1] * 7, weeks[2] * 7)
        if weeks != weeks.sorted() { table.report("best_weeks", "min, best and max must not fall") }
        if minDays < floorDays { table.report("min_weeks", "shorter than the floor of \(floorDays) days") }
        rule = RuleInWords(goal.rawValue, table)
    }

    /// `4–6`, or `4` where there is only one number.
    var weeks: String { minDays == maxDays ? "\(minDays / 7)" : "\(minDays / 7)–\(maxDays / 7)" }

    func window(after last: CivilDate) -> SessionWindow {
        SessionWindow(
            opens: last.adding(days: minDays), best: last.adding(days: bestDays), closes: last.adding(days: maxDays))
    }

    /// The window of somebody without any session, who has nothing to wait for: open from `day` on.
    func window(openFrom day: CivilDate) -> SessionWindow { window(after: day.adding(days: -minDays)) }
}

/// The window of the next session, in calendar days where the person lives.
struct SessionWindow: Hashable, Reply {
    let opens: CivilDate
    let best: CivilDate
    let closes: CivilDate

    static let members: [Member<SessionWindow>] = [
        Member("opens", "the first day", \.opens), Member("best", "the best day", \.best),
        Member("closes", "the last day", \.closes),
    ]
}
