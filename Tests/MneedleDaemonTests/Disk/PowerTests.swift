import Foundation
import MneedleFaults
import MneedleRandom
import MneedleTestKit
import Testing

@testable import MneedleDaemon

/// Each crash leaves any part of what was not synced: acknowledged ⊆ kept ⊆ asked, nothing half done, nothing twice.
@Suite("The power goes")
struct PowerTests {
    /// How many seconds the long form has, which `MNEEDLE_LONG` asks for; an hour for 1.
    private static let long = ProcessInfo.processInfo.environment["MNEEDLE_LONG"].flatMap(Int.init).map {
        $0 > 1 ? $0 : 3_600
    }
    /// How many lives one store has.
    private static let lives = 25

    private static func violation(_ seed: UInt64, _ hasFaults: Bool) -> String? {
        let plan = PowerPlan(seed: seed, lives: lives, hasFaults: hasFaults)
        guard let violation = plan.violation else { return nil }
        let shortest = plan.shortest()
        return """
            seed \(seed), faults \(hasFaults): \(violation)
            the shortest: \(shortest.violation ?? "none")
            \(shortest)
            """
    }

    @Test(
        "what was acknowledged is kept, what was refused is not, and nothing is half done, wherever the power goes",
        arguments: 0..<4, [false, true])
    func keepsItsWord(strand: UInt64, hasFaults: Bool) throws {
        let seeds: UInt64 = PowerTests.long == nil ? 10 : 10_000
        let end = ContinuousClock.now + .seconds(PowerTests.long ?? 600)
        var crashes = 0
        for seed in 0..<seeds where ContinuousClock.now < end {
            if let violation = PowerTests.violation(seed * 4 + strand, hasFaults) {
                Issue.record("\(violation)")
                return
            }
            crashes += PowerTests.lives
        }
        if PowerTests.long != nil { print("power cuts of strand \(strand): \(crashes)") }
        #expect(crashes >= PowerTests.lives * (PowerTests.long == nil ? 10 : 1))
    }

    @Test("that finds a store which acknowledges before it has synced")
    func theTestBites() throws {
        var found: [String] = []
        for seed in 0..<20 as Range<UInt64> {
            let store = try FaultyStore()
            try store.open()
            try store.synchronizeNever()
            try store.ask([Change(id: 1, kind: .note), Change(id: 2, kind: .device)])
            try store.crash(luck: seed)
            do {
                try store.open()
                try store.judge()
            } catch { found.append("\(error)") }
        }
        #expect(found.count > 5, "\(found)")
    }
}
