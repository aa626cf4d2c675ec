import Testing

@testable import MneedleDaemon

@Suite("What a client is told and has not taken")
struct OutboxTests {
    private func outbox(saying pongs: Int) -> Outbox {
        var outbox = Outbox()
        for _ in 0..<pongs { outbox.lines.pong() }
        return outbox
    }

    /// `OK {}` and its LF.
    private static let pong = 6

    @Test("a line counts from when it is said until the kernel has taken it")
    func counts() throws {
        var outbox = outbox(saying: 3)
        #expect(outbox.backlog == 3 * Self.pong && outbox.unsent == 0)
        let taken = outbox.takeLines()
        let bytes = try #require(taken)
        outbox.sends(bytes.readableBytes)
        #expect(outbox.backlog == 3 * Self.pong && outbox.unsent == 3 * Self.pong)
        _ = outbox.took(Self.pong, markBefore: 0, mark: 0)
        #expect(outbox.backlog == 2 * Self.pong)
    }

    @Test("lines are sent once, whole and in their order, and where there are none nothing is sent")
    func once() throws {
        var outbox = Outbox()
        let nothing = outbox.takeLines()
        #expect(nothing == nil)
        outbox.lines.pong()
        outbox.lines.ready("a")
        let taken = outbox.takeLines()
        let bytes = try #require(taken)
        #expect(String(buffer: bytes) == "OK {}\n#a READY {}\n")
        let again = outbox.takeLines()
        #expect(again == nil)
    }

    @Test("who has exactly as much as the mark is not over it")
    func mark() {
        let outbox = outbox(saying: 4)
        #expect(!outbox.isOver(4 * Self.pong))
        #expect(outbox.isOver(4 * Self.pong - 1))
    }

    @Test("that there is room again is said once, when the kernel takes what was over the mark")
    func roomAgain() throws {
        var outbox = outbox(saying: 4)
        let taken = outbox.takeLines()
        let bytes = try #require(taken)
        outbox.sends(bytes.readableBytes)
        let mark = 2 * Self.pong
        let said = (0..<4).map { _ in outbox.took(Self.pong, markBefore: mark, mark: mark) }
        #expect(said == [false, true, false, false])
        #expect(outbox.backlog == 0)
    }

    @Test("a mark that rises because others have read gives room too")
    func risingMark() {
        var outbox = outbox(saying: 4)
        outbox.sends(Self.pong)
        let higher = outbox.took(Self.pong, markBefore: 3 * Self.pong, mark: 4 * Self.pong)
        #expect(higher)
    }

    @Test("nobody is kept from being answered by others who do not read", arguments: [1, 8, 64, 1024, 65_536])
    func shares(connections: Int) {
        let limits = Limits()
        var backlog = SharedBacklog()
        #expect(backlog.allowance(limits, among: connections) == limits.maxBacklogBytes)
        backlog.unsent = limits.maxBacklogTotalBytes / 2
        #expect(backlog.allowance(limits, among: connections) == limits.maxBacklogBytes)
        backlog.unsent += 1
        let share = backlog.allowance(limits, among: connections)
        #expect((16_384...limits.maxBacklogBytes).contains(share))
        // Up to as many as there is a worthwhile share for, all shares fit into the other half.
        if connections <= 1024 { #expect(connections * share <= limits.maxBacklogTotalBytes / 2) }
    }
}
