import MneedleKit

let migrations = [
    Migration(
        1, "sessions with their series, blocks and alarms, and devices that needle without one",
        [
            """
            CREATE TABLE telemetry_sessions (
                session BIGINT NOT NULL PRIMARY KEY,
                person TEXT NOT NULL,
                device TEXT NOT NULL,
                depth_mm REAL NOT NULL,
                started BIGINT NOT NULL,
                is_running INTEGER NOT NULL,
                last_heard BIGINT,
                ended BIGINT,
                thinned INTEGER NOT NULL DEFAULT 0,
                digest TEXT)
            """,
            "CREATE INDEX telemetry_sessions_ended ON telemetry_sessions (thinned, ended)",
            "CREATE INDEX telemetry_sessions_device ON telemetry_sessions (device)",
            "CREATE INDEX telemetry_sessions_heard ON telemetry_sessions (last_heard) WHERE is_running = 1",
            """
            CREATE TABLE telemetry_alarms (
                id INTEGER PRIMARY KEY,
                session BIGINT NOT NULL,
                at BIGINT NOT NULL,
                code TEXT NOT NULL,
                field TEXT,
                value REAL,
                limit_value REAL,
                peak REAL,
                over_at BIGINT)
            """,
            "CREATE INDEX telemetry_alarms_session ON telemetry_alarms (session)",
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
            "CREATE INDEX telemetry_blocks_times ON telemetry_blocks (series, last_ns, first_ns)",
            """
            CREATE TABLE telemetry_needling (
                device TEXT NOT NULL,
                is_late INTEGER NOT NULL,
                last_at BIGINT NOT NULL,
                PRIMARY KEY (device, is_late))
            """,
        ])
]
