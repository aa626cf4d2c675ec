import MneedleKit
import MneedleTestKit
import Testing

@testable import Scheduling

@Suite("How people want to be reminded")
struct PreferencesTests {
    private func set(_ diary: Diary, _ arguments: Object) throws -> Object {
        var arguments = arguments
        arguments["person"] = .string("anna")
        return try diary.bench.call("scheduling.set-preferences", arguments)
    }

    @Test("the preferred hour takes the place of the usual one, also for what waits; a fixed hour stays")
    func hour() throws {
        let diary = try Diary(at: "2026-10-20T12:00:00Z")
        try diary.end(1, "anna")
        #expect(try set(diary, ["hour": 18]).integer("hour") == 18)
        #expect(try diary.due("window-opens") == "2026-11-17T17:00:00Z")
        #expect(try diary.due("screening") == "2026-11-23T17:00:00Z")
        #expect(try diary.due("check-in-24h") == "2026-10-21T12:00:00Z", "hours are counted")
        _ = try set(diary, ["move": ["window-opens:7"]])
        #expect(try diary.due("window-opens") == "2026-11-17T06:00:00Z")
        #expect(try diary.due("window-best") == "2026-11-24T17:00:00Z")
        _ = try set(diary, ["move": ["window-opens:"]])
        #expect(try diary.due("window-opens") == "2026-11-17T17:00:00Z")
        let count = try diary.bench.ledger().count
        _ = try set(diary, ["hour": 18])
        #expect(try diary.bench.ledger().count == count, "nothing has changed")
    }

    @Test("what is switched off does not come, and comes again when it is switched on; what is critical stays")
    func off() throws {
        let diary = try Diary(at: "2026-10-20T12:00:00Z")
        try diary.end(1, "anna")
        _ = try set(diary, ["off": ["window-opens", "check-in-7d"]])
        #expect(try diary.reminder("window-opens") == nil)
        _ = try set(diary, ["on": ["window-opens"]])
        #expect(try diary.due("window-opens") == "2026-11-17T08:00:00Z")
        try diary.end(2, "anna")
        #expect(try diary.reminder("check-in-7d") == nil || diary.due("check-in-7d") == "2026-10-27T13:00:00Z")
        #expect(refusal { _ = try set(diary, ["off": ["cleaning"]]) }?.message.contains("critical") == true)
        let unknown = refusal { _ = try set(diary, ["off": ["window-open"]]) }
        #expect(unknown?.members.strings("suggestions").first == "window-opens")
        #expect(refusal { _ = try set(diary, ["move": ["check-in-24h:8"]]) }?.members.string("argument") == "move")
        #expect(refusal { _ = try set(diary, ["move": ["window-opens:24"]]) } != nil)
    }

    @Test(
        "in the quiet hours nothing comes but what is critical; it waits for their end, where the person lives",
        arguments: [
            // Ended at 23:30 in Berlin: a day later is quiet until 7, and so is 6:30.
            ("2026-11-10T22:30:00Z", "2026-11-12T06:00:00Z"), ("2026-11-10T05:30:00Z", "2026-11-11T06:00:00Z"),
            ("2026-11-10T06:00:00Z", "2026-11-11T06:00:00Z"), ("2026-11-10T20:59:00Z", "2026-11-11T20:59:00Z"),
        ])
    func quiet(ended: String, due: String) throws {
        let diary = try Diary(at: ended)
        try diary.end(1, "anna")
        #expect(try diary.due("check-in-24h") == due)
        #expect(try diary.due("cleaning") == ended)
    }

    @Test("quiet hours in the middle of the day, and none at all")
    func quietByDay() throws {
        let diary = try Diary(at: "2026-11-10T12:30:00Z")
        try diary.end(1, "anna")
        _ = try set(diary, ["quiet_from": 13, "quiet_to": 15])
        #expect(try diary.bench.call("scheduling.show-preferences", ["person": "anna"]).integer("quiet_to") == 15)
        try diary.end(2, "anna")
        #expect(try diary.due("check-in-24h") == "2026-11-11T14:00:00Z")
        _ = try set(diary, ["quiet_from": 0, "quiet_to": 0])
        try diary.end(3, "anna")
        #expect(try diary.due("check-in-24h") == "2026-11-11T12:30:00Z")
    }

    @Test("whoever moves to another time zone gets what waits at their new hours, and nothing twice")
    func newZone() throws {
        let diary = try Diary(at: "2026-10-20T12:00:00Z")
        try diary.end(1, "anna")
        diary.bench.clock.set(Instant("2026-10-25T12:00:00Z")!)
        try diary.bench.fire()
        let due = try diary.bench.ledger(kind: "reminder.due").count + diary.bench.ledger(kind: "reminder.digest").count
        var anna = Diary.person("anna")
        anna.timeZone = "America/New_York"
        try diary.change("anna", anna)
        #expect(try diary.due("window-opens") == "2026-11-17T14:00:00Z")
        let sun = try diary.reminders("anna").filter {
            $0.string("kind") == "aftercare-spf" && $0.string("state") == "pending"
        }
        #expect(
            sun.map { $0.string("due") }
                == ["2026-10-25T12:00:00Z", "2026-10-26T12:00:00Z", "2026-10-27T12:00:00Z"].suffix(sun.count))
        try diary.bench.fire()
        let after =
            try diary.bench.ledger(kind: "reminder.due").count + diary.bench.ledger(kind: "reminder.digest").count
        #expect(after == due)
    }

    @Test("after weeks off: one digest, what has lost its meaning is put away, what is critical comes by itself")
    func digest() throws {
        let diary = try Diary(at: "2026-10-20T12:00:00Z")
        try diary.end(1, "anna")
        diary.bench.clock.set(Instant("2026-11-10T12:00:00Z")!)
        try diary.bench.fire()
        let digest = try #require(try diary.bench.ledger(kind: "reminder.digest").first)
        #expect(try diary.bench.ledger(kind: "reminder.digest").count == 1)
        #expect(digest.person == "anna" && digest.body.bool("late") == true)
        let listed = digest.body.list("reminders")?.compactMap { value in
            if case .object(let reminder) = value { reminder.string("kind") } else { nil }
        }
        #expect(
            listed == ["aftercare-sun", "aftercare-actives", "course", "before-sun", "before-medicines"])
        #expect(try diary.bench.ledger(kind: "reminder.due").map { $0.body.string("kind") } == ["cleaning"])
        let expired = try diary.bench.ledger(kind: "reminder.closed").filter { $0.body.string("because") == "expired" }
        // A check-in whose time has passed is not shown as if it were that day.
        #expect(
            expired.compactMap { $0.body.string("kind") }.sorted()
                == Array(repeating: "aftercare-spf", count: 5) + ["check-in-24h", "check-in-72h", "check-in-7d"])
        #expect(try diary.reminders(state: "due").count == 6)
    }

    @Test("a clearance and a cartridge tell of their last day; the course is counted up to its end")
    func lastDays() throws {
        let diary = try Diary(at: "2026-10-20T12:00:00Z")
        try diary.bench.happen(
            "clearance.recorded", subject: "person/anna", person: "anna",
            ["person": "anna", "finding": "pregnancy", "until": "2026-12-20"])
        try diary.bench.happen(
            "clearance.recorded", subject: "person/ben", person: "ben", ["person": "ben", "finding": "pregnancy"])
        #expect(try diary.due("clearance-ends") == "2026-12-13T08:00:00Z")
        #expect(try diary.reminders("ben").isEmpty)
        try diary.bench.happen(
            "cartridge.opened", subject: "cartridge/c-1", person: "anna",
            ["cartridge": "c-1", "person": "anna", "device": "pen", "expires": "2026-11-01"])
        #expect(try diary.reminder("cartridge-expires")?.string("title") == "Cartridge c-1 expires today")
        for session in 1...7 { try diary.end(Int64(session), "anna") }
        #expect(try diary.reminder("course", state: "pending") == nil, "the seventh is no part of it")
    }

    @Test("the kinds are listed in words")
    func kinds() throws {
        let kinds = try Diary().bench.rows("scheduling.kinds")
        func when(_ kind: String) -> String? { kinds.first { $0.string("kind") == kind }?.string("when") }
        #expect(when("patch-test") == "3 days before the best day for the next session, at 9 o'clock")
        #expect(when("aftercare-spf") == "3 days after it, at 8 o'clock, 5 times, 1 day apart")
        #expect(when("cleaning") == "at once")
    }
}
