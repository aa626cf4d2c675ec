import MneedleKit

/// A question of the screening, as the knowledge file words it.
struct Question: Sendable {
    enum Kind: String, CaseIterable, ReplyValue {
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
    /// Whether a "yes" stays true for the person from then on. Of several days that were given, the latest is kept.
    let isRemembered: Bool
    /// Whether the question asks "any of these?", so that its follow-ups are asked only after a yes.
    let isGate: Bool
    let choices: [String]
    let unit: String?
    let range: ClosedRange<Double>

    init(_ table: Table) {
        name = table.string("question")
        text = table.string("text")
        kind = table.choice("type", default: .yesNo)
        isRequired = table.bool("required", default: false)
        isRemembered = table.bool("remembered", default: false)
        isGate = table.bool("gate", default: false)
        choices = kind == .choice ? table.strings("choices") : []
        unit = kind == .number ? table.optionalString("unit") : nil
        let (least, most) = kind == .number ? (table.number("least"), table.number("most")) : (0, 0)
        range = least...max(least, most)
        if !Question.isName(name) {
            table.report("question", "a name is of a-z, 0-9 and '-', and begins with a letter")
        }
        if kind == .choice && Set(choices).count < 2 { table.report("choices", "give at least two different ones") }
        if least > most { table.report("most", "\(most) is under 'least' \(least)") }
        if isRemembered && kind != .yesNo && !kind.isDate {
            table.report("remembered", "only a yes-no question or a date can be remembered")
        }
        if isGate && kind != .yesNo { table.report("gate", "only a yes-no question can be a gate") }
    }

    private static func isName(_ name: String) -> Bool {
        guard let first = name.utf8.first, (97...122).contains(first) else { return false }
        return name.utf8.allSatisfy { (97...122).contains($0) || (48...57).contains($0) || $0 == 45 }
    }

    /// The answer that counts where the question is not asked because it cannot matter; `nil` for none.
    var unasked: Answer? {
        switch kind {
        case .yesNo: .flag(false)
        case .dateOrNever: .never
        case .date, .choice, .number: nil
        }
    }

    var type: AnyParameterType {
        switch kind {
        case .yesNo: .boolean
        case .dateOrNever: .dateOr(["never"])
        case .date: .date
        case .choice: .choice(choices)
        case .number: .number(range)
        }
    }

    /// The question as a member of `answers`. None is required there: one that is left out is reported as missing.
    var parameter: AnyParameter { .optional(name, type, text) }
}

/// An answer, typed by its question.
enum Answer: Hashable, Sendable {
    case flag(Bool)
    case choice(String)
    case number(Double)
    case date(CivilDate)
    case never

    /// Whether the answer says that there is nothing to tell.
    var isNo: Bool { self == .flag(false) || self == .never }

    init?(_ argument: Argument, to question: Question) {
        self.init(argument.value, to: question)
    }

    /// An answer of a stored assessment; `nil` when the question's type has changed since.
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

extension Object {
    /// Answers as they are kept.
    init(_ answers: Arguments) {
        self.init(uniqueMembers: answers.entries.map { Member($0.name, $0.argument.value) })
    }
}

extension Screening {
    /// The given answers, in the order of the questions.
    func answers(_ given: Arguments) -> [(question: Question, answer: Answer)] {
        let byName = Dictionary(given.entries.map { ($0.name, $0.argument) }) { first, _ in first }
        return knowledge.questions.compactMap { question in
            byName[question.name].flatMap { Answer($0, to: question) }.map { (question, $0) }
        }
    }
}
