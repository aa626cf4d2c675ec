import Foundation
import Testing

@testable import MneedleDaemon

@Suite("What the log says")
struct JournalMessageTests {
    private static let catalogue = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent().appendingPathComponent(
            "systemd/catalog/mneedle.catalog")

    @Test("the journal's catalogue explains every message, says what it is about, and no other")
    func catalogued() throws {
        let entries = try String(contentsOf: Self.catalogue, encoding: .utf8).components(separatedBy: "\n-- ")
            .dropFirst()
        var explained: Set<String> = []
        for entry in entries {
            let lines = entry.split(separator: "\n", omittingEmptySubsequences: false)
            explained.insert(String(lines[0]))
            #expect(lines.contains { $0.hasPrefix("Subject: ") && $0.count > 20 }, "\(lines[0])")
            #expect(entry.count > 150, "\(lines[0]) explains little")
        }
        #expect(explained == Set(JournalMessage.allCases.map(\.id)))
        #expect(explained.count == JournalMessage.allCases.count)
        #expect(explained.allSatisfy { $0.count == 32 && $0.allSatisfy(\.isHexDigit) })
    }

    @Test("the catalogue names the file in which its ids stand")
    func named() throws {
        let text = try String(contentsOf: Self.catalogue, encoding: .utf8)
        let path = try #require(text.firstMatch(of: #/Sources/[A-Za-z/]+\.swift/#)).output
        let root = Self.catalogue.deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        let source = try String(contentsOf: root.appendingPathComponent(String(path)), encoding: .utf8)
        #expect(JournalMessage.allCases.allSatisfy { source.contains($0.id) })
    }

    @Test("the same message is said some times a minute, then counted, and the count is told afterwards")
    func rateLimited() {
        let repeats = Repeats()
        let start = ContinuousClock.now
        for _ in 0..<Repeats.limit { #expect(repeats.judge("a", now: start) == .said(held: 0)) }
        for second in 0..<50 { #expect(repeats.judge("a", now: start + .seconds(second)) == .held) }
        #expect(repeats.judge("b", now: start + .seconds(1)) == .said(held: 0), "another one is not held back")
        #expect(repeats.judge("a", now: start + .seconds(60)) == .said(held: 50))
        #expect(repeats.judge("a", now: start + .seconds(61)) == .said(held: 0))
    }

    @Test("messages that differ each time do not fill the memory, and none is held back")
    func bounded() {
        let repeats = Repeats()
        let now = ContinuousClock.now
        for number in 0..<100_000 { #expect(repeats.judge("m\(number)", now: now) == .said(held: 0)) }
    }
}
