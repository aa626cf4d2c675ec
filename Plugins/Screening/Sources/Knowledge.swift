import MneedleKit

/// `Config/knowledge/screening.toml`, read and checked.
struct ScreeningKnowledge: Sendable {
    let interview: Interview
    let rules: [Rule]
    let words: Words
    /// The parts of the body that may be needled at all.
    let areas: [String]
    let labels: [DeviceLabel]
    let reasons: Reasons
    private let findings: FindingCatalogue<ScreeningCode>

    init(_ setup: Setup) throws {
        let file = setup.knowledge("screening")
        areas = AreaCatalogue(setup.knowledge("areas")).needled
        let floorDays = ScreeningKnowledge.floorDays(setup)
        let interview = Interview(file, areas: areas, floorDays: floorDays)
        self.interview = interview
        let named = Dictionary(interview.questions.map { ($0.name, $0) }) { first, _ in first }
        let (areas, washOuts) = (areas, WashOut.days(try setup[washOutDaysKey]))
        let rules = file.tables("rule").map {
            Rule($0, questions: named, areas: areas, washOuts: washOuts, floorDays: floorDays)
        }.filter(\.isEnabled)
        self.rules = rules
        labels = DeviceLabel.all(setup, codes: Set(rules.map(\.code)))
        reasons = Reasons(setup.knowledge("reasons"))
        words = Words(file.section("words"))
        findings = FindingCatalogue(file, module: "screening")
        reportMistakes(file)
        // This reports all mistakes at once, for the host looks for unknown keys only where there is nothing else to report.
        file.finish()
    }

    /// The least number of days between two sessions; the rest of that file is Scheduling's.
    private static func floorDays(_ setup: Setup) -> Int {
        let file = setup.knowledge("intervals")
        file.leaveRest()
        let floor = file.table("floor")
        floor?.leaveRest()
        return floor?.integer("days", in: 1...1000) ?? 0
    }

    var questions: [Question] { interview.questions }

    /// The members of `answers`.
    var parameters: [AnyParameter] { questions.map(\.parameter) }

    /// The codes that rules can find, each once, in the order of the file.
    var codes: [String] {
        var codes: [String] = []
        for rule in rules where !codes.contains(rule.code) { codes.append(rule.code) }
        return codes
    }

    func notScreened(_ why: String, _ plan: SessionPlan, _ zone: Zone) throws -> [Finding] {
        try findings.find(.notScreened, plan.setting, in: zone, ["why": why, "person": plan.person.person])
    }

    /// What there is to do about somebody's screening.
    func toDo(_ code: ScreeningCode, _ person: Person, until: Instant?, _ zone: Zone) throws -> [Finding] {
        try findings.find(
            code, person.setting, in: zone, until: until.map(Deadline.instant), ["person": person.person])
    }

    /// The finding while a question that a rule needs has no answer.
    func unknown(
        _ question: Question, as severity: Severity, _ rule: Rule, _ subject: Case, _ zone: Zone
    ) throws -> [Finding] {
        let values: [String: any CustomStringConvertible] = [
            "text": question.text, "code": rule.code, "question": question.name,
            "person": subject.person?.person ?? "NAME",
        ]
        return try findings.find(.unknown, subject.setting, in: zone, values).map { finding in
            var finding = finding
            finding.severity = severity
            finding.sources += rule.sources.filter { !finding.sources.contains($0) }
            return finding
        }
    }

    private func reportMistakes(_ file: Table) {
        let used = Set(rules.flatMap(\.questions)).union(interview.deciding)
        for question in questions where !used.contains(question.name) {
            file.report("question", "no rule looks at '\(question.name)'; give it a rule or leave it out")
        }
        for rule in rules where Setting.allCases.contains(where: { rule.severity(in: $0) ?? .info >= .defer }) {
            for name in rule.questions where interview.question(name)?.isRequired == false {
                file.report(
                    "question", "'\(name)' decides over '\(rule.code)', which can refuse a session: it must be required"
                )
            }
        }
        for question in questions where question.isGate && interview.followUps(of: question.name).isEmpty {
            file.report("question", "nothing is asked after the gate '\(question.name)'; see asked_when")
        }
        if questions.isEmpty { file.report("question", "there are no questions") }
        if rules.isEmpty { file.report("rule", "there are no rules") }
        for rule in rules where ScreeningCode(rawValue: rule.code) != nil {
            file.report("rule", "'\(rule.code)' is the module's own code; choose another")
        }
    }
}

/// The codes of this module's findings beside those of its rules.
enum ScreeningCode: String, FindingCode {
    case notScreened = "not-screened"
    /// An answer that a rule needs is missing.
    case unknown
    /// Somebody who may be treated has no screening that holds.
    case screeningDue = "screening-due"
    /// Somebody has one.
    case screeningHolds = "screening-holds"

    var placeholders: [String] {
        switch self {
        case .notScreened: ["why", "person"]
        case .unknown: ["text", "code", "question", "person"]
        case .screeningDue: ["person"]
        case .screeningHolds: ["person", "until"]
        }
    }

    /// The firmness by which nobody is treated unscreened, whatever a practice writes.
    var firmness: Firmness { self == .notScreened ? .blocks(in: [.home, .clinic]) : .none }
}

/// A waiting time of the knowledge file that the configuration may set: a member of `wash_out_days`.
enum WashOut: String, CaseIterable, Sendable {
    case retinoid
    case sunburn

    /// The days that a configuration gives.
    static func days(_ configured: Arguments) -> [WashOut: Int] {
        var days: [WashOut: Int] = [:]
        for entry in configured.entries {
            guard let washOut = WashOut(rawValue: entry.name), case .integer(let number) = entry.argument else {
                continue
            }
            days[washOut] = Int(number)
        }
        return days
    }

    static var parameters: [AnyParameter] {
        allCases.map { .optional($0.rawValue, .integer(0...3650), "Days to wait, in place of the knowledge file's.") }
    }
}

/// The phrases that complete findings.
struct Words: Sendable {
    let practiceDefault: String
    let practiceSetting: String
    let label: String
    let remembered: String
    /// The phrases that stand for {until} and {window} where nobody is judged.
    let someDay: String
    let someTime: String
    let none: String
    let expired: String
    let otherSetting: String
    let otherAreas: String
    let incomplete: String

    init(_ table: Table) {
        practiceDefault = table.string("practice_default", placeholders: ["window"])
        practiceSetting = table.string("practice_setting", placeholders: ["window"])
        label = table.string("label", placeholders: ["title"])
        remembered = table.string("remembered", placeholders: ["day", "because"])
        someDay = table.string("some_day", placeholders: [])
        someTime = table.string("some_time", placeholders: [])
        none = table.string("none", placeholders: [])
        expired = table.string("expired", placeholders: ["time"])
        otherSetting = table.string("other_setting", placeholders: ["setting"])
        otherAreas = table.string("other_areas", placeholders: ["areas"])
        incomplete = table.string("incomplete", placeholders: ["questions"])
    }
}
