import MneedleBulkKit
import MneedleKit
import NIOCore

/// A client of a write-only socket: its lines go to the module's receiver, and nothing goes back.
// Sendable: touched on its event loop alone; the hub and the pipe, through which it is reached from elsewhere, check that.
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
        let channel = context.channel
        self.channel = channel
        let (collector, actor) = (collector, actor)
        let pipe = BulkPipe(
            services, hub, BulkPipe.Sender(module: module, request: "\(collector.socket).sock", actor: actor)
        ) { progress, pipe in
            switch progress {
            case .ready: break
            case .durable: channel.setOption(ChannelOptions.autoRead, value: !pipe.isFull).whenFailure { _ in }
            case .finished, .failed: channel.close(promise: nil)
            }
        }
        self.pipe = pipe
        pipe.open { try collector.begin(actor, $0) }
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

    /// Finishes the lines that have come and closes.
    func drain() { pipe?.end() }

    func abort() { channel?.close(promise: nil) }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }
}
