import Glibc

/// Blocks until one of the descriptors can be read or is at its end, or the time is over.
/// - Parameter milliseconds: The longest time to wait; without limit if negative.
/// - Returns: For each descriptor, in their order, whether it is ready; none is when the time is over.
@discardableResult
public func waitUntilReadable(_ descriptors: [CInt], milliseconds: CInt = -1) -> [Bool] {
    var entries = descriptors.map { pollfd(fd: $0, events: Int16(POLLIN), revents: 0) }
    while poll(&entries, nfds_t(entries.count), milliseconds) < 0, errno == EINTR {}
    return entries.map { $0.revents != 0 }
}

extension Duration {
    /// The duration in milliseconds, rounded up, as `poll(2)` takes it.
    public var milliseconds: CInt {
        let (seconds, attoseconds) = components
        return CInt(clamping: seconds * 1_000 + (attoseconds + 999_999_999_999_999) / 1_000_000_000_000_000)
    }
}
