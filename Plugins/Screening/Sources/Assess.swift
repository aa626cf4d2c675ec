import MneedleKit

/// The reply of `screening.assess`.
private struct Assessed: AboutAssessment {
    var assessment: Assessment
    /// The questions whose answers are remembered from now on.
    var remembered: [String]
    var judgement: Judgement
    var validUntil: Instant?

    static let members: [Member<Assessed>] =
        aboutAssessment + [
            Member("remembered", "the questions whose answers stay true from now on; absent for none") {
                $0.remembered.isEmpty ? nil : $0.remembered
            },
            Member(
                "decision", "proceed, caution, clearance, defer, contraindicated or incomplete", \.judgement.decision),
            Member("until", "for defer: the first day on which nothing defers any more", \.judgement.until),
            Member(
                "valid_until", "until when it lets sessions start; absent for one that is incomplete", \.validUntil),
            Member("findings", "everything that speaks against a session or for care, gravest first", \.judgement.all),
            Member("lifted", "what a physician's recorded clearance has lifted") {
                $0.judgement.lifted.isEmpty ? nil : $0.judgement.lifted
            },
            Member(
                "missing", "questions to be answered now, without which nothing is decided", \.judgement.missing),
            Member("missing_optional", "questions that may be left unanswered", \.judgement.missingOptional),
        ]

    /// The reply with the answers, as subscribers and other modules learn it.
    var facts: Object {
        var facts = assessment.object
        for member in object.members { facts[member.name] = member.value }
        return facts
    }
}

extension Screening {
    private static let assessed = Parameter.required("person", .slug, "Whom it concerns.")
    private static let whereTreated = Parameter.optional(
        "setting", .choice(Setting.self), "Where; default as the person's record says.")
    private static let treatedWith = Parameter.optional("device", .slug, "With which device; left out for any.")
    private var treatedAreas: Parameter<[String]?> {
        .optional("areas", .list(.choice(knowledge.areas)), "What is to be treated; left out for any area.")
    }
    private var given: Parameter<Arguments> {
        .required("answers", .object(knowledge.parameters), "The answers; see screening.questions.")
            .asked(by: "screening.questions")
    }

    var assess: Command {
        Command(
            "assess", "Judges a person's answers, keeps them, and says whether a session may follow.", role: .operator,
            takes: Screening.assessed, Screening.whereTreated, treatedAreas, Screening.treatedWith, given,
            gives: Assessed.self, errors: [.notFound, .moduleFailed], concerns: .named("person", "device"),
            example: "screening.assess person=anna areas=cheeks answers.cold-sore=no answers.needled-on=never",
            writes: { transaction, name, setting, areas, device, given in
                let person = try transaction.person(name)
                let answers = answers(given)
                try refuseFutureDates(answers, today: transaction.today(of: person))
                var subject = Case(
                    person: person, setting: setting ?? person.setting, areas: [],
                    device: try device.map(transaction.device), answers: Object(given), at: transaction.now)
                for area in areas ?? [] where !subject.areas.contains(area) { subject.areas.append(area) }
                try refuseContradictions(subject, person, transaction)
                let judgement = try judge(subject, transaction)
                let assessed = try keep(subject, person, answers, judgement, transaction)
                try transaction.record(
                    Entry(
                        "screening.assessed", subject: "assessment/\(assessed.assessment.id)", person: person.person,
                        body: assessed.facts))
                return assessed
            })
    }

    private func keep(
        _ subject: Case, _ person: Person, _ answers: [(question: Question, answer: Answer)], _ judgement: Judgement,
        _ transaction: any Transaction
    ) throws -> Assessed {
        let assessment = Assessment(
            id: try insert(subject, person, judgement, transaction), person: person.person, at: subject.at,
            setting: subject.setting, areas: subject.areas, answers: subject.answers)
        return Assessed(
            assessment: assessment, remembered: try rememberAnswers(answers, of: assessment, person, transaction),
            judgement: judgement,
            validUntil: judgement.missing.isEmpty
                ? validity.end(of: assessment, transaction.zone(of: person)) : nil)
    }

    private func insert(
        _ subject: Case, _ person: Person, _ judgement: Judgement, _ transaction: any Transaction
    ) throws -> Int64 {
        try transaction.store.insert(
            """
            INSERT INTO screening_assessments (person, assessed_at, setting, areas, answers, decision, until_day,
                findings, missing, missing_optional)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
            """,
            person.person, subject.at, subject.setting.rawValue, transaction.store.json(subject.areas.value),
            transaction.store.json(subject.answers.value), judgement.decision.rawValue, judgement.until,
            transaction.store.json(judgement.all.value),
            transaction.store.json(judgement.missing.value), transaction.store.json(judgement.missingOptional.value))
    }

    /// Refuses a yes to "any of these?" with a no to each of them, which cannot be judged.
    private func refuseContradictions(_ subject: Case, _ person: Person, _ reading: any Reading) throws {
        let remembered = try rememberedAnswers(of: person.person, reading)
        let facts = try self.facts(subject, person, remembered, reading.zone(of: person), reading)
        guard let (gate, followUps) = knowledge.interview.contradiction(facts) else { return }
        let name = "\(given.name).\(gate.name)"
        let list = followUps.map { "\(given.name).\($0)" }.joined(separator: ", ")
        throw ModuleError.invalidArgument(
            name, expected: "no, or another answer than no or never to at least one of \(list)", got: nil,
            "argument '\(name)': it is answered yes, and each of \(list) with no or never; "
                + "correct the one that holds, leave out what you do not know, or answer \(gate.name)=no")
    }

    /// Refuses a date that lies ahead, or more than 130 years back. The message names the question only: answers are health
    /// data.
    private func refuseFutureDates(_ answers: [(question: Question, answer: Answer)], today: CivilDate) throws {
        for (question, answer) in answers {
            guard case .date(let date) = answer else { continue }
            let name = "\(given.name).\(question.name)"
            if date > today {
                throw ModuleError.invalidArgument(
                    name, expected: "today, \(today), or an earlier day", got: nil,
                    "argument '\(name)': the date lies in the future; give today, \(today), or an earlier day")
            }
            if date < today.adding(months: -12 * 130) {
                throw ModuleError.invalidArgument(
                    name, expected: "a day within the last 130 years", got: nil,
                    "argument '\(name)': the date is more than 130 years ago; give it as year-month-day")
            }
        }
    }
}
