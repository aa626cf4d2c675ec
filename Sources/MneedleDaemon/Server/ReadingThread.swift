import CMneedleSystem
import Foundation
import Glibc
import MneedleKit

/// A thread that waits for what can be read, until it is told to stop; it sleeps meanwhile.
final class ReadingThread: Sendable {
    enum Woken { case stop, ready }

    private let stopping: Int32
    private let ended = DispatchSemaphore(value: 0)

    init() throws {
        stopping = mneedle_event_create()
        guard stopping >= 0 else {
            throw ModuleError.internal("cannot make a descriptor: \(String(cString: strerror(-stopping)))")
        }
    }

    /// Runs `body`, which returns when ``wait(for:milliseconds:)`` says that it is to stop.
    func start(_ name: String, _ body: @escaping @Sendable () -> Void) {
        startThread(name, stackBytes: 1 << 18) { [ended] in
            body()
            ended.signal()
        }
    }

    /// Has the thread end and waits for that.
    func stop() {
        var one: UInt64 = 1
        _ = write(stopping, &one, 8)
        ended.wait()
        close(stopping)
    }

    /// Blocks until one of the descriptors is ready, the time is over, or the thread is to stop.
    func wait(for descriptors: [Int32], milliseconds: Int32 = -1) -> Woken {
        var all = ([stopping] + descriptors).map { pollfd(fd: $0, events: Int16(POLLIN), revents: 0) }
        while poll(&all, nfds_t(all.count), milliseconds) < 0 && errno == EINTR {}
        return all[0].revents != 0 ? .stop : .ready
    }
}
