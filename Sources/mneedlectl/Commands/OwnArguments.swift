import ArgumentParser

/// The arguments of a command of this client itself. The daemon explains those of its own commands.
protocol OwnArguments: ParsableArguments {
    /// The command's usage.
    static var way: String { get }
}

extension OwnArguments {
    /// - Throws: The mistake in the words, with the command's usage.
    static func read(_ words: [String]) throws(Failure) -> Self {
        do { return try parse(words) } catch { throw .usage(message(for: error), next: way) }
    }
}

/// Reads a number on the command line. For a word that is no number, the parser names the argument and the value, and this
/// function names the expectation.
/// - Parameter expected: The expectation with its article: `a whole number`.
func number<Number: LosslessStringConvertible & Sendable>(_ expected: String) -> @Sendable (String) throws -> Number {
    { text in
        guard let number = Number(text) else { throw ValidationError("expected \(expected)") }
        return number
    }
}
