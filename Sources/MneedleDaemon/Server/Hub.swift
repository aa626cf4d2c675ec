import MneedleKit
import NIOCore
import Synchronization

/// All open connections, and the events for them. Lives on the event loop.
// Sendable: touched on its event loop alone, which it checks; the two atomics are safe anywhere.
final class Hub: @unchecked Sendable {
    let loop: any EventLoop
    private var connections: [ObjectIdentifier: ControlConnection] = [:]
    private var collectors: [ObjectIdentifier: CollectorConnection] = [:]
    private var perUID: [UInt32: Int] = [:]
    private var unsettled: [ControlConnection] = []
    /// The number of the newest event that subscribers were told.
    private(set) var published: Int64
    private(set) var isDraining = false
    private var drained: EventLoopPromise<Void>?
    /// The counters for the metrics.
    var counters: ServerCounters
    /// The bytes sent to all connections together that they have not taken yet.
    var backlog = SharedBacklog()

    init(loop: any EventLoop, published: Int64, modules: Int) {
        self.loop = loop
        self.published = published
        counters = ServerCounters(modules: modules)
    }

    /// The strangers that were refused since the counters were last asked for.
    let strangers = Atomic<Int>(0)
    /// The users who were refused since then because they connect too often.
    let tooOften = Atomic<Int>(0)
    /// The counters, up to now.
    var currentCounters: ServerCounters {
        loop.preconditionInEventLoop()
        counters.count(.role, times: Int64(strangers.exchange(0, ordering: .relaxed)))
        counters.count(.limit, times: Int64(tooOften.exchange(0, ordering: .relaxed)))
        return counters
    }

    private let count = Atomic<Int>(0)
    /// The number of open connections; from any thread.
    var openConnections: Int { count.load(ordering: .relaxed) }

    /// Takes a place for a peer that connects, before anything else is done. Collectors count like any other.
    /// - Returns: The error to refuse the peer with when a limit is reached; otherwise `nil`.
    func takePlace(_ actor: Actor, _ limits: Limits) -> ModuleError? {
        loop.preconditionInEventLoop()
        if let error = reasonToRefuse(actor, limits) {
            counters.count(.limit)
            return error
        }
        open += 1
        perUID[actor.uid, default: 0] += 1
        tellCount()
        return nil
    }

    /// Frees the place of a connection that could not be made.
    func freePlace(_ uid: UInt32) { left(uid) }

    func register(_ connection: ControlConnection) {
        loop.preconditionInEventLoop()
        connections[ObjectIdentifier(connection)] = connection
        if isDraining { connection.drain() }
    }

    func register(_ collector: CollectorConnection) {
        loop.preconditionInEventLoop()
        collectors[ObjectIdentifier(collector)] = collector
    }

    /// The bytes that one connection may leave untaken.
    func allowance(_ limits: Limits) -> Int { backlog.allowance(limits, among: open) }

    /// The number of places taken.
    private var open = 0

    private func tellCount() {
        count.store(open, ordering: .relaxed)
        counters.connections = open
    }

    private func left(_ uid: UInt32) {
        loop.preconditionInEventLoop()
        open -= 1
        perUID[uid, default: 1] -= 1
        if perUID[uid] == 0 { perUID[uid] = nil }
        tellCount()
        if open == 0 { drained?.succeed() }
    }

    private func reasonToRefuse(_ actor: Actor, _ limits: Limits) -> ModuleError? {
        if isDraining { return busy("the service is stopping", limit: 0) }
        // An administrator who has to mend something gets in when others have taken all places.
        let reserve = actor.role == .admin ? limits.reservedConnections : 0
        if open >= limits.maxConnections + reserve {
            return busy("\(limits.maxConnections) connections are open already", limit: limits.maxConnections)
        }
        if perUID[actor.uid, default: 0] >= limits.maxConnectionsPerUID + reserve {
            return busy(
                "you have \(limits.maxConnectionsPerUID) connections open already", limit: limits.maxConnectionsPerUID)
        }
        return nil
    }

    private func busy(_ reason: String, limit: Int) -> ModuleError {
        ModuleError(
            .busy, "\(reason); close one or try again",
            members: ["limit": limit, "retry_after": Span(milliseconds: 1000)])
    }

    func remove(_ connection: ControlConnection) {
        guard connections.removeValue(forKey: ObjectIdentifier(connection)) != nil else { return }
        left(connection.actor.uid)
    }

    func remove(_ collector: CollectorConnection) {
        guard collectors.removeValue(forKey: ObjectIdentifier(collector)) != nil else { return }
        left(collector.actor.uid)
    }

    /// Hands a group's results to their connections, then its events to the subscribers.
    func deliver(_ outcome: Engine.Outcome) {
        loop.preconditionInEventLoop()
        // First, so that a client that subscribes after a change in a pipeline is not told of that change.
        published = outcome.events.last { $0.sequence != nil }?.sequence ?? published
        counters.commits += Int64(outcome.commits)
        for (job, result) in zip(outcome.jobs, outcome.results) { job.done(result) }
        let settling = unsettled
        unsettled = []
        for connection in settling { connection.settle() }
        publish(outcome.events)
    }

    /// Has a connection whose request has a result settled once, after the whole group.
    func settleLater(_ connection: ControlConnection) {
        loop.preconditionInEventLoop()
        guard !connection.isUnsettled else { return }
        connection.isUnsettled = true
        unsettled.append(connection)
    }

    /// Tells the subscribers a live event, before anything is written.
    func tellLive(_ topic: String, _ body: Object) {
        publish([PublishedEvent(live: topic, body)])
    }

    private func publish(_ events: [PublishedEvent]) {
        loop.preconditionInEventLoop()
        guard !events.isEmpty else { return }
        let topics = Set(events.map(\.topic))
        for connection in connections.values where !connection.subscriptions.isEmpty {
            connection.tell(events, of: topics)
        }
    }

    /// Lets every connection finish its requests, then closes it.
    func drain(_ promise: EventLoopPromise<Void>) {
        loop.preconditionInEventLoop()
        isDraining = true
        drained = promise
        if open == 0 { promise.succeed() }
        for connection in connections.values { connection.drain() }
        for collector in collectors.values { collector.drain() }
    }

    /// Gives every connection the services that are in force from now on.
    func adopt(_ services: Services) {
        loop.preconditionInEventLoop()
        for connection in connections.values { connection.adopt(services) }
    }

    func closeAll() {
        loop.preconditionInEventLoop()
        for connection in connections.values { connection.abort() }
        for collector in collectors.values { collector.abort() }
    }
}
