import MneedleKit
import MneedleWire
import NIOCore

/// One client: bytes in, replies out, in the order of its requests.
///
/// This file moves bytes; `ControlConnection+Requests.swift` orders and runs requests, `ControlConnection+Bulk.swift` takes bulk
/// lines, `ControlConnection+Events.swift` tells events.
// Sendable: everything in it is touched on its event loop alone, which each entry from elsewhere checks.
final class ControlConnection: ChannelInboundHandler, @unchecked Sendable {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private(set) var services: Services
    let hub: Hub
    let actor: Actor
    var context: ChannelHandlerContext!
    var scanner: LineScanner
    var outbox = Outbox()
    var requests = RequestQueue()
    /// Work for the writer, gathered while a piece of input is handled.
    var jobs: [Job] = []
    private(set) var phase = Phase.open
    var intake = Intake.requests
    var turn = Turn()
    /// The listing or replay that runs.
    var stream: RowStream?
    var subscriptions: [Subscription] = []
    /// Whether the hub will settle it after the group whose results are being handed over.
    var isUnsettled = false
    private var isReadingPaused = false
    private var lastInput = NIODeadline.now()
    private var idleCheck: (() -> Void)?
    private var cutOff: Scheduled<Void>?

    init(services: Services, hub: Hub, actor: Actor) {
        self.services = services
        self.hub = hub
        self.actor = actor
        scanner = LineScanner(limit: services.limits.maxLineBytes)
    }

    // MARK: Life

    func channelActive(context: ChannelHandlerContext) {
        self.context = context
        outbox.lines.greeting([
            "version": services.version, "role": actor.role.rawValue, "user": actor.user,
            "modules": services.engine.registry.modules.filter { $0.state == .running }.map(\.name),
        ])
        // Before anything is sent: a client that has gone already ends all this in the middle of it.
        hub.register(self)
        flush()
        if isOpen { watchIdleness(context) }
    }

    func channelInactive(context: ChannelHandlerContext) {
        // A closed connection leaves no timer behind that would wake an idle service.
        idleCheck?()
        cutOff?.cancel()
        stream?.close()
        submitJobs()
        endBulk()
        hub.remove(self)
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        // The context and the connection hold each other.
        self.context = nil
    }

    /// Whether the client is still there; results may come when it has gone.
    var isOpen: Bool { context?.channel.isActive ?? false }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        guard case ChannelEvent.inputClosed = event else { return }
        phase.go(to: .inputEnded)
        endBulk()
        settle()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        // The peer has gone in the middle of something, and nobody is left to be told.
        context.close(promise: nil)
    }

    /// Finishes the open requests and closes.
    func drain() {
        hub.loop.preconditionInEventLoop()
        guard isOpen else { return }
        phase.go(to: .draining)
        endBulk()
        settle()
    }

    /// Takes over a reload. The role stays: it was fixed when the peer was let in.
    func adopt(_ services: Services) {
        hub.loop.preconditionInEventLoop()
        self.services = services
        judgeSubscriptionsAnew()
    }

    func abort() {
        hub.loop.preconditionInEventLoop()
        context?.close(promise: nil)
    }

    private func watchIdleness(_ context: ChannelHandlerContext) {
        let timeout = TimeAmount.milliseconds(services.limits.idleTimeout.milliseconds)
        let check = context.eventLoop.assumeIsolated().scheduleTask(deadline: lastInput + timeout) { [weak self] in
            guard let self, context.channel.isActive else { return }
            let isBusy = !subscriptions.isEmpty || !requests.isEmpty || !readsRequests
            if !isBusy && NIODeadline.now() - lastInput >= timeout {
                context.close(promise: nil)
                return
            }
            if isBusy { lastInput = .now() }
            watchIdleness(context)
        }
        idleCheck = { check.cancel() }
    }

    // MARK: Bytes in

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        lastInput = .now()
        guard !phase.isClosing else { return }
        unwrapInboundIn(data).withUnsafeReadableBytes { bytes in
            if case .bulk(let pipe) = intake { pipe.append(bytes) } else { scanner.append(bytes) }
        }
        settle()
    }

    /// Goes on with everything that can go on: answers, parses, starts, submits, sends.
    func settle() {
        hub.loop.preconditionInEventLoop()
        isUnsettled = false
        // Writing reports free room at once, and so may come back here in the middle of this.
        guard isOpen, !phase.isClosing, turn.begin() else { return }
        repeat {
            turn.beginRound()
            leaveBulkWhenOver()
            advance()
            while !turn.isYielding, parse() { advance() }
            submitJobs()
            tellHeld()
            flush()
        } while turn.goesRound && !isOverloaded && isOpen && !phase.isClosing
        turn.end()
        guard isOpen, !phase.isClosing else { return }
        regulateReading()
        if phase.isInputOver && requests.isEmpty && readsRequests && turn.isComplete {
            closeAfterFlush(patience: .milliseconds(services.limits.idleTimeout.milliseconds))
        }
    }

    /// Whether the next bytes are read as requests, or would be.
    var readsRequests: Bool { if case .requests = intake { true } else { false } }

    /// Whether so many bytes wait for the client that it has to take them first.
    var isBackedUp: Bool { outbox.isOver(hub.allowance(services.limits)) }

    /// Whether the client has so many open requests or untaken bytes that it has to take its replies first.
    var isOverloaded: Bool {
        requests.count >= services.limits.maxInFlight || requests.bytes > services.limits.maxBacklogBytes || isBackedUp
    }

    /// Lets the other connections have a turn before the remaining lines.
    func yield() {
        guard turn.yield() else { return }
        context.eventLoop.assumeIsolated().execute { [self] in
            turn.resume()
            settle()
        }
    }

    private func regulateReading() {
        let shouldPause = isOverloaded || isAhead
        guard shouldPause != isReadingPaused, !phase.isInputOver else { return }
        isReadingPaused = shouldPause
        context.channel.setOption(ChannelOptions.autoRead, value: !shouldPause).whenFailure { _ in }
    }

    /// Whether the client has sent more than can be read now.
    private var isAhead: Bool {
        switch intake {
        case .requests: turn.isYielding && scanner.unread > ControlConnection.mostAhead
        // Lines for a transfer that waits its turn may not be read as requests, nor be gathered without end.
        case .undecided: scanner.unread > ControlConnection.mostAhead
        case .bulk(let pipe): pipe.isFull
        }
    }

    private static let mostAhead = 262_144

    /// The number of changes that go to the writer at once while more are read: it works while the event loop parses.
    static let batchSize = 8

    func submitJobs() {
        guard !jobs.isEmpty else { return }
        services.writer.submit(jobs)
        jobs.removeAll(keepingCapacity: true)
    }

    // MARK: Bytes out

    func flush() {
        // The lines are taken out first: writing may come back here.
        if let bytes = outbox.takeLines() { write(bytes) }
    }

    /// Hands bytes to the kernel; those that it does not take at once count until it does.
    @discardableResult
    private func write(_ bytes: ByteBuffer) -> EventLoopFuture<Void> {
        let count = bytes.readableBytes
        outbox.sends(count)
        hub.backlog.unsent += count
        let written = context.writeAndFlush(wrapOutboundOut(bytes))
        written.assumeIsolated().whenComplete { [self] _ in
            let markBefore = hub.allowance(services.limits)
            hub.backlog.unsent -= count
            let hasRoom = outbox.took(count, markBefore: markBefore, mark: hub.allowance(services.limits))
            if hasRoom, isOpen { settle() }
        }
        return written
    }

    /// Sends a piece of a listing and tells its stream when the kernel has it.
    func send(_ bytes: [UInt8], from stream: RowStream) {
        hub.loop.preconditionInEventLoop()
        guard isOpen, !phase.isClosing else { return stream.close() }
        flush()
        write(ByteBuffer(bytes: bytes)).whenComplete { result in
            if case .success = result { stream.sent(bytes.count) } else { stream.close() }
        }
    }

    /// The time that a client which is given up has to take its last bytes.
    static let shortPatience = TimeAmount.seconds(10)

    /// Sends the remaining bytes and closes; a client that does not take them is cut off after `patience`.
    func closeAfterFlush(patience: TimeAmount) {
        guard phase.go(to: .closing) else { return }
        subscriptions = []
        stream?.close()
        // The channel is kept alive by the event loop until it is closed.
        let channel = context.channel
        // Scheduled before the writing, which may close the channel at once and then has this to cancel.
        cutOff = context.eventLoop.scheduleTask(in: patience) { channel.close(promise: nil) }
        write(outbox.takeLines() ?? ByteBuffer()).whenComplete { _ in
            channel.close(promise: nil)
        }
    }
}
