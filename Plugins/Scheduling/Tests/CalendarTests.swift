import Foundation
import MneedleKit
import MneedleTestKit
import Testing

@testable import Scheduling

@Suite("The calendar file (RFC 5545)")
struct CalendarTests {
    private func ics(_ diary: Diary, _ person: String? = nil) throws -> String {
        try diary.bench.call("scheduling.calendar", ["person": person], as: .reader).string("ics") ?? ""
    }

    /// The file's lines after unfolding.
    private func lines(_ text: String) -> [String] {
        var joined: [String] = []
        for line in physicalLines(text) {
            if line.first == 32 {
                joined[joined.count - 1] += String(decoding: line.dropFirst(), as: UTF8.self)
            } else {
                joined.append(String(decoding: line, as: UTF8.self))
            }
        }
        return joined
    }

    /// Split at CRLF only, and without the nothing after the last one.
    private func physicalLines(_ text: String) -> [[UInt8]] {
        let bytes = Array(text.utf8)
        var lines: [[UInt8]] = []
        var start = 0
        for index in bytes.indices.dropLast() where bytes[index] == 13 && bytes[index + 1] == 10 {
            lines.append(Array(bytes[start..<index]))
            start = index + 2
        }
        #expect(start == bytes.count)
        return lines
    }

    private func remind(_ diary: Diary, _ title: String, body: String? = nil) throws {
        try diary.bench.call(
            "scheduling.remind",
            ["person": "anna", "at": "2026-12-01T09:00:00+01:00", "title": title, "body": body])
    }

    @Test("a reminder is an event with an alarm, at the time that the person's clock shows")
    func event() throws {
        let diary = try Diary()
        try remind(diary, "Buy alcohol")
        #expect(
            lines(try ics(diary)) == [
                "BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//mneedle//scheduling//EN", "CALSCALE:GREGORIAN",
                "METHOD:PUBLISH", "BEGIN:VTIMEZONE", "TZID:Europe/Berlin", "BEGIN:STANDARD",
                "DTSTART:20261025T030000", "TZOFFSETFROM:+0200", "TZOFFSETTO:+0100", "END:STANDARD", "END:VTIMEZONE",
                "BEGIN:VEVENT", "UID:reminder-1-1795176000000@mneedle", "SEQUENCE:0", "DTSTAMP:20261120T120000Z",
                "STATUS:CONFIRMED", "DTSTART;TZID=Europe/Berlin:20261201T090000", "DURATION:PT15M",
                "SUMMARY:Buy alcohol", "CATEGORIES:custom",
                "PRIORITY:5", "TRANSP:TRANSPARENT", "BEGIN:VALARM", "ACTION:DISPLAY", "TRIGGER:PT0S",
                "DESCRIPTION:Buy alcohol", "END:VALARM", "END:VEVENT", "END:VCALENDAR",
            ])
    }

    @Test("a reminder keeps its UID, its SEQUENCE rises; answered it is cancelled, and gone a month later")
    func stable() throws {
        let diary = try Diary()
        try remind(diary, "Buy alcohol")
        let uid = "UID:reminder-1-1795176000000@mneedle"
        let before = try ics(diary)
        #expect(try ics(diary) == before)
        diary.bench.clock.advance(hours: 1)
        #expect(try ics(diary) == before)
        try diary.bench.call("scheduling.snooze", ["reminder": 1, "until": "2026-12-02T08:00:00Z"])
        let snoozed = lines(try ics(diary))
        #expect(snoozed.contains(uid))
        #expect(snoozed.contains("DTSTAMP:20261120T130000Z") && snoozed.contains("SEQUENCE:3600"))
        #expect(snoozed.contains("DTSTART;TZID=Europe/Berlin:20261202T090000"))
        diary.bench.clock.advance(hours: 1)
        try diary.bench.call("scheduling.done", ["reminder": 1])
        let done = lines(try ics(diary))
        #expect(done.contains(uid) && done.contains("SEQUENCE:7200") && done.contains("STATUS:CANCELLED"))
        #expect(!done.contains("BEGIN:VALARM"))
        diary.bench.clock.advance(hours: 31 * 24)
        #expect(!lines(try ics(diary)).contains("BEGIN:VEVENT"))
    }

    @Test("no line is longer than 75 octets, and no character is cut in two", arguments: 0...8)
    func folding(shift: Int) throws {
        let diary = try Diary()
        let title = String(repeating: "x", count: shift) + String(repeating: "ü€😀", count: 40)
        try remind(diary, title, body: String(repeating: "Haut ist Haut. ", count: 60))
        let text = try ics(diary)
        for line in physicalLines(text) {
            #expect(line.count <= 75)
            #expect(String(validating: line, as: UTF8.self) != nil)
        }
        #expect(lines(text).contains("SUMMARY:\(title)"))
        #expect(physicalLines(text).contains { $0.count == 75 })
    }

    @Test("commas, semicolons, backslashes and line ends are escaped; no line can be smuggled in")
    func escaping() throws {
        let diary = try Diary()
        try remind(diary, #"a,b;c\d:e"#, body: "one\nEND:VCALENDAR\ttwo")
        let found = lines(try ics(diary))
        #expect(found.contains(#"SUMMARY:a\,b\;c\\d:e"#))
        #expect(found.contains("DESCRIPTION:one\\nEND:VCALENDAR\ttwo"))
        #expect(found.filter { $0 == "END:VCALENDAR" }.count == 1)
        let bytes = Array(try ics(diary).utf8)
        #expect(bytes.filter { $0 == 10 }.count == bytes.filter { $0 == 13 }.count)
    }

    @Test("the next window is whole days that leave the day free; its end is the day after it closes")
    func window() throws {
        let diary = try Diary(at: "2026-10-20T12:00:00Z")
        try diary.end(1, "anna")
        let found = lines(try ics(diary, "anna"))
        for line in [
            "UID:window-anna-1@mneedle", "DTSTART;VALUE=DATE:20261117", "DTEND;VALUE=DATE:20261202",
            "SUMMARY:Next session: Anna",
        ] {
            #expect(found.contains(line))
        }
        // Beside it stands what is to be reminded of, each once.
        let events = try diary.reminders("anna").count + 1
        #expect(found.filter { $0 == "BEGIN:VEVENT" }.count == events)
        #expect(Set(found.filter { $0.hasPrefix("UID:") }).count == events)
    }

    @Test("what is planned anew keeps its UID with a higher SEQUENCE, and stands in the file once")
    func planned() throws {
        let diary = try Diary(at: "2026-10-20T12:00:00Z")
        try diary.end(1, "anna")
        func event() throws -> [String] {
            let all = lines(try ics(diary, "anna"))
            let uid = try #require(all.firstIndex(of: "UID:window-opens-anna-1-1@mneedle"))
            #expect(all.filter { $0.hasPrefix("UID:window-opens") }.count == 1)
            return Array(all[uid..<(uid + 5)])
        }
        let before = try event()
        #expect(before[4] == "DTSTART;TZID=Europe/Berlin:20261117T090000")
        diary.bench.clock.advance(hours: 1)
        _ = try diary.bench.call("scheduling.set-preferences", ["person": "anna", "hour": 18])
        let after = try event()
        #expect(after[4] == "DTSTART;TZID=Europe/Berlin:20261117T180000" && after[3] == "STATUS:CONFIRMED")
        func sequence(_ event: [String]) -> Int { Int(event[1].dropFirst("SEQUENCE:".count)) ?? -1 }
        #expect(sequence(after) == sequence(before) + 3600)
    }

    @Test("it is one person's, or everybody's")
    func people() throws {
        let diary = try Diary(at: "2026-10-20T12:00:00Z")
        try diary.end(1, "anna")
        try diary.end(2, "ben")
        #expect(!(try ics(diary, "anna").contains("window-ben")))
        #expect(try ics(diary).contains("window-anna") && ics(diary).contains("window-ben"))
        #expect(lines(try ics(diary, "cleo")).count == 6)
        #expect(refusal { _ = try ics(diary, "nobody") }?.code == .notFound)
    }

    @Test("a zone has every change of its clocks over the time of its events, also half an hour, also none")
    func zones() throws {
        func changes(_ name: String, _ from: String, _ to: String) throws -> [String] {
            let place = try #require(TimeZone(identifier: name))
            let zone = Zone(identifier: name) {
                place.secondsFromGMT(for: Date(timeIntervalSince1970: $0.seconds))
            }
            return ZoneChange.all(of: zone, from: Instant(from)!, to: Instant(to)!).map {
                "\($0.at) \($0.before / 60) \($0.after / 60)"
            }
        }
        #expect(
            try changes("America/New_York", "2026-12-01T00:00:00Z", "2027-12-01T00:00:00Z") == [
                "2026-11-01T06:00:00Z -240 -300", "2027-03-14T07:00:00Z -300 -240", "2027-11-07T06:00:00Z -240 -300",
            ])
        #expect(
            try changes("Australia/Lord_Howe", "2026-05-01T00:00:00Z", "2026-11-01T00:00:00Z") == [
                "2026-04-04T15:00:00Z 660 630", "2026-10-03T15:30:00Z 630 660",
            ])
        #expect(
            try changes("Asia/Riyadh", "2026-05-01T00:00:00Z", "2026-11-01T00:00:00Z") == [
                "1970-01-01T00:00:00Z 180 180"
            ])
    }
}
