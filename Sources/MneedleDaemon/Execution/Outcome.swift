import MneedleKit

extension Engine {
    /// The outcome of a group: one result for each job, the events to publish, and the time at which the next timer is due.
    package struct Outcome {
        var jobs: [Job]
        package var results: [Result<Object, ModuleError>] = []
        var events: [PublishedEvent] = []
        var nextDue: Instant?
        /// The number of committed transactions that wrote anything.
        var commits = 0

        /// The live events for subscribers, which no ledger keeps.
        package var liveEvents: [(topic: String, body: Object)] {
            events.filter { $0.sequence == nil }.compactMap { event in
                guard case .object(let body)? = try? Value(jsonText: String(decoding: event.body, as: UTF8.self)) else {
                    return nil
                }
                return (event.topic, body)
            }
        }
    }
}
