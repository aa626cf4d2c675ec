import Foundation
import MneedleKit

/// What the library that a test makes of this one calls: the loader takes no library without
/// `mneedle_module_…`, so that this module is never loaded where it was not asked for.
@_cdecl("mneedle_trial_definition")
public func mneedleTrialDefinition() -> UnsafeMutableRawPointer { definition.export() }

/// A module that behaves badly when it is told to, and well where that can be checked.
let definition = ModuleDefinition(
    manifest: Manifest(
        name: "trial", version: "0.1.0", summary: "Tries the host: lists, waits, throws, traps.",
        configuration: [
            ConfigurationKey("start", .choice(["well", "throw", "trap"]), default: "well", "How it starts."),
            ConfigurationKey("check", .choice(["well", "throw"]), default: "well", "How its safety check answers."),
            ConfigurationKey("guards", .boolean, default: true, "Whether it makes a safety check."),
            ConfigurationKey("timer", .choice(["none", "trap", "spin"]), default: "none", "What its timer does."),
            ConfigurationKey(
                "reaction", .choice(["none", "well", "throw", "trap"]), default: "none",
                "How it takes the end of a session, or with trap a new person."),
        ]),
    migrations: [
        Migration(
            1, "items",
            ["CREATE TABLE trial_items (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, text TEXT NOT NULL)"])
    ]
) { setup in
    switch setup.configuration.text("start") {
    case "throw": throw ModuleError.conflict("told not to start", state: "told")
    case "trap": fatalError("told to trap at start")
    default: break
    }
    let trouble = Trouble(
        timer: setup.configuration.text("timer"), reaction: setup.configuration.text("reaction"))
    let failsChecks = setup.configuration.text("check") == "throw"
    let failsReactions = setup.configuration.text("reaction") == "throw"
    return Module(
        commands: changes + readings + mishaps + misdeeds + [stream],
        checks: setup.configuration.boolean("guards") == false
            ? []
            : [
                SafetyCheck("nothing, or fails") { _, _ in
                    if failsChecks { throw ModuleError.conflict("told to fail", state: "told") }
                    return []
                }
            ],
        reactions: trouble.reactions
            + ["session.stopped", "session.finished"].map { kind in
                Reaction(to: kind) { entry, _, transaction in
                    try transaction.execute(
                        "INSERT INTO trial_items (name, text) VALUES (?, ?)", entry.subject, entry.kind)
                    if failsReactions { throw ModuleError.internal("told to fail") }
                }
            },
        timers: trouble.timers,
        collectors: [Collector(socket: "trial", role: .operator) { _, _ in Lines() }])
}
