import MneedleKit

/// One `[[rule]]` of the knowledge file: its condition, its severities and its reason.
struct Rule: Sendable {
    private let template: FindingTemplate
    /// The reason why the rule matters, in words for people.
    let reason: String
    let condition: Condition
    /// Whether a physician's recorded clearance lifts the finding, also where its severity is above `clearance`.
    private let isLiftable: Bool
    /// The strength of the weakest source that it rests on, where it goes beyond the source documents.
    let evidence: String?
    let isEnabled: Bool
    /// The waiting times that no source gives.
    private let waits: [Wait]

    private struct Wait: Hashable, Sendable {
        let days: Int
        let isConfigured: Bool
    }

    init(
        _ table: Table, questions: [String: Question], areas: [String],
        washOuts: [WashOut: Int], floorDays: Int
    ) {
        reason = table.string("reason")
        isLiftable = table.bool("liftable", default: false)
        evidence = table.optionalString("evidence")
        isEnabled = table.bool("enabled", default: true)
        // The reader hands over the waits while it reads, on this thread.
        var waits: [Wait] = []
        var read: Condition?
        if let when = table.table("when") {
            let reader = ConditionReader(questions: questions, areas: areas, washOuts: washOuts, floorDays: floorDays) {
                waits.append(Wait(days: $0, isConfigured: $1))
            }
            read = reader.condition(when)
        } else if !table.has("when") {
            table.report("when", "missing: say when the rule holds, for example { answer = \"pregnant\", is = true }")
        }
        self.waits = waits
        condition = read ?? .any([])
        // Advice spells commands out, for the right person. A condition that cannot be read counts as one that always ends.
        let ends = read?.alwaysEnds ?? true ? ["until", "window"] : []
        template = FindingTemplate(table, placeholders: ends + ["person"])
        report(table)
    }

    private func report(_ table: Table) {
        let ids = template.sources.map(\.id)
        if !waits.isEmpty && !ids.contains(Rule.defaultSource) {
            table.report("sources", "wash_out_days is in no source document: name '\(Rule.defaultSource)' too")
        }
        if let evidence, !template.sources.contains(where: { $0.evidence == evidence }) {
            let known = template.sources.map(\.evidence).joined(separator: ", ")
            table.report("evidence", "no source of this rule is '\(evidence)'; theirs: \(known)")
        }
        let severities = Setting.allCases.compactMap(template.severity)
        if template.overridable && !severities.contains(.defer)
            || template.overridable && severities.contains(.clearance)
        {
            table.report(
                "override", "only 'defer' can be overridden: 'clearance' is lifted by a recorded clearance alone")
        }
    }

    /// The source that marks a number as the practice's own.
    private static let defaultSource = "practice-default"

    var code: String { template.code }
    var questions: [String] { condition.questions }
    var sources: [Source] { template.sources }

    func severity(in setting: Setting) -> Severity? { template.severity(in: setting) }

    /// Whether the rule can find anything in this setting when these areas are treated.
    func mayApply(in setting: Setting, _ areas: [String]) -> Bool {
        severity(in: setting) != nil && condition.couldHold(areas)
    }

    func canBeLifted(in setting: Setting) -> Bool { isLiftable || severity(in: setting) == .clearance }

    /// The sentences that say where the rule's waiting times come from.
    private func waitSentences(_ words: Words) -> [String] {
        waits.map { wait in
            let words = wait.isConfigured ? words.practiceSetting : words.practiceDefault
            return filled(words, ["window": Period.days(wait.days)])
        }
    }

    /// The rule's reason and advice, for nobody in particular.
    fileprivate func general(_ words: Words) -> (reason: String, advice: String) {
        (
            ([reason] + waitSentences(words)).joined(separator: " "),
            filled(template.advice, ["until": words.someDay, "window": words.someTime, "person": "NAME"])
        )
    }

    /// The rule's finding, with its words filled in.
    /// - Returns: `nil` where the rule does not hold, is not known to hold, or has no severity in this setting.
    func finding(_ facts: Facts, _ setting: Setting, _ words: Words, _ zone: Zone) throws -> Finding? {
        try finding(condition.verdict(facts), of: facts.person, setting, words, zone)
    }

    func finding(
        _ verdict: Verdict, of person: Person, _ setting: Setting, _ words: Words, _ zone: Zone
    ) throws -> Finding? {
        guard severity(in: setting) != nil, verdict.truth == .yes else { return nil }
        var values: [String: any CustomStringConvertible] = ["person": person.person]
        if let end = verdict.end { values["window"] = end.period }
        var found = template.finding(
            module: "screening", setting: setting, in: zone, until: verdict.end.map { .date($0.day) }, values)
        found?.message += " " + reason
        for sentence in waitSentences(words) { found?.message += " " + sentence }
        return found
    }
}

/// A rule with one of its severities, as `screening.rules` lists it.
private struct RuleRow: Reply {
    var rule: Rule
    var severity: Severity
    var settings: [Setting]
    var isLiftable: Bool
    /// The reason and the advice for nobody in particular.
    var general: (reason: String, advice: String)

    static let members: [Member<RuleRow>] = [
        Member("code", "of the finding", \.rule.code),
        Member("severity", "info, caution, clearance, defer or contraindicated", \.severity),
        Member("settings", "where it has that severity", \.settings),
        Member("question", "the first question that it looks at", \.rule.questions.first),
        Member("questions", "all that it looks at", \.rule.questions),
        Member("reason", "why it matters", \.general.reason), Member("advice", "what to do", \.general.advice),
        Member("liftable", "whether a recorded clearance lifts it", \.isLiftable),
        Member("evidence", "how strong it is, where it goes beyond the source documents", \.rule.evidence),
        Member("sources", "what it rests on", \.rule.sources),
    ]
}

extension Screening {
    private var onlyCode: Parameter<String?> {
        .optional("code", .choice(knowledge.codes), "Only rules with this code.")
    }

    var rules: Command {
        Command(
            "rules", "Lists the rules that answers are judged by, with the reason and the sources of each.",
            role: .reader, takes: onlyCode, gives: RuleRow.self, concerns: .nobody,
            example: "screening.rules code=retinoid",
            lists: { _, send, code in
                for rule in knowledge.rules where code == nil || rule.code == code {
                    for row in rule.rows(knowledge.words) { try send(row) }
                }
            })
    }
}

extension Rule {
    /// The rule's rows, one for each severity that it has.
    fileprivate func rows(_ words: Words) -> [RuleRow] {
        let general = general(words)
        return Severity.allCases.reversed().compactMap { level in
            let settings = Setting.allCases.filter { severity(in: $0) == level }
            guard let setting = settings.first else { return nil }
            return RuleRow(
                rule: self, severity: level, settings: settings, isLiftable: canBeLifted(in: setting), general: general)
        }
    }
}
