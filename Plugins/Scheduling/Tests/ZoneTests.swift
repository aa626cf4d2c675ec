import Foundation
import MneedleKit
import MneedleRandom
import MneedleTestKit
import Testing

@testable import Scheduling

@Suite("Calendar days where the person lives")
struct ZoneTests {
    static func person(_ zone: String, _ goal: Goal = .collagen, _ setting: Setting = .home) -> Person {
        Person(person: "zoe", setting: setting, goal: goal, timeZone: zone)
    }

    @Test(
        "a session late in the evening counts on the person's day, not on UTC's",
        arguments: [
            ("UTC", "2026-10-20", "2026-11-17T09:00:00Z"), ("Europe/Berlin", "2026-10-21", "2026-11-18T08:00:00Z"),
            ("America/New_York", "2026-10-20", "2026-11-17T14:00:00Z"),
            ("Australia/Lord_Howe", "2026-10-21", "2026-11-17T22:00:00Z"),
        ])
    func zones(zone: String, day: String, opens: String) throws {
        let diary = try Diary(at: "2026-10-20T22:30:00Z", [ZoneTests.person(zone)])
        try diary.end(1, "zoe")
        let last = CivilDate(day)!
        #expect(try diary.window("zoe") == [28, 35, 42].map { last.adding(days: $0).description })
        // 9 o'clock there; Lord Howe's summer time is half an hour.
        #expect(try diary.due("window-opens") == opens)
    }

    @Test(
        "the fourteenth day begins at midnight there, on days of 23, 24, 25 and 23½ hours",
        arguments: [
            ("Europe/Berlin", "2026-03-20T12:00:00Z", "2026-04-02T22:00:00Z"),
            ("Europe/Berlin", "2026-10-20T12:00:00Z", "2026-11-02T23:00:00Z"),
            ("America/New_York", "2026-03-01T12:00:00Z", "2026-03-15T04:00:00Z"),
            ("America/New_York", "2026-10-25T12:00:00Z", "2026-11-08T05:00:00Z"),
            ("Australia/Lord_Howe", "2026-09-25T12:00:00Z", "2026-10-08T13:00:00Z"),
        ])
    func midnight(zone: String, last: String, allowed: String) throws {
        let zoe = ZoneTests.person(zone)
        let diary = try Diary(at: last, [zoe])
        try diary.end(1, "zoe")
        let first = Instant(allowed)!
        diary.bench.clock.set(first.adding(seconds: -0.001))
        #expect(try diary.findings(zoe).map(\.code) == ["too-soon"])
        diary.bench.clock.set(first)
        #expect(try diary.findings(zoe).map(\.code) == ["interval-short"])
    }

    @Test(
        "leap days and the ends of months and years",
        arguments: [
            ("2028-02-01T12:00:00Z", "2028-02-29"), ("2027-02-01T12:00:00Z", "2027-03-01"),
            ("2028-02-29T12:00:00Z", "2028-03-28"), ("2026-12-31T12:00:00Z", "2027-01-28"),
            ("2026-08-31T12:00:00Z", "2026-09-28"),
        ])
    func months(last: String, opens: String) throws {
        let diary = try Diary(at: last, [ZoneTests.person("UTC")])
        try diary.end(1, "zoe")
        #expect(try diary.window("zoe")[0] == opens)
    }

    @Test("a beginner's month from the 31st ends with the next month")
    func beginnersMonth() throws {
        let diary = try Diary(at: "2028-01-31T12:00:00Z")
        try diary.end(1, "bea")
        diary.bench.clock.advance(days: 20)
        let finding = try diary.findings("bea").first { $0.code == "beginner-interval" }
        #expect(finding?.until == .date(CivilDate("2028-02-29")!))
    }

    @Test("hours are elapsed time, across the change of the clocks")
    func hours() throws {
        let diary = try Diary(at: "2026-10-24T18:00:00Z")
        try diary.end(1, "anna")
        #expect(try diary.due("aftercare-actives") == "2026-10-27T18:00:00Z")
        #expect(try diary.due("check-in-7d") == "2026-10-31T19:00:00Z")
    }
}

@Suite("A second implementation agrees")
struct OracleTests {
    /// The rules again, written with Foundation's calendar and plain conditions.
    struct Naive {
        var calendar = Calendar(identifier: .gregorian)

        init(_ zone: String) { calendar.timeZone = TimeZone(identifier: zone)! }

        func days(_ from: Instant, _ to: Instant) -> Int {
            let (from, to) = (Date(timeIntervalSince1970: from.seconds), Date(timeIntervalSince1970: to.seconds))
            return calendar.dateComponents(
                [.day], from: noon(from), to: noon(to)
            ).day!
        }

        /// Noon exists on every day.
        private func noon(_ date: Date) -> Date { calendar.date(bySettingHour: 12, minute: 0, second: 0, of: date)! }

        func codes(_ days: Int, _ goal: Goal, _ setting: Setting) -> [String] {
            let least = goal == .maintenance ? 56 : 28
            if days < 14 { return ["too-soon false"] }
            if setting == .clinic { return days < least ? ["too-soon true"] : [] }
            if days < 28 { return ["interval-short false"] }
            return days < least ? ["before-window false"] : []
        }

        func day(_ from: Instant, plus days: Int) -> String {
            let date = calendar.date(byAdding: .day, value: days, to: noon(Date(timeIntervalSince1970: from.seconds)))!
            let parts = calendar.dateComponents([.year, .month, .day], from: date)
            return String(format: "%04d-%02d-%02d", parts.year!, parts.month!, parts.day!)
        }
    }

    @Test("over zones, goals, settings and times", arguments: 1...12)
    func agrees(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        let zones = [
            "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Pacific/Apia", "UTC", "Australia/Adelaide",
        ]
        for round in 0..<40 {
            let (zone, goal) = (zones.randomElement(using: &random)!, Goal.allCases.randomElement(using: &random)!)
            let setting = Setting.allCases.randomElement(using: &random)!
            let zoe = ZoneTests.person(zone, goal, setting)
            let last = Instant(seconds: Int64.random(in: 1_700_000_000...2_500_000_000, using: &random))
            let now = last.adding(seconds: Double(Int64.random(in: 0...(90 * 86_400), using: &random)))
            let diary = try Diary(at: last.description, [zoe])
            try diary.end(Int64(round + 1), "zoe")
            diary.bench.clock.set(now)

            let naive = Naive(zone)
            let days = naive.days(last, now)
            let found = try diary.findings(zoe).map { "\($0.code) \($0.overridable)" }
            #expect(found == naive.codes(days, goal, setting), "\(zone) \(goal) \(setting) \(last) \(now)")
            let least = goal == .maintenance ? [56, 70, 84] : goal == .collagen ? [28, 35, 42] : [28, 28, 42]
            #expect(try diary.window("zoe") == least.map { naive.day(last, plus: $0) }, "\(zone) \(last)")
            let next = try diary.next("zoe")
            let window = try diary.window("zoe")
            #expect(window == window.sorted())
            // Dates compare like their text. Nothing opens before the floor, and what is blocked lies before it.
            let floor = next.string("floor") ?? ""
            #expect(floor == naive.day(last, plus: setting == .clinic ? least[0] : 14))
            #expect(floor <= window[0])
            #expect(try (naive.day(now, plus: 0) < floor) == diary.findings(zoe).contains { $0.blocks })
        }
    }
}
