import MneedleKit

/// The symbol that the host looks up in this library.
@_cdecl("mneedle_module_session")
public func mneedleModuleSession() -> UnsafeMutableRawPointer { definition.export() }

/// Runs treatments from start to finish: asks every module for findings against one, and tells them when it ends.
let definition = ModuleDefinition(
    manifest: Manifest(
        name: "session", version: "0.1.0",
        summary: "Starts, stops and finishes sessions; refuses one that any module's safety check forbids.",
        guards: true,
        knowledge: ["session", "areas", "steps", "reasons"]),
    migrations: migrations
) { setup in
    let sessions = Sessions(SessionKnowledge(setup))
    return Module(
        commands: [
            sessions.check, sessions.when, sessions.experience, sessions.start, sessions.pass, sessions.stop,
            sessions.explain, sessions.finish, sessions.log, sessions.show, sessions.list, sessions.steps,
        ],
        checks: [sessions.safetyCheck],
        standing: [sessions.standing],
        agenda: [sessions.agenda],
        reactions: [sessions.whenRefused, sessions.whenReactionOpened, sessions.whenAssessed],
        possessions: [.numbered("session", "SELECT person FROM session_sessions WHERE id = ?")],
        events: [
            .init(.sessionStarted), .init(.sessionFinished), .init(.sessionStopped),
            .init(.sessionExplained), .init(.sessionPassed),
        ])
}

let migrations = [
    Migration(
        1, "sessions, and starts that were refused",
        [
            .table(
                "session_sessions",
                [
                    .id, .person(), .text("device"), .text("areas").sealed(), .real("depth_mm").optional().sealed(),
                    .text("goal").sealed(), .text("setting"), .text("time_zone").sealed(),
                    .text("cartridge").optional(), .text("operator").optional(),
                    .time("started"), .time("ended").optional(), .boolean("clock_uncertain", default: false),
                    .text("state"), .text("reason").optional().sealed(), .integer("passes").optional().sealed(),
                    .text("note").optional().sealed(), .text("overridden").optional().sealed(),
                    .text("override_reason").optional().sealed(), .integer("assessment").optional(),
                    .text("knowledge"), .text("flagged").optional().sealed(),
                ]),
            // These allow a person and a device one session at a time, whatever two requests that cross may believe.
            .index(
                "session_running_person", on: "session_sessions", ["person"], isUnique: true,
                where: "state = 'running'"),
            .index(
                "session_running_device", on: "session_sessions", ["device"], isUnique: true,
                where: "state = 'running'"),
            .index("session_sessions_person", on: "session_sessions", ["person"]),
            .table(
                "session_refusals", [.person(), .bytes("what").matched(), .time("at")], primaryKey: ["person", "what"]),
        ]),
    Migration(
        2, "sessions that were put on record afterwards",
        [.add(.boolean("logged", default: false), to: "session_sessions")]),
]

/// The module at work: its knowledge, and one command or judgement in each file of this folder.
struct Sessions: Sendable {
    let knowledge: SessionKnowledge

    init(_ knowledge: SessionKnowledge) { self.knowledge = knowledge }
}
