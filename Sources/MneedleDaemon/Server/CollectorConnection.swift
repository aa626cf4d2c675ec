import MneedleKit
import NIOCore

/// A client of a write-only socket: its lines go to the module's receiver, nothing goes back.
// Sendable: touched on its event loop alone.
final class CollectorConnection: ChannelInboundHandler, @unchecked Sendable {
    typealias InboundIn = ByteBuffer
    private let services: Services
    private let module: String
    private let collector: Collector
    private let actor: Actor
    private var pipe: BulkPipe?

    init(services: Services, module: String, collector: Collector, actor: Actor) {
        self.services = services
        self.module = module
        self.collector = collector
        self.actor = actor
    }

    func channelActive(context: ChannelHandlerContext) {
        let receiver = BulkPipe.Receiver()
        let (collector, actor, writer) = (collector, actor, services.writer)
        let channel = context.channel
        let begin = Job(
            actor: actor, module: module, isExclusive: true,
            run: { transaction in
                receiver.receiver = try collector.begin(actor, transaction)
                return [:]
            },
            done: { result in if case .failure = result { channel.close(promise: nil) } })
        writer.submit([begin])
        pipe = BulkPipe(
            receiver: receiver, module: module, actor: actor, limit: services.limits.maxLineBytes, hasTerminator: false,
            submit: { writer.submit([$0]) },
            progress: { [unowned self] progress in
                switch progress {
                case .durable:
                    channel.setOption(ChannelOptions.autoRead, value: !(pipe?.isFull ?? false)).whenFailure { _ in }
                case .finished, .failed: channel.close(promise: nil)
                }
            })
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

    func channelInactive(context: ChannelHandlerContext) { pipe?.end() }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }
}
