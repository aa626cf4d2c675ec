/// Why somebody passes over a rule, or changes what safety rests on: `reasons.toml` says how many letters that takes, in one place
/// for every module. A record cannot tell a lie from a correction, so it keeps the reason.
public struct Reasons: Sendable {
    /// The letters of a reason at least, in any script; blanks, digits and signs do not count.
    public let letters: Int

    /// - Parameter setup: Of a module whose manifest names the knowledge file `reasons`.
    public init(_ setup: Setup) {
        let file = setup.knowledge("reasons")
        let table = file.table("reason")
        if table == nil { file.report("reason", "missing") }
        letters = table?.integer("letters", in: 1...1000) ?? 1
        _ = table.map { setup.sources.sources(of: $0) }
    }

    /// The reason that argument gives.
    /// - Throws: `invalid-argument` where it is missing or has too few letters.
    @discardableResult
    public func require(_ argument: String, _ text: String?) throws -> String {
        guard let text, text.count(where: \.isLetter) >= letters else {
            throw ModuleError.invalidArgument(
                argument, expected: "a reason of at least \(letters) letters; it is kept in the ledger", got: text)
        }
        return text
    }
}
