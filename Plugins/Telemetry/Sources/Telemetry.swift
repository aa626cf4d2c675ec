import MneedleKit

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
                "stop_on", .list(.slug), default: [] as [Value], "codes of alarms that stop the session at once"),
        ],
        knowledge: ["telemetry"]),
    migrations: migrations
) { setup in
    let telemetry = Telemetry(setup)
    return Module(
        commands: [
            telemetry.stream, telemetry.summary, telemetry.query, telemetry.compare, telemetry.alarms, telemetry.export,
        ],
        reactions: [telemetry.whenStarted, telemetry.whenFinished, telemetry.whenStopped],
        timers: [telemetry.silence], collectors: [telemetry.collector])
}

/// The module at work: its knowledge and configuration, and one command or duty in each file of this folder.
struct Telemetry: Sendable {
    let knowledge: Knowledge
    /// Times are rounded down to this before they are stored.
    let precision: Precision
    let collectorPrecision: Precision
    /// The alarms that stop a session.
    let stopOn: Set<String>

    init(_ setup: Setup) {
        knowledge = Knowledge(setup)
        precision = setup.configuration.text("precision").flatMap(Precision.init) ?? .ns
        collectorPrecision = setup.configuration.text("collector_precision").flatMap(Precision.init) ?? .ns
        stopOn = Set(setup.configuration.texts("stop_on") ?? [])
        for code in stopOn.subtracting(knowledge.codes).sorted() {
            setup.problems.report(
                Problem(
                    file: "mneedled.toml", key: "telemetry.stop_on",
                    reason:
                        "no alarm has the code '\(code)'; known: \(knowledge.codes.sorted().joined(separator: ", "))"))
        }
    }

    static func instant(_ nanoseconds: Int64) -> Instant { Instant(milliseconds: nanoseconds / 1_000_000) }
}
