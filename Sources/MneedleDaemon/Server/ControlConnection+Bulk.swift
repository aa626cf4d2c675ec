import MneedleBulkKit
import MneedleKit

extension ControlConnection {
    /// Asks the module for a receiver; `READY` or the error follows.
    func beginBulk(_ request: PendingRequest, _ ticket: RequestQueue.Ticket, _ verb: Verb, _ arguments: Arguments) {
        guard verb.command.bulk != nil else { return }
        let call = Request(arguments: arguments, actor: actor)
        let tag = request.tag
        let pipe = BulkPipe(
            services, hub, BulkPipe.Sender(module: verb.module, request: verb.name, actor: actor, hasTerminator: true),
            submit: { [weak self, writer = services.writer] job in
                // A job that is left when the client has gone is finished all the same.
                if let self, isOpen { jobs.append(job) } else { writer.submit([job]) }
            },
            progress: { [weak self] progress, _ in self?.take(progress, tag, ticket) })
        // The pipe keeps the bytes that have come already, and gives them back where the module refuses.
        intake = .bulk(pipe)
        scanner.takeUnread().withUnsafeBytes { pipe.append($0) }
        if phase.isInputOver { pipe.end() }
        pipe.open { try verb.receiver(call, $0) }
    }

    private func take(_ progress: BulkPipe.Progress, _ tag: String?, _ ticket: RequestQueue.Ticket) {
        switch progress {
        case .ready: if isOpen { outbox.lines.ready(tag) }
        case .durable(let count): outbox.lines.acknowledge(tag, count)
        case .finished(let reply): finishBulk(ticket, .success(reply))
        case .failed(let error): finishBulk(ticket, .failure(error))
        }
        hub.settleLater(self)
    }

    private func finishBulk(_ ticket: RequestQueue.Ticket, _ result: Result<Object, ModuleError>) {
        answer(ticket, result)
        leaveBulkWhenOver()
    }

    /// Reads requests again once the terminator has come.
    func leaveBulkWhenOver() {
        guard case .bulk(let pipe) = intake, pipe.isOver else { return }
        intake = .requests
        scanner.append(pipe.rest)
    }

    /// Ends the transfer's input.
    func endBulk() { if case .bulk(let pipe) = intake { pipe.end() } }
}
