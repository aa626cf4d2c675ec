import MneedleKit
import MneedleTestKit
import Testing

@testable import Scheduling

@Suite("Courses")
struct PlanTests {
    private func dates(_ plan: Object) -> [String] {
        (plan.list("sessions") ?? []).compactMap { if case .object(let day) = $0 { day.string("date") } else { nil } }
    }

    @Test("a proposal keeps every window, avoids days of the week and holidays, and changes nothing")
    func proposal() throws {
        let diary = try Diary(at: "2026-11-20T12:00:00Z")
        let plain = try diary.bench.call(
            "scheduling.plan", ["person": "anna", "sessions": 3, "start": "2026-11-23"], as: .reader)
        // Best is five weeks later each time; all are Mondays.
        #expect(dates(plain) == ["2026-11-23", "2026-12-28", "2027-02-01"])
        let avoiding = try diary.bench.call(
            "scheduling.plan",
            [
                "person": "anna", "sessions": 3, "start": "2026-11-23", "avoid": ["mon", "sun"],
                "holidays": ["2026-12-29"],
            ])
        #expect(dates(avoiding) == ["2026-11-24", "2026-12-30", "2027-02-03"])
        #expect(try diary.bench.ledger().isEmpty)
        #expect(refusal { _ = try diary.bench.call("scheduling.show-plan", ["person": "anna"]) }?.code == .notFound)
        let always = refusal {
            _ = try diary.bench.call(
                "scheduling.plan", ["person": "anna", "avoid": Plan.Weekday.allCases.map(\.rawValue)])
        }
        #expect(always?.code == .conflict)
    }

    @Test("it begins after the last session's window has opened")
    func notTooSoon() throws {
        let diary = try Diary(at: "2026-10-20T12:00:00Z")
        try diary.end(1, "anna")
        let early = refusal {
            _ = try diary.bench.call("scheduling.plan", ["person": "anna", "start": "2026-11-10"])
        }
        #expect(early?.members.string("argument") == "start" && early?.message.contains("2026-11-17") == true)
        let usual = try diary.bench.call("scheduling.plan", ["person": "anna"])
        #expect(dates(usual) == ["2026-11-24", "2026-12-29", "2027-02-02", "2027-03-09"])
    }

    @Test("an accepted course reminds on the eve of each session; one done early or late plans the rest anew")
    func accepted() throws {
        let diary = try Diary(at: "2026-11-20T12:00:00Z")
        _ = try diary.bench.call(
            "scheduling.accept", ["person": "anna", "sessions": 3, "start": "2026-11-23", "avoid": ["sun"]])
        func eves() throws -> [String] {
            try diary.reminders("anna").filter {
                $0.string("kind") == "session-planned" && $0.string("state") == "pending"
            }.compactMap { $0.string("due") }
        }
        #expect(try eves() == ["2026-11-22T17:00:00Z", "2026-12-27T17:00:00Z", "2027-01-31T17:00:00Z"])
        func sessions() throws -> [String] {
            let ics = try diary.bench.call("scheduling.calendar", ["person": "anna"]).string("ics") ?? ""
            return ics.split(separator: "\r\n").map(String.init).filter {
                $0.hasPrefix("UID:session-") || $0.hasPrefix("SUMMARY:Session")
            }
        }
        let uid = "UID:session-anna-1795176000000-"
        #expect(try sessions().contains(uid + "2@mneedle") && sessions().contains("SUMMARY:Session 2 of 3: Anna"))
        #expect(try diary.reminders("anna").filter { $0.string("kind") == "soak-planned" }.count == 3)
        // Two days late.
        diary.bench.clock.set(Instant("2026-11-25T12:00:00Z")!)
        try diary.bench.fire()
        try diary.end(1, "anna")
        let plan = try diary.bench.call("scheduling.show-plan", ["person": "anna"])
        #expect(plan.integer("done") == 1 && dates(plan) == ["2026-12-30", "2027-02-03"])
        #expect(try eves() == ["2026-12-29T17:00:00Z", "2027-02-02T17:00:00Z"])
        #expect(
            try diary.reminders("anna").last { $0.string("kind") == "session-planned" }?.string("title")
                == "Tomorrow is session 3 of 3")
        #expect(try !sessions().contains(uid + "1@mneedle") && sessions().contains(uid + "2@mneedle"))
        // Another goal, other windows.
        try diary.change("anna", Person(person: "anna", setting: .home, goal: .maintenance, timeZone: "Europe/Berlin"))
        #expect(
            dates(try diary.bench.call("scheduling.show-plan", ["person": "anna"])) == ["2027-02-03", "2027-04-14"])
        _ = try diary.bench.call("scheduling.cancel-plan", ["person": "anna"])
        #expect(try eves().isEmpty)
        let kinds = try diary.bench.ledger().map(\.kind).filter { $0.hasPrefix("plan.") }
        #expect(kinds == ["plan.accepted", "plan.changed", "plan.changed", "plan.cancelled"])
    }

    @Test("the first session of a course is prepared 14 and 7 days ahead, as later ones are by their window")
    func prepared() throws {
        let diary = try Diary(at: "2026-11-20T12:00:00Z")
        _ = try diary.bench.call("scheduling.accept", ["person": "anna", "sessions": 2, "start": "2026-12-14"])
        func prepares() throws -> [String] {
            try diary.reminders("anna").filter {
                ($0.string("kind") ?? "").hasPrefix("before-") && $0.string("state") == "pending"
            }.map { "\($0.string("kind") ?? "") \($0.string("due") ?? "")" }.sorted()
        }
        #expect(
            try prepares() == [
                "before-medicines-planned 2026-11-30T08:00:00Z", "before-retinoid-planned 2026-12-07T08:00:00Z",
                "before-sun-planned 2026-11-30T08:00:00Z",
            ])
        for row in try diary.reminders("anna") { #expect(!"\(row)".contains("{")) }
        // Done early: what prepared it is over, and the next one has a window before it.
        try diary.end(1, "anna")
        #expect(
            try prepares() == [
                "before-medicines 2026-12-11T08:00:00Z", "before-retinoid 2026-12-18T08:00:00Z",
                "before-sun 2026-12-11T08:00:00Z",
            ])
    }

    @Test(
        "a course that begins on the best day is prepared once, on another day for both, unless somebody wants none of it"
    )
    func preparedOnce() throws {
        let diary = try Diary(at: "2026-10-20T12:00:00Z")
        try diary.end(1, "anna")
        func prepares() throws -> [String] {
            try diary.reminders("anna").filter {
                ($0.string("kind") ?? "").hasPrefix("before-") && $0.string("state") == "pending"
            }.map { "\($0.string("kind") ?? "") \($0.string("due") ?? "")" }.sorted()
        }
        let once = [
            "before-medicines 2026-11-10T08:00:00Z", "before-retinoid 2026-11-17T08:00:00Z",
            "before-sun 2026-11-10T08:00:00Z",
        ]
        let plan = try diary.bench.call("scheduling.accept", ["person": "anna", "sessions": 2])
        #expect(dates(plan).first == "2026-11-24")
        #expect(try prepares() == once)
        // At another hour it is the same day.
        _ = try diary.bench.call("scheduling.set-preferences", ["person": "anna", "move": ["before-sun:10"]])
        #expect(try prepares().count == 3)
        _ = try diary.bench.call("scheduling.set-preferences", ["person": "anna", "off": ["before-sun"]])
        #expect(
            try prepares() == [once[0], once[1], "before-sun-planned 2026-11-10T08:00:00Z"])
        _ = try diary.bench.call(
            "scheduling.set-preferences", ["person": "anna", "on": ["before-sun"], "move": ["before-sun:"]])
        #expect(try prepares() == once)
        _ = try diary.bench.call("scheduling.accept", ["person": "anna", "sessions": 2, "start": "2026-11-26"])
        #expect(
            try prepares()
                == (once + [
                    "before-medicines-planned 2026-11-12T08:00:00Z", "before-retinoid-planned 2026-11-19T08:00:00Z",
                    "before-sun-planned 2026-11-12T08:00:00Z",
                ]).sorted())
    }

    @Test("a session that is stopped moves the rest of the course and takes no place in it")
    func stopped() throws {
        let diary = try Diary(at: "2026-11-20T12:00:00Z")
        _ = try diary.bench.call("scheduling.accept", ["person": "anna", "sessions": 2, "start": "2026-11-23"])
        diary.bench.clock.set(Instant("2026-11-25T12:00:00Z")!)
        try diary.end(1, "anna", as: "session.stopped")
        let plan = try diary.bench.call("scheduling.show-plan", ["person": "anna"])
        #expect(plan.integer("done") == 0 && dates(plan) == ["2026-12-30", "2027-02-03"])
    }

    @Test("a course never keeps a session from ending: without records, and with every day avoided")
    func robust() throws {
        let diary = try Diary(at: "2026-11-20T12:00:00Z")
        _ = try diary.bench.call("scheduling.accept", ["person": "anna", "sessions": 2, "start": "2026-11-23"])
        diary.bench.fake("records.show-person") { _ in throw ModuleError.moduleFailed("records", "it is not there") }
        diary.bench.clock.set(Instant("2026-11-23T12:00:00Z")!)
        try diary.end(1, "anna")
        #expect(try diary.bench.ledger(kind: "plan.changed").last?.body.integer("done") == 1)

        let away = try Diary(at: "2026-11-20T12:00:00Z")
        // All of the window that begins when the first session is done early.
        let holidays = (0..<60).map { CivilDate("2026-12-12")!.adding(days: $0).description }
        _ = try away.bench.call(
            "scheduling.accept", ["person": "anna", "sessions": 2, "start": "2027-02-20", "holidays": holidays])
        try away.end(1, "anna")
        let moved = try away.bench.call("scheduling.show-plan", ["person": "anna"])
        #expect(moved.integer("done") == 1 && dates(moved) == ["2026-12-25"])
    }

    @Test("a move to another time zone moves the reminders of the course, and of last days, to the new clock")
    func newZone() throws {
        let diary = try Diary(at: "2026-11-20T12:00:00Z")
        _ = try diary.bench.call("scheduling.accept", ["person": "anna", "sessions": 2, "start": "2026-11-23"])
        try diary.bench.happen(
            "clearance.recorded", subject: "person/anna", person: "anna",
            ["person": "anna", "finding": "pregnancy", "until": "2026-12-20"])
        func due(_ kind: String) throws -> [String] {
            try diary.reminders("anna").filter { $0.string("kind") == kind && $0.string("state") == "pending" }
                .compactMap { $0.string("due") }
        }
        #expect(try due("clearance-ends") == ["2026-12-13T08:00:00Z"])
        var anna = Diary.person("anna")
        anna.timeZone = "America/New_York"
        try diary.change("anna", anna, before: Diary.person("anna"))
        #expect(try due("session-planned") == ["2026-11-22T23:00:00Z", "2026-12-27T23:00:00Z"])
        #expect(try due("clearance-ends") == ["2026-12-13T14:00:00Z"])
        _ = try diary.bench.call("scheduling.set-preferences", ["person": "anna", "hour": 11])
        #expect(try due("session-planned") == ["2026-11-22T16:00:00Z", "2026-12-27T16:00:00Z"])
        #expect(try due("clearance-ends") == ["2026-12-13T16:00:00Z"])
        let count = try diary.bench.ledger(kind: "reminder.queued").count
        try diary.change("anna", anna, before: anna)
        #expect(try diary.bench.ledger(kind: "reminder.queued").count == count, "nothing has changed")
    }

    @Test("over many goals, starts and avoided days every session lies in its window, and none on an avoided day")
    func property() throws {
        let diary = try Diary(at: "2026-11-20T12:00:00Z")
        var state: UInt64 = 42
        func random(_ limit: Int) -> Int {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int(state >> 33) % limit
        }
        let people = [("anna", 28...42), ("ben", 56...84), ("cid", 28...42)]
        let today = CivilDate("2026-11-20")!
        var planned = 0
        for _ in 0..<300 {
            let (person, weeks) = people[random(3)]
            let avoid = Set((0..<random(4)).map { _ in Plan.Weekday.allCases[random(7)] })
            let start = today.adding(days: random(700))
            let holidays = Set((0..<random(20)).map { _ in start.adding(days: random(400)) })
            let plan = try? diary.bench.call(
                "scheduling.plan",
                [
                    "person": person, "sessions": 6, "start": start, "avoid": avoid.map(\.rawValue).sorted(),
                    "holidays": holidays.map(\.description),
                ])
            guard let plan else { continue }
            let days = dates(plan).compactMap { CivilDate($0) }
            planned += 1
            #expect(days.count == 6 && days[0] >= start)
            for (before, day) in zip(days, days.dropFirst()) { #expect(weeks.contains(day - before)) }
            let avoided = Plan.Avoided(weekdays: avoid, holidays: holidays)
            #expect(days.allSatisfy { !avoided.holds($0) })
        }
        #expect(planned > 250)
    }
}
