import MneedleKit

extension ControlConnection {
    func subscribe(_ tag: String?, _ arguments: Arguments) -> Result<Object, ModuleError> {
        let (patterns, asked): ([String], Int64?)
        do {
            (patterns, asked) = (try arguments[HostCommands.topics], try arguments[HostCommands.since])
        } catch {
            return .failure(error as? ModuleError ?? .internal(String(describing: error)))
        }
        guard patterns.count <= Limits.mostTopics else {
            return .failure(
                .invalidArgument(
                    "topics", expected: "at most \(Limits.mostTopics) topics; a prefix such as reminder.* names many",
                    got: String(patterns.count)))
        }
        guard let topics = Topics(patterns) else {
            return .failure(
                .invalidArgument(
                    "topics", expected: "topics such as reminder.due, reminder.* or *",
                    got: patterns.joined(separator: ",")))
        }
        if subscriptions.contains(where: { $0.tag == tag }) {
            let name = tag.map { "with the tag '\($0)'" } ?? "without a tag"
            return .failure(
                .conflict("a subscription \(name) exists; unsubscribe it or use another tag", state: "subscribed"))
        }
        guard subscriptions.count < Limits.mostSubscriptions else {
            return .failure(
                ModuleError(
                    .busy, "64 subscriptions on one connection are the most; end one or use another connection",
                    members: ["limit": Limits.mostSubscriptions, "retry_after": Span(milliseconds: 1000)]))
        }
        let since = asked ?? hub.published
        if since > hub.published {
            return .failure(
                .invalidArgument("since", expected: "a sequence number up to \(hub.published)", got: String(since)))
        }
        if since + 1 < services.oldestEvent {
            return .failure(
                ModuleError(
                    .notFound,
                    "events before \(services.oldestEvent) are not kept; subscribe with since=\(services.oldestEvent - 1)",
                    members: ["kind": "event", "id": since, "oldest": services.oldestEvent]))
        }
        // The people whose events a confined peer receives are read from the store, with the events that it has missed.
        let isConfined = services.engine.registry.confines(actor)
        let subscription = Subscription(tag: tag, topics: topics, position: since, own: isConfined ? [] : nil)
        subscription.isLive = since == hub.published && !isConfined
        subscriptions.append(subscription)
        if !subscription.isLive { requests.append(PendingRequest(tag: tag, .replay(subscription))) }
        return .success(Subscribed(sequence: hub.published).object)
    }

    func unsubscribe(_ arguments: Arguments) -> Result<Object, ModuleError> {
        let tag = (try? arguments[HostCommands.tag]) ?? nil
        guard let index = subscriptions.firstIndex(where: { $0.tag == tag }) else {
            return .failure(
                .notFound("subscription", tag ?? "without a tag", suggestions: subscriptions.compactMap(\.tag)))
        }
        subscriptions.remove(at: index)
        return .success([:])
    }

    /// Tells the subscriptions the committed events. While a listing is under way they catch up after it.
    /// - Parameter topics: The topics of the events, each once.
    func tell(_ events: [PublishedEvent], of topics: Set<String>) {
        guard isOpen, !phase.isClosing else { return }
        let isMidReply = stream != nil
        let registry = services.engine.registry
        var isCatchingUp = false
        let newest = events.last { $0.sequence != nil }?.sequence
        for subscription in subscriptions {
            if subscription.own != nil, subscription.isLive,
                events.contains(where: { $0.changesOwnership && ($0.sequence ?? .max) > subscription.position })
            {
                catchUp(subscription)
                isCatchingUp = true
            }
            guard topics.contains(where: subscription.topics.match) else {
                if subscription.isLive { subscription.position = newest ?? subscription.position }
                continue
            }
            let missed = events.filter { ($0.sequence ?? .max) > subscription.position }
            let wanted = missed.filter { subscription.topics.match($0.topic) && subscription.shows($0, in: registry) }
            if subscription.isLive && !isMidReply {
                for event in wanted {
                    if !isBackedUp {
                        outbox.lines.event(subscription.tag, event)
                    } else if event.sequence == nil {
                        subscription.hold(event)
                    } else {
                        // Ledger entries are not thinned for a slow reader, so the reader has to go.
                        return beTooSlow()
                    }
                }
                subscription.position = newest ?? subscription.position
            } else {
                for event in wanted where event.sequence == nil { subscription.hold(event) }
                guard subscription.isLive && wanted.contains(where: { $0.sequence != nil }) else { continue }
                subscription.isLive = false
                requests.append(PendingRequest(tag: subscription.tag, .replay(subscription)))
            }
        }
        if isCatchingUp { settle() } else { flush() }
    }

    /// Has the subscription of a confined peer wait until the store has given its own people again.
    private func catchUp(_ subscription: Subscription) {
        subscription.own = []
        subscription.held = []
        subscription.isLive = false
        requests.append(PendingRequest(tag: subscription.tag, .replay(subscription)))
    }

    /// Adapts the subscriptions to the events that the peer may receive after a reload.
    func judgeSubscriptionsAnew() {
        let isConfined = services.engine.registry.confines(actor)
        for subscription in subscriptions where isConfined != (subscription.own != nil) {
            subscription.own = isConfined ? [] : nil
            guard isConfined else { continue }
            subscription.held = []
            if subscription.isLive { catchUp(subscription) }
        }
        settle()
    }

    /// Tells the live values that had to wait, when no reply is under way and the client reads.
    func tellHeld() {
        guard stream == nil, !isBackedUp else { return }
        for subscription in subscriptions where !subscription.held.isEmpty {
            for event in subscription.held { outbox.lines.event(subscription.tag, event) }
            subscription.held = []
        }
    }

    private static let replayedAtOnce: Int64 = 5000

    /// Sends a subscription the events that it has missed, from the ledger.
    func replay(_ request: PendingRequest, _ ticket: RequestQueue.Ticket, _ subscription: Subscription) {
        let position = subscription.position
        let topics = subscription.topics
        onReader(request.tag, ticket, "subscribe", module: Verb.host) { reading, stream in
            var last = position
            // One view of the store gives both the events and the people whose they are.
            let own = reading.seesEverybody ? nil : try reading.ownPeople()
            let view = Subscription(tag: nil, topics: topics, position: position, own: own)
            let sql = "SELECT seq, kind, person, body FROM mneedle_ledger WHERE seq > ? ORDER BY seq LIMIT ?"
            // A piece at a time, each on a snapshot of its own: a client that has missed much holds up nobody.
            try reading.forEach(sql, [position.sql, ControlConnection.replayedAtOnce.sql]) { row in
                last = row.integer("seq") ?? last
                let topic = row.text("kind") ?? ""
                guard topics.match(topic) else { return }
                let event = PublishedEvent(
                    sequence: last, topic: topic, body: Array((row.facts.body ?? "{}").utf8),
                    person: row.text("person"))
                if view.shows(event, in: reading.registry) { try stream.event(event) }
            }
            return ["seq": last, "own": own.map(Array.init)]
        }
    }

    /// Goes live when nothing was committed meanwhile; otherwise catches up once more.
    func finishReplay(_ subscription: Subscription, _ result: Result<Object, ModuleError>) {
        switch result {
        case .failure(let error): return giveUp(error)
        case .success(let reply):
            guard let last = reply.integer("seq") else { return }
            goOn(subscription, from: last, own: reply["own"] == nil ? nil : Set(reply.strings("own")))
        }
    }

    private func goOn(_ subscription: Subscription, from last: Int64, own: Set<String>?) {
        subscription.position = last
        // A reload in the middle may have changed whether the peer is confined.
        if last >= hub.published, own != nil || !services.engine.registry.confines(actor) {
            subscription.own = services.engine.registry.confines(actor) ? own : nil
            subscription.isLive = true
        } else if subscriptions.contains(where: { $0 === subscription }) {
            requests.append(PendingRequest(tag: subscription.tag, .replay(subscription)))
        }
    }

    /// Gives up a client that takes nothing: after the bytes that it has not taken yet it is told so, and closed.
    func beTooSlow() {
        giveUp(
            ModuleError(
                .slowConsumer,
                "over \(services.limits.maxBacklogBytes) bytes were not read; connect again and subscribe with since",
                members: ["limit_bytes": services.limits.maxBacklogBytes]))
    }

    /// Sends the error as the last line; no open request is answered after it.
    private func giveUp(_ error: ModuleError) {
        outbox.lines.error(nil, error)
        closeAfterFlush(patience: ControlConnection.shortPatience)
    }
}

extension PublishedEvent {
    /// Whether the event may have changed the owner of a person's record.
    fileprivate var changesOwnership: Bool { sequence != nil && topic.hasPrefix("person.") }
}
