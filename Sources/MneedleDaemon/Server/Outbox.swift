import MneedleKit
import NIOCore

/// The way out to a client: the lines that wait to be sent, and how much of what was sent it has not taken yet.
struct Outbox {
    /// Whole lines that are sent together.
    var lines = ReplyBuffer()
    /// The bytes that were handed to the channel and that the kernel has not taken yet.
    private(set) var unsent = 0

    /// How much the client has been told and has not taken.
    var backlog: Int { unsent + lines.bytes.count }

    /// Whether the client has to take something before it is told more.
    func isOver(_ mark: Int) -> Bool { backlog > mark }

    /// Takes the lines out, to be sent at once.
    /// - Returns: `nil` where there are none.
    mutating func takeLines() -> ByteBuffer? {
        guard !lines.isEmpty else { return nil }
        defer { lines.removeAll() }
        return ByteBuffer(bytes: lines.bytes)
    }

    /// So many bytes go to the kernel; they count until it takes them.
    mutating func sends(_ count: Int) { unsent += count }

    /// The kernel has taken so many bytes.
    /// - Parameters:
    ///   - markBefore: The mark before that.
    ///   - mark: The mark now, which may be higher when others' bytes are gone too.
    /// - Returns: Whether there is room again that was not there before.
    mutating func took(_ count: Int, markBefore: Int, mark: Int) -> Bool {
        let wasOver = isOver(markBefore)
        unsent -= count
        return wasOver && !isOver(mark)
    }
}

/// The bytes that all clients together have not taken yet, and how many each may leave.
struct SharedBacklog {
    /// Bytes that the kernel has not taken yet.
    var unsent = 0

    private static let leastAllowance = 16_384

    /// How much one connection may have that it has not taken. Once all together have half of what there is for all,
    /// each has its share of the other half: nobody is kept from being answered by others who do not read.
    func allowance(_ limits: Limits, among connections: Int) -> Int {
        let half = limits.maxBacklogTotalBytes / 2
        if unsent <= half { return limits.maxBacklogBytes }
        return min(limits.maxBacklogBytes, max(SharedBacklog.leastAllowance, half / max(1, connections)))
    }
}
