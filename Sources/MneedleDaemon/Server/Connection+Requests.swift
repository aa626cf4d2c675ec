import MneedleKit
import MneedleWire
import NIOCore

/// Requests of one connection run strictly in their order: consecutive changes go to the writer together, a read waits
/// for the changes before it and is waited for by those after it. So the same bytes give the same replies however they are cut.
extension Connection {
    // MARK: Parsing

    /// Reads requests from what has arrived, up to the limits.
    /// - Returns: Whether any request was put in the queue.
    func parse() -> Bool {
        var hasQueued = false
        var pings: Int64 = 0
        defer { if pings > 0 { hub.counters.count(pings: pings) } }
        while bulk == nil && !isParsingPaused {
            guard !isOverloaded else {
                isHeldBack = true
                return hasQueued
            }
            switch scanner.next() {
            case .line(let range):
                let answered = scanner.withLine(range) { line in line.elementsEqual("ping".utf8) }
                if answered && pending.isEmpty {
                    out.pong()
                    pings += 1
                } else {
                    accept(scanner.withLine(range) { request(from: $0) })
                    hasQueued = true
                }
            case .tooLong:
                let limit = services.limits.maxLineBytes
                let error = ModuleError(
                    .lineTooLong, "the line is longer than \(limit) bytes and was dropped; send less in one request",
                    members: ["limit_bytes": limit])
                accept(PendingRequest(tag: nil, .refused(error)))
                hasQueued = true
            case .needMore:
                return hasQueued
            }
        }
        return hasQueued
    }

    private func accept(_ request: PendingRequest) {
        if case .bulk = request.work { isParsingPaused = true }
        pending.append(request)
        if pending.count % Connection.handful == 0 {
            advance()
            submitJobs()
        }
        // Replies that need no waiting are written at once, so that a long pipeline of them takes no memory.
        if pending.count == 1 { advance() }
    }

    private func request(from line: UnsafeBufferPointer<UInt8>) -> PendingRequest {
        var tag: String?
        var account = Verb.Account()
        do {
            let parsed = try RequestLine.parse(line, maximumDepth: services.limits.maxNesting)
            tag = parsed.tag
            let verb = try services.verb(named: parsed.verb, for: actor)
            // What is refused takes no time worth telling.
            account.slot = verb.account.slot
            let arguments = try Typing.bind(parsed.arguments, verb.parameters)
            return PendingRequest(tag: tag, account: verb.account, work(verb, arguments))
        } catch let error as LineError {
            return PendingRequest(tag: error.tag, .refused(ModuleError(error)))
        } catch let error as ModuleError {
            return PendingRequest(tag: tag, account: account, .refused(error))
        } catch {
            return PendingRequest(tag: tag, account: account, .refused(.internal(String(describing: error))))
        }
    }

    private func work(_ verb: Verb, _ arguments: Arguments) -> PendingRequest.Work {
        switch verb.action {
        case .immediate, .immediateRows: return .immediate(verb, arguments)
        case .subscribe: return .subscribe(arguments)
        case .unsubscribe: return .unsubscribe(arguments)
        case .command:
            switch verb.command.handler {
            case .reads, .lists: return .read(verb, arguments)
            case .writes: return .write(verb, arguments)
            case .receives: return .bulk(verb, arguments)
            }
        }
    }

    // MARK: Running

    /// Answers what is done, in order, and starts what may start.
    func advance() {
        while let first = pending.first {
            if running == 0 {
                guard !isBackedUp else {
                    isHeldBack = true
                    return
                }
                start(first)
            }
            guard let result = first.result else {
                if first.isWrite { startFollowingWrites() }
                return
            }
            pending.removeFirst()
            running -= 1
            reply(to: first, result)
            if isClosing { return }
        }
    }

    private func startFollowingWrites() {
        while running < pending.count, case let next = pending[pending.index(pending.startIndex, offsetBy: running)],
            next.isWrite
        {
            start(next)
        }
    }

    private func start(_ request: PendingRequest) {
        running += 1
        switch request.work {
        case .refused(let error): request.result = .failure(error)
        case .immediate(let verb, let arguments): request.result = immediately(verb, arguments, request.tag)
        case .read(let verb, let arguments): read(request, verb, arguments)
        case .write(let verb, let arguments): write(request, verb, arguments)
        case .bulk(let verb, let arguments): beginBulk(request, verb, arguments)
        case .subscribe(let arguments): request.result = subscribe(request.tag, arguments)
        case .unsubscribe(let arguments): request.result = unsubscribe(arguments)
        case .replay(let subscription):
            if subscriptions.contains(where: { $0 === subscription }) {
                replay(request, subscription)
            } else {
                request.result = .success([:])
            }
        }
    }

    private func reply(to request: PendingRequest, _ result: Result<Object, ModuleError>) {
        if case .replay(let subscription) = request.work { return finishReplay(subscription, result) }
        switch result {
        case .success(let object):
            out.ok(request.tag, object)
            hub.counters.count(request.account, since: request.arrived)
        case .failure(let error):
            out.error(request.tag, error)
            hub.counters.count(request.account, since: request.arrived, error.code)
        }
    }

    private func immediately(_ verb: Verb, _ arguments: Arguments, _ tag: String?) -> Result<Object, ModuleError> {
        do {
            switch verb.action {
            case .immediateRows(let rows):
                for row in try rows(arguments, actor) { out.row(tag, row) }
                return .success([:])
            case .immediate(let answer): return .success(try answer(arguments, actor))
            default: return .failure(.internal("'\(verb.name)' is not answered here"))
            }
        } catch {
            return .failure(error as? ModuleError ?? .internal(String(describing: error)))
        }
    }

    private func write(_ request: PendingRequest, _ verb: Verb, _ arguments: Arguments) {
        guard case .writes(let handler) = verb.command.handler else { return }
        let call = Request(arguments: arguments, actor: actor)
        let key = arguments.text(Typing.idempotencyKey.name)
        jobs.append(
            Job(
                actor: actor, module: verb.module, request: verb.name,
                run: { transaction in
                    // Also before a first reply is given again: whose it is may have changed.
                    try verb.guarded(call, transaction) { call in
                        try IdempotencyKeys.once(key, verb: verb.name, arguments: arguments, in: transaction) {
                            try handler(call, transaction)
                        }
                    }
                },
                done: settling(request)))
    }

    /// Takes a request's result on the event loop and has the connection go on after the whole group.
    func settling(_ request: PendingRequest) -> @Sendable (Result<Object, ModuleError>) -> Void {
        // Called on the event loop, where the request lives.
        nonisolated(unsafe) let request = request
        return { [self] result in
            request.result = result
            hub.settleLater(self)
        }
    }

    private func read(_ request: PendingRequest, _ verb: Verb, _ arguments: Arguments) {
        let call = Request(arguments: arguments, actor: actor)
        onReader(request, module: verb.module, verb: verb.name) { reading, stream in
            switch verb.command.handler {
            case .reads(let handler): return try verb.guarded(call, reading) { try handler($0, reading) }
            case .lists(let handler):
                return try verb.guarded(call, reading, { try stream.row($0) }) { try handler($0, reading, $1) }
            case .writes, .receives: throw ModuleError.internal("'\(verb.name)' changes something")
            }
        }
    }

    /// Runs `body` on a reader's thread with a snapshot and a stream to this client.
    func onReader(
        _ request: PendingRequest, module: String, verb: String,
        _ body: @escaping @Sendable (StoreReading, RowStream) throws -> Object
    ) {
        let loop = context.eventLoop
        let stream = RowStream(tag: request.tag) { [self] bytes, stream in
            loop.execute { self.send(bytes, from: stream) }
        }
        self.stream = stream
        // Lives on the event loop, where it is answered.
        nonisolated(unsafe) let request = request
        let (engine, actor) = (services.engine, actor)
        services.readers.run(stream, on: loop) {
            let result = Result { () throws -> Object in
                let reply = try engine.read(actor: actor, module: module, request: verb) { reading in
                    let reply = try body(reading, stream)
                    try Sizes.check(reply, atMost: Sizes.reply, "the reply")
                    return reply
                }
                try stream.flush()
                return reply
            }
            loop.execute { [self] in
                services.readers.finished(stream)
                self.stream = nil
                guard isOpen, !isClosing else { return }
                if case .failure(let error) = result, error is RowStream.Closed { return beTooSlow() }
                request.result = result.mapError { $0 as? ModuleError ?? .internal(String(describing: $0)) }
                settle()
            }
        }
    }
}

extension ModuleError {
    /// A line that cannot be understood, in the protocol's words.
    init(_ error: LineError) {
        switch error.kind {
        case .malformed:
            self.init(.badLine, "column \(error.column): \(error.message)", members: ["column": error.column])
        case .repeated(let name):
            self = .invalidArgument(
                name, expected: "to be given once", got: name, "'\(name)' is given twice; give it once")
        case .tooDeep:
            self = .invalidArgument(
                "arguments", expected: "less nesting", got: "too deep", "column \(error.column): \(error.message)")
        }
    }
}
