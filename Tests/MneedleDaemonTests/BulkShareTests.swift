import Testing

@testable import MneedleDaemon

/// What senders of lines may have waiting in memory.
@Suite("Senders that are ahead of the store")
struct BulkShareTests {
    private static let lineLimit = 65_536

    @Test("one has 4 MiB, all together 32, and each room for a line, however many there are")
    func shares() {
        #expect(BulkPipe.share(of: 1, lineLimit: Self.lineLimit) == 4_194_304)
        #expect(BulkPipe.share(of: 8, lineLimit: Self.lineLimit) == 4_194_304)
        for senders in 1...256 {
            #expect(senders * BulkPipe.share(of: senders, lineLimit: Self.lineLimit) <= 33_554_432)
        }
        // More than have a part that is worth it: two lines each.
        #expect(BulkPipe.share(of: 1024, lineLimit: Self.lineLimit) == 131_072)
        #expect(BulkPipe.share(of: 0, lineLimit: Self.lineLimit) == 4_194_304)
    }
}
