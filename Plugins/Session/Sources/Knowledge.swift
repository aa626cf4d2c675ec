import MneedleKit

/// The limits, areas and steps from `session.toml`, `areas.toml` and `steps.toml`.
struct SessionKnowledge: Sendable {
    /// The depths at home, for areas without limits of their own.
    struct HomeDepth: Sendable {
        var maxMM: Double
        var rollerCautionOverMM: Double
        var beginnerMaxMM: Double

        init(_ table: Table) {
            table.requireSources()
            maxMM = table.number("max_mm", in: depthRange)
            rollerCautionOverMM = table.number("roller_caution_over_mm", in: depthRange)
            beginnerMaxMM = table.number("beginner_max_mm", in: depthRange)
        }
    }

    /// The depths in a clinic, for areas without limits of their own.
    struct ClinicDepth: Sendable {
        var minMM: Double
        var maxMM: Double
        var faceEvaluatedMM: Double

        init(_ table: Table) {
            table.requireSources()
            minMM = table.number("min_mm", in: depthRange)
            maxMM = table.number("max_mm", in: depthRange)
            faceEvaluatedMM = table.number("face_evaluated_mm", in: depthRange)
        }
    }

    private static let depthRange = 0.05...5.0

    /// A step of a guided session.
    struct Step: Reply {
        var setting: Setting
        var name: String
        var text: String
        var minutes: Double?
        var passes: Int?
        var sources: [Source]

        static let members: [Member<Step>] = [
            Member("step", "its name", \.name), Member("text", "what to do", \.text),
            Member("minutes", "how long at least", \.minutes), Member("passes", "how many passes", \.passes),
            Member("sources", "what it rests on", \.sources),
        ]
    }

    let areas: AreaCatalogue
    let home: HomeDepth
    let clinic: ClinicDepth
    /// The number of finished sessions that end the time as a beginner.
    let beginnerSessions: Int
    /// The most passes of one session.
    let maxPasses: [Setting: Int]
    let materials: [String]
    /// The names of materials that leave open whether they are among the advised ones.
    let unclearMaterials: [String]
    let steps: [Step]
    let findings: FindingCatalogue<SessionCode>
    let keeping: Keeping
    let reasons: Reasons

    init(_ setup: Setup) {
        let file = setup.knowledge("session")
        areas = AreaCatalogue(setup.knowledge("areas"))
        let depth = file.section("depth")
        home = HomeDepth(depth.section("home"))
        clinic = ClinicDepth(depth.section("clinic"))
        let (beginner, passes, needles) = (file.section("beginner"), file.section("passes"), file.section("needles"))
        beginnerSessions = beginner.integer("sessions", in: 1...100)
        _ = beginner.string("text")
        // No document allows more than three at home.
        maxPasses = [
            .home: passes.integer("home_max", in: 1...3), .clinic: passes.integer("clinic_max", in: 1...50),
        ]
        materials = needles.strings("materials")
        unclearMaterials = needles.strings("unclear")
        for table in [beginner, passes, needles] { table.requireSources() }
        findings = FindingCatalogue(file, module: "session")
        keeping = Keeping(file)
        reasons = Reasons(setup.knowledge("reasons"))
        steps = SessionKnowledge.steps(setup.knowledge("steps"), maxPasses)
    }

    private static func steps(_ file: Table, _ maxPasses: [Setting: Int]) -> [Step] {
        file.tables("step").map { table in
            let setting: Setting = table.choice("setting", default: .home)
            let passes = table.optionalInteger("passes", in: 1...20)
            if let passes, let most = maxPasses[setting], passes > most {
                table.report("passes", "over the \(most) that session.toml allows")
            }
            return Step(
                setting: setting, name: table.string("name"), text: table.string("text"),
                minutes: table.optionalNumber("minutes", in: 0...240), passes: passes,
                sources: table.sources())
        }
    }
}
