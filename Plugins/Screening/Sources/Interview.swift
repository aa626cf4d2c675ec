import MneedleKit

/// The questions of the knowledge file with the conditions under which they are asked.
struct Interview: Sendable {
    let questions: [Question]
    /// The conditions of the questions that are not asked of everybody, by the question's name.
    private let conditions: [String: Condition]
    private let named: [String: Question]

    /// Reads `asked_when` of each question; a question may look only at those that stand before it.
    init(_ file: Table, areas: [String], floorDays: Int) {
        var conditions: [String: Condition] = [:]
        var earlier: [String: Question] = [:]
        questions = file.list("question", names: { [$0.name] }) { table in
            let question = Question(table)
            if let when = table.table("asked_when") {
                let reader = ConditionReader(
                    questions: earlier, areas: areas, washOuts: [:], floorDays: floorDays,
                    noteWashOut: { _, _ in })
                conditions[question.name] = reader.condition(when)
            }
            earlier[question.name] = question
            return question
        }
        self.conditions = conditions
        named = earlier
    }

    func question(_ name: String) -> Question? { named[name] }

    /// The questions whose answers decide whether others are asked.
    var deciding: Set<String> { Set(conditions.values.flatMap(\.questions)) }

    /// The questions that are asked after this one, directly.
    func followUps(of name: String) -> [Question] {
        questions.filter { conditions[$0.name]?.questions.contains(name) ?? false }
    }

    /// The question itself and all that are asked after it, at any distance.
    func reach(of name: String) -> Set<String> {
        followUps(of: name).reduce(into: [name]) { $0.formUnion(reach(of: $1.name)) }
    }

    /// Gives each question that is not asked the answer that then counts as its own.
    func complete(_ facts: Facts) throws {
        for question in questions where facts.answers[question.name] == nil {
            guard let condition = conditions[question.name] else { continue }
            if try condition.verdict(facts).truth == .no { facts.answers[question.name] = question.unasked }
        }
    }

    /// Whether the question is to be asked, by the answers so far.
    func isAsked(_ name: String, _ facts: Facts) throws -> Bool {
        try conditions[name].map { try $0.verdict(facts).truth == .yes } ?? true
    }

    /// The questions to ask now to learn the answer to a question: itself, or those that decide whether it is asked.
    func next(for name: String, _ facts: Facts) throws -> [String] {
        guard facts.answers[name] == nil else { return [] }
        guard let condition = conditions[name], try condition.verdict(facts).truth == .unknown else { return [name] }
        return try condition.questions.flatMap { try next(for: $0, facts) }
    }

    /// The first gate that was answered yes while each of its follow-ups was answered no.
    func contradiction(_ facts: Facts) -> (gate: Question, followUps: [String])? {
        for gate in questions where gate.isGate && facts.answers[gate.name] == .flag(true) {
            let followUps = followUps(of: gate.name).map(\.name)
            if followUps.allSatisfy({ facts.answers[$0]?.isNo ?? false }) { return (gate, followUps) }
        }
        return nil
    }
}
