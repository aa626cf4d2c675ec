import Dispatch
import MneedleBulkKit
import MneedleKit
import NIOCore

/// The way of lines from datagrams, which have no connection, to a module's receiver. Its two methods are called from a thread
/// of the source's own.
// Sendable: its state is touched on the event loop alone, which it checks.
final class LineSource: @unchecked Sendable {
    private let loop: any EventLoop
    private var pipe: BulkPipe!
    private var isOver = false
    /// The callback of the thread that waits for room, or until all is stored.
    private var waiter: ((Bool) -> Void)?
    private var isEnding = false

    /// - Parameter request: The socket that a peer writes to.
    init(
        _ services: Services, _ hub: Hub, module: String, request: String? = nil, actor: Actor,
        begin: @escaping @Sendable (Actor, any BulkTransaction) throws -> any BulkReceiver
    ) {
        loop = hub.loop
        pipe = BulkPipe(services, hub, BulkPipe.Sender(module: module, request: request, actor: actor)) {
            [weak self] progress, _ in self?.take(progress)
        }
        pipe.open { try begin(actor, $0) }
    }

    private func take(_ progress: BulkPipe.Progress) {
        loop.preconditionInEventLoop()
        switch progress {
        case .ready: break
        case .durable: if !isEnding && !pipe.isFull { release(true) }
        case .finished, .failed:
            isOver = true
            release(false)
        }
    }

    private func release(_ goesOn: Bool) {
        waiter?(goesOn)
        waiter = nil
    }

    /// Hands bytes over and waits while there is no room for more.
    /// - Returns: Whether it takes any more.
    func feed(_ bytes: [UInt8]) -> Bool {
        // In pieces, between which the event loop serves others.
        stride(from: 0, to: bytes.count, by: LineSource.largestPiece).allSatisfy { start in
            wait { [self] in
                guard !isOver else { return false }
                bytes[start..<min(start + LineSource.largestPiece, bytes.count)].withUnsafeBytes { pipe.append($0) }
                return pipe.isFull ? nil : true
            }
        }
    }

    private static let largestPiece = 16_384

    /// Ends the source and waits until all its lines are stored.
    func finish() {
        _ = wait { [self] in
            guard !isOver else { return false }
            isEnding = true
            pipe.end()
            return isOver ? false : nil
        }
    }

    /// Runs `body` on the event loop and waits for an answer: from `body`, or else later from ``take(_:)``.
    private func wait(_ body: @escaping @Sendable () -> Bool?) -> Bool {
        let answered = DispatchSemaphore(value: 0)
        // Written before the signal, read after it.
        nonisolated(unsafe) var answer = false
        loop.execute { [self] in
            if let now = body() {
                answer = now
                answered.signal()
            } else {
                waiter = {
                    answer = $0
                    answered.signal()
                }
            }
        }
        answered.wait()
        return answer
    }
}
