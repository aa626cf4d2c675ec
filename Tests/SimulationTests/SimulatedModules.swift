import Aftercare
import MneedleKit
import MneedleTestKit
import Records
import Scheduling
import Screening
import Session
import Sterilization
import Synchronization
import Telemetry

@testable import MneedleDaemon

/// All modules that ship, linked into the test and made once for each kind of house.
final class SimulatedModules: Sendable {
    let household: ModuleRegistry
    let practice: ModuleRegistry
    private let reports: Reports

    /// What modules fail at beside requests: reactions and timers.
    private final class Reports: Sendable {
        let texts = Mutex<[String]>([])
    }

    /// In the order of `modules.toml`, and telemetry.
    static let definitions = [
        mneedleModuleRecords, mneedleModuleScreening, mneedleModuleSession, mneedleModuleScheduling,
        mneedleModuleSterilization, mneedleModuleAftercare, mneedleModuleTelemetry,
    ].map { ModuleDefinition.imported(from: $0()) }

    init() throws {
        let reports = Reports()
        self.reports = reports
        household = try SimulatedModules.registry(.household, reports)
        practice = try SimulatedModules.registry(.practice, reports)
    }

    private static func registry(_ people: People, _ reports: Reports) throws -> ModuleRegistry {
        let problems = Problems()
        var knowledge = Knowledge(folder: Bench.projectKnowledge, problems: problems)
        var registry = ModuleRegistry(people: people) { module, what, error in
            reports.texts.withLock { $0.append("\(module): \(what): \(error)") }
        }
        for definition in definitions {
            try registry.ownership.check(definition.manifest)
            registry.add(definition, try knowledge.make(definition, TOMLFile(name: "mneedled.toml", content: [:])))
        }
        registry.reasons = knowledge.reasons()
        registry.knowledgeDigest = knowledge.digest
        guard problems.found.isEmpty else { throw Violation("\(problems.found)") }
        return registry
    }

    subscript(people: People) -> ModuleRegistry { people == .household ? household : practice }

    /// Takes what modules have failed at since the last call.
    func takeReports() -> [String] {
        reports.texts.withLock { texts in
            defer { texts = [] }
            return texts
        }
    }
}
