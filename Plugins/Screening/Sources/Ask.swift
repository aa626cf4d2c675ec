import MneedleKit

/// A question that is to be answered, as `screening.questions` lists it.
private struct AskedQuestion: Reply {
    var question: Question
    /// The codes of the findings that rest on the question.
    var codes: [String]

    static let members: [Member<AskedQuestion>] = [
        Member("question", "its name, a member of answers in screening.assess", \.question.name),
        Member("text", "the question for a person", \.question.text),
        Member("type", "yes-no, date, date-or-never, choice or number", \.question.kind),
        Member("choices", "what may be answered, for a choice") {
            $0.question.choices.isEmpty ? nil : $0.question.choices
        },
        Member("unit", "of a number", \.question.unit),
        Member("required", "whether an assessment without its answer is incomplete", \.question.isRequired),
        Member("codes", "the findings that rest on it", \.codes),
        Member("why", "what it is asked for, in words") {
            "It decides on: \($0.codes.joined(separator: ", ")). screening.rules code=\($0.codes.first ?? "") says by which rules, and on"
                + " which sources they rest."
        },
    ]
}

extension Screening {
    private static let asked = Parameter.optional(
        "person", .slug, "Whom it concerns; what is remembered of them is not asked again.")
    private static let inSetting = Parameter.optional(
        "setting", .choice(Setting.self),
        "Only what matters in this setting; default as the person's record says, or both.")
    private static let withDevice = Parameter.optional("device", .slug, "Only what matters with this device.")
    private static let every = Parameter.optional("all", .boolean, "Every question that there is, asked now or not.")
    private var forAreas: Parameter<[String]?> {
        .optional("areas", .list(.choice(knowledge.areas)), "Only what matters for these areas.")
    }
    private var soFar: Parameter<Arguments?> {
        .optional("answers", .object(knowledge.parameters), "What is answered so far.")
    }

    var questions: Command {
        Command(
            "questions",
            "Lists what is to be answered now, in order: without answers the first questions, with them what they lead to.",
            role: .reader,
            takes: Screening.asked, Screening.inSetting, forAreas, Screening.withDevice, soFar, Screening.every,
            gives: AskedQuestion.self, errors: [.notFound], concerns: .named("person", "device", otherwise: .nobody),
            example: "screening.questions person=anna areas=cheeks,chin answers.medicine=no",
            lists: { reading, send, name, setting, areas, device, answers, every in
                let person = try name.map(reading.person)
                let settings = (setting ?? person?.setting).map { [$0] } ?? Setting.allCases
                let areas = areas ?? []
                var open: Set<String>?
                if every != true {
                    open = try self.open(
                        person, settings, areas, device.map(reading.device), answers.map(Object.init) ?? [:], reading)
                }
                for question in knowledge.questions where open?.contains(question.name) ?? true {
                    let codes = codes(restingOn: question, settings, areas)
                    if !codes.isEmpty { try send(AskedQuestion(question: question, codes: codes)) }
                }
            })
    }

    /// The codes of the findings that rest on a question or on those that are asked after it, each once.
    private func codes(restingOn question: Question, _ settings: [Setting], _ areas: [String]) -> [String] {
        let reach = knowledge.interview.reach(of: question.name)
        var codes: [String] = []
        for rule in knowledge.rules
        where !codes.contains(rule.code) && rule.questions.contains(where: reach.contains)
            && settings.contains(where: { rule.mayApply(in: $0, areas) })
        {
            codes.append(rule.code)
        }
        return codes
    }

    /// The questions that are to be answered now, in any of the settings.
    private func open(
        _ person: Person?, _ settings: [Setting], _ areas: [String], _ device: Device?, _ answers: Object,
        _ reading: any Reading
    ) throws -> Set<String> {
        try settings.reduce(into: []) { names, setting in
            let subject = Case(
                person: person, setting: setting, areas: areas, device: device, answers: answers, at: reading.now)
            let judgement = try judge(subject, reading)
            names.formUnion(judgement.missing + judgement.missingOptional)
        }
    }
}
