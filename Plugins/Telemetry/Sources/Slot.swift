import MneedleKit

/// The points of one layout that wait to be stored.
final class Slot {
    let layout: Layout
    var points: Points
    /// The slot whose turn it was after this one.
    var successor = 0
    /// How many of them were judged when they came.
    var judged = 0
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
    private var newest: Int64 = .min

    init(_ layout: Layout, _ watch: Watch?, _ knowledge: Knowledge) {
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

    /// - Returns: The alarms that the point raises.
    func judge(_ time: Int64, _ value: (Int) -> Double) -> [Watch.Alarm] {
        guard let watch, watch.session.covers(time) else { return [] }
        var alarms: [Watch.Alarm] = []
        if let alarm = watch.judge(time: time, newest: newest) { alarms.append(alarm) }
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
