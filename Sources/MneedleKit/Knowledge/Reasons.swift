/// The rule for reasons, which somebody gives to override a finding or to change a fact that safety rests on: `reasons.toml`
/// sets their least length for every module. A record cannot tell a lie from a correction, so it keeps the reason.
public struct Reasons: Sendable {
    /// The least number of letters of a reason, in any script; blanks, digits and signs do not count.
    public let letters: Int

    /// - Parameter file: The knowledge file `reasons`.
    public init(_ file: Table) {
        let table = file.section("reason")
        letters = table.integer("letters", in: 1...1000)
        table.requireSources()
    }

    /// The reason that argument gives.
    /// - Parameter cause: The act that asks for a reason, as the beginning of the error's sentence.
    /// - Throws: `invalid-argument` where it is missing or has too few letters.
    @discardableResult
    public func require(_ argument: String, _ text: String?, because cause: String? = nil) throws -> String {
        guard let text, text.count(where: \.isLetter) >= letters else {
            let expected = "a reason of at least \(letters) letters, for the ledger"
            let message = cause.map {
                "argument '\(argument)': \($0): expected \(expected)\(text.map { ", got '\($0)'" } ?? ", it is missing")"
            }
            throw ModuleError.invalidArgument(argument, expected: expected, got: text, message)
        }
        return text
    }
}
