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
    private let control: ReadControl
    private let condition = NSCondition()
    private var unsent = 0
    private var stalledSince: NIODeadline?
    /// The time for which the reader has waited for the client, all in all.
    private var waited = TimeAmount.zero
    private var isClosed = false
    private(set) var buffer = ReplyBuffer()
    /// The last event that was put in the buffer, and the last that was sent.
    private var lastEvent: Int64?
    private(set) var lastSent: Int64?

    /// - Parameter send: Hands bytes to the connection, which calls ``sent(_:)`` when the kernel has taken them.
    init(
        tag: String?, control: ReadControl, send: @escaping @Sendable ([UInt8], RowStream) -> Void
    ) {
        self.tag = tag
        self.control = control
        self.send = send
    }

    func row(_ object: Object) throws {
        try Sizes.check(object, atMost: Sizes.row, "a row")
        try control.check()
        buffer.row(tag, object)
        try flush(atLeast: RowStream.chunkBytes)
    }

    func event(_ event: PublishedEvent) throws {
        try control.check()
        buffer.event(tag, event)
        lastEvent = event.sequence
        try flush(atLeast: RowStream.chunkBytes)
    }

    func flush(atLeast bytes: Int = 1) throws {
        let count = buffer.bytes.count
        guard count >= bytes else { return }
        try reserve(count)
        send(buffer.bytes, self)
        buffer.removeAll()
        lastSent = lastEvent
    }

    private func reserve(_ count: Int) throws {
        condition.lock()
        defer { condition.unlock() }
        if unsent > RowStream.mostUnsent && !isClosed {
            let deadline = Date(timeIntervalSinceNow: RowStream.patience)
            let since = NIODeadline.now()
            stalledSince = since
            while unsent > RowStream.mostUnsent && !isClosed && !control.isStopped {
                if !condition.wait(until: deadline) { isClosed = true }
            }
            waited = waited + (NIODeadline.now() - since)
            stalledSince = nil
        }
        if isClosed { throw Closed() }
        try control.check()
        unsent += count
    }

    /// Notes that the kernel has taken `count` bytes.
    func sent(_ count: Int) {
        condition.lock()
        unsent -= count
        condition.signal()
        condition.unlock()
    }

    /// Whether the reader has been waiting for the client for so long.
    func isStalled(for time: TimeAmount) -> Bool {
        condition.lock()
        defer { condition.unlock() }
        return stalledSince.map { NIODeadline.now() - $0 >= time } ?? false
    }

    /// The time for which the reader has waited for the client so far.
    func waited(at now: NIODeadline) -> TimeAmount {
        condition.lock()
        defer { condition.unlock() }
        return waited + (stalledSince.map { now - $0 } ?? .zero)
    }

    /// Has a waiting reader look at its control.
    func wake() {
        condition.lock()
        condition.signal()
        condition.unlock()
    }

    func close() {
        condition.lock()
        isClosed = true
        condition.signal()
        condition.unlock()
    }
}
