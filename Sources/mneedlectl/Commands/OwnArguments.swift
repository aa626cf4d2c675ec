import ArgumentParser

/// The arguments of a command that is this client's own. Those of the daemon's commands are the daemon's to explain.
protocol OwnArguments: ParsableArguments {
    /// How the command is called.
    static var way: String { get }
}

extension OwnArguments {
    /// - Throws: What is wrong with the words, and how the command is called.
    static func read(_ words: [String]) throws(Failure) -> Self {
        do { return try parse(words) } catch { throw .usage(message(for: error), next: way) }
    }
}

/// Reads a number on the command line. Where it is none, the parser names argument and value, and this what was expected.
/// - Parameter expected: With its article: `a whole number`.
func number<Number: LosslessStringConvertible & Sendable>(_ expected: String) -> @Sendable (String) throws -> Number {
    { text in
        guard let number = Number(text) else { throw ValidationError("expected \(expected)") }
        return number
    }
}
