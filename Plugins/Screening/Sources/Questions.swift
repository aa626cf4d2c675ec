import MneedleKit

/// One thing that the screening asks, as the knowledge file words it.
struct Question: Sendable {
    enum Kind: String, CaseIterable, Sendable {
        case yesNo = "yes-no"
        case dateOrNever = "date-or-never"
        case date
        case choice
        case number

        var isDate: Bool { self == .date || self == .dateOrNever }
    }

    let name: String
    let text: String
    let kind: Kind
    /// Whether an assessment without its answer is incomplete.
    let isRequired: Bool
    /// Whether a "yes" stays true for the person from then on.
    let isRemembered: Bool
    let choices: [String]
    let unit: String?
    let range: ClosedRange<Double>

    init(_ table: Table) {
        name = table.string("question")
        text = table.string("text")
        kind = table.choice("type", default: .yesNo)
        isRequired = table.bool("required", default: false)
        isRemembered = table.bool("remembered", default: false)
        choices = kind == .choice ? table.strings("choices") : []
        unit = kind == .number ? table.optionalString("unit") : nil
        let (least, most) = kind == .number ? (table.number("least"), table.number("most")) : (0, 0)
        range = least...max(least, most)
        if !Question.isName(name) {
            table.report("question", "a name is of a-z, 0-9 and '-', and begins with a letter")
        }
        if kind == .choice && Set(choices).count < 2 { table.report("choices", "give at least two different ones") }
        if least > most { table.report("most", "\(most) is under 'least' \(least)") }
        if isRemembered && kind != .yesNo { table.report("remembered", "only a yes-no question can be remembered") }
    }

    private static func isName(_ name: String) -> Bool {
        guard let first = name.utf8.first, (97...122).contains(first) else { return false }
        return name.utf8.allSatisfy { (97...122).contains($0) || (48...57).contains($0) || $0 == 45 }
    }

    var type: ParameterType {
        switch kind {
        case .yesNo: .boolean
        case .dateOrNever: .dateOr(["never"])
        case .date: .date
        case .choice: .choice(choices)
        case .number: .number(range)
        }
    }

    /// As a member of `answers`. None is required there: what is left out is reported as missing.
    var parameter: Parameter { .optional(name, type, text) }
}

/// An answer, typed by its question.
enum Answer: Hashable, Sendable {
    case flag(Bool)
    case choice(String)
    case number(Double)
    case date(CivilDate)
    case never

    init?(_ argument: Argument, to question: Question) {
        self.init(argument.value, to: question)
    }

    /// From a stored assessment; `nil` when the question's type has changed since.
    init?(_ value: Value, to question: Question) {
        switch (question.kind, value) {
        case (.yesNo, .bool(let flag)): self = .flag(flag)
        case (.dateOrNever, .string("never")): self = .never
        case (.dateOrNever, .string(let text)), (.date, .string(let text)):
            guard let date = CivilDate(text) else { return nil }
            self = .date(date)
        case (.choice, .string(let text)):
            guard question.choices.contains(text) else { return nil }
            self = .choice(text)
        case (.number, .number(let number)): self = .number(number)
        case (.number, .integer(let number)): self = .number(Double(number))
        default: return nil
        }
    }
}

extension Screening {
    var questions: Command {
        Command(
            "questions", "Lists what the screening asks, in a setting and for areas if they are given.", role: .reader,
            parameters: [
                .optional("setting", .choice(Setting.allCases.map(\.rawValue)), "Only what matters in this setting."),
                .optional("areas", .list(.choice(knowledge.areas)), "Only what matters for these areas."),
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
            concerns: .nobody, example: "screening.questions setting=home areas=cheeks,chin", .lists(listQuestions))
    }

    @Sendable private func listQuestions(
        _ request: Request, _ reading: any Reading, _ send: Command.RowSink
    ) throws -> Object {
        let wanted = request.arguments.text("setting").flatMap(Setting.init)
        let settings = wanted.map { [$0] } ?? Setting.allCases
        let areas = request.arguments.texts("areas") ?? []
        for question in knowledge.questions {
            let rules = knowledge.rules.filter { rule in
                rule.questions.contains(question.name) && settings.contains { rule.mayApply(in: $0, areas) }
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
}
