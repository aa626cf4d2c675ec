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
                .optional("device", .slug, "With which device; left out for any."),
                .required("answers", .object(knowledge.parameters), "The answers; see screening.questions."),
            ],
            reply: [
                ReplyMember("assessment", "its number"), ReplyMember("person", "whom it concerns"),
                ReplyMember("setting", "where"), ReplyMember("areas", "for what; absent for any area"),
                ReplyMember("decision", "proceed, caution, clearance, defer, contraindicated or incomplete"),
                ReplyMember("until", "for defer: the first day on which nothing defers any more"),
                ReplyMember("valid_until", "until when it lets sessions start; absent for one that is incomplete"),
                ReplyMember("findings", "everything that speaks against a session or for care, gravest first"),
                ReplyMember("lifted", "what a physician's recorded clearance has lifted"),
                ReplyMember("missing", "questions to be answered now, without which nothing is decided"),
                ReplyMember("missing_optional", "questions that may be left unanswered"),
            ],
            errors: [.notFound, .moduleFailed],
            concerns: .named("person", "device"),
            example: "screening.assess person=anna areas=cheeks answers.cold-sore=no answers.needled-on=never",
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
        let device = try request.arguments.text("device").map(transaction.device)
        let subject = Case(
            person: person, setting: setting, areas: areas, device: device, answers: answers, at: transaction.now)
        try refuseContradictions(subject, person, transaction)
        let judgement = try judge(subject, transaction)

        let assessment = Assessment(
            id: try keep(answers, judgement, person, setting, areas, transaction), person: person.person,
            at: transaction.now, setting: setting, areas: areas, answers: answers)
        let kept = try rememberAnswers(given, of: assessment, person, transaction)
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
            ("valid_until", judgement.missing.isEmpty ? validity.end(of: assessment, zone).value : nil),
            ("findings", judgement.all.value),
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
            judgement.decision.rawValue, judgement.until, transaction.json(judgement.all.value),
            transaction.json(judgement.missing.value), transaction.json(judgement.missingOptional.value))
    }

    /// A yes to "any of these?" with a no to each of them says nothing that could be judged.
    private func refuseContradictions(_ subject: Case, _ person: Person, _ reading: any Reading) throws {
        let remembered = try rememberedAnswers(of: person.person, reading)
        let facts = try self.facts(subject, person, remembered, reading.zone(of: person), reading)
        guard let (gate, followUps) = knowledge.interview.contradiction(facts) else { return }
        let name = "answers.\(gate.name)"
        let list = followUps.map { "answers.\($0)" }.joined(separator: ", ")
        throw ModuleError.invalidArgument(
            name, expected: "no, or another answer than no or never to at least one of \(list)", got: nil,
            "argument '\(name)': it is answered yes, and each of \(list) with no or never; "
                + "correct the one that holds, leave out what you do not know, or answer \(gate.name)=no")
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
