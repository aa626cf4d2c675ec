import MneedleKit

let migrations = [
    Migration(
        1, "sessions with their series, blocks and alarms, and devices that needle without one",
        [
            .table(
                "telemetry_sessions",
                [
                    .integer("session").primaryKey(), .person(), .text("device"), .real("depth_mm").sealed(),
                    .time("started"), .boolean("is_running"), .time("last_heard").optional(),
                    .time("ended").optional(), .integer("thinned", default: 0), .text("digest").optional().sealed(),
                ]),
            .index("telemetry_sessions_ended", on: "telemetry_sessions", ["thinned", "ended"]),
            .index("telemetry_sessions_device", on: "telemetry_sessions", ["device"]),
            .index("telemetry_sessions_heard", on: "telemetry_sessions", ["last_heard"], where: "is_running = 1"),
            .table(
                "telemetry_series",
                [
                    .id, .integer("session"), .person().optional(), .text("device"), .text("name"), .text("fields"),
                    .integer("step_ms"),
                ],
                unique: ["session", "device", "name", "fields", "step_ms"]),
            .index("telemetry_series_device", on: "telemetry_series", ["device"]),
            .table(
                "telemetry_blocks",
                [
                    .id, .integer("series"), .person().optional(), .integer("level"), .integer("points"),
                    .integer("bytes"), .integer("first_ns"), .integer("last_ns"), .time("expires").optional(),
                    .bytes("digest").sealed(), .bytes("header").sealed(), .bytes("data").sealed(),
                ]),
            .index("telemetry_blocks_series", on: "telemetry_blocks", ["series", "level"]),
            .index("telemetry_blocks_expires", on: "telemetry_blocks", ["expires"], where: "expires IS NOT NULL"),
            .index("telemetry_blocks_times", on: "telemetry_blocks", ["series", "last_ns", "first_ns"]),
            .table(
                "telemetry_alarms",
                [
                    .id, .integer("session"), .person(), .time("at"), .text("code"), .text("field").optional().sealed(),
                    .real("value").optional().sealed(), .real("limit_value").optional().sealed(),
                    .real("peak").optional().sealed(), .time("over_at").optional(),
                ]),
            .index("telemetry_alarms_session", on: "telemetry_alarms", ["session"]),
            .table(
                "telemetry_needling", [.text("device"), .boolean("is_late"), .time("last_at")],
                primaryKey: ["device", "is_late"]),
        ])
]
