import Foundation
import MneedleTestKit
import Testing

@testable import MneedleDaemon

/// All modules on one store, under everything that a seed draws: requests of all roles, restarts, a clock that is set, a disk
/// that fails, power that goes. `Documentation/decisions/0117-the-daemon-under-a-seed.md` says how.
@Suite("The whole service, simulated")
struct SimulationTests {
    /// How many seconds the long form has, which `MNEEDLE_LONG` asks for; an hour for 1.
    private static let long = ProcessInfo.processInfo.environment["MNEEDLE_LONG"].flatMap(Int.init).map {
        $0 > 1 ? $0 : 3_600
    }
    /// How many steps a plan has.
    private static let length = 300
    /// How many plans a strand runs in the short form.
    private static let plans = 20

    private static var folder: String { URL(fileURLWithPath: #filePath).deletingLastPathComponent().path }

    /// The violation of a plan with the shortest plan that has one.
    private static func report(_ plan: Plan, _ name: String, _ modules: SimulatedModules) -> String? {
        guard let violation = Simulation.violation(plan, modules) else { return nil }
        print("\(name) breaks a promise; its plan is being shortened: \(violation)")
        let shortest = plan.shortest { Simulation.violation($0, modules) != nil }
        return """
            \(name): \(violation)
            the shortest: \(Simulation.violation(shortest, modules) ?? "none")
            \(shortest)
            """
    }

    private static func table(_ modules: SimulatedModules) throws -> CommandTable {
        let daemon = try SimulatedDaemon(modules.household, seed: 0, logPages: 1000)
        try daemon.open()
        return daemon.commands
    }

    @Test("what was found once is not there any more")
    func found() throws {
        let modules = try SimulatedModules()
        let table = try SimulationTests.table(modules)
        let seeds = try String(contentsOfFile: SimulationTests.folder + "/seeds.txt", encoding: .utf8)
            .split(separator: "\n").filter { !$0.hasPrefix("#") }.compactMap { UInt64($0.prefix { $0.isNumber }) }
        for seed in seeds {
            let plan = World.plan(seed, table, length: SimulationTests.length)
            if let report = SimulationTests.report(plan, "seed \(seed)", modules) { Issue.record("\(report)") }
        }
        for name in try FileManager.default.contentsOfDirectory(atPath: SimulationTests.folder + "/Found").sorted()
        where name.hasSuffix(".txt") {
            let text = try String(contentsOfFile: SimulationTests.folder + "/Found/" + name, encoding: .utf8)
            if let report = SimulationTests.report(try Plan(text: text), name, modules) { Issue.record("\(report)") }
        }
    }

    @Test("no seed breaks a promise: of cartridges, the gate, keys, reminders, names, the ledger", arguments: 0..<2)
    func keepsItsWord(strand: UInt64) throws {
        let modules = try SimulatedModules()
        let table = try SimulationTests.table(modules)
        let first: UInt64 = SimulationTests.long == nil ? 0 : UInt64(Date().timeIntervalSince1970) << 20
        let plans: UInt64 = SimulationTests.long == nil ? UInt64(SimulationTests.plans) : .max / 4
        let began = ContinuousClock.now
        let end = began + .seconds(SimulationTests.long ?? 600)
        var (requests, changes, started) = (0, 0, 0)
        for number in 0..<plans {
            guard ContinuousClock.now < end else { break }
            let seed = first + number * 2 + strand
            RunningSeeds.note(seed, strand: Int(strand))
            let plan = World.plan(seed, table, length: SimulationTests.length)
            let simulation = try Simulation(plan, modules)
            do { try simulation.run() } catch {
                Issue.record("\(SimulationTests.report(plan, "seed \(seed)", modules) ?? "\(error), and not again")")
                return
            }
            requests += simulation.requests
            changes += simulation.changes
            started += simulation.model.sessions.count
        }
        print(
            "simulated requests of strand \(strand): \(requests), \(changes) changes, \(started) sessions, in \(ContinuousClock.now - began)"
        )
        #expect(requests > 1000 && changes > requests / 10 && started > 10, "the world does too little")
    }

    @Test("a plan reads as it was written")
    func texts() throws {
        let modules = try SimulatedModules()
        let plan = World.plan(4, try SimulationTests.table(modules), length: 2000)
        #expect(try Plan(text: plan.description).description == plan.description)
        #expect(throws: Plan.Unreadable.self) { try Plan(text: "household 1 30\nfly away\n") }
    }
}
