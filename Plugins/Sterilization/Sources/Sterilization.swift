import MneedleKit

/// What the host looks up in this library.
@_cdecl("mneedle_module_sterilization")
public func mneedleModuleSterilization() -> UnsafeMutableRawPointer { definition.export() }

/// Keeps heads clean and single-use cartridges single: soaks, steriliser cycles, cartridges, and what they allow.
///
/// Words matter here: an alcohol soak makes a head *disinfected*, only a released steriliser cycle makes it *sterile*.
let definition = ModuleDefinition(
    manifest: Manifest(
        name: "sterilization", version: "0.1.0",
        summary: "Logs soaks, steriliser cycles and cartridges, and blocks a session with a head that is not ready.",
        guards: true,
        configuration: [
            ConfigurationKey(
                "cycle_profiles", .list(.slug), default: ["cdc"],
                "The families of steriliser profiles that release a load: cdc, maker.")
        ],
        knowledge: ["sterilization"],
        records: ["cartridge.*", "device.cleaned"]),
    migrations: migrations
) { setup in
    let sterilization = Sterilization(Knowledge(setup))
    return Module(
        commands: [
            sterilization.soak, sterilization.cycle, sterilization.openCartridge, sterilization.discardCartridge,
            sterilization.status,
            sterilization.list, sterilization.rules,
        ],
        checks: [sterilization.check],
        reactions: [
            sterilization.whenStarted, sterilization.whenFinished, sterilization.whenStopped,
            sterilization.whenTwinsDecided,
        ],
        possessions: [
            Possession(of: "cartridge") { argument, reading in
                guard case .text(let name) = argument, let cartridge = try Cartridge(name, in: reading) else {
                    return .unknown
                }
                return .person(cartridge.person)
            }
        ],
        commonKinds: ["sterilization.soaked", "sterilization.cycled", "device.cleaned"])
}

let migrations = [
    Migration(
        1, "heads, cartridges, the hygiene log, soaks and cycles, and who was treated from which load",
        [
            """
            CREATE TABLE sterilization_heads (
                device TEXT NOT NULL PRIMARY KEY,
                last_person TEXT,
                last_use BIGINT,
                running BIGINT,
                cleaning_due_since BIGINT,
                ready_as TEXT,
                ready_since BIGINT,
                ready_until BIGINT,
                ready_load TEXT,
                uses BIGINT NOT NULL DEFAULT 0)
            """,
            // A cartridge's name is used once, and a session claims it once: the constraints keep it single-use.
            """
            CREATE TABLE sterilization_cartridges (
                id INTEGER PRIMARY KEY,
                cartridge TEXT NOT NULL UNIQUE,
                device TEXT NOT NULL,
                person TEXT NOT NULL,
                lot TEXT,
                expires TEXT,
                opened_at BIGINT NOT NULL,
                session BIGINT UNIQUE,
                used_at BIGINT,
                discarded_at BIGINT)
            """,
            "CREATE INDEX sterilization_cartridges_device ON sterilization_cartridges (device, opened_at)",
            """
            CREATE TABLE sterilization_log (
                id INTEGER PRIMARY KEY,
                at BIGINT NOT NULL,
                device TEXT NOT NULL,
                body TEXT NOT NULL)
            """,
            "CREATE INDEX sterilization_log_device ON sterilization_log (device, at)",
            "CREATE INDEX sterilization_log_at ON sterilization_log (at)",
            """
            CREATE TABLE sterilization_runs (
                id INTEGER PRIMARY KEY,
                kind TEXT NOT NULL,
                device TEXT NOT NULL,
                began BIGINT NOT NULL,
                ended BIGINT NOT NULL,
                minutes REAL NOT NULL,
                method TEXT,
                celsius REAL,
                steriliser TEXT,
                load TEXT,
                indicator TEXT)
            """,
            "CREATE INDEX sterilization_runs_ended ON sterilization_runs (ended)",
            "CREATE INDEX sterilization_runs_load ON sterilization_runs (load)",
            """
            CREATE TABLE sterilization_treated (
                session BIGINT NOT NULL PRIMARY KEY,
                device TEXT NOT NULL,
                person TEXT NOT NULL,
                load TEXT NOT NULL,
                at BIGINT NOT NULL,
                told TEXT)
            """,
            "CREATE INDEX sterilization_treated_load ON sterilization_treated (load)",
        ])
]

/// The module at work: its knowledge, and one command or judgement in each file of this folder.
struct Sterilization: Sendable {
    let knowledge: Knowledge

    init(_ knowledge: Knowledge) { self.knowledge = knowledge }
}
