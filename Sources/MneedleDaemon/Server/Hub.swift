import MneedleKit
import NIOCore
import Synchronization

/// Every open connection, and what is published to them. Lives on the event loop.
// Sendable: touched on its event loop alone.
final class Hub: @unchecked Sendable {
    private var connections: [ObjectIdentifier: Connection] = [:]
    private var perUID: [UInt32: Int] = [:]
    private var unsettled: [Connection] = []
    /// The newest event that subscribers were told of.
    private(set) var published: Int64
    private(set) var isDraining = false
    private var drained: EventLoopPromise<Void>?

    init(published: Int64) { self.published = published }

    private let count = Atomic<Int>(0)
    /// How many connections are open; from any thread.
    var openConnections: Int { count.load(ordering: .relaxed) }

    /// - Returns: The error to refuse it with when a limit is reached.
    func admit(_ connection: Connection, limits: Limits) -> ModuleError? {
        let uid = connection.actor.uid
        if isDraining { return busy("the service is stopping", limit: 0) }
        if connections.count >= limits.maxConnections {
            return busy("\(limits.maxConnections) connections are open already", limit: limits.maxConnections)
        }
        if perUID[uid, default: 0] >= limits.maxConnectionsPerUID {
            return busy(
                "you have \(limits.maxConnectionsPerUID) connections open already", limit: limits.maxConnectionsPerUID)
        }
        connections[ObjectIdentifier(connection)] = connection
        perUID[uid, default: 0] += 1
        count.store(connections.count, ordering: .relaxed)
        return nil
    }

    private func busy(_ reason: String, limit: Int) -> ModuleError {
        ModuleError(
            .busy, "\(reason); close one or try again",
            members: ["limit": limit, "retry_after": Span(milliseconds: 1000)])
    }

    func remove(_ connection: Connection) {
        guard connections.removeValue(forKey: ObjectIdentifier(connection)) != nil else { return }
        count.store(connections.count, ordering: .relaxed)
        let uid = connection.actor.uid
        perUID[uid, default: 1] -= 1
        if perUID[uid] == 0 { perUID[uid] = nil }
        if connections.isEmpty { drained?.succeed() }
    }

    /// Hands a group's results to their connections, then its events to the subscribers.
    func deliver(_ outcome: Engine.Outcome) {
        for (job, result) in zip(outcome.jobs, outcome.results) { job.done(result) }
        let settling = unsettled
        unsettled = []
        for connection in settling { connection.settle() }
        publish(outcome.events)
    }

    /// A connection whose request has a result; it is settled once, after the whole group.
    func settleLater(_ connection: Connection) {
        guard !connection.isUnsettled else { return }
        connection.isUnsettled = true
        unsettled.append(connection)
    }

    private func publish(_ events: [Event]) {
        guard !events.isEmpty else { return }
        published = events.last { $0.sequence != nil }?.sequence ?? published
        for connection in connections.values where !connection.subscriptions.isEmpty {
            connection.tell(events)
        }
    }

    /// Lets every connection finish what it asked, then closes it.
    func drain(_ promise: EventLoopPromise<Void>) {
        isDraining = true
        drained = promise
        if connections.isEmpty { promise.succeed() }
        for connection in connections.values { connection.drain() }
    }

    func closeAll() {
        for connection in connections.values { connection.abort() }
    }
}
