import MneedleKit

/// What subscribers receive: a ledger entry, or something live that is not kept.
package struct PublishedEvent: Sendable {
    /// The ledger's sequence number; `nil` for a live event.
    package var sequence: Int64?
    package var topic: String
    /// Compact JSON in UTF-8.
    package var body: [UInt8]
    /// Whom it concerns.
    package var person: String?

    package init(sequence: Int64?, topic: String, body: [UInt8], person: String?) {
        self.sequence = sequence
        self.topic = topic
        self.body = body
        self.person = person
    }

    /// Something live, which names in its body whom it concerns.
    init(live topic: String, _ body: Object) {
        self.init(sequence: nil, topic: topic, body: body.jsonBytes, person: body.string("person"))
    }
}
