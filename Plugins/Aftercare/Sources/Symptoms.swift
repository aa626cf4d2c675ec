import MneedleKit

/// What to do about a symptom, mildest first.
enum Action: String, CaseIterable, Comparable, Sendable {
    case expected, watch, call, urgent, emergency

    static func < (left: Action, right: Action) -> Bool { left.rank < right.rank }

    /// One step more serious, as far as there is one.
    func escalated(by steps: Int) -> Action { Action.allCases[min(rank + steps, Action.allCases.count - 1)] }

    var code: Code {
        switch self {
        case .expected: .symptomExpected
        case .watch: .symptomWatch
        case .call: .symptomCall
        case .urgent: .symptomUrgent
        case .emergency: .symptomEmergency
        }
    }

    private var rank: Int {
        switch self {
        case .expected: 0
        case .watch: 1
        case .call: 2
        case .urgent: 3
        case .emergency: 4
        }
    }
}

/// How bad a symptom is, as its owner says.
enum Degree: String, CaseIterable, Sendable { case mild, moderate, severe }

/// Something that people notice on their skin after a session.
struct Symptom: Sendable {
    let name: String
    let aliases: [String]
    let text: String
    /// How long after a session it belongs to healing; `nil` when it never does.
    let expectedFor: Span?
    /// What to do about it within that time.
    private let atFirst: [Setting: Action]
    /// What to do about it after that time, or always.
    let then: Action
    /// What to do about it at least when it is severe.
    let severe: Action
    /// Whether it blocks further sessions until it is resolved.
    let isRedFlag: Bool
    /// Whether a running session is stopped at once.
    let stopsSession: Bool
    /// Answers of the screening that it makes true for good: `keloid-history`.
    let sets: [String]
    /// Whether a practitioner has to resolve it, also at home.
    let needsPractitioner: Bool
    /// What to say while it belongs to healing.
    let normal: String
    /// What to say when it does not.
    let concern: String
    let advice: String
    let sources: [Source]

    var names: [String] { [name] + aliases }

    init(_ table: Table, _ catalogue: SourceCatalogue) {
        (name, aliases) = spelledNames(table, "symptom")
        text = table.string("text")
        expectedFor = table.optionalSpan("expected_for")
        let atFirst: Action = table.choice("at_first", default: .expected)
        self.atFirst = [.clinic: atFirst, .home: table.choice("at_first_at_home", default: atFirst)]
        then = table.choice("then", default: .emergency)
        if !table.has("then") { table.report("then", "missing") }
        severe = table.choice("severe", default: .expected)
        isRedFlag = table.bool("red_flag", default: false)
        stopsSession = table.bool("stops_session", default: false)
        sets = table.strings("sets", default: [])
        needsPractitioner = table.bool("practitioner_resolves", default: false)
        normal = expectedFor == nil ? table.string("normal", default: "") : table.string("normal")
        concern = table.string("concern")
        advice = table.string("advice")
        sources = catalogue.sources(of: table)
        if then == .expected { table.report("then", "something has to be done about it sooner or later") }
    }

    /// What to do about it when it has lasted, or the session has been over, for `elapsed` milliseconds.
    func action(after elapsed: Int64, _ degree: Degree, _ setting: Setting, _ escalation: Escalation) -> Action {
        let belongs = expectedFor.map { elapsed <= length(of: $0) } ?? false
        let action = belongs ? atFirst[setting] ?? then : then
        switch degree {
        case .mild: return action
        case .moderate: return max(action, escalation.moderateAtLeast)
        case .severe: return max(action.escalated(by: escalation.severeSteps), severe)
        }
    }
}

/// What the degree of a symptom adds.
struct Escalation: Sendable {
    let moderateAtLeast: Action
    let severeSteps: Int

    init(_ table: Table, _ catalogue: SourceCatalogue) {
        moderateAtLeast = table.optionalChoice("moderate_at_least") ?? .watch
        severeSteps = table.integer("severe_steps", in: 1...4)
        if !table.has("moderate_at_least") { table.report("moderate_at_least", "missing") }
        _ = catalogue.sources(of: table)
    }
}

extension Aftercare {
    var symptoms: Command {
        Command(
            "symptoms", "Lists the symptoms that are known, how long each belongs to healing, and what to do then.",
            role: .reader,
            reply: [
                ReplyMember("symptom", "its name"), ReplyMember("aliases", "other words for it"),
                ReplyMember("text", "what it is"),
                ReplyMember("expected_for", "how long after a session it belongs to healing; absent: never"),
                ReplyMember("then", "what to do after that time, or always"),
                ReplyMember("red_flag", "whether it blocks further sessions until it is resolved"),
                ReplyMember("advice", "what to do about it"), ReplyMember("sources", "what it rests on"),
            ],
            concerns: .nobody, example: "aftercare.symptoms",
            .lists { _, _, send in
                for symptom in knowledge.symptoms {
                    try send([
                        "symptom": symptom.name, "aliases": symptom.aliases, "text": symptom.text,
                        "expected_for": symptom.expectedFor, "then": symptom.then.rawValue,
                        "red_flag": symptom.isRedFlag, "advice": symptom.advice, "sources": symptom.sources,
                    ])
                }
                return [:]
            })
    }
}
