/// The limit of all planning: a hundred years from now, and no further than the year 2200.
///
/// The bound is technical, not clinical: it keeps a date that is computed from a given one from becoming a date that cannot
/// be written, read or waited for. Code that computes a date clamps it to this bound before storing it.
public enum Horizon {
    /// The number of years ahead.
    public static let years = 100

    /// The last day that anything may be planned for.
    public static func day(from today: CivilDate) -> CivilDate { min(today.adding(months: years * 12), end) }

    /// The last moment that anything may be planned for.
    public static func instant(from now: Instant) -> Instant {
        Zone.utc.instant(of: day(from: Zone.utc.date(of: now)).adding(days: 1))
    }

    /// The last day in any case, 2200-12-31.
    private static let end = CivilDate(daysSinceEpoch: 84_370)
}
