import MneedleKit

/// An event for subscribers: a ledger entry, or something live that is not kept.
package struct PublishedEvent: Sendable {
    /// The ledger's sequence number; `nil` for a live event.
    package var sequence: Int64?
    package var topic: String
    /// Compact JSON in UTF-8.
    package var body: [UInt8]
    /// The person whom it concerns.
    package var person: String?

    package init(sequence: Int64?, topic: String, body: [UInt8], person: String?) {
        self.sequence = sequence
        self.topic = topic
        self.body = body
        self.person = person
    }

    /// A live event; its body names the person whom it concerns.
    init(live topic: String, _ body: Object) {
        self.init(sequence: nil, topic: topic, body: body.jsonBytes, person: body.string("person"))
    }
}
