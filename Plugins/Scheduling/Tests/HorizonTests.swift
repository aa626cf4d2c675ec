import MneedleKit
import MneedleTestKit
import Testing

@testable import Scheduling

@Suite("How far ahead is planned")
struct HorizonTests {
    @Test(
        "what lies beyond the horizon is refused with the argument and what to give, and nothing is stored",
        arguments: [
            ("scheduling.accept", ["person": "anna", "start": "2199-12-31", "sessions": 50], "start", "2126-11-13"),
            ("scheduling.plan", ["person": "anna", "start": "2126-11-14"], "start", "2126-11-13"),
            ("scheduling.accept", ["person": "anna", "start": "2126-10-20", "sessions": 50], "sessions", "at most 1 "),
            ("scheduling.remind", ["person": "anna", "at": "2199-12-31T23:59:59Z", "title": "x"], "at", "2126-11-21"),
            ("scheduling.snooze", ["reminder": 1, "until": "2199-12-31T23:59:59Z"], "until", "2126-11-21"),
            ("scheduling.snooze", ["reminder": 1, "for": "36525d"], "for", "2126-11-21"),
        ] as [(String, Object, String, String)])
    func refused(verb: String, arguments: Object, argument: String, advice: String) throws {
        let diary = try Diary(at: "2026-11-20T12:00:00Z")
        _ = try diary.remind("anna", at: "2026-12-01T09:00:00Z")
        let before = try diary.bench.ledger().count
        let error = refusal { _ = try diary.bench.call(verb, arguments) }
        #expect(error?.code == .invalidArgument && error?.members.string("argument") == argument)
        #expect(error?.message.contains(advice) == true, "\(error?.message ?? "accepted")")
        #expect(try diary.bench.ledger().count == before && diary.reminders("anna").count == 1)
        #expect(refusal { _ = try diary.bench.call("scheduling.show-plan", ["person": "anna"]) }?.code == .notFound)
    }

    @Test(
        "fifty sessions from the end of the year 9999 on are refused with the argument", arguments: ["accept", "plan"])
    func endOfTime(verb: String) throws {
        let diary = try Diary(at: "2026-11-20T12:00:00Z")
        let error = refusal {
            _ = try diary.bench.call(
                "scheduling.\(verb)", ["person": "anna", "start": "9999-12-31", "sessions": 50])
        }
        #expect(error?.code == .invalidArgument && error?.members.string("argument") == "start")
        #expect(try diary.bench.ledger().isEmpty)
    }

    @Test("the last day within the horizon is planned, and every reminder of it can be read")
    func lastDay() throws {
        let diary = try Diary(at: "2026-11-20T12:00:00Z")
        _ = try diary.bench.call("scheduling.accept", ["person": "anna", "start": "2126-11-13", "sessions": 1])
        #expect(try diary.reminders("anna").allSatisfy { $0.string("due")?.hasPrefix("2126-1") == true })
        #expect(try diary.bench.call("scheduling.calendar").string("ics")?.contains("21261113") == true)
    }

    @Test("days that a damaged store has beyond the year 9999 hold nothing up, and are told as unreadable")
    func storedBeyond() throws {
        let diary = try Diary(at: "2026-11-20T12:00:00Z")
        try diary.bench.damage(
            """
            INSERT INTO scheduling_plans (person, plan) VALUES (\(try diary.bench.stored("anna")), '{"person":"anna","done":9223372036854775807,
            "sessions":[{"date":"2026-12-31","opens":"2026-12-24","closes":"2027-01-07"},
            {"date":"9999-12-31","opens":"9999-12-31","closes":"0000-01-28"},
            {"date":"0000-02-04","opens":"0000-01-28","closes":"0000-02-11"}],"avoid":[],"holidays":[],
            "accepted":"2026-11-01T12:00:00Z","changed":"2026-11-01T12:00:00Z"}')
            """)
        let shown = try diary.bench.call("scheduling.show-plan", ["person": "anna"])
        #expect(shown.list("sessions")?.count == 1 && shown.integer("unreadable") == 2)
        #expect(try diary.bench.call("scheduling.calendar").string("ics")?.contains("20261231") == true)
        // The end of a session plans all of them anew.
        try diary.end(1, "anna")
        let anew = try diary.bench.call("scheduling.show-plan", ["person": "anna"])
        #expect(anew.list("sessions")?.count == 2 && anew["unreadable"] == nil)
        _ = try diary.bench.call("scheduling.cancel-plan", ["person": "anna"])
    }

    @Test("a plan that cannot be read at all can be given up, and does not hold up the end of a session")
    func noPlanAtAll() throws {
        let diary = try Diary(at: "2026-11-20T12:00:00Z")
        try diary.bench.damage(
            "INSERT INTO scheduling_plans (person, plan) VALUES (\(try diary.bench.stored("anna")), '{oh')")
        #expect(try diary.bench.call("scheduling.show-plan", ["person": "anna"]).integer("unreadable") == 1)
        try diary.end(1, "anna")
        _ = try diary.bench.call("scheduling.cancel-plan", ["person": "anna"])
    }

    @Test("reminders and hours that a damaged store dates absurdly are listed, and hold nothing up")
    func damagedReminders() throws {
        let diary = try Diary(at: "2026-11-20T12:00:00Z")
        _ = try diary.remind("anna", at: "2026-12-01T09:00:00Z")
        _ = try diary.remind("anna", at: "2026-12-02T09:00:00Z")
        // The year 14645, and 1906.
        try diary.bench.damage("UPDATE scheduling_reminders SET due_at = 400000000000000 WHERE id = 1")
        try diary.bench.damage("UPDATE scheduling_reminders SET due_at = -2000000000000 WHERE id = 2")
        try diary.bench.damage(
            """
            INSERT INTO scheduling_preferences (person, hour, quiet_from, quiet_to, kinds_off, moved)
            VALUES ('anna', 9223372036854775807, -5, 99, '[]', '{"check-in-7d":9223372036854775807}')
            """)
        #expect(try diary.reminders("anna").count == 2)
        #expect(try diary.bench.call("scheduling.calendar").string("ics") != nil)
        try diary.bench.fire()
        try diary.end(1, "anna")
        #expect(try diary.bench.call("scheduling.dismiss", ["reminder": 1]).string("state") == "dismissed")
    }
}
