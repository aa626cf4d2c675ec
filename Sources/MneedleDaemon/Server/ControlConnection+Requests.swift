import MneedleKit
import MneedleWire
import NIOCore

/// Requests of one connection run strictly in their order: consecutive changes go to the writer together, a read waits
/// for the changes before it and is waited for by those after it. So the same bytes give the same replies however they are cut.
extension ControlConnection {
    // MARK: Parsing

    /// Reads requests from the bytes that have arrived, up to the limits.
    /// - Returns: Whether any request was put in the queue.
    func parse() -> Bool {
        var hasQueued = false
        var pings: Int64 = 0
        let turnEnds = NIODeadline.now() + ControlConnection.turn
        let constants = services.table.constants
        defer { if pings > 0 { hub.counters.count(pings: pings) } }
        while readsRequests && phase.takesRequests {
            guard !isOverloaded else {
                turn.holdBack()
                return hasQueued
            }
            switch scanner.next() {
            case .line(let range):
                let isConstant = scanner.withLine(range) { line in constants.contains { line.elementsEqual($0) } }
                if isConstant && requests.isEmpty {
                    outbox.lines.pong()
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

    /// The longest time for which the lines of one connection are read before others have a turn.
    private static let turn = TimeAmount.milliseconds(5)

    private func accept(_ request: PendingRequest) {
        if case .bulk = request.work { intake = .undecided }
        requests.append(request)
        if requests.count % ControlConnection.batchSize == 0 {
            advance()
            submitJobs()
        }
        // Replies that need no waiting are written at once, so that a long pipeline of them takes no memory.
        if requests.count == 1 { advance() }
    }

    private func request(from line: UnsafeBufferPointer<UInt8>) -> PendingRequest {
        var tag: String?
        var account = Verb.Account()
        do {
            let parsed = try RequestLine.parse(line, maximumDepth: services.limits.maxNesting)
            tag = parsed.tag
            let verb = try services.table.verb(named: parsed.verb, for: actor, services.engine.registry)
            // A refusal takes no time worth measuring.
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
        case .immediate, .immediateRows, .constant: .immediate(verb, arguments)
        case .connection(.subscribe): .subscribe(arguments)
        case .connection(.unsubscribe): .unsubscribe(arguments)
        case .reads, .lists: .read(verb, arguments)
        case .writes: .write(verb, arguments)
        case .special: .bulk(verb, arguments)
        }
    }

    // MARK: Running

    /// Answers the finished requests, in order, and starts those that may start.
    func advance() {
        while !phase.isClosing {
            switch requests.next(mayStart: !isBackedUp) {
            case .start(let request, let ticket): start(request, ticket)
            case .answer(let request, let answer): reply(to: request, answer)
            case .held: return turn.holdBack()
            case .wait: return
            }
        }
    }

    private func start(_ request: PendingRequest, _ ticket: RequestQueue.Ticket) {
        switch request.work {
        case .refused(let error): answer(ticket, .failure(error))
        case .immediate(let verb, let arguments): answer(ticket, immediately(verb, arguments, request.tag))
        case .read(let verb, let arguments): read(request, ticket, verb, arguments)
        case .write(let verb, let arguments): write(ticket, verb, arguments)
        case .bulk(let verb, let arguments): beginBulk(request, ticket, verb, arguments)
        case .subscribe(let arguments): answer(ticket, subscribe(request.tag, arguments))
        case .unsubscribe(let arguments): answer(ticket, unsubscribe(arguments))
        case .replay(let subscription):
            if subscriptions.contains(where: { $0 === subscription }) {
                replay(request, ticket, subscription)
            } else {
                answer(ticket, .success([:]))
            }
        }
    }

    /// Notes the result of a request; ``advance()`` sends it in its turn.
    func answer(_ ticket: RequestQueue.Ticket, _ result: Result<Object, ModuleError>, line: [UInt8]? = nil) {
        requests.answer(ticket, RequestQueue.Answer(result: result, line: line))
    }

    private func reply(to request: PendingRequest, _ answer: RequestQueue.Answer) {
        if case .replay(let subscription) = request.work { return finishReplay(subscription, answer.result) }
        switch answer.result {
        case .success(let object):
            if let line = answer.line { outbox.lines.append(line) } else { outbox.lines.ok(request.tag, object) }
            hub.counters.count(request.account, since: request.arrived)
        case .failure(let error):
            outbox.lines.error(request.tag, error)
            hub.counters.count(request.account, since: request.arrived, error.code)
        }
    }

    private func immediately(_ verb: Verb, _ arguments: Arguments, _ tag: String?) -> Result<Object, ModuleError> {
        let call = Request(arguments: arguments, actor: actor)
        do {
            switch verb.command.handler {
            case .immediateRows(let handler): return .success(try handler(call) { outbox.lines.row(tag, $0) })
            case .immediate(let handler): return .success(try handler(call))
            case .constant: return .success([:])
            default: return .failure(.internal("'\(verb.name)' is not answered here"))
            }
        } catch {
            return .failure(error as? ModuleError ?? .internal(String(describing: error)))
        }
    }

    private func write(_ ticket: RequestQueue.Ticket, _ verb: Verb, _ arguments: Arguments) {
        let call = Request(arguments: arguments, actor: actor)
        jobs.append(
            Job(
                actor: actor, module: verb.module, request: verb.name, run: { try verb.change(call, $0) },
                done: { [self] result in
                    answer(ticket, result)
                    hub.settleLater(self)
                }))
    }

    private func read(
        _ request: PendingRequest, _ ticket: RequestQueue.Ticket, _ verb: Verb, _ arguments: Arguments
    ) {
        let call = Request(arguments: arguments, actor: actor)
        onReader(request.tag, ticket, verb.name, module: verb.module, withoutStore: verb.command.withoutStore) {
            reading, stream in
            try verb.answer(call, reading) { try stream.row($0) }
        }
    }

    /// Runs `body` on a reader's thread with a snapshot and a stream to this client.
    func onReader(
        _ tag: String?, _ ticket: RequestQueue.Ticket, _ verb: String, module: String,
        withoutStore: (@Sendable (ModuleError) -> Object)? = nil,
        _ body: @escaping @Sendable (StoreReading, RowStream) throws -> Object
    ) {
        let loop = hub.loop
        let control = ReadControl(module: module)
        let stream = RowStream(tag: tag, control: control) { [self] bytes, stream in
            loop.execute { self.send(bytes, from: stream) }
        }
        self.stream = stream
        let (engine, actor) = (services.engine, actor)
        services.readers.run(
            ReadTask(verb: verb, uid: actor.uid, stream: stream, control: control) { [self] error in
                finish(ticket, stream, .failure(error))
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
                    // Made here, on the reader's thread, because a long line takes its time.
                    line.ok(tag, reply)
                    return reply
                }
                let bytes = line.bytes
                return { [self] in finish(ticket, stream, result, line: bytes) }
            })
    }

    /// Takes the result of a read.
    private func finish(
        _ ticket: RequestQueue.Ticket, _ stream: RowStream, _ result: Result<Object, any Error>, line: [UInt8]? = nil
    ) {
        self.stream = nil
        guard isOpen, !phase.isClosing else { return }
        if case .failure(let error) = result, error is RowStream.Closed { return beTooSlow() }
        if case .failure = result, let last = stream.lastSent {
            // Some of the missed events are told; another read tells the others.
            answer(ticket, .success(["seq": last]))
        } else {
            answer(ticket, result.mapError { ControlConnection.moduleError($0) }, line: line)
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
    /// The error for a line that cannot be understood, in the protocol's words.
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
