import MneedleKit

/// What the host looks up in this library.
@_cdecl("mneedle_module_telemetry")
public func mneedleModuleTelemetry() -> UnsafeMutableRawPointer { definition.export() }

/// Takes what a device reports during a session, keeps it, and raises an alarm at once when it leaves its limits.
let definition = ModuleDefinition(
    manifest: Manifest(
        name: "telemetry", version: "0.1.0",
        summary: "Streams device telemetry into sessions, raises alarms, and answers what was measured.",
        knowledge: ["telemetry"]),
    migrations: migrations
) { setup in
    let telemetry = Telemetry(knowledge: Knowledge(setup))
    return Module(
        commands: [telemetry.stream, telemetry.summary, telemetry.query, telemetry.alarms],
        reactions: [telemetry.whenStarted, telemetry.whenFinished, telemetry.whenStopped],
        timers: [telemetry.silence], collectors: [telemetry.collector])
}

let migrations = [
    Migration(
        1, "sessions, chunks and alarms",
        [
            """
            CREATE TABLE telemetry_sessions (
                session BIGINT NOT NULL PRIMARY KEY,
                person TEXT NOT NULL,
                device TEXT NOT NULL,
                depth_mm REAL NOT NULL,
                started BIGINT NOT NULL,
                is_running INTEGER NOT NULL,
                last_heard BIGINT)
            """,
            "CREATE INDEX telemetry_sessions_heard ON telemetry_sessions (last_heard) WHERE is_running = 1",
            """
            CREATE TABLE telemetry_chunks (
                id INTEGER PRIMARY KEY,
                session BIGINT NOT NULL,
                field TEXT NOT NULL,
                first_ns BIGINT NOT NULL,
                last_ns BIGINT NOT NULL,
                points BIGINT NOT NULL,
                checksum BIGINT NOT NULL,
                data BLOB NOT NULL)
            """,
            "CREATE INDEX telemetry_chunks_field ON telemetry_chunks (session, field, id)",
            """
            CREATE TABLE telemetry_alarms (
                id INTEGER PRIMARY KEY,
                session BIGINT NOT NULL,
                at BIGINT NOT NULL,
                code TEXT NOT NULL,
                field TEXT,
                value REAL,
                limit_value REAL,
                over_at BIGINT)
            """,
            "CREATE INDEX telemetry_alarms_session ON telemetry_alarms (session)",
        ])
]

/// The module at work: its knowledge, and one command or duty in each file of this folder.
struct Telemetry: Sendable {
    let knowledge: Knowledge
}
