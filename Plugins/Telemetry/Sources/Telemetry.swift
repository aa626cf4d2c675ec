import MneedleKit
import MneedleSeries

/// What the host looks up in this library.
@_cdecl("mneedle_module_telemetry")
public func mneedleModuleTelemetry() -> UnsafeMutableRawPointer { definition.export() }

private let precisions = ParameterType.choice(Precision.allCases.map(\.rawValue))

/// Takes what a device reports during a session, keeps it, and raises an alarm at once when it leaves its limits.
let definition = ModuleDefinition(
    manifest: Manifest(
        name: "telemetry", version: "0.1.0",
        summary: "Streams device telemetry into sessions, raises alarms, and answers what was measured.",
        configuration: [
            ConfigurationKey("precision", precisions, default: "ns", "to what unit of time points are kept"),
            ConfigurationKey(
                "collector_precision", precisions, default: "ns", "the unit of timestamps on telemetry.sock"),
            ConfigurationKey(
                "unmatched_for", .duration, default: "7d", "how long points of no session are kept for telemetry.attach"
            ),
            ConfigurationKey(
                "points_for", .duration, default: "0d", "how long each point of a session is kept; 0d for ever"),
            ConfigurationKey(
                "seconds_for", .duration, default: "0d", "how long their sums by seconds are kept; 0d for ever"),
            ConfigurationKey(
                "minutes_for", .duration, default: "0d", "how long their sums by minutes are kept; 0d for ever"),
            ConfigurationKey(
                "stop_on", .list(.slug), default: [] as [Value], "codes of alarms that stop the session at once"),
        ],
        knowledge: ["telemetry"]),
    migrations: migrations
) { setup in
    let telemetry = Telemetry(setup)
    return Module(
        commands: [
            telemetry.stream, telemetry.summary, telemetry.query, telemetry.compare, telemetry.alarms, telemetry.export,
            telemetry.unmatched, telemetry.attach,
        ],
        reactions: [telemetry.whenStarted, telemetry.whenFinished, telemetry.whenStopped],
        timers: [telemetry.silence, telemetry.expiry, telemetry.thinning],
        collectors: [telemetry.collector],
        figures: telemetry.figures,
        commonKinds: [Telemetry.needledWithoutSession])
}

/// The module at work: its knowledge and configuration, and one command or duty in each file of this folder.
struct Telemetry: Sendable {
    let knowledge: Knowledge
    /// Times are rounded down to this before they are stored.
    let precision: Precision
    let collectorPrecision: Precision
    /// The alarms that stop a session.
    let stopOn: Set<String>
    let keepUnmatchedFor: Span
    let arrivals = ArrivalClock()
    /// How long each form of a session's telemetry is kept, the first as it came; `nil` for ever.
    let keepFor: [Span?]

    init(_ setup: Setup) {
        knowledge = Knowledge(setup)
        precision = setup.configuration.text("precision").flatMap(Precision.init) ?? .ns
        collectorPrecision = setup.configuration.text("collector_precision").flatMap(Precision.init) ?? .ns
        keepUnmatchedFor = setup.configuration.duration("unmatched_for") ?? Span(days: 7)
        keepFor = ["points_for", "seconds_for", "minutes_for"].map { key in
            setup.configuration.duration(key).flatMap { $0.days == 0 && $0.milliseconds == 0 ? nil : $0 }
        }
        stopOn = Set(setup.configuration.texts("stop_on") ?? [])
        for code in stopOn.subtracting(knowledge.codes).sorted() {
            setup.problems.report(
                Problem(
                    file: "mneedled.toml", key: "telemetry.stop_on",
                    reason:
                        "no alarm has the code '\(code)'; known: \(knowledge.codes.sorted().joined(separator: ", "))"))
        }
    }

    static func instant(_ nanoseconds: Int64) -> Instant { Instant(nanoseconds: nanoseconds) }

    /// Elapsed seconds between two times in nanoseconds.
    static func seconds(from earlier: Int64, to later: Int64) -> Double {
        Double(later.subtractingClamped(earlier)) / 1e9
    }
}
