import MneedleBulkKit
import MneedleKit
import MneedleSeries

/// The symbol that the host looks up in this library.
@_cdecl("mneedle_module_telemetry")
public func mneedleModuleTelemetry() -> UnsafeMutableRawPointer { definition.export() }

let precisionKey = Parameter.optional(
    "precision", .choice(Precision.self), "to what unit of time points are kept", default: .ns)
let collectorPrecisionKey = Parameter.optional(
    "collector_precision", .choice(Precision.self), "the unit of timestamps on telemetry.sock", default: .ns)
let unmatchedForKey = Parameter.optional(
    "unmatched_for", .duration, "how long points of no session are kept for telemetry.attach", default: Span(days: 7))
let pointsForKey = Parameter.optional(
    "points_for", .duration, "how long each point of a session is kept; 0d for ever", default: Span(days: 0))
let secondsForKey = Parameter.optional(
    "seconds_for", .duration, "how long their sums by seconds are kept; 0d for ever", default: Span(days: 0))
let minutesForKey = Parameter.optional(
    "minutes_for", .duration, "how long their sums by minutes are kept; 0d for ever", default: Span(days: 0))
let stopOnKey = Parameter.optional(
    "stop_on", .list(.slug), "codes of alarms that stop the session at once", default: [])

/// Takes a device's reports during a session, keeps them, and raises an alarm at once when a value leaves its limits.
let definition = ModuleDefinition(
    manifest: Manifest(
        name: "telemetry", version: "0.1.0",
        summary: "Streams device telemetry into sessions, raises alarms, and answers what was measured.",
        configuration: .of(
            precisionKey, collectorPrecisionKey, unmatchedForKey, pointsForKey, secondsForKey, minutesForKey, stopOnKey),
        knowledge: ["telemetry"]),
    migrations: migrations
) { setup in
    let telemetry = try Telemetry(setup)
    return Module(
        commands: [
            telemetry.stream, telemetry.summary, telemetry.query, telemetry.compare, telemetry.alarms, telemetry.export,
            telemetry.unmatched, telemetry.attach,
        ],
        reactions: [telemetry.whenStarted, telemetry.whenFinished, telemetry.whenStopped],
        timers: [telemetry.silence, telemetry.expiry, telemetry.thinning],
        figures: telemetry.figures,
        commonKinds: [Telemetry.needledWithoutSession],
        contributions: [telemetry.collector])
}

/// The module at work: its knowledge and configuration, and one command or duty in each file of this folder.
struct Telemetry: Sendable {
    let knowledge: TelemetryKnowledge
    /// The precision that times are rounded down to before they are stored, and the unit of a collector's timestamps.
    let precision: Precision
    let collectorPrecision: Precision
    /// The alarms that stop a session.
    let stopOn: Set<String>
    let keepUnmatchedFor: Span
    let arrivals = ArrivalClock()
    /// The time for which each form of a session's telemetry is kept, the first as it came; `nil` for ever.
    let keepFor: [Span?]

    init(_ setup: Setup) throws {
        knowledge = TelemetryKnowledge(setup)
        precision = try setup[precisionKey]
        collectorPrecision = try setup[collectorPrecisionKey]
        keepUnmatchedFor = try setup[unmatchedForKey]
        keepFor = try [pointsForKey, secondsForKey, minutesForKey].map { key in
            let span = try setup[key]
            return span.days == 0 && span.milliseconds == 0 ? nil : span
        }
        stopOn = Set(try setup[stopOnKey])
        for code in stopOn.subtracting(knowledge.codes).sorted() {
            setup.report(
                stopOnKey, "no alarm has the code '\(code)'; known: \(knowledge.codes.sorted().joined(separator: ", "))"
            )
        }
    }

    static func instant(_ nanoseconds: Int64) -> Instant { Instant(nanoseconds: nanoseconds) }

    /// The seconds between two times in nanoseconds.
    static func seconds(from earlier: Int64, to later: Int64) -> Double {
        Double(later.subtractingClamped(earlier)) / 1e9
    }
}
