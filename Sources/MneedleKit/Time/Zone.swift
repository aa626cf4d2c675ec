/// The civil time of a place. The host makes it from the system's time zone data;
/// ask for one with ``Reading/zones``.
public struct Zone: Sendable {
    /// The IANA name, for example `Europe/Berlin`.
    public let identifier: String
    private let offset: @Sendable (Instant) -> Int

    /// - Parameter offsetSeconds: The seconds that clocks are ahead of UTC at an instant.
    public init(identifier: String, offsetSeconds: @escaping @Sendable (Instant) -> Int) {
        self.identifier = identifier
        offset = { offsetSeconds($0).clamped(to: -86_399...86_399) }
    }

    /// UTC, where a person's zone is not known.
    public static let utc = Zone(identifier: "UTC") { _ in 0 }

    /// The seconds that clocks here are ahead of UTC at that moment; negative where they are behind.
    public func offsetSeconds(at instant: Instant) -> Int { offset(instant) }

    /// The calendar day that `instant` falls on here.
    public func date(of instant: Instant) -> CivilDate {
        let local = instant.local(offsetSeconds: offset(instant))
        return CivilDate(daysSinceEpoch: Int(floorDivide(local, 86_400_000).quotient))
    }

    /// The minutes since midnight that a clock here shows at `instant`.
    public func minuteOfDay(of instant: Instant) -> Int {
        let local = instant.local(offsetSeconds: offset(instant))
        return Int(floorDivide(local, 86_400_000).remainder / 60_000)
    }

    /// The instant at which a clock here shows `date` and `minuteOfDay` (default: midnight).
    ///
    /// A time that comes twice means the first; one that does not exist moves forward by the gap.
    public func instant(of date: CivilDate, minuteOfDay: Int = 0) -> Instant {
        let local = Instant(
            milliseconds: (Int64(date.daysSinceEpoch) * 86_400_000).addingClamped(
                Int64(minuteOfDay).multipliedClamped(by: 60_000)))
        // These offsets are in force a day before and after, clear of any change near this local time.
        let before = offset(local.adding(milliseconds: -86_400_000))
        let after = offset(local.adding(milliseconds: 86_400_000))
        let early = Instant(milliseconds: local.local(offsetSeconds: -before))
        let late = Instant(milliseconds: local.local(offsetSeconds: -after))
        let candidates = [early, late].filter {
            $0.local(offsetSeconds: offset($0)) == local.milliseconds
        }
        // In a gap neither holds: reading the clock with the old offset lands the gap later.
        return candidates.min() ?? early
    }

    /// The instant a `span` after another: calendar days first, keeping the clock time, then elapsed time.
    public func adding(_ span: Span, to instant: Instant) -> Instant {
        var result = instant
        if span.days != 0 {
            let local = instant.local(offsetSeconds: offset(instant))
            let withinMinute = floorDivide(local, 60_000).remainder
            let moved = self.instant(
                of: date(of: instant).adding(days: span.days), minuteOfDay: minuteOfDay(of: instant))
            result = moved.adding(milliseconds: withinMinute)
        }
        return result.adding(milliseconds: span.milliseconds)
    }
}

extension Zone {
    /// A time as a clock here shows it, for a sentence: `2026-11-24 23:40 (Europe/Berlin)`.
    public func clockText(_ instant: Instant) -> String {
        let local = instant.rfc3339(offsetSeconds: offsetSeconds(at: instant))
        return "\(local.prefix(10)) \(local.dropFirst(11).prefix(5)) (\(identifier))"
    }
}
