import MneedleKit
import MneedleSeries

/// Judges the points of one session against its plan and the limits of its device, point after point, as they come.
///
/// A breach raises one alarm, however long it lasts and however often the value crosses the limit meanwhile: it is over
/// once the value has stayed inside by the limit's margin for the time to settle.
final class Watch {
    let session: KnownSession
    private let limits: [TelemetryKnowledge.Limit]
    private let knowledge: TelemetryKnowledge
    /// The breaches of now, by the limit's code.
    private var breaches: [String: Breach] = [:]
    /// The changes that the ledger has to be told, in their order.
    private var changes: [Change] = []
    /// Whether a depth was judged since the last ``heard(at:elsewhere:)``, and the time at which the depth was last heard.
    private var isDepthNew = false
    private var depthHeard: Int64?
    /// The number of alarms that the watch has raised.
    private(set) var alarms = 0

    struct Breach {
        var began: Int64
        /// The value furthest over the limit.
        var peak: Double?
        /// The time since which the value is back.
        var backSince: Int64?
        /// Whether `peak` is further out than the stored one.
        var isPeakNew = false
    }

    enum Change {
        case begun(Alarm)
        case over(code: String, at: Int64, seconds: Double, peak: Double?)
    }

    struct Alarm {
        var code: String
        var field: String?
        var value: Double?
        var limit: Double?
        /// Nanoseconds since 1970.
        var at: Int64
    }

    /// - Parameter open: The session's alarms that are not over, by code, as they were stored.
    init(_ session: KnownSession, _ knowledge: TelemetryKnowledge, open: [String: Breach]) {
        self.session = session
        self.knowledge = knowledge
        limits = knowledge.limits(planned: session.depthMM)
        breaches = open
    }

    /// The places of the fields that are judged, with the limit's place and the factor from their unit to the limit's.
    func bind(_ fields: [Layout.Field]) -> [(field: Int, limit: Int, unit: Double)] {
        fields.enumerated().filter { $0.element.kind != .text }.flatMap { index, field in
            limits.indices.compactMap { place in
                if place == TelemetryKnowledge.depthPlace {
                    return knowledge.depthUnit(of: field).map { (index, place, $0) }
                }
                return limits[place].field == field.name ? (index, place, 1) : nil
            }
        }
    }

    /// The one of these fields that tells a depth which cannot be judged.
    func unreadableDepth(in fields: [Layout.Field]) -> String? { knowledge.unreadableDepth(in: fields) }

    /// Judges one value, in the limit's unit.
    /// - Returns: The alarm that it raises.
    func judge(_ value: Double, _ place: Int, at time: Int64) -> Alarm? {
        let limit = limits[place]
        if place == TelemetryKnowledge.depthPlace { isDepthNew = true }
        if let bound = limit.broken(by: value) {
            return breach(limit.code, field: limit.field, value: value, limit: bound, at: time) {
                limit.isFurther(value, than: $0)
            }
        }
        if !breaches.isEmpty, breaches[limit.code] != nil {
            settle(limit.code, isBack: limit.isBack(value), at: time)
        }
        return nil
    }

    // MARK: Unwatched depth

    /// The alarm that nobody watches the depth, because it comes in a form that cannot be judged or not at all.
    func depthIsUnwatched(_ field: String?, at time: Int64) -> Alarm? {
        breach(Telemetry.unwatchedCode, field: field, value: nil, limit: nil, at: time) { _ in false }
    }

    /// Notes that points have arrived. When none has had a depth for as long as a silence takes, nobody watches the depth.
    /// - Parameter elsewhere: The time of the last depth that any stream of the session has had.
    func heard(at now: Int64, elsewhere: () throws -> Int64?) rethrows {
        if isDepthNew {
            isDepthNew = false
            return depthIsWatched(since: now, at: now)
        }
        // The time counts from the session's start at first, for a device that connects anew every few seconds is not watched
        // any better.
        let since = depthHeard ?? session.started.nanoseconds
        guard now >= since else { return depthHeard = now }
        let silence = knowledge.silence.totalNanoseconds
        guard now.subtractingClamped(since) >= silence else { return }
        // The depth of another stream counts from its own time. A device's clock may be a little ahead.
        let last = try elsewhere().map { min($0, now) }
        if let last, now.subtractingClamped(last) < silence {
            depthIsWatched(since: last, at: now)
        } else {
            _ = depthIsUnwatched(nil, at: now)
        }
    }

    private func depthIsWatched(since heard: Int64, at now: Int64) {
        let silence = knowledge.silence.totalNanoseconds
        let isNews = depthHeard.map { heard.subtractingClamped($0) >= silence } ?? true
        depthHeard = heard
        if breaches[Telemetry.unwatchedCode] != nil {
            end(Telemetry.unwatchedCode, at: now)
        } else if isNews {
            // Another connection may have raised the alarm meanwhile.
            changes.append(.over(code: Telemetry.unwatchedCode, at: now, seconds: 0, peak: nil))
        }
    }

    /// Whether a series' time lies so far behind the newest one before it that the clock may have been set back.
    func isBehind(_ time: Int64, _ newest: Int64) -> Bool {
        newest != .min && Telemetry.seconds(from: time, to: newest) > knowledge.clockToleranceSeconds
    }

    /// Judges a series' time against the newest one before it.
    func judge(time: Int64, newest: Int64) -> Alarm? {
        guard isBehind(time, newest) else {
            isInOrder(time, newest)
            return nil
        }
        let behind = Telemetry.seconds(from: time, to: newest)
        return breach(Watch.backwardsCode, field: nil, value: behind, limit: nil, at: time) { behind > $0 }
    }

    /// Ends the alarm of a clock that was set back, once its times have come to where they were.
    func isInOrder(_ time: Int64, _ newest: Int64) {
        if !breaches.isEmpty, breaches[Watch.backwardsCode] != nil, time >= newest {
            end(Watch.backwardsCode, at: time)
        }
    }

    private static let backwardsCode = "clock-backwards"

    /// The alarm that the device's clock is so far off that its points cannot be kept.
    func clockIsOff(at now: Int64) -> Alarm? {
        breach("clock-off", field: nil, value: nil, limit: nil, at: now) { _ in false }
    }

    private func breach(
        _ code: String, field: String?, value: Double?, limit: Double?, at time: Int64, isFurther: (Double) -> Bool
    ) -> Alarm? {
        if breaches[code] != nil {
            breaches[code]!.backSince = nil
            if let value, breaches[code]!.peak.map(isFurther) ?? true {
                breaches[code]!.peak = value
                breaches[code]!.isPeakNew = true
            }
            return nil
        }
        let alarm = Alarm(code: code, field: field, value: value, limit: limit, at: time)
        breaches[code] = Breach(began: time, peak: value)
        changes.append(.begun(alarm))
        alarms += 1
        return alarm
    }

    private func settle(_ code: String, isBack: Bool, at time: Int64) {
        guard isBack else { return breaches[code]!.backSince = nil }
        let since = breaches[code]!.backSince ?? time
        breaches[code]!.backSince = since
        if Telemetry.seconds(from: since, to: time) >= knowledge.settleSeconds { end(code, at: since) }
    }

    private func end(_ code: String, at time: Int64) {
        guard let breach = breaches.removeValue(forKey: code) else { return }
        changes.append(
            .over(code: code, at: time, seconds: Telemetry.seconds(from: breach.began, to: time), peak: breach.peak))
    }

    /// The changes since the last call, and the breaches whose peak has grown.
    func takeChanges() -> (changes: [Change], peaks: [(code: String, peak: Double)]) {
        defer { changes = [] }
        let grown = breaches.filter(\.value.isPeakNew).keys.sorted()
        let peaks = grown.map { (code: $0, peak: breaches[$0]!.peak ?? 0) }
        for code in grown { breaches[code]!.isPeakNew = false }
        return (changes, peaks)
    }
}

extension TelemetryKnowledge.Limit {
    /// The bound that the value is beyond; `nil` where it is inside.
    func broken(by value: Double) -> Double? {
        if let most, value > most { return most }
        if let least, value < least { return least }
        return nil
    }

    func isBack(_ value: Double) -> Bool {
        value <= (most ?? .infinity) - margin && value >= (least ?? -.infinity) + margin
    }

    func isFurther(_ value: Double, than peak: Double) -> Bool {
        if let most, value > most { return value > peak }
        return value < peak
    }
}

extension Watch.Alarm {
    func body(_ session: KnownSession) -> Object {
        [
            "session": session.session, "person": session.person, "device": session.device, "code": code,
            "field": field, "value": value, "limit": limit, "at": Telemetry.instant(at),
        ]
    }
}
