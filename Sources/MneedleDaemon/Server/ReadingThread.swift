import MneedleSystem

/// A thread that waits for input, until it is told to stop; it sleeps meanwhile.
final class ReadingThread: Sendable {
    enum Woken { case stop, ready }

    private let thread: NamedThread
    private let stopping: WakeUp

    init(_ name: String) throws {
        thread = NamedThread(name, stackBytes: 1 << 18)
        stopping = try WakeUp()
    }

    /// Runs `body`, which returns when ``wait(for:milliseconds:)`` tells it to stop.
    func start(_ body: @escaping @Sendable () -> Void) throws { try thread.start(body) }

    /// Has the thread end and waits for its end.
    func stop() {
        stopping.signal()
        thread.join()
    }

    /// Blocks until one of the descriptors can be read, the time is over, or the thread is to stop.
    func wait(for descriptors: [Int32], milliseconds: Int32 = -1) -> Woken {
        waitUntilReadable([stopping.descriptor.number] + descriptors, milliseconds: milliseconds)[0] ? .stop : .ready
    }
}
