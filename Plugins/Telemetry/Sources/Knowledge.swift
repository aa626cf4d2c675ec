import MneedleKit
import MneedleSeries

/// The limits from `telemetry.toml`.
struct TelemetryKnowledge: Sendable {
    /// The range of a field, outside of which an alarm is raised.
    struct Limit: Sendable {
        var field: String
        var code: String
        var least: Double?
        var most: Double?
        /// The distance by which a value has to be back inside the limit before the alarm is over.
        var margin: Double
    }

    let limits: [Limit]
    /// The place of the depth among ``limits(planned:)``.
    static let depthPlace = 0
    let depthField: String
    /// The other names of the field, in lower case, with the millimetres in their unit.
    let depthUnits: [String: Double]
    let depthToleranceMM: Double
    let depthMarginMM: Double
    let silence: Span
    let clockToleranceSeconds: Double
    /// The seconds for which a value has to stay back inside its limit before the alarm is over.
    let settleSeconds: Double
    /// The time without needling after which a device that needles without a session is reported anew.
    let quiet: Span

    init(_ setup: Setup) {
        let file = setup.knowledge("telemetry")
        limits = file.tables("limit").map { table in
            TelemetryKnowledge.requireGrounds(table)
            let (least, most) = (table.optionalNumber("min"), table.optionalNumber("max"))
            if let least, let most, least > most { table.report("max", "\(most) is under 'min' \(least)") }
            return Limit(
                field: table.string("field"), code: TelemetryKnowledge.code(table), least: least, most: most,
                margin: table.number("margin", default: 0))
        }
        let depth = file.section("depth")
        depthField = depth.string("field")
        depthUnits = Dictionary(
            depth.tables("unit").map { ($0.string("field").lowercased(), $0.number("mm", in: 1e-9...1000)) }
        ) { first, _ in first }
        depthToleranceMM = depth.number("tolerance_mm", in: 0...1)
        depthMarginMM = depth.number("margin_mm", in: 0...1)
        let signal = file.section("signal")
        silence = signal.elapsed("silence", from: Span(milliseconds: 1000), to: .hours(24))
        settleSeconds = signal.number("settle_seconds", in: 0...3600)
        clockToleranceSeconds = signal.number("clock_tolerance_seconds", in: 0...86_400)
        let unrecorded = file.section("without_session")
        quiet = unrecorded.elapsed("quiet", from: .minutes(1), to: .hours(24))
        for table in [depth, signal, unrecorded] { TelemetryKnowledge.requireGrounds(table) }
    }

    /// Requires a reason and sources of a limit, for people who read the file.
    private static func requireGrounds(_ table: Table) {
        _ = table.string("reason")
        table.requireSources()
    }

    /// The code of a limit: a name of its own for alarms and figures.
    private static func code(_ table: Table) -> String {
        let code = table.string("code")
        let isName = code.utf8.allSatisfy {
            switch $0 {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"): true
            default: false
            }
        }
        if !isName || code.utf8.count > 64 {
            table.report("code", "expected 1 to 64 characters a-z, 0-9 and '-', got \"\(code.prefix(60))\"")
        } else if ownCodes.contains(code) {
            table.report("code", "'\(code)' is a name of this module's own; choose another")
        }
        return code
    }

    /// The codes that the module gives itself, and the name in the figures for unknown ones.
    private static let ownCodes: Set = [
        "depth-over-plan", "clock-backwards", "clock-off", Telemetry.unwatchedCode, Telemetry.silenceCode,
        Telemetry.otherCodes,
    ]

    /// The codes of all alarms that points can raise.
    var codes: Set<String> {
        Set(limits(planned: 0).map(\.code)).union(["clock-backwards", "clock-off", Telemetry.unwatchedCode])
    }

    /// The millimetres in the field's unit; `nil` where its name does not say that it is a depth in a known unit.
    func depthUnit(of field: Layout.Field) -> Double? {
        guard field.kind != .text, field.kind != .boolean else { return nil }
        let name = field.name.lowercased()
        return name == depthField.lowercased() ? 1 : depthUnits[name]
    }

    /// The field that tells a depth in words or in an unknown unit; `nil` where one of the fields is a depth that can be judged.
    func unreadableDepth(in fields: [Layout.Field]) -> String? {
        guard !fields.contains(where: { depthUnit(of: $0) != nil }) else { return nil }
        return fields.first { $0.name.lowercased().contains("depth") }?.name
    }

    /// The limits of a session that is planned at that depth.
    func limits(planned depthMM: Double) -> [Limit] {
        let depth = Limit(
            field: depthField, code: "depth-over-plan", least: nil, most: depthMM + depthToleranceMM,
            margin: depthMarginMM)
        return [depth] + limits
    }
}
