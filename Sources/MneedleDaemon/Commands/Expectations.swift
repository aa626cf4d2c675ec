import MneedleKit

extension AnyParameter {
    /// What is expected of the argument, in words.
    var expectation: String {
        questions.map { "answers to the questions that '\($0)' lists: \(name).QUESTION=ANSWER" } ?? type.expectation
    }
}

extension AnyParameterType {
    /// The words of which a value is one; `nil` for any other type.
    var choices: [String]? {
        switch self {
        case .choice(let choices): choices
        case .list(let element): element.choices
        default: nil
        }
    }

    /// The type in words, for error messages and help.
    var expectation: String {
        switch self {
        case .slug: "a name of 1 to 64 characters a-z, 0-9, '.', '_' or '-', beginning with a letter or digit"
        case .name: "a name of 1 to 100 characters on one line, with letters or digits of which a short one can be made"
        case .text(let maximum): "a text of 1 to \(maximum) characters"
        case .line(let maximum): "a text of 1 to \(maximum) characters on one line"
        case .integer(let range): "a whole number\(bounds(range.lowerBound, range.upperBound, Int64.min, Int64.max))"
        case .number(let range):
            "a number\(bounds(range.lowerBound, range.upperBound, -Double.greatestFiniteMagnitude, .greatestFiniteMagnitude))"
        case .boolean: "yes or no"
        case .date: "a date such as 2026-11-20 or yesterday, \(AnyParameterType.dates)"
        case .dateOr(let words):
            "a date such as 2026-11-20 or yesterday, \(AnyParameterType.dates), or \(words.joined(separator: " or "))"
        case .time: "a time such as 2026-11-20T18:00:00+01:00 or 'tomorrow 14:00', \(AnyParameterType.dates)"
        case .duration(let maximum): "a duration such as 90s, 5m, 72h, 3d, 4w or PT72H, at most \(maximum)"
        case .choice(let choices): "one of \(choices.joined(separator: ", "))"
        case .list(let element): "a list (a,b,c) of: \(element.expectation)"
        case .object(let members):
            "an object with members \(members.prefix(8).map(\.name).joined(separator: ", "))"
                + (members.count > 8 ? " and \(members.count - 8) more" : "")
        }
    }

    private static let dates = "from \(CivilDate.acceptable.lowerBound) to \(CivilDate.acceptable.upperBound)"

    private func bounds<T: Comparable>(_ low: T, _ high: T, _ least: T, _ greatest: T) -> String {
        switch (low > least, high < greatest) {
        case (true, true): " from \(low) to \(high)"
        case (true, false): " not under \(low)"
        case (false, true): " not over \(high)"
        case (false, false): ""
        }
    }
}
