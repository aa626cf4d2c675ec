import MneedleKit
import Synchronization
import Testing

@testable import MneedleDaemon

@Suite("A read that is to end")
struct ReadControlTests {
    private static let late = ModuleError(.busy, "too late")

    @Test("has what it waits for in the store interrupted: when it is stopped, and at once when it was stopped before")
    func interrupts() {
        let control = ReadControl(module: "test")
        let count = Atomic<Int>(0)
        control.onStop { count.add(1, ordering: .relaxed) }
        #expect(count.load(ordering: .relaxed) == 0)
        control.stop(Self.late)
        #expect(count.load(ordering: .relaxed) == 1)
        control.onStop { count.add(10, ordering: .relaxed) }
        #expect(count.load(ordering: .relaxed) == 11)
        // The read is over, and its connection is another's.
        control.onStop(nil)
        control.stop(Self.late)
        #expect(count.load(ordering: .relaxed) == 11)
    }

    @Test("ends in the middle of a statement that would not end, and its connection serves the next one")
    func ends() throws {
        let workshop = try Workshop()
        defer { withExtendedLifetime(workshop) {} }
        let endless = "WITH RECURSIVE n (x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n) SELECT COUNT(*) AS x FROM n"
        let control = ReadControl(module: "test")
        let error = #expect(throws: StoreError.self) {
            try workshop.engine.store.read(control) { connection in
                control.stop(Self.late)
                _ = try connection.first(endless)
            }
        }
        #expect(error?.kind == .interrupted)
        for _ in 0..<40 { #expect(try workshop.notes().isEmpty) }
    }
}
