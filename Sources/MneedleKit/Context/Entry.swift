/// One fact for the ledger, and the event that subscribers receive.
public struct Entry: Sendable {
    /// The kind of the fact, and the event's topic: `session.finished`.
    public var kind: String
    /// The thing or person that the fact is about: `session/17`, `person/anna`.
    public var subject: String
    /// The person whom the fact concerns; `nil` where it concerns none.
    public var person: String?
    /// The facts themselves, complete without the rest of the entry.
    public var body: Object
    /// Whether the entry stands when a reaction to it fails, because the fact has happened in any case, or makes something safer.
    /// The reaction is then tried again until it succeeds; meanwhile no session starts if its module makes safety checks.
    public var stands: Bool

    /// An entry that is not recorded yet: ``Transaction/record(_:)`` does that.
    public init(_ kind: String, subject: String, person: String? = nil, body: Object = [:], stands: Bool = false) {
        self.kind = kind
        self.subject = subject
        self.person = person
        self.body = body
        self.stands = stands
    }
}
