import MneedleKit

extension Telemetry {
    /// The name in the figures for codes that the knowledge no longer has.
    static let otherCodes = "other"

    /// The figures about telemetry: amounts, and none of the measured values.
    var figures: [Figure] {
        let others = Telemetry.otherCodes
        let codes = knowledge.codes.union([Telemetry.silenceCode, others]).sorted()
        return [
            Figure("points", .gauge, "Points that are kept.") { reading in
                let row = try reading.store.row("SELECT SUM(points) AS points FROM telemetry_blocks")
                return [FigureValue(row?.number("points") ?? 0)]
            },
            Figure("blocks", .gauge, unit: "bytes", "Size of the points that are kept.") { reading in
                let row = try reading.store.row(
                    "SELECT SUM(bytes) AS bytes FROM telemetry_blocks")
                return [FigureValue(row?.number("bytes") ?? 0)]
            },
            Figure("alarms", .counter, "Alarms that were raised.", labels: [FigureLabel("code", codes)]) {
                reading in
                var counts = Dictionary(codes.map { ($0, 0.0) }) { first, _ in first }
                for row in try reading.store.rows("SELECT code, COUNT(*) AS alarms FROM telemetry_alarms GROUP BY code")
                {
                    // A code that is not counted is that of a limit that the knowledge had once.
                    let code = row.text("code").flatMap { counts[$0] == nil ? nil : $0 } ?? others
                    counts[code, default: 0] += row.number("alarms") ?? 0
                }
                return counts.sorted { $0.key < $1.key }.map { FigureValue($0.value, $0.key) }
            },
            Figure("running", .gauge, "Sessions that run.") { reading in
                let row = try reading.store.row(
                    "SELECT COUNT(*) AS running FROM telemetry_sessions WHERE is_running = 1")
                return [FigureValue(row?.number("running") ?? 0)]
            },
        ]
    }
}
