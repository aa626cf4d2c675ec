import MneedleKit

/// `Config/knowledge/screening.toml`, read and checked.
struct Knowledge: Sendable {
    let interview: Interview
    let rules: [Rule]
    let words: Words
    /// The parts of the body that may be needled at all.
    let areas: [String]
    let labels: [DeviceLabel]
    let reasons: Reasons
    private let findings: FindingCatalogue

    init(_ setup: Setup) throws {
        let file = setup.knowledge("screening")
        areas = Knowledge.areas(setup)
        let floorDays = Knowledge.floorDays(setup)
        let interview = Interview(file.tables("question"), areas: areas, floorDays: floorDays)
        self.interview = interview
        let named = Dictionary(interview.questions.map { ($0.name, $0) }) { first, _ in first }
        let (areas, washOuts) = (areas, WashOut.days(try setup[washOutDaysKey]))
        let rules = file.tables("rule").map {
            Rule($0, setup.sources, questions: named, areas: areas, washOuts: washOuts, floorDays: floorDays)
        }.filter(\.isEnabled)
        self.rules = rules
        labels = DeviceLabel.all(setup, codes: Set(rules.map(\.code)))
        reasons = Reasons(setup.knowledge("reasons"))
        words = Words(file.table("words") ?? Table([:], file: file.file, path: "words", problems: setup.problems))
        findings = FindingCatalogue(
            file, module: "screening", sources: setup.sources, codes: ["not-screened", "unknown"])
        reportMistakes(file)
        // All mistakes at once: the host looks for unknown keys only where there is nothing else to say.
        file.finish()
    }

    private static func areas(_ setup: Setup) -> [String] {
        (setup.knowledge("areas").table("area")?.namedTables() ?? []).compactMap { name, table in
            table.leaveRest()
            return table.bool("needling", default: true) ? name : nil
        }
    }

    /// How long skin is left alone at least; the rest of that file is Scheduling's.
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

    func notScreened(_ why: String, _ plan: SessionPlan) throws -> Finding? {
        try findings.finding(
            "not-screened", setting: plan.setting, ["why": why, "person": plan.person.person])
    }

    /// What is found while a question that a rule needs has no answer.
    func unknown(
        _ question: Question, as severity: Severity, _ rule: Rule, setting: Setting, person: String
    ) throws -> Finding? {
        let values: [String: any CustomStringConvertible] = [
            "text": question.text, "code": rule.code, "question": question.name, "person": person,
        ]
        guard var found = try findings.finding("unknown", setting: setting, values) else { return nil }
        found.severity = severity
        let known = found.sources
        found.sources += rule.sources.filter { !known.contains($0) }
        return found
    }

    private func reportMistakes(_ file: Table) {
        var seen: Set<String> = []
        for question in questions where !seen.insert(question.name).inserted {
            file.report("question", "'\(question.name)' is asked twice")
        }
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
        for rule in rules where rule.code == "not-screened" || rule.code == "unknown" {
            file.report("rule", "'\(rule.code)' is the module's own code; choose another")
        }
        for setting in Setting.allCases where !refusesFirmly(setting) {
            file.report(
                "finding", "'not-screened' must be defer or contraindicated in both settings, and override never")
        }
    }

    /// Nobody is treated unscreened, whatever a practice writes.
    private func refusesFirmly(_ setting: Setting) -> Bool {
        do {
            guard let found = try findings.finding("not-screened", setting: setting) else { return false }
            return found.severity > .clearance && !found.overridable
        } catch {
            // It has no table at all, which the catalogue has reported.
            return true
        }
    }
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

/// The phrases that findings are completed with.
struct Words: Sendable {
    let practiceDefault: String
    let practiceSetting: String
    let label: String
    let remembered: String
    /// What stands for {until} and {window} where nobody is judged.
    let someDay: String
    let someTime: String
    let none: String
    let expired: String
    let otherSetting: String
    let otherAreas: String
    let incomplete: String

    init(_ table: Table) {
        func phrase(_ key: String, _ placeholders: [String]) -> String {
            let text = table.string(key)
            reportPlaceholders(in: text, known: placeholders, key, table)
            return text
        }
        practiceDefault = phrase("practice_default", ["window"])
        practiceSetting = phrase("practice_setting", ["window"])
        label = phrase("label", ["title"])
        remembered = phrase("remembered", ["day", "because"])
        someDay = phrase("some_day", [])
        someTime = phrase("some_time", [])
        none = phrase("none", [])
        expired = phrase("expired", ["time"])
        otherSetting = phrase("other_setting", ["setting"])
        otherAreas = phrase("other_areas", ["areas"])
        incomplete = phrase("incomplete", ["questions"])
    }
}

/// Reports each `{name}` in `text` that nothing will fill in.
func reportPlaceholders(in text: String, known: [String], _ key: String, _ table: Table) {
    for part in text.split(separator: "{", omittingEmptySubsequences: false).dropFirst() {
        guard let close = part.firstIndex(of: "}") else { continue }
        let name = String(part[..<close])
        if !known.contains(name) {
            let hint =
                known.isEmpty ? "none is known here" : "known here: \(known.map { "{\($0)}" }.joined(separator: ", "))"
            table.report(key, "nothing fills in {\(name)}; \(hint)")
        }
    }
}
