import MneedleKit
import NIOCore

/// A client of a write-only socket: its lines go to the module's receiver, nothing goes back.
// Sendable: touched on its event loop alone.
final class CollectorConnection: ChannelInboundHandler, @unchecked Sendable {
    typealias InboundIn = ByteBuffer
    private let services: Services
    private let hub: Hub
    private let module: String
    private let collector: Collector
    let actor: Actor
    private var pipe: BulkPipe?
    private var channel: (any Channel)?

    init(services: Services, hub: Hub, module: String, collector: Collector, actor: Actor) {
        self.services = services
        self.hub = hub
        self.module = module
        self.collector = collector
        self.actor = actor
    }

    func channelActive(context: ChannelHandlerContext) {
        hub.register(self)
        begin(context)
        if hub.isDraining { drain() }
    }

    private func begin(_ context: ChannelHandlerContext) {
        self.channel = context.channel
        let receiver = BulkPipe.Receiver()
        let (collector, actor, writer) = (collector, actor, services.writer)
        let request = "\(collector.socket).sock"
        let channel = context.channel
        let pipe = BulkPipe(
            receiver: receiver, house: services.engine.house, module: module, request: request, actor: actor,
            limit: services.limits.maxLineBytes, hasTerminator: false,
            clock: services.engine.clock, tell: { [hub] in hub.tellLive($0, $1) }, submit: { writer.submit([$0]) },
            progress: { [weak self] progress in
                switch progress {
                case .durable:
                    let isFull = self?.pipe?.isFull ?? false
                    channel.setOption(ChannelOptions.autoRead, value: !isFull).whenFailure { _ in }
                case .finished, .failed: channel.close(promise: nil)
                }
            })
        self.pipe = pipe
        writer.submit([
            Job(
                actor: actor, module: module, request: request,
                run: { transaction in
                    receiver.receiver = try collector.begin(actor, transaction)
                    return [:]
                },
                // The pipe outlives this connection: who sends and leaves at once is heard all the same.
                done: { result in
                    switch result {
                    case .success: pipe.begin()
                    case .failure: channel.close(promise: nil)
                    }
                })
        ])
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        unwrapInboundIn(data).withUnsafeReadableBytes { pipe?.append($0) }
        if pipe?.isFull ?? false {
            context.channel.setOption(ChannelOptions.autoRead, value: false).whenFailure { _ in }
        }
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if case ChannelEvent.inputClosed = event { pipe?.end() }
    }

    func channelInactive(context: ChannelHandlerContext) {
        pipe?.end()
        hub.remove(self)
    }

    func handlerRemoved(context: ChannelHandlerContext) { channel = nil }

    /// Finishes what has come and closes.
    func drain() { pipe?.end() }

    func abort() { channel?.close(promise: nil) }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }
}
