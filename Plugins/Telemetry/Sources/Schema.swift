import MneedleKit

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
        ]),
    Migration(
        2, "series of blocks in place of chunks, and how long alarms last",
        [
            """
            CREATE TABLE telemetry_series (
                id INTEGER PRIMARY KEY,
                session BIGINT NOT NULL,
                device TEXT NOT NULL,
                name TEXT NOT NULL,
                fields TEXT NOT NULL,
                step_ms BIGINT NOT NULL,
                UNIQUE (session, device, name, fields, step_ms))
            """,
            "CREATE INDEX telemetry_series_device ON telemetry_series (device)",
            """
            CREATE TABLE telemetry_blocks (
                id INTEGER PRIMARY KEY,
                series BIGINT NOT NULL,
                level INTEGER NOT NULL,
                points BIGINT NOT NULL,
                first_ns BIGINT NOT NULL,
                last_ns BIGINT NOT NULL,
                expires BIGINT,
                digest BLOB NOT NULL,
                header BLOB NOT NULL,
                data BLOB NOT NULL)
            """,
            "CREATE INDEX telemetry_blocks_series ON telemetry_blocks (series, level)",
            "CREATE INDEX telemetry_blocks_expires ON telemetry_blocks (expires) WHERE expires IS NOT NULL",
            "ALTER TABLE telemetry_sessions ADD COLUMN ended BIGINT",
            "ALTER TABLE telemetry_sessions ADD COLUMN thinned INTEGER NOT NULL DEFAULT 0",
            "CREATE INDEX telemetry_sessions_ended ON telemetry_sessions (thinned, ended)",
            "ALTER TABLE telemetry_sessions ADD COLUMN digest TEXT",
            "ALTER TABLE telemetry_alarms ADD COLUMN peak REAL",
            "CREATE INDEX telemetry_sessions_device ON telemetry_sessions (device)",
        ]),
    Migration(
        3, "blocks are found by their times",
        ["CREATE INDEX telemetry_blocks_times ON telemetry_blocks (series, last_ns, first_ns)"]),
    Migration(
        4, "devices that needle without a session",
        [
            """
            CREATE TABLE telemetry_needling (
                device TEXT NOT NULL,
                is_late INTEGER NOT NULL,
                last_at BIGINT NOT NULL,
                PRIMARY KEY (device, is_late))
            """
        ]),
]
