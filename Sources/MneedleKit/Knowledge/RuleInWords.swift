/// A table of a knowledge file in words, as a module's `rules` lists it.
public struct RuleInWords: Reply {
    /// The rule's name in the file.
    public let rule: String
    /// The rule itself, for a person.
    public let text: String
    /// The reason for the rule.
    public let reason: String
    /// The sources that the rule rests on.
    public let sources: [Source]

    /// Reads `text`, `reason` and `sources` of the table that holds the rule's numbers.
    public init(_ rule: String, _ table: Table) {
        self.rule = rule
        text = table.string("text")
        reason = table.string("reason")
        sources = table.sources()
    }

    public static let members: [Member<RuleInWords>] = [
        Member("rule", "its name", \.rule), Member("text", "what holds", \.text), Member("reason", "why", \.reason),
        Member("sources", "what it rests on", \.sources),
    ]
}
