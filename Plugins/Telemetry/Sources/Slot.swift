import MneedleKit
import MneedleSeries

/// A point whose time lies behind that of an earlier one.
struct Behind {
    var place: Int
    /// The latest time of the points before it.
    var newest: Int64
}

/// The points that a slot has gathered, on their way into the store.
struct Batch {
    let slot: Slot
    let points: Points
    /// The number of the points that were judged when they came.
    let judged: Int
    let suspects: Points
    /// The points behind an earlier one, whose times are still to be judged.
    var behind: [Behind]
}

/// The points of one layout that wait to be stored.
final class Slot {
    let layout: Layout
    var points: Points
    /// The place of the slot whose turn it was after this one.
    var successor = 0
    /// The number of the points that were judged when they came.
    private(set) var judged = 0
    /// The watch that judges them; a collector has none until the store has been asked for the device's session.
    private(set) var watch: Watch?
    private var judgedFields: [(field: Int, limit: Int, unit: Double)] = []
    /// The places of the fields that are a depth.
    let depths: [Int]
    /// The field whose depth cannot be judged, until that has been reported.
    private var unreadable: String?
    /// The points with unbelievable times that came before there was a watch, with the times of their arrival.
    var suspects: Points
    /// The field whose depth was rejected as negative, so that nobody watches it, until that has been reported.
    var negative: String?
    /// The points whose time lies behind that of an earlier one, until the store has told why.
    private var behind: [Behind] = []
    private var newest: Int64 = .min

    init(_ layout: Layout, _ watch: Watch?, _ knowledge: TelemetryKnowledge) {
        self.layout = layout
        depths = layout.fields.indices.filter { knowledge.depthUnit(of: layout.fields[$0]) != nil }
        suspects = Points(layout.fields)
        points = Points(layout.fields)
        bind(watch)
    }

    func bind(_ watch: Watch?) {
        self.watch = watch
        newest = .min
        judgedFields = watch?.bind(layout.fields) ?? []
        unreadable = watch?.unreadableDepth(in: layout.fields)
    }

    /// Judges the point that has just come.
    /// - Returns: The alarms that it raises.
    func judge(_ time: Int64, _ value: (Int) -> Double) -> [Watch.Alarm] {
        let alarms = judge(time, at: points.count - 1, &behind, value)
        judged = points.count
        return alarms
    }

    /// Judges one of the points.
    /// - Parameter behind: The list that takes the point where only the store can tell whether the clock was set back: points
    ///   that are sent again have their old times.
    func judge(_ time: Int64, at place: Int, _ behind: inout [Behind], _ value: (Int) -> Double) -> [Watch.Alarm] {
        guard let watch, watch.session.covers(time) else { return [] }
        var alarms: [Watch.Alarm] = []
        if watch.isBehind(time, newest) {
            behind.append(Behind(place: place, newest: newest))
        } else {
            watch.isInOrder(time, newest)
        }
        newest = max(newest, time)
        judgeValues(watch, time, value, &alarms)
        return alarms
    }

    /// Judges a point with an unbelievable time by the time of its arrival.
    func judge(arrivedAt now: Int64, _ value: (Int) -> Double) -> [Watch.Alarm] {
        guard let watch else { return [] }
        var alarms = [watch.clockIsOff(at: now)].compactMap { $0 }
        judgeValues(watch, now, value, &alarms)
        return alarms
    }

    /// Hands over the waiting points, and begins anew.
    /// - Returns: `nil` where nothing waits.
    func takeBatch() -> Batch? {
        guard points.count > 0 || suspects.count > 0 || negative != nil else { return nil }
        defer {
            (points, judged, behind) = (Points(layout.fields), 0, [])
            if suspects.count > 0 { suspects = Points(layout.fields) }
        }
        return Batch(slot: self, points: points, judged: judged, suspects: suspects, behind: behind)
    }

    /// - Returns: The alarm of a depth that was rejected as negative; `nil` where there was none, or there is no watch.
    func judgeNegative(at now: Int64) -> Watch.Alarm? {
        guard let watch, let negative else { return nil }
        self.negative = nil
        return watch.depthIsUnwatched(negative, at: now)
    }

    /// Whether a depth was rejected as negative since the last call, for a device without a session.
    func takeNegative() -> Bool {
        defer { negative = nil }
        return negative != nil
    }

    @inline(__always)
    private func judgeValues(
        _ watch: Watch, _ time: Int64, _ value: (Int) -> Double, _ alarms: inout [Watch.Alarm]
    ) {
        if unreadable != nil {
            if let alarm = watch.depthIsUnwatched(unreadable, at: time) { alarms.append(alarm) }
            unreadable = nil
        }
        for (field, limit, unit) in judgedFields {
            if let alarm = watch.judge(value(field) * unit, limit, at: time) { alarms.append(alarm) }
        }
    }
}

extension Layout {
    /// The device that a point names.
    var device: String? { tags["device"] }
}
