import MneedleKit

/// A moment at which the clocks of a zone are set.
struct ZoneChange: Equatable {
    var at: Instant
    /// The seconds east of UTC until then, and from then on.
    var before: Int
    var after: Int

    /// The number of days before the start in which the change that is in force then is looked for.
    private static let reachBack = 400

    /// The change that is in force at `from`, and every later one up to `to`. A zone whose clocks were not set for a long
    /// time gets a change that changes nothing, so that there is always a first.
    static func all(of zone: Zone, from: Instant, to: Instant) -> [ZoneChange] {
        let week: Int64 = 7 * 86_400_000
        var last: ZoneChange?
        var changes: [ZoneChange] = []
        var start = Instant(milliseconds: from.milliseconds - Int64(reachBack) * 86_400_000)
        while start <= to {
            let end = Instant(milliseconds: start.milliseconds + week)
            if let change = change(of: zone, between: start, and: end) {
                if change.at <= from { last = change } else { changes.append(change) }
            }
            start = end
        }
        let offset = zone.offsetSeconds(at: from)
        // That change is at the beginning of Unix time, as such files have it.
        return [last ?? ZoneChange(at: Instant(milliseconds: 0), before: offset, after: offset)] + changes
    }

    /// The change between two times, which lie closer together than two changes do.
    private static func change(of zone: Zone, between start: Instant, and end: Instant) -> ZoneChange? {
        let (before, after) = (zone.offsetSeconds(at: start), zone.offsetSeconds(at: end))
        guard before != after else { return nil }
        var (low, high) = (start.milliseconds / 1000, end.milliseconds / 1000)
        while high - low > 1 {
            let middle = (low + high) / 2
            if zone.offsetSeconds(at: Instant(seconds: middle)) == before { low = middle } else { high = middle }
        }
        return ZoneChange(at: Instant(seconds: high), before: before, after: after)
    }
}
