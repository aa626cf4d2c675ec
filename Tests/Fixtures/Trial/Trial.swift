import Foundation
import MneedleBulkKit
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

private let start = Parameter.optional(
    "start", .choice(["well", "throw", "trap"]), "How it starts.", default: "well")
private let check = Parameter.optional(
    "check", .choice(["well", "throw"]), "How its safety check answers.", default: "well")
private let timer = Parameter.optional(
    "timer", .choice(["none", "trap", "spin"]), "What its timer does.", default: "none")
private let reaction = Parameter.optional(
    "reaction", .choice(["none", "well", "throw", "trap"]),
    "How it takes the end of a session, or with trap a new person.", default: "none")

private func manifest(guards: Bool) -> Manifest {
    Manifest(
        name: "trial", version: "0.1.0", summary: "Tries the host: lists, waits, throws, traps.", guards: guards,
        configuration: .of(start, check, timer, reaction))
}

private let migrations = [
    Migration(
        1, "items",
        [.table("trial_items", [.id, .text("name").unique(), .text("text")])])
]

/// A module that behaves badly when it is told to, and well where that can be checked.
private func module(_ setup: Setup, guards: Bool) throws -> Module {
    switch try setup[start] {
    case "throw": throw ModuleError.conflict("told not to start", state: "told")
    case "trap": fatalError("told to trap at start")
    default: break
    }
    let trouble = Trouble(timer: try setup[timer], reaction: try setup[reaction])
    let failsChecks = try setup[check] == "throw"
    let failsReactions = try setup[reaction] == "throw"
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
                    try transaction.store.execute(
                        "INSERT INTO trial_items (name, text) VALUES (?, ?)", entry.subject, entry.kind)
                    if failsReactions { throw ModuleError.internal("told to fail") }
                }
            },
        timers: trouble.timers,
        contributions: [Collector(socket: "trial", role: .operator) { _, _ in Lines() }])
}
