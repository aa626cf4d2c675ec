import MneedleKit
import MneedleTestKit
import Testing

@testable import Scheduling

@Suite("Intervals between sessions")
struct IntervalTests {
    @Test("collagen after 20 October 2026: opens 17 November, best on the 24th, closes 1 December")
    func window() throws {
        let diary = try Diary(at: "2026-10-20T12:00:00Z")
        try diary.end(1, "anna")
        #expect(try diary.window("anna") == ["2026-11-17", "2026-11-24", "2026-12-01"])
        let next = try diary.next("anna")
        #expect(next.string("floor") == "2026-11-03")
        #expect(next.string("goal") == "collagen")
        #expect(next.string("last_session") == "2026-10-20T12:00:00Z")
        #expect(next.list("sources")?.isEmpty == false)
    }

    @Test("in a clinic, three weeks after a collagen session is too soon, until four weeks after it")
    func threeWeeks() throws {
        let diary = try Diary(at: "2026-10-20T12:00:00Z")
        try diary.end(1, "cleo")
        diary.bench.clock.advance(days: 21)
        let findings = try diary.findings("cleo")
        #expect(findings.map(\.code) == ["too-soon"])
        #expect(findings[0].blocks && findings[0].overridable)
        #expect(findings[0].until == .date(CivilDate("2026-11-17")!))
        #expect(!findings[0].sources.isEmpty)
        #expect(try diary.next("cleo").string("floor") == "2026-11-17")
    }

    @Test("at home 13 days are too few, whoever overrides")
    func thirteenDays() throws {
        let diary = try Diary(at: "2026-10-20T12:00:00Z")
        try diary.end(1, "anna")
        diary.bench.clock.advance(days: 13)
        let findings = try diary.findings("anna")
        #expect(findings.map(\.code) == ["too-soon"])
        #expect(findings[0].blocks && !findings[0].overridable && findings[0].severity > .clearance)
        #expect(findings[0].until == .date(CivilDate("2026-11-03")!))
    }

    @Test("at home 15 days are allowed, with a caution that names the 4–6 weeks")
    func fifteenDays() throws {
        let diary = try Diary(at: "2026-10-20T12:00:00Z")
        try diary.end(1, "anna")
        diary.bench.clock.advance(days: 15)
        let findings = try diary.findings("anna")
        #expect(findings.map(\.code) == ["interval-short"])
        #expect(!findings[0].blocks)
        #expect(findings[0].severity == .caution)
        #expect(findings[0].message.contains("4–6 weeks"))
    }

    @Test(
        "each day at the edge of each rule",
        arguments: [
            ("anna", 0, "too-soon"), ("anna", 13, "too-soon"), ("anna", 14, "interval-short"),
            ("anna", 27, "interval-short"), ("anna", 28, ""), ("anna", 400, ""),
            ("ben", 13, "too-soon"), ("ben", 14, "interval-short"), ("ben", 27, "interval-short"),
            ("ben", 28, "before-window"), ("ben", 55, "before-window"), ("ben", 56, ""),
            ("cleo", 13, "too-soon"), ("cleo", 14, "too-soon"), ("cleo", 27, "too-soon"), ("cleo", 28, ""),
            ("cid", 27, "too-soon"), ("cid", 28, ""),
        ])
    func edges(person: String, days: Int, code: String) throws {
        let diary = try Diary(at: "2026-06-01T12:00:00Z")
        try diary.end(1, person)
        diary.bench.clock.advance(days: Double(days))
        let findings = try diary.findings(person)
        #expect(findings.map(\.code) == (code.isEmpty ? [] : [code]))
        // Under two weeks nobody lifts it; a clinic's minimum is a practitioner's to lift.
        if code == "too-soon" { #expect(findings[0].overridable == (days >= 14)) }
        #expect(findings.contains(where: \.blocks) == (code == "too-soon"))
    }

    /// For every goal and setting: the days on which the finding changes, and to which.
    @Test(
        "every goal in every setting, on the last day of a finding and the first of the next",
        arguments: [
            (Goal.collagen, Setting.home, [(14, "interval-short"), (28, "")]),
            (.collagen, .clinic, [(14, "too-soon"), (28, "")]),
            (.acneScars, .home, [(14, "interval-short"), (28, "")]),
            (.acneScars, .clinic, [(14, "too-soon"), (28, "")]),
            (.maintenance, .home, [(14, "interval-short"), (28, "before-window"), (56, "")]),
            (.maintenance, .clinic, [(14, "too-soon"), (56, "")]),
        ])
    func goalsAndSettings(goal: Goal, setting: Setting, changes: [(day: Int, code: String)]) throws {
        let zoe = ZoneTests.person("Europe/Berlin", goal, setting)
        let diary = try Diary(at: "2026-06-01T12:00:00Z", [zoe])
        try diary.end(1, "zoe")
        let last = diary.bench.clock.now()
        var before = "too-soon"
        for change in changes {
            diary.bench.clock.set(last.adding(hours: Double(change.day - 1) * 24))
            #expect(try diary.findings(zoe).map(\.code) == [before])
            diary.bench.clock.set(last.adding(hours: Double(change.day) * 24))
            #expect(try diary.findings(zoe).map(\.code) == (change.code.isEmpty ? [] : [change.code]))
            before = change.code
        }
        // In a clinic nothing before the minimum is free; at home two weeks are the floor.
        let floor = setting == .home ? 14 : changes.last!.day
        #expect(try diary.next("zoe").string("floor") == CivilDate("2026-06-01")!.adding(days: floor).description)
    }

    @Test("a session that ended while the module did not run counts")
    func untold() throws {
        let diary = try Diary(at: "2026-11-20T12:00:00Z")
        func session(_ number: Int64, ended: String?) -> Object {
            SessionEntry(
                session: number, person: "anna", device: "roller", areas: ["cheeks"], depthMM: 0.3, goal: .collagen,
                setting: .home, started: diary.bench.clock.now(), ended: ended.flatMap(Instant.init)
            ).object
        }
        let rows = [
            session(5, ended: nil), session(4, ended: "2026-11-10T12:00:00Z"),
            session(3, ended: "2026-10-01T12:00:00Z"),
        ]
        diary.bench.fake("session.list") { _ in ["rows": rows] }
        #expect(try diary.findings("anna").map(\.code) == ["too-soon"])
        #expect(try diary.next("anna").string("last_session") == "2026-11-10T12:00:00Z")
        #expect(try diary.next("anna").integer("sessions") == 2)
        diary.bench.fake("session.list") { _ in throw ModuleError.internal("broken") }
        // A check that cannot be made speaks against the session.
        #expect(try diary.findings("anna").map(\.code) == ["module-unavailable"])
    }

    @Test(
        "a session of which setting or goal cannot be read counts as the strictest: a clinic's, for the longest interval"
    )
    func unreadable() throws {
        let diary = try Diary(at: "2026-11-20T12:00:00Z")
        func standing(_ goal: String?, _ setting: String?, daysAgo days: Double) throws -> [String] {
            let ended = diary.bench.clock.now().adding(hours: -24 * days)
            var row = SessionEntry(
                session: 4, person: "anna", device: "roller", areas: ["cheeks"], depthMM: 0.3, goal: nil, setting: nil,
                started: ended, ended: ended
            ).object
            (row["goal"], row["setting"]) = (goal?.value, setting?.value)
            let told = row
            diary.bench.fake("session.list") { _ in ["rows": [told]] }
            return try diary.bench.standing(of: Diary.person("anna")).findings.map(\.code)
        }
        // At home nothing but the floor of two weeks blocks; in a clinic the goal's own minimum does.
        #expect(try standing("collagen", "home", daysAgo: 15) == [])
        for setting in [nil, "moon", "clinic"] {
            #expect(try standing("collagen", setting, daysAgo: 27) == ["too-soon"])
            #expect(try standing("collagen", setting, daysAgo: 28) == [])
        }
        for goal in [nil, "beauty", "maintenance"] {
            #expect(try standing(goal, "clinic", daysAgo: 55) == ["too-soon"])
            #expect(try standing(goal, "clinic", daysAgo: 56) == [])
        }
        #expect(try standing(nil, nil, daysAgo: 55) == ["too-soon"])
        #expect(try diary.next("anna").string("floor") == "2026-11-21")
    }

    @Test(
        "the end of a session is kept though setting and goal cannot be read, and its window is for the person's goal")
    func endedUnreadable() throws {
        let diary = try Diary(at: "2026-10-20T12:00:00Z")
        let session = SessionEntry(
            session: 1, person: "anna", device: "roller", areas: ["cheeks"], depthMM: nil, goal: nil, setting: nil,
            timeZone: nil, started: diary.bench.clock.now(), ended: diary.bench.clock.now())
        try diary.bench.happen(.sessionFinished, subject: "session/1", person: "anna", session)
        #expect(try diary.bench.ledger(kind: "mneedled.reaction-failed").isEmpty)
        #expect(try diary.next("anna").string("last_session") == "2026-10-20T12:00:00Z")
        #expect(try diary.next("anna").string("goal") == "collagen")
        #expect(try diary.reminder("check-in-24h") != nil)
    }

    @Test("what the module keeps answers while the session module does not run")
    func withoutSessions() throws {
        let diary = try Diary(at: "2026-10-20T12:00:00Z")
        try diary.end(1, "anna")
        diary.bench.fake("session.list") { _ in throw ModuleError.moduleFailed("session", "it does not run") }
        #expect(try diary.window("anna")[0] == "2026-11-17")
        #expect(try diary.findings("anna").map(\.code) == ["too-soon"])
    }

    @Test("the plan's goal decides, not the person's")
    func plannedGoal() throws {
        let diary = try Diary(at: "2026-06-01T12:00:00Z")
        try diary.end(1, "cleo")
        diary.bench.clock.advance(days: 40)
        #expect(try diary.findings("cleo").isEmpty)
        #expect(try diary.findings("cleo", goal: .maintenance).map(\.code) == ["too-soon"])
    }

    @Test("every goal has its window", arguments: [("cleo", 28, 35, 42), ("cid", 28, 28, 42), ("ben", 56, 70, 84)])
    func windows(person: String, opens: Int, best: Int, closes: Int) throws {
        let diary = try Diary(at: "2026-06-01T12:00:00Z")
        try diary.end(1, person)
        let last = CivilDate("2026-06-01")!
        #expect(try diary.window(person) == [opens, best, closes].map { last.adding(days: $0).description })
    }

    @Test("a beginner at home is advised to wait for a month, as long as the sessions say so")
    func beginner() throws {
        let diary = try Diary(at: "2026-07-01T12:00:00Z")
        try diary.end(1, "bea")
        diary.bench.clock.advance(days: 20)
        #expect(try diary.findings("bea").map(\.code) == ["interval-short", "beginner-interval"])
        diary.bench.clock.advance(days: 10)
        let findings = try diary.findings("bea")
        #expect(findings.map(\.code) == ["beginner-interval"])
        #expect(!findings[0].blocks)
        #expect(findings[0].until == .date(CivilDate("2026-08-01")!))
        diary.bench.clock.advance(days: 1)
        #expect(try diary.findings("bea").isEmpty)
        try diary.end(2, "bea")
        diary.bench.clock.advance(days: 28)
        #expect(try diary.findings("bea").map(\.code) == ["beginner-interval"])
        diary.bench.fake("session.experience") { _ in ["beginner": false] }
        #expect(try diary.findings("bea").isEmpty)
    }

    @Test("a session of a twin counts: it may be the same skin")
    func twins() throws {
        let diary = try Diary(at: "2026-10-20T12:00:00Z")
        try diary.end(1, "anna")
        diary.bench.clock.advance(days: 3)
        #expect(try diary.findings("ben").isEmpty)
        diary.bench.fake("records.same-person") { _ in ["records": ["ben", "anna"], "undecided": ["anna"]] }
        #expect(try diary.findings("ben").map(\.code) == ["too-soon"])
    }

    @Test("a stopped session counts: needles were in the skin")
    func stopped() throws {
        let diary = try Diary(at: "2026-10-20T12:00:00Z")
        try diary.end(1, "anna", as: "session.stopped")
        #expect(try diary.findings("anna").map(\.code) == ["too-soon"])
        #expect(try diary.window("anna") == ["2026-11-17", "2026-11-24", "2026-12-01"])
    }

    @Test("the last session counts, not the last one that was told")
    func latest() throws {
        let diary = try Diary(at: "2026-10-20T12:00:00Z")
        try diary.end(2, "anna")
        diary.bench.clock.set(Instant("2026-09-01T12:00:00Z")!)
        try diary.end(1, "anna")
        #expect(try diary.window("anna")[0] == "2026-11-17")
        #expect(try diary.next("anna").integer("sessions") == 2)
    }

    @Test("somebody without any session may begin today")
    func first() throws {
        let diary = try Diary(at: "2026-11-20T23:30:00Z")
        #expect(try diary.findings("anna").isEmpty)
        // In Berlin it is tomorrow already.
        #expect(try diary.window("anna") == ["2026-11-21", "2026-11-28", "2026-12-05"])
        #expect(try diary.next("anna").string("floor") == "2026-11-21")
        #expect(try diary.next("anna")["last_session"] == nil)
        #expect(refusal { _ = try diary.next("nobody") }?.code == .notFound)
    }
}
