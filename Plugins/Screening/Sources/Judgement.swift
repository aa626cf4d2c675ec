import MneedleKit

/// The judgement of a person's answers by the rules.
struct Judgement: Sendable {
    enum Decision: String, CaseIterable, ReplyValue {
        case proceed, caution, clearance, `defer`, contraindicated, incomplete
    }

    var findings: [Finding] = []
    /// One finding for each question whose answer is missing, as grave as the gravest rule that wants it.
    var unknown: [Finding] = []
    /// The findings that a physician's clearance has lifted.
    var lifted: [Lifted] = []
    /// The questions whose answers are missing and needed for a decision.
    var missing: [String] = []
    /// The questions whose answers are missing and would only add to the findings.
    var missingOptional: [String] = []

    /// The highest severity, unless an answer is missing.
    var decision: Decision {
        if !missing.isEmpty { return .incomplete }
        switch all.map(\.severity).max() {
        case nil, .info?: return .proceed
        case .caution?: return .caution
        case .clearance?: return .clearance
        case .defer?: return .defer
        case .contraindicated?: return .contraindicated
        }
    }

    /// All findings, those of missing answers included, gravest first.
    var all: [Finding] { (findings + unknown).sorted { $0.severity > $1.severity } }

    /// The latest day of all findings that defer, where the decision is `defer`.
    var until: CivilDate? {
        guard decision == .defer else { return nil }
        return findings.filter { $0.severity == .defer }.compactMap {
            if case .date(let day)? = $0.until { day } else { nil }
        }.max()
    }
}

/// A finding that a physician's recorded clearance has lifted.
struct Lifted: Reply {
    var code: String
    var by: String
    var at: Instant
    var until: CivilDate

    static let members: [Member<Lifted>] = [
        Member("code", "of the finding", \.code), Member("by", "who cleared it", \.by),
        Member("at", "when that was recorded", \.at), Member("until", "the last day on which it counts", \.until),
    ]
}

/// The subject of a judgement.
struct Case {
    /// The person; `nil` for anybody.
    var person: Person?
    var setting: Setting
    /// The areas to be treated; empty for any.
    var areas: [String]
    /// The device; `nil` before a session is planned.
    var device: Device?
    /// The answers as they were given: question → value.
    var answers: Object
    var at: Instant
}

extension Screening {
    /// Judges by every rule: the findings of all that hold are reported, not only the first.
    func judge(_ subject: Case, _ reading: any Reading) throws -> Judgement {
        let person = subject.person ?? Person(person: "", setting: subject.setting, goal: .collagen)
        let zone = reading.zone(of: person)
        let remembered = try subject.person.map { try rememberedOfTwins(of: $0.person, reading) } ?? [:]
        let facts = try self.facts(subject, person, remembered, zone, reading)
        let clearances = try subject.person.map { try self.clearances(of: $0.person, on: facts.today, reading) } ?? [:]

        var result = Judgement()
        var missing: [String: (rule: Rule, severity: Severity)] = [:]
        for rule in knowledge.rules where rule.mayApply(in: subject.setting, subject.areas) {
            let label = knowledge.label(against: rule.code, of: subject.device)
            let clearance =
                label == nil && rule.canBeLifted(in: subject.setting) ? clearances[rule.code] : nil
            let verdict = try rule.condition.verdict(facts)
            if verdict.truth == .unknown && clearance == nil {
                let severity = label == nil ? rule.severity(in: subject.setting) ?? .info : .contraindicated
                for name in try rule.questions.flatMap({ try knowledge.interview.next(for: $0, facts) })
                where missing[name].map({ $0.severity < severity }) ?? true { missing[name] = (rule, severity) }
            }
            guard var found = try rule.finding(verdict, of: person, subject.setting, knowledge.words, zone)
            else { continue }
            if let label { forbid(&found, label) }
            for name in rule.questions {
                guard let memory = remembered[name], memory.day == nil else { continue }
                let values: [String: any CustomStringConvertible] = [
                    "day": zone.date(of: memory.at), "because": memory.because,
                ]
                found.message += " " + filled(knowledge.words.remembered, values)
            }
            if let clearance { result.lifted.append(clearance) } else { result.findings.append(found) }
        }
        result.findings.sort { $0.severity > $1.severity }
        try note(missing, subject, facts, zone, in: &result)
        return result
    }

    /// Puts the missing answers into the result, in the order of the questions.
    private func note(
        _ missing: [String: (rule: Rule, severity: Severity)], _ subject: Case, _ facts: Facts, _ zone: Zone,
        in result: inout Judgement
    ) throws {
        for question in knowledge.questions where facts.answers[question.name] == nil {
            if let (rule, severity) = missing[question.name] {
                if question.isRequired || severity >= .blocking {
                    result.missing.append(question.name)
                } else {
                    result.missingOptional.append(question.name)
                }
                result.unknown += try knowledge.unknown(question, as: severity, rule, subject, zone)
            } else if try !question.isRequired && isOfUse(question, subject, facts) {
                result.missingOptional.append(question.name)
            }
        }
    }

    /// Whether the answer to an unanswered question is of use: the question is asked, and a rule that may apply looks at it.
    private func isOfUse(_ question: Question, _ subject: Case, _ facts: Facts) throws -> Bool {
        try knowledge.interview.isAsked(question.name, facts)
            && knowledge.rules.contains {
                $0.questions.contains(question.name) && $0.mayApply(in: subject.setting, subject.areas)
            }
    }

    /// Turns a finding that the device's label rules out into a contraindication, which nobody lifts.
    private func forbid(_ found: inout Finding, _ label: DeviceLabel) {
        found.severity = .contraindicated
        found.message += " " + filled(knowledge.words.label, ["title": label.title])
        let known = found.sources
        found.sources += label.sources.filter { !known.contains($0) }
    }

    /// The facts that rules look at: the given answers, the remembered ones, and those of questions that need not be asked.
    func facts(
        _ subject: Case, _ person: Person, _ remembered: [String: Memory], _ zone: Zone, _ reading: any Reading
    ) throws -> Facts {
        var answers: [String: Answer] = [:]
        for question in knowledge.questions {
            let given = subject.answers[question.name].flatMap { Answer($0, to: question) }
            let answer = remembered[question.name]?.answer(to: question, given) ?? given
            answers[question.name] = person.answer(to: question, answer)
        }
        let facts = Facts(
            answers: answers, person: person, device: subject.device, areas: subject.areas,
            today: zone.date(of: subject.at),
            sessions: { try subject.person.map { try sessionDays(of: $0.person, zone, reading) } ?? [] })
        try knowledge.interview.complete(facts)
        return facts
    }

    /// A person's clearances that count on that day, by the finding's code.
    private func clearances(of person: String, on day: CivilDate, _ reading: any Reading) throws -> [String: Lifted] {
        var byCode: [String: Lifted] = [:]
        for row in try reading.modules.list("records.clearances", ["person": person]) {
            guard let code = row.string("finding"), byCode[code] == nil else { continue }
            // A clearance without an end, or with one that cannot be read, is none.
            guard let until = row.date("until"), until >= day, let by = row.string("by"), let at = row.instant("at")
            else { continue }
            byCode[code] = Lifted(code: code, by: by, at: at, until: until)
        }
        return byCode
    }

    /// The days of a person's sessions, newest first, including one that is running or was stopped.
    private func sessionDays(of person: String, _ zone: Zone, _ reading: any Reading) throws -> [CivilDate] {
        try reading.records(of: person)
            .flatMap { try reading.sessions(of: $0) }
            .map { zone.date(of: $0.ended ?? $0.started) }
            .sorted(by: >)
    }
}
