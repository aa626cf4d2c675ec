import MneedleKit

/// The limits from `telemetry.toml`.
struct Knowledge: Sendable {
    /// What a field may be; outside it an alarm is raised.
    struct Limit: Sendable {
        var field: String
        var code: String
        var least: Double?
        var most: Double?
        /// How far back inside the limit a value has to come before the alarm is over.
        var margin: Double
    }

    let limits: [Limit]
    let depthField: String
    let depthToleranceMM: Double
    let depthMarginMM: Double
    let silence: Span
    let clockToleranceSeconds: Double
    /// How long a value has to stay back inside its limit before the alarm is over.
    let settleSeconds: Double

    init(_ setup: Setup) {
        let file = setup.knowledge("telemetry")
        let sources = setup.sources
        limits = file.tables("limit").map { table in
            _ = (table.string("reason"), sources.sources(of: table))
            return Limit(
                field: table.string("field"), code: table.string("code"), least: table.optionalNumber("min"),
                most: table.optionalNumber("max"), margin: table.number("margin", default: 0))
        }
        let depth = file.table("depth")
        depthField = depth?.string("field") ?? "depth_mm"
        depthToleranceMM = depth?.number("tolerance_mm", in: 0...1) ?? 0
        depthMarginMM = depth?.number("margin_mm", in: 0...1) ?? 0
        _ = depth.map { ($0.string("reason"), sources.sources(of: $0)) }
        let signal = file.table("signal")
        silence = signal?.span("silence") ?? .minutes(1)
        settleSeconds = signal?.number("settle_seconds", in: 0...3600) ?? 0
        clockToleranceSeconds = signal?.number("clock_tolerance_seconds", in: 0...86_400) ?? 0
        _ = signal.map { ($0.string("reason"), sources.sources(of: $0)) }
        if depth == nil { file.report("depth", "missing") }
        if signal == nil { file.report("signal", "missing") }
    }

    /// The codes of all alarms that points can raise.
    var codes: Set<String> { Set(limits(planned: 0).map(\.code)).union(["clock-backwards", "clock-off"]) }

    /// The limits of a session whose plan says how deep.
    func limits(planned depthMM: Double) -> [Limit] {
        let depth = Limit(
            field: depthField, code: "depth-over-plan", least: nil, most: depthMM + depthToleranceMM,
            margin: depthMarginMM)
        return [depth] + limits
    }
}
