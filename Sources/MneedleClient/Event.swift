import MneedleWire

/// Something that happened, as a subscription tells it.
public struct Event: Hashable, Sendable {
    /// The tag of the subscription, if it had one.
    public let tag: String?
    /// Its number in the ledger; `nil` for a live value that is not kept.
    public let seq: Int64?
    /// The kind of the event: `reminder.due`.
    public let topic: String
    /// The facts.
    public let body: JSON

    /// Makes an event.
    public init(tag: String? = nil, seq: Int64?, topic: String, body: JSON) {
        self.tag = tag
        self.seq = seq
        self.topic = topic
        self.body = body
    }
}
