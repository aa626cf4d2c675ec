import MneedleKit
import MneedleWire

/// The answers of a healthy person who was never needled elsewhere and has no condition.
public enum Healthy {
    /// The answer to a question of that type.
    public static func answer(to type: String) -> String {
        switch type {
        case "date-or-never": "never"
        // This person is old enough for every label.
        case "date": "1990-04-28"
        case "number": "0"
        default: "no"
        }
    }

    /// The first questions that everybody is asked, for every area but the scalp. They are written out, so that a request made
    /// from them fails when a question vanishes.
    private static let first = [
        ("born-on", "date"), ("needled-on", "date-or-never"), ("skin-condition", "yes-no"), ("cold-sore", "yes-no"),
        ("skin-history", "yes-no"), ("pregnancy-or-nursing", "yes-no"), ("health-condition", "yes-no"),
        ("medicine", "yes-no"), ("vitamin-a", "yes-no"), ("allergy", "yes-no"), ("sunburn-on", "date-or-never"),
        ("recent-procedure", "yes-no"), ("topical-anaesthetic", "yes-no"), ("new-product", "yes-no"),
        ("beyond-needling", "yes-no"),
    ]

    /// All answers that an assessment of a healthy person needs, with `others` in place of some, as an object.
    public static func answers(but others: Object = [:]) -> Object {
        var answers = Object()
        for (question, type) in first {
            answers[question] = type == "yes-no" ? .bool(false) : .string(answer(to: type))
        }
        for member in others.members { answers[member.name] = member.value }
        return answers
    }

    /// The same answers as text of a request: `answers.cold-sore=no …`.
    public static func text(but others: [(question: String, answer: String)] = []) -> String {
        let told = first.filter { question, _ in !others.contains { $0.question == question } }
            .map { ($0.0, answer(to: $0.1)) }
        return (told + others.map { ($0.question, $0.answer) }).map { "answers.\($0.0)=\($0.1)" }
            .joined(separator: " ")
    }
}

extension RawClient {
    /// Asks the running daemon for the open questions and answers them as a healthy person would, round by round until
    /// none is left; then assesses.
    /// - Parameters:
    ///   - others: The answers that are not a healthy person's.
    /// - Returns: The reply of `screening.assess`, and every question in the order in which it was asked.
    @discardableResult
    public func screen(
        _ person: String, areas: String = "cheeks", setting: String? = nil,
        but others: [(question: String, answer: String)] = []
    ) throws -> (assessed: JSON, asked: [String]) {
        let plan = "person=\(person) areas=\(areas)" + (setting.map { " setting=\($0)" } ?? "")
        var asked: [String] = []
        var answers = others.map { "answers.\($0.question)=\($0.answer)" }
        while true {
            let rows = try reply("screening.questions \(plan) \(answers.joined(separator: " "))").dropLast()
                .map { try JSON.parse(String($0.dropFirst("ROW ".count))) }
            let open = rows.filter { $0["required"]?.bool == true }.compactMap { row in
                row["question"]?.string.map { ($0, row["type"]?.string ?? "") }
            }
            if open.isEmpty { break }
            // A question that its own answer does not settle would be asked for ever.
            guard !open.contains(where: { asked.contains($0.0) }) else {
                throw Silent(description: "asked again after it was answered: \(open.map(\.0))")
            }
            for (question, type) in open {
                asked.append(question)
                answers.append("answers.\(question)=\(Healthy.answer(to: type))")
            }
        }
        return (try ok("screening.assess \(plan) \(answers.joined(separator: " "))"), asked)
    }
}
