import MneedleKit
import MneedleSeries

/// A point whose time lies behind that of one before it.
struct Behind {
    var place: Int
    /// The latest time before it.
    var newest: Int64
}

/// What a slot has gathered, on its way into the store.
struct Batch {
    let slot: Slot
    let points: Points
    /// How many of the points were judged when they came.
    let judged: Int
    let suspects: Points
    /// Those of the points that nobody has judged by their time yet.
    var behind: [Behind]
}

/// The points of one layout that wait to be stored.
final class Slot {
    let layout: Layout
    var points: Points
    /// The slot whose turn it was after this one.
    var successor = 0
    /// How many of them were judged when they came.
    private(set) var judged = 0
    /// Who judges them; unknown to a collector until the store has been asked for the device's session.
    private(set) var watch: Watch?
    private var judgedFields: [(field: Int, limit: Int, unit: Double)] = []
    /// Fields that are a depth.
    let depths: [Int]
    /// One whose depth cannot be judged, until that has been said.
    private var unreadable: String?
    /// Points whose stamps cannot be believed, by their arrival, that came before it was known who judges them.
    var suspects: Points
    /// A field whose depth was rejected as negative, until that has been said: nobody watches it then.
    var negative: String?
    /// Those of `points` whose time lies behind that of one before them, until somebody has looked why.
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
    /// - Parameter behind: Takes it where only the store can tell whether the clock was set back: what is sent again has the
    ///   times that it had.
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

    /// Judges a point whose stamp cannot be believed by when it came.
    func judge(arrivedAt now: Int64, _ value: (Int) -> Double) -> [Watch.Alarm] {
        guard let watch else { return [] }
        var alarms = [watch.clockIsOff(at: now)].compactMap { $0 }
        judgeValues(watch, now, value, &alarms)
        return alarms
    }

    /// Gives away what waits, and begins anew.
    /// - Returns: `nil` where nothing waits.
    func takeBatch() -> Batch? {
        guard points.count > 0 || suspects.count > 0 || negative != nil else { return nil }
        defer {
            (points, judged, behind) = (Points(layout.fields), 0, [])
            if suspects.count > 0 { suspects = Points(layout.fields) }
        }
        return Batch(slot: self, points: points, judged: judged, suspects: suspects, behind: behind)
    }

    /// - Returns: The alarm of a depth that was rejected, where a session runs.
    func judgeNegative(at now: Int64) -> Watch.Alarm? {
        guard let watch, let negative else { return nil }
        self.negative = nil
        return watch.depthIsUnwatched(negative, at: now)
    }

    /// Whether a depth was rejected as negative, where nobody is there to judge it.
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
