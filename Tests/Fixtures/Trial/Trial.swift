import Foundation
import MneedleKit

/// What the library that a test makes of this one calls: the loader takes no library without
/// `mneedle_module_…`, so that this module is never loaded where it was not asked for.
@_cdecl("mneedle_trial_definition")
public func mneedleTrialDefinition() -> UnsafeMutableRawPointer { mneedleTrialOther(1, 1) }

/// The same module, which says that it guards sessions or does not, and makes a safety check or does not.
@_cdecl("mneedle_trial_other")
public func mneedleTrialOther(_ says: Int32, _ guards: Int32) -> UnsafeMutableRawPointer {
    ModuleDefinition(manifest: manifest(guards: says != 0), migrations: migrations) { setup in
        try module(setup, guards: guards != 0)
    }.export()
}

private func manifest(guards: Bool) -> Manifest {
    Manifest(
        name: "trial", version: "0.1.0", summary: "Tries the host: lists, waits, throws, traps.", guards: guards,
        configuration: [
            ConfigurationKey("start", .choice(["well", "throw", "trap"]), default: "well", "How it starts."),
            ConfigurationKey("check", .choice(["well", "throw"]), default: "well", "How its safety check answers."),
            ConfigurationKey("timer", .choice(["none", "trap", "spin"]), default: "none", "What its timer does."),
            ConfigurationKey(
                "reaction", .choice(["none", "well", "throw", "trap"]), default: "none",
                "How it takes the end of a session, or with trap a new person."),
        ])
}

private let migrations = [
    Migration(
        1, "items",
        [.table("trial_items", [.id, .text("name").unique(), .text("text")])])
]

/// A module that behaves badly when it is told to, and well where that can be checked.
private func module(_ setup: Setup, guards: Bool) throws -> Module {
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
        checks: guards
            ? [
                SafetyCheck("nothing, or fails") { _, _ in
                    if failsChecks { throw ModuleError.conflict("told to fail", state: "told") }
                    return []
                }
            ] : [],
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
