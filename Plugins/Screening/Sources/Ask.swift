import MneedleKit

extension Screening {
    var questions: Command {
        Command(
            "questions",
            "Lists what is to be answered now, in order: without answers the first questions, with them what they lead to.",
            role: .reader,
            parameters: [
                .optional("person", .slug, "Whom it concerns; what is remembered of them is not asked again."),
                .optional(
                    "setting", .choice(Setting.allCases.map(\.rawValue)),
                    "Only what matters in this setting; default as the person's record says, or both."),
                .optional("areas", .list(.choice(knowledge.areas)), "Only what matters for these areas."),
                .optional("device", .slug, "Only what matters with this device."),
                .optional("answers", .object(knowledge.parameters), "What is answered so far."),
                .optional("all", .boolean, "Every question that there is, asked now or not."),
            ],
            reply: [
                ReplyMember("question", "its name, a member of answers in screening.assess"),
                ReplyMember("text", "the question for a person"),
                ReplyMember("type", "yes-no, date, date-or-never, choice or number"),
                ReplyMember("choices", "what may be answered, for a choice"),
                ReplyMember("unit", "of a number"),
                ReplyMember("required", "whether an assessment without its answer is incomplete"),
                ReplyMember("codes", "the findings that rest on it"),
            ],
            errors: [.notFound], concerns: .named("person", "device", otherwise: .nobody),
            example: "screening.questions person=anna areas=cheeks,chin answers.medicine=no", .lists(listQuestions))
    }

    @Sendable private func listQuestions(
        _ request: Request, _ reading: any Reading, _ send: Command.RowSink
    ) throws -> Object {
        let person = try request.arguments.text("person").map(reading.person)
        let setting = request.arguments.text("setting").flatMap(Setting.init) ?? person?.setting
        let settings = setting.map { [$0] } ?? Setting.allCases
        let areas = request.arguments.texts("areas") ?? []
        let isAll = request.arguments.boolean("all") ?? false
        let wanted = isAll ? [] : try open(request, person, settings, areas, reading)
        for question in knowledge.questions where isAll || wanted.contains(question.name) {
            let reach = knowledge.interview.reach(of: question.name)
            let rules = knowledge.rules.filter { rule in
                rule.questions.contains(where: reach.contains) && settings.contains { rule.mayApply(in: $0, areas) }
            }
            guard !rules.isEmpty else { continue }
            var codes: [String] = []
            for rule in rules where !codes.contains(rule.code) { codes.append(rule.code) }
            try send([
                "question": question.name, "text": question.text, "type": question.kind.rawValue,
                "choices": question.choices.isEmpty ? nil : question.choices, "unit": question.unit,
                "required": question.isRequired, "codes": codes,
            ])
        }
        return [:]
    }

    /// The questions that are to be answered now, in any of the settings.
    private func open(
        _ request: Request, _ person: Person?, _ settings: [Setting], _ areas: [String], _ reading: any Reading
    ) throws -> Set<String> {
        guard case .object(let answers)? = request.arguments.object("answers")?.value ?? .object([:]) else {
            throw ModuleError.internal("answers are no object")
        }
        let device = try request.arguments.text("device").map(reading.device)
        return try settings.reduce(into: []) { names, setting in
            let subject = Case(
                person: person, setting: setting, areas: areas, device: device, answers: answers, at: reading.now)
            let judgement = try judge(subject, reading)
            names.formUnion(judgement.missing + judgement.missingOptional)
        }
    }
}
