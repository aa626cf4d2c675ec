import MneedleKit

extension Screening {
    var assess: Command {
        Command(
            "assess", "Judges a person's answers, keeps them, and says whether a session may follow.", role: .operator,
            parameters: [
                .required("person", .slug, "Whom it concerns."),
                .optional(
                    "setting", .choice(Setting.allCases.map(\.rawValue)), "Where; default as the person's record says."),
                .optional("areas", .list(.choice(knowledge.areas)), "What is to be treated; left out for any area."),
                .required("answers", .object(knowledge.parameters), "The answers; see screening.questions."),
            ],
            reply: [
                ReplyMember("assessment", "its number"), ReplyMember("person", "whom it concerns"),
                ReplyMember("setting", "where"), ReplyMember("areas", "for what; absent for any area"),
                ReplyMember("decision", "proceed, caution, clearance, defer, contraindicated or incomplete"),
                ReplyMember("until", "for defer: the first day on which nothing defers any more"),
                ReplyMember("valid_until", "until when it lets sessions start"),
                ReplyMember("findings", "everything that speaks against a session or for care, gravest first"),
                ReplyMember("lifted", "what a physician's recorded clearance has lifted"),
                ReplyMember("missing", "unanswered questions without which nothing is decided"),
                ReplyMember("missing_optional", "unanswered questions whose findings are therefore absent"),
            ],
            errors: [.notFound, .moduleFailed],
            concerns: .named("person"),
            example: "screening.assess person=anna areas=cheeks answers.pregnant=no answers.retinoid-last-used=never",
            .writes(makeAssessment))
    }

    @Sendable private func makeAssessment(_ request: Request, _ transaction: any Transaction) throws -> Object {
        let person = try transaction.person(request.arguments.requiredText("person"))
        let given = request.arguments.object("answers") ?? Arguments()
        try refuseFutureDates(given, today: transaction.today(of: person))
        guard case .object(let answers) = given.value else { throw ModuleError.internal("answers are no object") }
        var areas: [String] = []
        for area in request.arguments.texts("areas") ?? [] where !areas.contains(area) { areas.append(area) }
        let setting = request.arguments.text("setting").flatMap(Setting.init) ?? person.setting
        let judgement = try judge(
            Case(person: person, setting: setting, areas: areas, answers: answers, at: transaction.now), transaction)

        let assessment = Assessment(
            id: try keep(answers, judgement, person, setting, areas, transaction), person: person.person,
            at: transaction.now, setting: setting, areas: areas, answers: answers)
        let kept = try rememberAnswers(given, of: assessment, transaction)
        let zone = transaction.zone(of: person)
        var facts = assessment.object
        facts["remembered"] = kept.isEmpty ? nil : kept.value
        for (name, value) in outcome(judgement, of: assessment, zone) { facts[name] = value }
        try transaction.record(
            Entry(
                "screening.assessed", subject: "assessment/\(assessment.id)", person: person.person, body: facts))
        facts["answers"] = nil
        return facts
    }

    /// The members of a reply that say what came out.
    private func outcome(
        _ judgement: Judgement, of assessment: Assessment, _ zone: Zone
    ) -> [(String, Value?)] {
        [
            ("decision", judgement.decision.rawValue.value), ("until", judgement.until?.value),
            ("valid_until", validity.end(of: assessment, zone).value), ("findings", judgement.findings.value),
            ("lifted", judgement.lifted.isEmpty ? nil : judgement.lifted.value),
            ("missing", judgement.missing.value), ("missing_optional", judgement.missingOptional.value),
        ]
    }

    private func keep(
        _ answers: Object, _ judgement: Judgement, _ person: Person, _ setting: Setting, _ areas: [String],
        _ transaction: any Transaction
    ) throws -> Int64 {
        try transaction.insert(
            """
            INSERT INTO screening_assessments (person, assessed_at, setting, areas, answers, decision, until_day,
                findings, missing, missing_optional)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
            """,
            person.person, transaction.now, setting.rawValue, transaction.json(areas.value),
            transaction.json(answers.value),
            judgement.decision.rawValue, judgement.until, transaction.json(judgement.findings.value),
            transaction.json(judgement.missing.value), transaction.json(judgement.missingOptional.value))
    }

    /// What has not happened yet is no answer. The message names the question only: answers are health data.
    private func refuseFutureDates(_ answers: Arguments, today: CivilDate) throws {
        for question in knowledge.questions where question.kind.isDate {
            guard let date = answers.date(question.name) else { continue }
            let name = "answers.\(question.name)"
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
