import MneedleKit
import MneedleWire
import NIOCore

/// One client: bytes in, replies out, in the order of its requests.
///
/// This file moves bytes; `Connection+Requests.swift` orders and runs requests, `Connection+Bulk.swift` takes bulk
/// lines, `Connection+Events.swift` tells events.
// Sendable: everything in it is touched on its event loop alone.
final class Connection: ChannelInboundHandler, @unchecked Sendable {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private(set) var services: Services
    let hub: Hub
    let actor: Actor
    var context: ChannelHandlerContext!
    var scanner: LineScanner
    var out = ReplyBuffer()
    /// Requests that are not answered yet, in their order; the first `running` of them run.
    var pending = CircularBuffer<PendingRequest>()
    var running = 0
    /// Work for the writer, gathered while a piece of input is handled.
    var jobs: [Job] = []
    /// A bulk command waits or runs: what follows it may not be requests.
    var isParsingPaused = false
    var bulk: BulkPipe?
    var stream: RowStream?
    var subscriptions: [Subscription] = []
    var isUnsettled = false
    /// How many bytes of requests wait in `pending`.
    var pendingBytes = 0
    /// What was handed to the kernel and not taken by it yet.
    private(set) var unsent = 0
    /// Lines are left that wait for the next turn of the event loop.
    var isYielding = false
    private(set) var isInputEnded = false
    private(set) var isClosing = false
    /// Something could go on but for what the client has not taken yet.
    var isHeldBack = false
    private var isSettling = false
    private var hasMoreToDo = false
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
        out.greeting([
            "version": services.version, "role": actor.role.rawValue, "user": actor.user,
            "modules": services.engine.house.modules.filter { $0.state == .running }.map(\.name),
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
        bulk?.end()
        hub.remove(self)
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        // Each holds the other.
        self.context = nil
    }

    /// Whether there is somebody to talk to; results may come when the client has gone.
    var isOpen: Bool { context?.channel.isActive ?? false }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        guard case ChannelEvent.inputClosed = event else { return }
        isInputEnded = true
        bulk?.end()
        settle()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        // The peer has gone in the middle of something; nobody is left to tell.
        context.close(promise: nil)
    }

    /// Finishes what was asked and closes.
    func drain() {
        guard isOpen else { return }
        isInputEnded = true
        isParsingPaused = true
        bulk?.end()
        settle()
    }

    /// Goes on by other knowledge. The role stays: it was fixed when the peer was let in.
    func adopt(_ services: Services) {
        self.services = services
        judgeSubscriptionsAnew()
    }

    func abort() { context?.close(promise: nil) }

    private func watchIdleness(_ context: ChannelHandlerContext) {
        let timeout = TimeAmount.milliseconds(services.limits.idleTimeout.milliseconds)
        let check = context.eventLoop.assumeIsolated().scheduleTask(deadline: lastInput + timeout) { [weak self] in
            guard let self, context.channel.isActive else { return }
            let isBusy = !subscriptions.isEmpty || !pending.isEmpty || bulk != nil
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
        guard !isClosing else { return }
        unwrapInboundIn(data).withUnsafeReadableBytes { bytes in
            if let bulk { bulk.append(bytes) } else { scanner.append(bytes) }
        }
        settle()
    }

    /// Goes on with everything that can go on: answers, parses, starts, submits, sends.
    func settle() {
        isUnsettled = false
        guard isOpen, !isClosing else { return }
        // Writing tells at once when there is room again, in the middle of this.
        hasMoreToDo = true
        guard !isSettling else { return }
        isSettling = true
        repeat {
            (hasMoreToDo, isHeldBack) = (false, false)
            leaveBulkWhenOver()
            advance()
            while !isYielding, parse() { advance() }
            submitJobs()
            tellHeld()
            flush()
        } while (hasMoreToDo || isHeldBack) && !isYielding && !isOverloaded && isOpen && !isClosing
        isSettling = false
        guard isOpen, !isClosing else { return }
        regulateReading()
        if isInputEnded && pending.isEmpty && bulk == nil && !isHeldBack && !isYielding {
            closeAfterFlush(patience: .milliseconds(services.limits.idleTimeout.milliseconds))
        }
    }

    /// Whether the client has been told so much that it has to take that first.
    var isBackedUp: Bool { unsent + out.bytes.count > hub.allowance(services.limits) }

    /// Whether the client has asked or been told so much that it has to take its replies first.
    var isOverloaded: Bool {
        pending.count >= services.limits.maxInFlight || pendingBytes > services.limits.maxBacklogBytes || isBackedUp
    }

    /// Lets the others have a turn before the lines that are left.
    func yield() {
        guard !isYielding else { return }
        isYielding = true
        context.eventLoop.assumeIsolated().execute { [self] in
            isYielding = false
            settle()
        }
    }

    private func regulateReading() {
        // Lines for a transfer that waits its turn may not be read as requests, nor be gathered without end.
        let isAhead = isParsingPaused && bulk == nil && scanner.unread > Connection.mostAhead
        let isBehind = isYielding && scanner.unread > Connection.mostAhead
        let shouldPause = isOverloaded || isAhead || isBehind || (bulk?.isFull ?? false)
        guard shouldPause != isReadingPaused, !isInputEnded else { return }
        isReadingPaused = shouldPause
        context.channel.setOption(ChannelOptions.autoRead, value: !shouldPause).whenFailure { _ in }
    }

    private static let mostAhead = 262_144

    /// So many changes go to the writer at once while more are read: it works while the event loop parses.
    static let batchSize = 8

    func submitJobs() {
        guard !jobs.isEmpty else { return }
        services.writer.submit(jobs)
        jobs.removeAll(keepingCapacity: true)
    }

    // MARK: Bytes out

    func flush() {
        guard !out.isEmpty else { return }
        // Emptied before: writing may come back here.
        let bytes = ByteBuffer(bytes: out.bytes)
        out.removeAll()
        write(bytes)
    }

    /// Hands bytes to the kernel; what it does not take at once counts until it does.
    @discardableResult
    private func write(_ bytes: ByteBuffer) -> EventLoopFuture<Void> {
        let count = bytes.readableBytes
        unsent += count
        hub.unsent += count
        let written = context.writeAndFlush(wrapOutboundOut(bytes))
        written.assumeIsolated().whenComplete { [self] _ in
            let wasBackedUp = isOpen && isBackedUp
            unsent -= count
            hub.unsent -= count
            if wasBackedUp, isOpen, !isBackedUp { settle() }
        }
        return written
    }

    /// Sends a piece of a listing and tells its stream when the kernel has it.
    func send(_ bytes: [UInt8], from stream: RowStream) {
        guard isOpen, !isClosing else { return stream.close() }
        flush()
        write(ByteBuffer(bytes: bytes)).whenComplete { result in
            if case .success = result { stream.sent(bytes.count) } else { stream.close() }
        }
    }

    /// How long a client that is given up has to take what it was told.
    static let shortPatience = TimeAmount.seconds(10)

    /// Sends what is left and closes; a client that does not take it is cut off after a while.
    func closeAfterFlush(patience: TimeAmount) {
        guard !isClosing else { return }
        isClosing = true
        isParsingPaused = true
        subscriptions = []
        stream?.close()
        // The channel is kept alive by the event loop until it is closed.
        let channel = context.channel
        // Before the writing, which may close the channel at once and then has this to cancel.
        cutOff = context.eventLoop.scheduleTask(in: patience) { channel.close(promise: nil) }
        let bytes = ByteBuffer(bytes: out.bytes)
        out.removeAll()
        write(bytes).whenComplete { _ in
            channel.close(promise: nil)
        }
    }
}
