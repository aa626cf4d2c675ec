import MneedleKit

let cycleProfilesKey = Parameter.optional(
    "cycle_profiles", .list(.slug), "The families of steriliser profiles that release a load: cdc, maker.",
    default: ["cdc"])

/// The symbol that the host looks up in this library.
@_cdecl("mneedle_module_sterilization")
public func mneedleModuleSterilization() -> UnsafeMutableRawPointer { definition.export() }

/// Keeps heads clean and single-use cartridges single: soaks, steriliser cycles, cartridges, and the sessions they allow.
///
/// Words matter here: an alcohol soak makes a head *disinfected*, only a released steriliser cycle makes it *sterile*.
let definition = ModuleDefinition(
    manifest: Manifest(
        name: "sterilization", version: "0.1.0",
        summary: "Logs soaks, steriliser cycles and cartridges, and blocks a session with a head that is not ready.",
        guards: true,
        configuration: .of(cycleProfilesKey),
        knowledge: ["sterilization"],
        records: ["cartridge.*", "device.cleaned"]),
    migrations: migrations
) { setup in
    let sterilization = Sterilization(try SterilizationKnowledge(setup))
    return Module(
        commands: [
            sterilization.soak, sterilization.beginSoak, sterilization.endSoak, sterilization.cycle,
            sterilization.openCartridge, sterilization.discardCartridge,
            sterilization.status,
            sterilization.list, sterilization.rules,
        ],
        checks: [sterilization.check],
        agenda: [sterilization.agenda],
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
        commonKinds: ["sterilization.soaked", "sterilization.soak-begun", "sterilization.cycled", "device.cleaned"])
}

let migrations = [
    Migration(
        1, "heads, cartridges, the hygiene log, soaks and cycles, and who was treated from which load",
        [
            .table(
                "sterilization_heads",
                [
                    .text("device").primaryKey(), .person("last_person").outliving().optional(),
                    .time("last_use").optional(),
                    .integer("running").optional(), .time("cleaning_due_since").optional(),
                    .text("ready_as").optional(), .time("ready_since").optional(), .time("ready_until").optional(),
                    .text("ready_load").optional(), .integer("uses", default: 0),
                ]),
            // A cartridge's name is used once, and a session claims it once: the constraints keep it single-use.
            .table(
                "sterilization_cartridges",
                [
                    .id, .text("cartridge").unique(), .text("device"), .person().outliving(), .text("lot").optional(),
                    .date("expires").optional(), .time("opened_at"), .integer("session").optional().unique(),
                    .time("used_at").optional(), .time("discarded_at").optional(),
                ]),
            .index("sterilization_cartridges_device", on: "sterilization_cartridges", ["device", "opened_at"]),
            .table(
                "sterilization_log",
                [.id, .time("at"), .text("device"), .person().outliving().optional(), .text("body").sealed()]),
            .index("sterilization_log_device", on: "sterilization_log", ["device", "at"]),
            .index("sterilization_log_at", on: "sterilization_log", ["at"]),
            .table(
                "sterilization_runs",
                [
                    .id, .text("kind"), .text("device"), .time("began"), .time("ended"), .real("minutes"),
                    .text("method").optional(), .real("celsius").optional(), .text("steriliser").optional(),
                    .text("load").optional(), .text("indicator").optional(),
                ]),
            .index("sterilization_runs_ended", on: "sterilization_runs", ["ended"]),
            .index("sterilization_runs_load", on: "sterilization_runs", ["load"]),
            .table(
                "sterilization_treated",
                [
                    .integer("session").primaryKey(), .text("device"), .person().outliving(), .text("load"),
                    .time("at"),
                    .text("told").optional(),
                ]),
            .index("sterilization_treated_load", on: "sterilization_treated", ["load"]),
        ]),
    Migration(
        2, "soaks that are under way",
        [
            .table(
                "sterilization_soaking",
                [
                    .text("device").primaryKey(), .time("began"), .time("steady_began"), .text("agent"),
                    .real("concentration_percent"), .boolean("hands_washed"), .boolean("clean_surface"),
                ])
        ]),
]

/// The module at work: its knowledge, and one command or judgement in each file of this folder.
struct Sterilization: Sendable {
    let knowledge: SterilizationKnowledge

    init(_ knowledge: SterilizationKnowledge) { self.knowledge = knowledge }
}
