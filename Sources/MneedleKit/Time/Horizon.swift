/// How far ahead anything is planned: a hundred years from now, and no further than the year 2200.
///
/// A technical bound, not a clinical one: it keeps what is counted from a date that somebody gave from becoming a date that
/// cannot be written, read or waited for. Whoever makes a date of another one holds it against this before storing it.
public enum Horizon {
    /// So many years ahead.
    public static let years = 100

    /// The last day that anything may be planned for.
    public static func day(from today: CivilDate) -> CivilDate { min(today.adding(months: years * 12), end) }

    /// The last moment that anything may be planned for.
    public static func instant(from now: Instant) -> Instant {
        Zone.utc.instant(of: day(from: Zone.utc.date(of: now)).adding(days: 1))
    }

    /// 2200-12-31
    private static let end = CivilDate(daysSinceEpoch: 84_370)
}
