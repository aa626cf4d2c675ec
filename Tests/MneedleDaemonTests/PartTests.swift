import MneedleKit
import Synchronization
import Testing

@testable import MneedleDaemon

@Suite("The parts of the daemon")
struct PartTests {
    /// Notes what is done with it.
    private struct Noted: Part {
        struct Refusal: Error, Equatable { let name: String }

        let name: String
        let diary: Diary
        var startFails = false
        var stopFails = false

        func start() async throws {
            diary.note("start \(name)")
            if startFails { throw Refusal(name: name) }
        }

        func adopt(_ settings: Settings, _ registry: ModuleRegistry) { diary.note("adopt \(name)") }

        func stop() async throws {
            diary.note("stop \(name)")
            if stopFails { throw Refusal(name: name) }
        }
    }

    private final class Diary: Sendable {
        private let lines = Mutex<[String]>([])
        func note(_ line: String) { lines.withLock { $0.append(line) } }
        var all: [String] { lines.withLock { $0 } }
    }

    @Test("each starts after those that it relies on, and stops before them")
    func order() async throws {
        let diary = Diary()
        let parts: [any Part] = ["store", "writer", "doors"].map { Noted(name: $0, diary: diary) }
        try await parts.start()
        parts.adopt(Settings(Places(), problems: Problems()), ModuleRegistry())
        try await parts.stop()
        #expect(
            diary.all == [
                "start store", "start writer", "start doors", "adopt store", "adopt writer", "adopt doors",
                "stop doors",
                "stop writer", "stop store",
            ])
    }

    @Test("where one does not start, those before it are stopped, those after it never start, and its error is told")
    func failingStart() async {
        let diary = Diary()
        let parts: [any Part] = [
            Noted(name: "store", diary: diary, stopFails: true), Noted(name: "writer", diary: diary),
            Noted(name: "doors", diary: diary, startFails: true), Noted(name: "reporter", diary: diary),
        ]
        await #expect(throws: Noted.Refusal(name: "doors")) { try await parts.start() }
        #expect(diary.all == ["start store", "start writer", "start doors", "stop writer", "stop store"])
    }

    @Test("one that does not stop well keeps no other from stopping, and its error is told when all have")
    func failingStop() async {
        let diary = Diary()
        let parts: [any Part] = [
            Noted(name: "store", diary: diary, stopFails: true), Noted(name: "writer", diary: diary, stopFails: true),
            Noted(name: "doors", diary: diary),
        ]
        await #expect(throws: Noted.Refusal(name: "writer")) { try await parts.stop() }
        #expect(diary.all == ["stop doors", "stop writer", "stop store"])
    }
}
