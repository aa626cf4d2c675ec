import MneedleKit

let migrations = [
    Migration(
        1, "sessions with their series, blocks and alarms, and devices that needle without one",
        [
            .table(
                "telemetry_sessions",
                [
                    .integer("session").primaryKey(), .text("person"), .text("device"), .real("depth_mm"),
                    .time("started"), .boolean("is_running"), .time("last_heard").optional(),
                    .time("ended").optional(), .integer("thinned", default: 0), .text("digest").optional(),
                ]),
            .index("telemetry_sessions_ended", on: "telemetry_sessions", ["thinned", "ended"]),
            .index("telemetry_sessions_device", on: "telemetry_sessions", ["device"]),
            .index("telemetry_sessions_heard", on: "telemetry_sessions", ["last_heard"], where: "is_running = 1"),
            .table(
                "telemetry_series",
                [.id, .integer("session"), .text("device"), .text("name"), .text("fields"), .integer("step_ms")],
                unique: ["session", "device", "name", "fields", "step_ms"]),
            .index("telemetry_series_device", on: "telemetry_series", ["device"]),
            .table(
                "telemetry_blocks",
                [
                    .id, .integer("series"), .integer("level"), .integer("points"), .integer("first_ns"),
                    .integer("last_ns"), .time("expires").optional(), .bytes("digest"), .bytes("header"),
                    .bytes("data"),
                ]),
            .index("telemetry_blocks_series", on: "telemetry_blocks", ["series", "level"]),
            .index("telemetry_blocks_expires", on: "telemetry_blocks", ["expires"], where: "expires IS NOT NULL"),
            .index("telemetry_blocks_times", on: "telemetry_blocks", ["series", "last_ns", "first_ns"]),
            .table(
                "telemetry_alarms",
                [
                    .id, .integer("session"), .time("at"), .text("code"), .text("field").optional(),
                    .real("value").optional(), .real("limit_value").optional(), .real("peak").optional(),
                    .time("over_at").optional(),
                ]),
            .index("telemetry_alarms_session", on: "telemetry_alarms", ["session"]),
            .table(
                "telemetry_needling", [.text("device"), .boolean("is_late"), .time("last_at")],
                primaryKey: ["device", "is_late"]),
        ])
]
