import CMneedleSystem
import Glibc

/// A descriptor by which one thread wakes another that waits in `poll`.
public struct WakeUp: Sendable {
    /// The descriptor to wait for; it is readable from ``signal()`` to ``clear()``.
    public let descriptor: Descriptor

    /// Makes a descriptor without a signal.
    public init() throws(SystemError) {
        let result = mneedle_event_create()
        guard let descriptor = Descriptor(result) else { throw SystemError(-result) }
        self.descriptor = descriptor
    }

    /// Wakes a thread that waits now or later. The call is cheap, and allowed on any thread.
    public func signal() {
        var one: UInt64 = 1
        _ = write(descriptor.number, &one, 8)
    }

    /// Forgets all signals up to now.
    public func clear() {
        var count: UInt64 = 0
        _ = read(descriptor.number, &count, 8)
    }
}
