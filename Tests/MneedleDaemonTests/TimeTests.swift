import MneedleDaemon
import MneedleKit
import Testing

/// Any number may stand in a request or in a stored row: none of these operations traps, and what they give can be written
/// and read again.
@Suite("Times of any size")
struct TimeTests {
    static let numbers: [Int64] = [
        .min, .min + 1, -9_223_372_036_855, -62_135_596_800_001, -62_135_596_800_000, -1, 0, 1, 999,
        253_402_300_799_999, 253_402_300_800_000, 9_223_372_036_855, .max - 1, .max,
    ]
    static let reals: [Double] = [
        -.infinity, -1e308, -9.3e18, -1, -0.0, 0, .leastNonzeroMagnitude, 0.5, 9.3e18, 1e308, .infinity, .nan, -.nan,
    ]
    static let zones = [
        Zone.utc, Zone(identifier: "far") { _ in .max }, Zone(identifier: "back") { _ in .min },
        Zone(identifier: "Berlin") { _ in 3600 },
    ]

    static let instants =
        numbers.flatMap { [Instant(milliseconds: $0), Instant(seconds: $0), Instant(nanoseconds: $0)] } + [
            .first, .last, Instant.acceptable.lowerBound, Instant.acceptable.upperBound,
        ]
    static let spans = numbers.flatMap { number in
        [0, 1, .min, .max].map { Span(days: Int($0), milliseconds: number) } + [Span(days: Int(number))]
    }
    static let dates = numbers.map { CivilDate(daysSinceEpoch: Int($0)) } + [.first, .last]

    @Test("an instant of any number is written as RFC 3339 and read again as what it was")
    func instants() {
        for instant in Self.instants {
            #expect(Instant(instant.description) == instant, "\(instant.milliseconds)")
            #expect(instant >= .first && instant <= .last)
            for offset in [Int.min, -86_399, 0, 86_399, .max] {
                let text = instant.rfc3339(offsetSeconds: offset)
                #expect(text.utf8.count >= 20 && !text.hasPrefix("0000") && !text.hasPrefix("-"), "\(text)")
            }
            for real in Self.reals {
                let sums = [instant.adding(seconds: real), instant.adding(hours: real)]
                #expect(sums.allSatisfy { $0 >= .first && $0 <= .last })
            }
            for number in Self.numbers { #expect(instant.adding(milliseconds: number) <= .last) }
            for other in Self.instants {
                #expect((instant - other).isFinite)
                #expect(instant.milliseconds(since: other) == -other.milliseconds(since: instant))
            }
        }
    }

    @Test("a time that no calendar has is told from a real one")
    func exactly() {
        #expect(Instant(exactly: .min) == nil && Instant(exactly: .max) == nil)
        #expect(Instant(exactly: -62_135_596_800_001) == nil && Instant(exactly: 253_402_300_800_000) == nil)
        #expect(Instant(exactly: Instant.first.milliseconds) == .first)
        #expect(Instant(exactly: Instant.last.milliseconds) == .last)
    }

    @Test("times at the edges are read with their offset, beyond them refused")
    func edges() {
        #expect(Instant("0001-01-01T00:00:00Z") == .first && Instant("9999-12-31T23:59:59.999Z") == .last)
        #expect(Instant("0001-01-01T00:00:00+00:01") == nil && Instant("9999-12-31T23:59:59-00:01") == nil)
        #expect(Instant("9999-12-31T23:59:60Z") == nil && Instant("0000-12-31T23:59:59Z") == nil)
        #expect(Instant("0001-01-01T23:59:00+23:59") == .first)
        #expect(CivilDate("0000-12-31") == nil && CivilDate("0001-01-01") == .first)
        #expect(CivilDate("9999-12-31") == .last && CivilDate("10000-01-01") == nil)
        #expect(CivilDate.acceptable == CivilDate("1900-01-01")!...CivilDate("2200-12-31")!)
        #expect(Instant.acceptable == Instant("1900-01-01T00:00:00Z")!...Instant("2200-12-31T23:59:59.999Z")!)
    }

    @Test("nanoseconds of acceptable times are exact, of others the nearest that there are")
    func nanoseconds() {
        for instant in [Instant.acceptable.lowerBound, Instant.acceptable.upperBound] {
            #expect(Instant(nanoseconds: instant.nanoseconds) == instant)
        }
        #expect(Instant.first.nanoseconds == .min && Instant.last.nanoseconds == .max)
        #expect(Instant(nanoseconds: -1) == Instant(milliseconds: -1))
        #expect(Instant(nanoseconds: .min).description == "1677-09-21T00:12:43.145Z")
        #expect(Instant(nanoseconds: .max).description == "2262-04-11T23:47:16.854Z")
    }

    @Test("a day of any number is written and read again, and moves to no day that there is not")
    func dates() {
        for date in Self.dates {
            #expect(CivilDate(date.description) == date, "\(date.daysSinceEpoch)")
            for number in Self.numbers.map(Int.init) {
                for moved in [date.adding(days: number), date.adding(months: number)] {
                    #expect(moved >= .first && moved <= .last && CivilDate(moved.description) == moved)
                }
            }
            for other in Self.dates { #expect(abs(date - other) < 3_652_060) }
        }
        #expect(CivilDate.last.adding(months: 1) == .last && CivilDate.first.adding(months: -1) == .first)
        #expect(CivilDate("9998-12-31")!.adding(months: 12) == .last)
        #expect(CivilDate("2024-01-31")!.adding(months: 1) == CivilDate("2024-02-29"))
    }

    @Test("a span of any number is written down, and added in any zone")
    func spans() {
        for span in Self.spans {
            let text = span.description
            #expect(text.hasPrefix(span.totalMilliseconds < 0 ? "-P" : "P"), "\(text)")
            #expect(!text.dropFirst().contains("-"), "\(text)")
            #expect((span.totalNanoseconds < 0) == (span.totalMilliseconds < 0))
        }
        for real in Self.reals { #expect(Span.hours(real).days == 0 && Span.minutes(real).days == 0) }
        for zone in Self.zones {
            for instant in Self.instants {
                #expect(zone.date(of: instant) >= .first && (0..<1440).contains(zone.minuteOfDay(of: instant)))
                for span in Self.spans {
                    let sum = zone.adding(span, to: instant)
                    #expect(sum >= .first && sum <= .last)
                }
            }
            for date in Self.dates {
                for minute in Self.numbers { #expect(zone.instant(of: date, minuteOfDay: Int(minute)) <= .last) }
            }
        }
        #expect(Span(milliseconds: -1500).description == "-PT1.500S" && Span(days: -2).description == "-P2D")
        #expect(Span(days: 1, milliseconds: -3_600_000).description == "PT23H")
    }

    @Test("a duration of a request or a file is at most a hundred years")
    func longest() {
        #expect(Span("36525d") == .longest && Span("P36525D") == .longest && Span("876600h") != nil)
        for text in [
            "36526d", "106752d", "999999999w", "P999999999W", "P36525DT1S", "PT999999999H", "9999999999s",
            "99999999999999999999s",
        ] {
            #expect(Span(text) == nil, "\(text)")
        }
        #expect(Span("0s") == Span() && Span("1s") == Span(milliseconds: 1000))
    }

    @Test("clamping arithmetic ends at the limits")
    func clamping() {
        #expect(Int64.max.addingClamped(1) == .max && Int64.min.addingClamped(-1) == .min)
        #expect(Int64.min.subtractingClamped(1) == .min && Int64.max.subtractingClamped(-1) == .max)
        #expect((-1 as Int64).subtractingClamped(.min) == .max && (0 as Int64).subtractingClamped(.min) == .max)
        #expect(Int64.min.multipliedClamped(by: -1) == .max && Int64.min.multipliedClamped(by: 2) == .min)
        #expect(Int64.max.multipliedClamped(by: -2) == .min && (-3 as Int64).multipliedClamped(by: -4) == 12)
        #expect(
            Int64(clamping: 1e308) == .max && Int64(clamping: -1e308) == .min && Int64(clamping: -.infinity) == .min)
        #expect(Int64(clamping: Double.nan) == 0 && Int64(clamping: -1.9) == -1 && Int64(clamping: 0x1p63) == .max)
        #expect(Int64.min.roundedDown(to: 7) == .min && (-1 as Int64).roundedDown(to: 10) == -10)
        #expect((25 as Int64).roundedDown(to: 10) == 20 && (25 as Int64).roundedDown(to: 0) == 25)
        #expect(Int64.max.roundedDown(to: .max) == .max)
    }
}
