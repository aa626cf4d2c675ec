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
        let turnEnds = NIODeadline.now() + Connection.turn
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
                    if NIODeadline.now() > turnEnds {
                        yield()
                        return hasQueued
                    }
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

    /// For how long the lines of one connection are read before others have a turn.
    private static let turn = TimeAmount.milliseconds(5)

    private func accept(_ request: PendingRequest) {
        if case .bulk = request.work { isParsingPaused = true }
        pending.append(request)
        pendingBytes += request.bytes
        if pending.count % Connection.batchSize == 0 {
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
            return PendingRequest(tag: tag, account: verb.account, bytes: line.count, work(verb, arguments))
        } catch let error as LineError {
            return PendingRequest(tag: error.tag, .refused(ModuleError(error)))
        } catch let error as ModuleError {
            return PendingRequest(tag: tag, account: account, .refused(error))
        } catch {
            return PendingRequest(tag: tag, account: account, .refused(.internal(String(describing: error))))
        }
    }

    private func work(_ verb: Verb, _ arguments: Arguments) -> PendingRequest.Work {
        switch verb.command.handler {
        case .immediate, .immediateRows: .immediate(verb, arguments)
        case .connection(.subscribe): .subscribe(arguments)
        case .connection(.unsubscribe): .unsubscribe(arguments)
        case .reads, .lists: .read(verb, arguments)
        case .writes: .write(verb, arguments)
        case .receives: .bulk(verb, arguments)
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
            pendingBytes -= first.bytes
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
            if let line = request.line { out.append(line) } else { out.ok(request.tag, object) }
            hub.counters.count(request.account, since: request.arrived)
        case .failure(let error):
            out.error(request.tag, error)
            hub.counters.count(request.account, since: request.arrived, error.code)
        }
    }

    private func immediately(_ verb: Verb, _ arguments: Arguments, _ tag: String?) -> Result<Object, ModuleError> {
        let call = Request(arguments: arguments, actor: actor)
        do {
            switch verb.command.handler {
            case .immediateRows(let handler): return .success(try handler(call) { out.row(tag, $0) })
            case .immediate(let handler): return .success(try handler(call))
            default: return .failure(.internal("'\(verb.name)' is not answered here"))
            }
        } catch {
            return .failure(error as? ModuleError ?? .internal(String(describing: error)))
        }
    }

    private func write(_ request: PendingRequest, _ verb: Verb, _ arguments: Arguments) {
        guard case .writes(let handler) = verb.command.handler else { return }
        let call = Request(arguments: arguments, actor: actor)
        let key = Typing.key(of: arguments)
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
        onReader(request, verb.name, module: verb.module, withoutStore: verb.command.withoutStore) { reading, stream in
            switch verb.command.handler {
            case .reads(let handler): return try verb.guarded(call, reading) { try handler($0, reading) }
            case .lists(let handler):
                return try verb.guarded(call, reading, { try stream.row($0) }) { try handler($0, reading, $1) }
            default: throw ModuleError.internal("'\(verb.name)' reads nothing")
            }
        }
    }

    /// Runs `body` on a reader's thread with a snapshot and a stream to this client.
    func onReader(
        _ request: PendingRequest, _ verb: String, module: String,
        withoutStore: (@Sendable (ModuleError) -> Object)? = nil,
        _ body: @escaping @Sendable (StoreReading, RowStream) throws -> Object
    ) {
        let loop = context.eventLoop
        let control = ReadControl(module: module)
        let stream = RowStream(tag: request.tag, control: control) { [self] bytes, stream in
            loop.execute { self.send(bytes, from: stream) }
        }
        self.stream = stream
        // Lives on the event loop, where it is answered.
        nonisolated(unsafe) let request = request
        let (engine, actor, tag) = (services.engine, actor, request.tag)
        services.readers.run(
            ReadTask(verb: verb, uid: actor.uid, stream: stream, control: control) { [self] error in
                finish(request, stream, .failure(error))
            } body: {
                var line = ReplyBuffer()
                let result = Result { () throws -> Object in
                    let reply: Object
                    do {
                        reply = try engine.read(actor: actor, module: module, request: verb, control: control) {
                            let reply = try body($0, stream)
                            try Sizes.check(reply, atMost: Sizes.reply, "the reply")
                            return reply
                        }
                    } catch let error as ModuleError where error.code == .storage && withoutStore != nil {
                        reply = withoutStore?(error) ?? [:]
                    }
                    try stream.flush()
                    // Made here, for a long one takes its time.
                    line.ok(tag, reply)
                    return reply
                }
                let bytes = line.bytes
                return { [self] in
                    if case .success = result { request.line = bytes }
                    finish(request, stream, result)
                }
            })
    }

    /// Takes what became of a read.
    private func finish(_ request: PendingRequest, _ stream: RowStream, _ result: Result<Object, any Error>) {
        self.stream = nil
        guard isOpen, !isClosing else { return }
        if case .failure(let error) = result, error is RowStream.Closed { return beTooSlow() }
        if case .replay = request.work, case .failure = result, let last = stream.lastSent {
            // What could not be told is told by another read.
            request.result = .success(["seq": last])
        } else {
            request.result = result.mapError { Connection.moduleError($0) }
        }
        settle()
    }

    private static func moduleError(_ error: any Error) -> ModuleError {
        switch error {
        case let error as ModuleError: error
        case let stopped as ReadControl.Stopped: stopped.error
        default: .internal(String(describing: error))
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
                excerpt(name), expected: "to be given once", got: excerpt(name),
                "'\(excerpt(name))' is given twice; give it once")
        case .tooDeep:
            self = .invalidArgument(
                "arguments", expected: "less nesting", got: "too deep", "column \(error.column): \(error.message)")
        case .tooLarge(let expected):
            self = .invalidArgument(
                "arguments", expected: expected, got: "more", "column \(error.column): \(error.message)")
        }
    }
}
