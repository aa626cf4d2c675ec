import Foundation
import MneedleKit
import NIOCore

/// Carries a listing from a reader's thread to its connection, piece by piece. The reader waits while the
/// client does not read, so that no listing is ever whole in memory, and stops when the client is gone.
// Sendable: `condition` guards the counters; `buffer` belongs to the reader's thread alone.
final class RowStream: @unchecked Sendable {
    /// The client is gone or takes nothing; the handler that meets it just ends.
    struct Closed: Error {}

    private static let chunkBytes = 32_768
    private static let mostUnsent = 262_144
    private static let patience = 30.0

    private let tag: String?
    private let send: @Sendable ([UInt8], RowStream) -> Void
    private let condition = NSCondition()
    private var unsent = 0
    private var stalledSince: NIODeadline?
    private var isClosed = false
    private(set) var buffer = ReplyBuffer()

    /// - Parameter send: Hands bytes to the connection, which calls ``sent(_:)`` when the kernel has them.
    init(tag: String?, send: @escaping @Sendable ([UInt8], RowStream) -> Void) {
        self.tag = tag
        self.send = send
    }

    func row(_ object: Object) throws {
        try Sizes.check(object, atMost: Sizes.row, "a row")
        buffer.row(tag, object)
        try flush(atLeast: RowStream.chunkBytes)
    }

    func event(_ event: Event) throws {
        buffer.event(tag, event)
        try flush(atLeast: RowStream.chunkBytes)
    }

    func flush(atLeast bytes: Int = 1) throws {
        let count = buffer.bytes.count
        guard count >= bytes else { return }
        try reserve(count)
        send(buffer.bytes, self)
        buffer.removeAll()
    }

    private func reserve(_ count: Int) throws {
        condition.lock()
        defer { condition.unlock() }
        if unsent > RowStream.mostUnsent && !isClosed {
            let deadline = Date(timeIntervalSinceNow: RowStream.patience)
            stalledSince = .now()
            while unsent > RowStream.mostUnsent && !isClosed {
                if !condition.wait(until: deadline) { isClosed = true }
            }
            stalledSince = nil
        }
        if isClosed { throw Closed() }
        unsent += count
    }

    /// The kernel has taken `count` bytes.
    func sent(_ count: Int) {
        condition.lock()
        unsent -= count
        condition.signal()
        condition.unlock()
    }

    /// Whether the reader has waited so long for the client to take anything.
    func isStalled(for time: TimeAmount) -> Bool {
        condition.lock()
        defer { condition.unlock() }
        return stalledSince.map { NIODeadline.now() - $0 >= time } ?? false
    }

    func close() {
        condition.lock()
        isClosed = true
        condition.signal()
        condition.unlock()
    }
}
