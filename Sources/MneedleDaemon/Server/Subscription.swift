import MneedleKit

/// One `subscribe` of a connection. Lives on its event loop.
final class Subscription {
    let tag: String?
    let topics: Topics
    /// The last sequence number that it has been told or that did not concern it.
    var position: Int64
    /// Whether it receives events as they are committed; otherwise a replay catches up first.
    var isLive = false
    /// The people whose events it receives; `nil` for everybody's.
    var own: Set<String>?
    /// Live values that wait, the newest of each topic.
    var held: [PublishedEvent] = []

    init(tag: String?, topics: Topics, position: Int64, own: Set<String>?) {
        self.tag = tag
        self.topics = topics
        self.position = position
        self.own = own
    }

    /// Whether it receives an event of one of its topics.
    func shows(_ event: PublishedEvent, in registry: ModuleRegistry) -> Bool {
        guard let own else { return true }
        return event.person.map(own.contains) ?? registry.isCommon(event)
    }

    func hold(_ event: PublishedEvent) {
        held.removeAll { $0.topic == event.topic }
        held.append(event)
    }
}
