import MneedleKit
import NIOCore
import NIOPosix
import Synchronization

/// The threads on which reads run. A client that does not take its listing keeps one waiting; when others need it, that
/// client is given up. Lives on the event loop, but for the counters.
// Sendable: `streams` and `isWatching` are touched on the event loop alone.
final class Readers: @unchecked Sendable {
    private static let threads = 8
    /// How long a client may take nothing while others wait.
    private static let patience = TimeAmount.seconds(1)

    private let pool = NIOThreadPool(numberOfThreads: Readers.threads)
    private var streams: [ObjectIdentifier: RowStream] = [:]
    private var isWatching = false
    /// Reads that no thread has taken up yet.
    private let waiting = Atomic<Int>(0)

    init() { pool.start() }

    /// Runs `body` on a thread as soon as there is one. Call ``finished(_:)`` afterwards.
    func run(_ stream: RowStream, on loop: any EventLoop, _ body: @escaping @Sendable () -> Void) {
        streams[ObjectIdentifier(stream)] = stream
        waiting.wrappingAdd(1, ordering: .relaxed)
        pool.submit { _ in
            self.waiting.wrappingSubtract(1, ordering: .relaxed)
            body()
        }
        if streams.count > Readers.threads { watch(loop) }
    }

    func finished(_ stream: RowStream) { streams[ObjectIdentifier(stream)] = nil }

    /// Looks after a while whether somebody still waits for threads that others only hold.
    private func watch(_ loop: any EventLoop) {
        guard !isWatching else { return }
        isWatching = true
        loop.scheduleTask(in: Readers.patience) { [self] in
            isWatching = false
            let waiting = waiting.load(ordering: .relaxed)
            guard waiting > 0 else { return }
            for stream in streams.values.filter({ $0.isStalled(for: Readers.patience) }).prefix(waiting) {
                stream.close()
            }
            watch(loop)
        }
    }

    func shutdownGracefully() async throws { try await pool.shutdownGracefully() }
}
