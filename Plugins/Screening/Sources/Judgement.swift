import MneedleKit

/// What the rules make of a person's answers.
struct Judgement: Sendable {
    enum Decision: String, Sendable {
        case proceed, caution, clearance, `defer`, contraindicated, incomplete
    }

    var findings: [Finding] = []
    /// What would have been found, had a physician not cleared it.
    var lifted: [Object] = []
    /// Questions without whose answers nothing can be decided.
    var missing: [String] = []
    /// Questions whose rules could not be judged; nothing else depends on them.
    var missingOptional: [String] = []

    /// The highest severity, unless an answer is missing.
    var decision: Decision {
        if !missing.isEmpty { return .incomplete }
        switch findings.map(\.severity).max() {
        case nil, .info?: return .proceed
        case .caution?: return .caution
        case .clearance?: return .clearance
        case .defer?: return .defer
        case .contraindicated?: return .contraindicated
        }
    }

    /// For `defer`, the latest day of all findings that defer.
    var until: CivilDate? {
        guard decision == .defer else { return nil }
        return findings.filter { $0.severity == .defer }.compactMap {
            if case .date(let day)? = $0.until { day } else { nil }
        }.max()
    }
}

/// What is to be judged.
struct Case {
    var person: Person
    var setting: Setting
    /// Empty for any.
    var areas: [String]
    /// Not known before a session is planned.
    var device: Device?
    /// As they were given: question → value.
    var answers: Object
    var at: Instant
}

extension Screening {
    /// Judges by every rule: all that fired is reported, not the first.
    func judge(_ subject: Case, _ reading: any Reading) throws -> Judgement {
        let zone = reading.zone(of: subject.person)
        let today = zone.date(of: subject.at)
        let remembered = try rememberedOfTwins(of: subject.person.person, reading)
        var answers: [String: Answer] = [:]
        for question in knowledge.questions {
            if let value = subject.answers[question.name] { answers[question.name] = Answer(value, to: question) }
            if question.kind == .yesNo, remembered[question.name] != nil { answers[question.name] = .flag(true) }
        }
        let facts = Facts(
            answers: answers, person: subject.person, device: subject.device, areas: subject.areas, today: today,
            sessions: { try sessionDays(of: subject.person.person, zone, reading) })
        let clearances = try clearances(of: subject.person.person, on: today, reading)

        var result = Judgement()
        for rule in knowledge.rules where rule.mayApply(in: subject.setting, subject.areas) {
            guard var found = try rule.finding(facts, subject.setting, knowledge.words) else { continue }
            for name in rule.questions {
                guard let memory = remembered[name] else { continue }
                let values: [String: any CustomStringConvertible] = [
                    "day": zone.date(of: memory.at), "because": memory.because,
                ]
                found.message += " " + filled(knowledge.words.remembered, values)
            }
            if rule.canBeLifted(in: subject.setting), let clearance = clearances[rule.code] {
                result.lifted.append(clearance)
            } else {
                result.findings.append(found)
            }
        }
        result.findings.sort { $0.severity > $1.severity }
        (result.missing, result.missingOptional) = unanswered(subject, answers)
        return result
    }

    /// The questions without an answer that some rule for this setting and these areas looks at.
    private func unanswered(
        _ subject: Case, _ answers: [String: Answer]
    ) -> (required: [String], optional: [String]) {
        let rules = knowledge.rules.filter { $0.mayApply(in: subject.setting, subject.areas) }
        let wanted = Set(rules.flatMap(\.questions))
        let open = knowledge.questions.filter { wanted.contains($0.name) && answers[$0.name] == nil }
        return (open.filter(\.isRequired).map(\.name), open.filter { !$0.isRequired }.map(\.name))
    }

    /// A person's clearances that count on that day, by the finding's code.
    private func clearances(of person: String, on day: CivilDate, _ reading: any Reading) throws -> [String: Object] {
        var byCode: [String: Object] = [:]
        for row in try reading.list("records.clearances", ["person": person]) {
            guard let code = row.string("finding"), byCode[code] == nil else { continue }
            // Without an end, or with one that cannot be read, it is no clearance.
            guard let until = row.date("until"), until >= day else { continue }
            byCode[code] = ["code": code, "by": row["by"], "at": row["at"], "until": row["until"]]
        }
        return byCode
    }

    /// The days of a person's sessions, newest first, one that is running or was stopped included.
    private func sessionDays(of person: String, _ zone: Zone, _ reading: any Reading) throws -> [CivilDate] {
        try reading.records(of: person)
            .flatMap { try reading.list("session.list", ["person": $0]) }
            .compactMap { $0.instant("ended") ?? $0.instant("started") }
            .map(zone.date(of:))
            .sorted(by: >)
    }
}
