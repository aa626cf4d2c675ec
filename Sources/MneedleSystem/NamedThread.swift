import CMneedleSystem
import Glibc
import Synchronization

/// A thread with a name, which `top -H` and a debugger show, and with an end that can be waited for.
///
///     try NamedThread("reader").start { serve() }
public final class NamedThread: Sendable {
    private let name: String
    private let stackBytes: Int
    /// The thread, from its start until it is joined.
    private let thread = Mutex<pthread_t?>(nil)

    /// Makes a thread that does not run yet.
    /// - Parameter name: The name, at most 15 bytes; the kernel takes no longer one.
    public init(_ name: String, stackBytes: Int = 1 << 20) {
        self.name = name
        self.stackBytes = stackBytes
    }

    deinit { if let thread = thread.withLock({ $0 }) { pthread_detach(thread) } }

    /// The error for a thread that the system does not give, because of a limit or for lack of memory.
    public struct NotStarted: Error, CustomStringConvertible {
        /// The thread's name.
        public let name: String
        /// The system's error.
        public let error: SystemError
        public var description: String { "cannot start the thread '\(name)': \(error)" }
    }

    /// Runs `body` on the thread; to be called once.
    /// - Throws: The error for a thread that the system does not give; `body` is not run then.
    public func start(_ body: @escaping @Sendable () -> Void) throws(NotStarted) {
        var attributes = pthread_attr_t()
        pthread_attr_init(&attributes)
        pthread_attr_setstacksize(&attributes, stackBytes)
        defer { pthread_attr_destroy(&attributes) }
        let work = Unmanaged.passRetained(Work(name: name, body: body))
        var started = pthread_t()
        let error = pthread_create(
            &started, &attributes,
            { work in
                let work = Unmanaged<Work>.fromOpaque(work!).takeRetainedValue()
                mneedle_name_thread(work.name)
                work.body()
                return nil
            }, work.toOpaque())
        guard error == 0 else {
            work.release()
            throw NotStarted(name: name, error: SystemError(error))
        }
        thread.withLock { $0 = started }
    }

    /// Waits until the thread has ended; returns at once if it was never started. To be called from one other thread.
    public func join() {
        let started = thread.withLock { thread in
            defer { thread = nil }
            return thread
        }
        if let started { pthread_join(started, nil) }
    }
}

/// The work of a thread, on its way there.
private final class Work: Sendable {
    let name: String
    let body: @Sendable () -> Void

    init(name: String, body: @escaping @Sendable () -> Void) {
        self.name = name
        self.body = body
    }
}
