import MneedleKit
import Synchronization
import Testing

@testable import MneedleDaemon

@Suite("The service's health")
struct HealthTests {
    @Test("a change of state is told once, however often the same is noticed")
    func toldOnce() {
        let health = Health()
        let told = Mutex<[Health.Change]>([])
        let disk = Health.Fault("store-disk", "the disk fails", blocksSessions: false)
        health.report(disk)
        health.onChange { change in told.withLock { $0.append(change) } }
        for _ in 0..<3 { health.report(disk) }
        health.mend("store-file")
        #expect(health.problems == [disk])
        for _ in 0..<3 { health.mend("store-disk") }
        health.report(disk)
        #expect(told.withLock { $0 } == [.worse(disk), .mended(disk), .worse(disk)])
    }

    @Test("what blocks sessions is a finding against any session, and the rest is not")
    func blocks() {
        let health = Health()
        health.report(.init("store-disk", "the disk fails", blocksSessions: false))
        #expect(health.findings.isEmpty)
        health.report(.init("store-file", "the store's file is gone", blocksSessions: true))
        #expect(health.findings.map(\.code) == ["store-file"])
        #expect(health.findings.allSatisfy { $0.severity == .contraindicated })
    }
}
