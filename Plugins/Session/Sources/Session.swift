import MneedleKit

/// What the host looks up in this library.
@_cdecl("mneedle_module_session")
public func mneedleModuleSession() -> UnsafeMutableRawPointer { definition.export() }

/// Runs treatments from start to finish: asks every module what speaks against one, and tells them when it ends.
let definition = ModuleDefinition(
    manifest: Manifest(
        name: "session", version: "0.1.0",
        summary: "Starts, stops and finishes sessions; refuses one that any module's safety check forbids.",
        guards: true,
        knowledge: ["session", "areas", "steps", "reasons"]),
    migrations: migrations
) { setup in
    let sessions = Sessions(Knowledge(setup))
    return Module(
        commands: [
            sessions.check, sessions.experience, sessions.start, sessions.stop, sessions.finish, sessions.show,
            sessions.list,
            sessions.steps,
        ],
        checks: [sessions.safetyCheck],
        standing: [sessions.standing],
        reactions: [sessions.whenRefused, sessions.whenReactionOpened, sessions.whenAssessed],
        possessions: [.numbered("session", "SELECT person FROM session_sessions WHERE id = ?")])
}

let migrations = [
    Migration(
        1, "sessions, and starts that were refused",
        [
            """
            CREATE TABLE session_sessions (
                id INTEGER PRIMARY KEY,
                person TEXT NOT NULL,
                device TEXT NOT NULL,
                areas TEXT NOT NULL,
                depth_mm REAL NOT NULL,
                goal TEXT NOT NULL,
                setting TEXT NOT NULL,
                time_zone TEXT NOT NULL,
                cartridge TEXT,
                operator TEXT,
                started BIGINT NOT NULL,
                ended BIGINT,
                clock_uncertain BIGINT NOT NULL DEFAULT 0,
                state TEXT NOT NULL,
                reason TEXT,
                passes INTEGER,
                note TEXT,
                overridden TEXT,
                override_reason TEXT,
                assessment BIGINT,
                knowledge TEXT NOT NULL,
                flagged TEXT)
            """,
            // One at a time, whatever two requests that cross each other may believe.
            "CREATE UNIQUE INDEX session_running_person ON session_sessions (person) WHERE state = 'running'",
            "CREATE UNIQUE INDEX session_running_device ON session_sessions (device) WHERE state = 'running'",
            "CREATE INDEX session_sessions_person ON session_sessions (person)",
            """
            CREATE TABLE session_refusals (
                person TEXT NOT NULL,
                what BLOB NOT NULL,
                at BIGINT NOT NULL,
                PRIMARY KEY (person, what))
            """,
        ])
]

/// The module at work: its knowledge, and one command or judgement in each file of this folder.
struct Sessions: Sendable {
    let knowledge: Knowledge

    init(_ knowledge: Knowledge) { self.knowledge = knowledge }
}
