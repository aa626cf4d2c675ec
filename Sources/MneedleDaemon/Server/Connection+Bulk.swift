import MneedleKit
import MneedleWire
import NIOCore

extension Connection {
    /// Asks the module for a receiver; `READY` or the error follows.
    func beginBulk(_ request: PendingRequest, _ verb: Verb, _ arguments: Arguments) {
        guard case .receives(let handler) = verb.command.handler else { return }
        let call = Request(arguments: arguments, actor: actor)
        let receiver = BulkPipe.Receiver()
        // Lives on the event loop, where `done` is called.
        nonisolated(unsafe) let request = request
        jobs.append(
            Job(
                actor: actor, module: verb.module, request: verb.name,
                run: { transaction in
                    try verb.guarded(call, transaction) { call in
                        receiver.receiver = try handler(call, transaction)
                        return [:]
                    }
                },
                done: { [self] result in
                    switch result {
                    case .success: beginPipe(request, verb, receiver)
                    case .failure(let error):
                        isParsingPaused = false
                        request.result = .failure(error)
                    }
                    hub.settleLater(self)
                }))
    }

    private func beginPipe(_ request: PendingRequest, _ verb: Verb, _ receiver: BulkPipe.Receiver) {
        if isOpen { out.ready(request.tag) }
        let pipe = BulkPipe(
            receiver: receiver, house: services.engine.house, module: verb.module, request: verb.name, actor: actor,
            limit: services.limits.maxLineBytes, hasTerminator: true,
            clock: services.engine.clock, tell: { [weak self] in self?.hub.tellLive($0, $1) },
            submit: { [weak self, writer = services.writer] job in
                // What is left when the client has gone is finished all the same.
                if let self, isOpen { jobs.append(job) } else { writer.submit([job]) }
            },
            progress: { [weak self] in self?.take($0, request) })
        bulk = pipe
        pipe.begin()
        scanner.takeUnread().withUnsafeBytes { pipe.append($0) }
        if !isOpen || isInputEnded { pipe.end() }
    }

    private func take(_ progress: BulkPipe.Progress, _ request: PendingRequest) {
        switch progress {
        case .durable(let count): out.acknowledge(request.tag, count)
        case .finished(let reply): finishBulk(request, .success(reply))
        case .failed(let error): finishBulk(request, .failure(error))
        }
        hub.settleLater(self)
    }

    private func finishBulk(_ request: PendingRequest, _ result: Result<Object, ModuleError>) {
        request.result = result
        leaveBulkWhenOver()
    }

    /// Reads requests again once the terminator has come.
    func leaveBulkWhenOver() {
        guard let pipe = bulk, pipe.isOver else { return }
        bulk = nil
        isParsingPaused = false
        scanner.append(pipe.rest)
    }
}
