import Foundation
import MneedleKit
import MneedleTestKit
import Testing

@testable import MneedleDaemon

@Suite("Days and times in words")
struct SpokenTimeTests {
    /// A Tuesday, 14:30 in Berlin.
    private static let now = Instant("2026-12-01T13:30:00Z")!
    private static let berlin = Zones()["Europe/Berlin"]!

    private func day(_ text: String) throws -> String? {
        try SpokenTime(text)?.date(now: Self.now, in: Self.berlin).description
    }

    private func time(_ text: String, now: Instant = now) throws -> String? {
        try SpokenTime(text)?.instant(now: now, in: Self.berlin).description
    }

    @Test(
        "a day is the one that people mean",
        arguments: [
            ("today", "2026-12-01"), ("Yesterday", "2026-11-30"), ("tomorrow", "2026-12-02"), ("now", "2026-12-01"),
            ("3 weeks ago", "2026-11-10"), ("3-weeks-ago", "2026-11-10"), ("in 2 days", "2026-12-03"),
            ("in_2_days", "2026-12-03"), ("a month ago", "2026-11-01"), ("in 3 months", "2027-03-01"),
            ("2 years ago", "2024-12-01"), ("20 hours ago", "2026-11-30"), ("last monday", "2026-11-30"),
            ("next Tue", "2026-12-08"), ("last tuesday", "2026-11-24"), ("24.12.2026", "2026-12-24"),
            ("3.11.2026", "2026-11-03"), ("24/12/2026", "2026-12-24"), ("12/24/2026", "2026-12-24"),
            ("24 December 2026", "2026-12-24"), ("Dec 24 2026", "2026-12-24"), ("24. dec 2026", "2026-12-24"),
            ("5/5/2026", "2026-05-05"),
        ])
    func days(text: String, meant: String) throws { #expect(try day(text) == meant) }

    @Test(
        "a time is by the clocks of the place",
        arguments: [
            ("now", "2026-12-01T13:30:00Z"), ("14:00", "2026-12-01T13:00:00Z"), ("2pm", "2026-12-01T13:00:00Z"),
            ("2:05 am", "2026-12-01T01:05:00Z"), ("12am", "2026-11-30T23:00:00Z"), ("noon", "2026-12-01T11:00:00Z"),
            ("tomorrow 9:00", "2026-12-02T08:00:00Z"), ("tomorrow at 9:00", "2026-12-02T08:00:00Z"),
            ("2026-12-24 10:00", "2026-12-24T09:00:00Z"), ("2026-12-24T10:00", "2026-12-24T09:00:00Z"),
            ("3.7.2026 10:00", "2026-07-03T08:00:00Z"), ("next monday 18:15", "2026-12-07T17:15:00Z"),
            ("2 hours ago", "2026-12-01T11:30:00Z"), ("in 90 min", "2026-12-01T15:00:00Z"),
            ("in 2 days", "2026-12-03T13:30:00Z"), ("3 months ago", "2026-09-01T12:30:00Z"),
            ("2 days ago 8:00", "2026-11-29T07:00:00Z"),
        ])
    func times(text: String, meant: String) throws { #expect(try time(text) == meant) }

    @Test(
        "what is no day or time is none",
        arguments: [
            "", " ", "soon", "28.4.", "1.1.26", "31.2.2026", "13/13/2026", "24:00", "9:60", "9:5", "13pm", "0am", "14",
            "in", "ago", "2 days", "in 99999 days", "in two days", "next", "last week", "monday tuesday", "9:00 10:00",
            "2026-12-24 x", "2026-13-01", "tomorrow tomorrow", "\u{661} days ago", String(repeating: "in ", count: 40),
            "in 2 hours 9:00",
        ])
    func none(text: String) { #expect(SpokenTime(text) == nil) }

    @Test("what may be two days is refused with both, and a day alone is no time")
    func faults() throws {
        let date = { CivilDate($0)! }
        #expect(throws: SpokenTime.Fault.ambiguous(date("2026-04-03"), date("2026-03-04"))) { try day("3/4/2026") }
        #expect(throws: SpokenTime.Fault.ambiguous(date("2026-11-30"), date("2026-12-07"))) { try day("monday") }
        #expect(throws: SpokenTime.Fault.isDayAlone) { try time("yesterday") }
        #expect(throws: SpokenTime.Fault.isDayAlone) { try time("24.12.2026") }
        #expect(throws: SpokenTime.Fault.isTime) { try day("tomorrow 9:00") }
    }

    @Test("where clocks change, a time that comes twice is the first, and one that is left out moves on")
    func changes() throws {
        #expect(try time("25.10.2026 2:30") == "2026-10-25T00:30:00Z")
        #expect(try time("29.3.2026 2:30") == "2026-03-29T01:30:00Z")
        // A span of days keeps the clock's time.
        let before = try #require(Instant("2026-10-24T10:00:00Z"))
        #expect(try time("in 1 day", now: before) == "2026-10-25T11:00:00Z")
    }

    @Test("a span in words is the span", arguments: [("3 weeks", "3w"), ("90 minutes", "90m"), ("2days", "2d")])
    func spans(text: String, short: String) { #expect(SpokenTime.span(text) == Span(short)) }

    /// Where GNU date knows the words too, both mean the same.
    @Test(
        "as GNU date understands them",
        arguments: [
            "yesterday", "tomorrow", "3 weeks ago", "2 days ago", "next monday", "last monday", "last friday",
            "24 December 2026", "Dec 24 2026", "2026-12-24 10:00", "tomorrow 9:00", "2 hours ago", "2:05 am",
        ])
    func oracle(text: String) throws {
        let script = "TZ=Europe/Berlin faketime -f '@2026-12-01 14:30:00' date -d \"$1\" +%Y-%m-%d"
        let ended = try ChildProcess.run(["sh", "-c", script, "sh", text])
        try #require(ended.exitCode == 0, "\(ended.errors)")
        let said = try #require(SpokenTime(text))
        let day = try? said.date(now: Self.now, in: Self.berlin)
        let ours = try day ?? Self.berlin.date(of: said.instant(now: Self.now, in: Self.berlin))
        #expect(ended.output == "\(ours)\n")
    }
}
