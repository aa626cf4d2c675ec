import MneedleWire

extension Connection {
    /// Sends a request and waits for its end. Rows are handed over as they come; the object of the `OK` is the result.
    ///
    /// An `ERR` is thrown as ``ClientError/Kind-swift.enum/refused(code:)``. Events that come meanwhile are kept for ``nextEvent(within:)``.
    @discardableResult
    public func request(
        _ verb: String, _ arguments: JSON = [:], tag: String? = nil, row: (JSON) -> Void = { _ in }
    ) throws(ClientError) -> JSON {
        let members = arguments.members ?? []
        return try request(
            RequestLine(tag: tag, verb: verb, arguments: members.isEmpty ? .none : .object(members)), row: row)
    }

    /// Sends a request as it is written and waits for its end.
    @discardableResult
    public func request(_ request: RequestLine, row: (JSON) -> Void = { _ in }) throws(ClientError) -> JSON {
        try send(request)
        while true {
            let line = try receive()
            if let end = try take(line, row: row) { return end }
        }
    }

    /// Takes one line of a reply; returns the object of its `OK`.
    func take(_ line: ReplyLine, row: (JSON) -> Void) throws(ClientError) -> JSON? {
        switch line {
        case .row(_, let object):
            row(object)
            return nil
        case .event(let tag, let seq, let topic, let body):
            events.append(Event(tag: tag, seq: seq, topic: topic, body: body))
            return nil
        case .ok(_, let object):
            return object
        case .err(_, let code, let details):
            throw .refused(code, details)
        case .ready, .ack, .greeting:
            throw ClientError(.incompatible, "the daemon sent a line that does not belong to a reply")
        }
    }
}

extension Connection {
    /// Subscribes to topics (`reminder.*`); with `since`, every later event of the ledger is told first.
    /// Returns the ledger's position.
    @discardableResult
    public func subscribe(topics: [String], since: Int64? = nil) throws(ClientError) -> Int64? {
        var arguments = [JSON.Member("topics", .array(topics.map(JSON.string)))]
        if let since { arguments.append(JSON.Member("since", .integer(since))) }
        return try request("subscribe", .object(arguments))["seq"]?.integer
    }

    /// Waits for the next event of the subscriptions of this connection; returns `nil` if none came within the limit.
    /// Without a limit it waits for ever.
    public func nextEvent(within limit: Duration? = nil) throws(ClientError) -> Event? {
        while events.isEmpty {
            guard let line = try receive(within: limit) else { return nil }
            _ = try take(line, row: { _ in })
        }
        return events.removeFirst()
    }
}
