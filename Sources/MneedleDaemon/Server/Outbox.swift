import MneedleKit
import NIOCore

/// The way out to a client: the lines that wait to be sent, and the sent bytes that it has not taken yet.
struct Outbox {
    /// Whole lines that are sent together.
    var lines = ReplyBuffer()
    /// The bytes that were handed to the channel and that the kernel has not taken yet.
    private(set) var unsent = 0

    /// The bytes for the client that it has not taken.
    var backlog: Int { unsent + lines.bytes.count }

    /// Whether the client has to take something before more is sent to it.
    func isOver(_ mark: Int) -> Bool { backlog > mark }

    /// Takes the lines out, to be sent at once.
    /// - Returns: `nil` where there are none.
    mutating func takeLines() -> ByteBuffer? {
        guard !lines.isEmpty else { return nil }
        defer { lines.removeAll() }
        return ByteBuffer(bytes: lines.bytes)
    }

    /// Counts bytes that go to the kernel, until it takes them.
    mutating func sends(_ count: Int) { unsent += count }

    /// Notes that the kernel has taken so many bytes.
    /// - Parameters:
    ///   - markBefore: The mark before they were taken.
    ///   - mark: The mark now, which may be higher when others' bytes are gone too.
    /// - Returns: Whether there is room now and was none before.
    mutating func took(_ count: Int, markBefore: Int, mark: Int) -> Bool {
        let wasOver = isOver(markBefore)
        unsent -= count
        return wasOver && !isOver(mark)
    }
}

/// The bytes that all clients together have not taken yet, and the share that each may leave.
struct SharedBacklog {
    /// The bytes that the kernel has not taken yet.
    var unsent = 0

    private static let leastAllowance = 16_384

    /// The bytes that one connection may leave untaken. Once all together have left half of the limit for all, each has its
    /// share of the other half: clients that do not read keep nobody from being answered.
    func allowance(_ limits: Limits, among connections: Int) -> Int {
        let half = limits.maxBacklogTotalBytes / 2
        if unsent <= half { return limits.maxBacklogBytes }
        return min(limits.maxBacklogBytes, max(SharedBacklog.leastAllowance, half / max(1, connections)))
    }
}
