import MneedleKit

/// The limits, areas and steps from `session.toml`, `areas.toml` and `steps.toml`.
struct Knowledge: Sendable {
    struct Area: Sendable {
        var name: String
        var text: String
        var isFace: Bool
        var allowsNeedling: Bool
        var zoneMaxMM: Double?
        /// Whether it lies at or inside the orbital rim, where the labels of clinic devices allow no needling.
        var isOrbitalRim: Bool
    }

    struct HomeDepth: Sendable {
        var maxMM: Double
        var scalpMaxMM: Double
        var rollerCautionOverMM: Double
        var beginnerMaxMM: Double
        var scalpBeginnerMaxMM: Double
    }

    struct ClinicDepth: Sendable {
        var minMM: Double
        var maxMM: Double
        var scalpMaxMM: Double
        var scalpAdvisedMM: Double
        var faceEvaluatedMM: Double
    }

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

    static let codes = [
        "depth-over-limit", "depth-out-of-device-range", "depth-over-zone", "depth-not-evaluated",
        "depth-under-clinic-range", "roller-depth", "beginner-depth", "beginner-roller", "scalp-depth",
        "beginner-device", "depth-is-needle-length", "needle-length-unknown", "depth-range-unknown", "orbital-rim",
        "skin-type-not-labelled",
        "skin-type-needed", "device-of-first-user", "needle-material-unclear", "needle-material-unknown",
        "too-many-passes", "person-twin", "device-twin",
        "area-not-allowed", "operator-not-qualified", "session-running", "device-retired", "needle-material",
        "session-flagged", "stopped-pain", "stopped-bleeding", "stopped-rash", "stopped-other",
    ]

    let areas: [Area]
    let home: HomeDepth
    let clinic: ClinicDepth
    /// How many finished sessions end the time as a beginner.
    let beginnerSessions: Int
    /// The most passes of one session.
    let maxPasses: [Setting: Int]
    let materials: [String]
    /// Names of materials that do not say whether they are among those advised.
    let unclearMaterials: [String]
    let underEyes: String
    let underEyesKinds: [String]
    let steps: [Step]
    let findings: FindingCatalogue
    let keeping: Keeping
    let reasons: Reasons

    init(_ setup: Setup) {
        let file = setup.knowledge("session")
        let sources = setup.sources
        areas = Knowledge.areas(setup.knowledge("areas"), sources)
        let depths = file.table("depth")
        home = Knowledge.home(depths?.table("home") ?? file, sources)
        clinic = Knowledge.clinic(depths?.table("clinic") ?? file, sources)
        let beginner = file.table("beginner") ?? file
        beginnerSessions = beginner.integer("sessions", in: 1...100)
        _ = (beginner.string("text"), sources.sources(of: beginner))
        let passes = file.table("passes") ?? file
        // No document allows more than three at home.
        maxPasses = [
            .home: passes.integer("home_max", in: 1...3), .clinic: passes.integer("clinic_max", in: 1...50),
        ]
        _ = sources.sources(of: passes)
        let needles = file.table("needles")
        materials = needles?.strings("materials") ?? []
        unclearMaterials = needles?.strings("unclear") ?? []
        _ = needles.map { sources.sources(of: $0) }
        let eyes = file.table("under_eyes")
        underEyes = eyes?.string("area") ?? ""
        underEyesKinds = eyes?.strings("home_kinds") ?? []
        _ = eyes.map { sources.sources(of: $0) }
        findings = FindingCatalogue(file, module: "session", sources: sources, codes: Knowledge.codes)
        keeping = Keeping(file, sources)
        reasons = Reasons(setup.knowledge("reasons"))
        steps = Knowledge.steps(setup.knowledge("steps"), sources, maxPasses)
    }

    func area(_ name: String) -> Area? { areas.first { $0.name == name } }

    private static func areas(_ file: Table, _ sources: SourceCatalogue) -> [Area] {
        (file.table("area")?.namedTables() ?? []).map { name, table in
            _ = sources.sources(of: table)
            return Area(
                name: name, text: table.string("text"), isFace: table.bool("face", default: false),
                allowsNeedling: table.bool("needling", default: true),
                zoneMaxMM: table.optionalNumber("zone_max_mm", in: 0.05...5),
                isOrbitalRim: table.bool("orbital_rim", default: false))
        }
    }

    private static let depth = 0.05...5.0

    private static func home(_ table: Table, _ sources: SourceCatalogue) -> HomeDepth {
        _ = sources.sources(of: table)
        return HomeDepth(
            maxMM: table.number("max_mm", in: depth), scalpMaxMM: table.number("scalp_max_mm", in: depth),
            rollerCautionOverMM: table.number("roller_caution_over_mm", in: depth),
            beginnerMaxMM: table.number("beginner_max_mm", in: depth),
            scalpBeginnerMaxMM: table.number("scalp_beginner_max_mm", in: depth))
    }

    private static func clinic(_ table: Table, _ sources: SourceCatalogue) -> ClinicDepth {
        _ = sources.sources(of: table)
        return ClinicDepth(
            minMM: table.number("min_mm", in: depth), maxMM: table.number("max_mm", in: depth),
            scalpMaxMM: table.number("scalp_max_mm", in: depth),
            scalpAdvisedMM: table.number("scalp_advised_mm", in: depth),
            faceEvaluatedMM: table.number("face_evaluated_mm", in: depth))
    }

    private static func steps(_ file: Table, _ sources: SourceCatalogue, _ maxPasses: [Setting: Int]) -> [Step] {
        file.tables("step").map { table in
            let setting: Setting = table.choice("setting", default: .home)
            let passes = table.optionalInteger("passes", in: 1...20)
            if let passes, let most = maxPasses[setting], passes > most {
                table.report("passes", "over the \(most) that session.toml allows")
            }
            return Step(
                setting: setting, name: table.string("name"), text: table.string("text"),
                minutes: table.optionalNumber("minutes", in: 0...240), passes: passes,
                sources: sources.sources(of: table))
        }
    }
}
