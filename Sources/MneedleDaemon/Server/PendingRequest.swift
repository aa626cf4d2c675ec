import MneedleKit
import NIOCore

/// A request of one connection that is not answered yet. Lives on the event loop.
final class PendingRequest {
    enum Work {
        /// Refused before it ran.
        case refused(ModuleError)
        case immediate(Verb, Arguments)
        case read(Verb, Arguments)
        case write(Verb, Arguments)
        case bulk(Verb, Arguments)
        case subscribe(Arguments)
        case unsubscribe(Arguments)
        /// Not asked by the client: events that a subscription has not received yet.
        case replay(Subscription)
    }

    let tag: String?
    let work: Work
    /// For the metrics.
    let account: Verb.Account
    /// When it came, if that is of interest.
    let arrived: NIODeadline
    var isRunning = false
    /// The reply, once it is known.
    var result: Result<Object, ModuleError>?
    /// A reply that succeeded, as its line, where a reader's thread has made that.
    var line: [UInt8]?
    /// How long its own line was.
    let bytes: Int

    init(tag: String?, account: Verb.Account = Verb.Account(), bytes: Int = 0, _ work: Work) {
        self.tag = tag
        self.bytes = bytes
        self.account = account
        self.work = work
        arrived = account.timing == .none ? .distantPast : .now()
    }

    var isWrite: Bool { if case .write = work { true } else { false } }
}

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
    var held: [Event] = []

    init(tag: String?, topics: Topics, position: Int64, own: Set<String>?) {
        self.tag = tag
        self.topics = topics
        self.position = position
        self.own = own
    }

    /// Whether it receives an event that its topics name.
    func shows(_ event: Event, in house: House) -> Bool {
        guard let own else { return true }
        return event.person.map(own.contains) ?? house.isCommon(event)
    }

    func hold(_ event: Event) {
        held.removeAll { $0.topic == event.topic }
        held.append(event)
    }
}
