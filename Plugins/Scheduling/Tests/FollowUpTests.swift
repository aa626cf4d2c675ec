import MneedleKit
import MneedleTestKit
import Testing

@testable import Scheduling

@Suite("Reminders that sessions queue")
struct FollowUpTests {
    @Test("a session queues its follow-ups, each recorded", arguments: ["session.finished", "session.stopped"])
    func followUps(kind: String) throws {
        let diary = try Diary(at: "2026-10-20T12:00:00Z")
        try diary.end(1, "anna", as: kind)
        let all = try diary.reminders("anna").map { "\($0.string("kind") ?? "") \($0.string("due") ?? "")" }
        let repeated = ["aftercare-spf", "window-overdue"]
        let times = all.filter { line in !(repeated + ["course"]).contains { line.hasPrefix($0) } }
        // The clocks go back on 25 October in Berlin: 9 o'clock is 8 in UTC then, and 7 days keep the clock time.
        #expect(
            times == [
                "cleaning 2026-10-20T12:00:00Z", "check-in-24h 2026-10-21T12:00:00Z",
                "aftercare-sun 2026-10-22T12:00:00Z", "aftercare-actives 2026-10-23T12:00:00Z",
                "check-in-72h 2026-10-23T12:00:00Z", "check-in-7d 2026-10-27T13:00:00Z",
                "before-sun 2026-11-10T08:00:00Z", "before-medicines 2026-11-10T08:00:00Z",
                "window-opens 2026-11-17T08:00:00Z", "before-retinoid 2026-11-17T08:00:00Z",
                "check-in-4w 2026-11-17T13:00:00Z", "patch-test 2026-11-21T08:00:00Z",
                "patch-test-result 2026-11-23T08:00:00Z", "screening 2026-11-23T17:00:00Z",
                "window-best 2026-11-24T08:00:00Z", "soak 2026-11-24T08:00:00Z", "window-closes 2026-12-01T08:00:00Z",
            ])
        // Five days of sunscreen at 8, four weeks of asking; the course only counts what was finished.
        #expect(
            all.filter { $0.hasPrefix("aftercare-spf") } == [
                "aftercare-spf 2026-10-23T06:00:00Z", "aftercare-spf 2026-10-24T06:00:00Z",
                "aftercare-spf 2026-10-25T07:00:00Z", "aftercare-spf 2026-10-26T07:00:00Z",
                "aftercare-spf 2026-10-27T07:00:00Z",
            ])
        #expect(
            all.filter { $0.hasPrefix("window-overdue") } == [
                "window-overdue 2026-12-08T08:00:00Z", "window-overdue 2026-12-15T08:00:00Z",
                "window-overdue 2026-12-22T08:00:00Z", "window-overdue 2026-12-29T08:00:00Z",
            ])
        #expect(all.contains("course 2026-11-03T08:00:00Z") == (kind == "session.finished"))
        let queued = try diary.bench.ledger(kind: "reminder.queued")
        #expect(queued.count == all.count)
        #expect(queued.allSatisfy { $0.person == "anna" && $0.body.integer("session") == 1 })
    }

    @Test("the words name the device and the dates")
    func words() throws {
        let diary = try Diary(at: "2026-10-20T12:00:00Z")
        try diary.end(1, "anna")
        #expect(try diary.reminder("cleaning")?.string("title") == "Clean roller now")
        #expect(try diary.reminder("cleaning")?.string("urgency") == "critical")
        let opens = try diary.reminder("window-opens")?.string("body")
        #expect(opens?.contains("2026-11-17") == true && opens?.contains("collagen") == true)
        for row in try diary.reminders() { #expect(!"\(row)".contains("{")) }
    }

    @Test("who was treated from a bad load is told at once, at night too, for each session")
    func exposed() throws {
        let diary = try Diary(at: "2026-10-20T23:30:00Z")
        for session in [1, 2] {
            try diary.bench.happen(
                "sterilization.exposed", subject: "session/\(session)", person: "anna",
                [
                    "session": session, "person": "anna", "device": "steel", "at": "2026-10-20T23:30:00Z",
                    "treated": "2026-10-13T12:00:00Z", "load": "17", "indicator": "fail",
                ])
        }
        try diary.bench.fire()
        let due = try diary.reminders("anna", state: "due")
        #expect(
            due.map { $0.string("title") } == [1, 2].map { "The needles of session \($0) may not have been sterile" })
        #expect(due.allSatisfy { $0.string("urgency") == "critical" && $0.string("kind") == "exposed" })
        #expect(due.allSatisfy { $0.string("due") == "2026-10-20T23:30:00Z" })
    }

    @Test("needling without a session is told to the device's owner at once, at night too, for each device and stretch")
    func withoutSession() throws {
        let diary = try Diary(at: "2026-10-20T23:30:00Z")
        for (device, at) in [("pen-1", "23:05"), ("pen-2", "23:05"), ("pen-1", "23:30")] {
            try diary.bench.happen(
                "telemetry.needled-without-session", subject: "device/\(device)", person: "anna",
                ["device": device, "at": "2026-10-20T\(at):00Z", "person": "anna"])
        }
        // A device that nobody owns is nobody's to be reminded of.
        try diary.bench.happen(
            "telemetry.needled-without-session", subject: "device/pen-3",
            ["device": "pen-3", "at": "2026-10-20T23:05:00Z"])
        try diary.bench.fire()
        let due = try diary.reminders(state: "due")
        #expect(
            due.map { $0.string("title") }
                == [("pen-1", "01:05"), ("pen-2", "01:05"), ("pen-1", "01:30")].map {
                    "\($0) was needling at 2026-10-21 \($1) (Europe/Berlin) and no session is on record"
                })
        #expect(due.allSatisfy { $0.string("urgency") == "critical" && $0.string("person") == "anna" })
        #expect(due[0].string("body")?.contains("If it was not you") == true)
    }

    @Test("cleaning is due at once, and over when that device was cleaned")
    func cleaning() throws {
        let diary = try Diary(at: "2026-10-20T12:00:00Z")
        try diary.end(1, "anna", device: "roller")
        try diary.end(2, "ben", device: "stamp")
        try diary.bench.fire()
        #expect(
            try diary.reminders(state: "due").map { $0.string("title") } == ["Clean roller now", "Clean stamp now"])
        try diary.bench.happen("device.cleaned", subject: "device/roller", ["device": "roller"])
        #expect(try diary.reminders(state: "due").map { $0.string("title") } == ["Clean stamp now"])
        let closed = try diary.bench.ledger(kind: "reminder.closed")
        #expect(closed.map { $0.body.string("because") } == ["device.cleaned"])
        #expect(closed.map { $0.body.string("state") } == ["done"])
        #expect(closed.map(\.person) == ["anna"])
        #expect(closed.map { $0.body.string("device") } == ["roller"])
    }

    @Test("a new session replaces what the last one queued, also what waits for an answer")
    func replaced() throws {
        let diary = try Diary(at: "2026-10-20T12:00:00Z")
        try diary.end(1, "anna")
        try diary.end(2, "ben")
        diary.bench.clock.set(Instant("2026-11-18T12:00:00Z")!)
        try diary.bench.fire()
        #expect(try diary.reminder("window-opens", state: "due") != nil)
        try diary.end(3, "anna")
        #expect(try diary.reminder("window-opens", state: "due") == nil)
        let open = try diary.reminders("anna").filter { ["pending", "due"].contains($0.string("state")) }
        let queued = try diary.bench.ledger(kind: "reminder.queued").filter { $0.body.integer("session") == 3 }
        #expect(!open.isEmpty)
        #expect(open.map { $0.integer("reminder") ?? 0 }.sorted() == queued.compactMap { $0.body.integer("reminder") })
        let closed = try diary.bench.ledger(kind: "reminder.closed")
        let replaced = closed.filter { $0.body.string("because") == "replaced" }
        let expired = closed.filter { $0.body.string("because") == "expired" }
        #expect(!replaced.isEmpty && replaced.allSatisfy { $0.body.integer("session") == 1 })
        // All of her first session's: some had expired meanwhile, and of ben's too.
        let first = try diary.reminders("anna").filter { $0.integer("session") == 1 }.compactMap {
            $0.integer("reminder")
        }
        let over = (replaced + expired.filter { $0.person == "anna" }).compactMap { $0.body.integer("reminder") }
        #expect(over.sorted() == first.sorted())
        #expect(expired.contains { $0.person == "ben" } && closed.count == replaced.count + expired.count)
        #expect(closed.allSatisfy { $0.body.string("state") == "dismissed" })
    }

    @Test("one's own reminders are never replaced")
    func own() throws {
        let diary = try Diary(at: "2026-10-20T12:00:00Z")
        _ = try diary.remind("anna", at: "2026-12-01T12:00:00Z")
        try diary.end(1, "anna")
        try diary.end(2, "anna")
        #expect(try diary.reminder("custom") != nil)
    }

    @Test("a device that still has to be cleaned stays so when its owner uses another one")
    func twoDevices() throws {
        let diary = try Diary(at: "2026-10-20T12:00:00Z")
        try diary.end(1, "anna", device: "roller")
        try diary.end(2, "anna", device: "stamp")
        let cleaning = try diary.reminders(state: "pending").filter { $0.string("kind") == "cleaning" }
        #expect(cleaning.map { $0.string("title") } == ["Clean roller now", "Clean stamp now"])
    }

    @Test("a person's new goal moves the window's reminders, and nothing else")
    func goal() throws {
        let diary = try Diary(at: "2026-10-20T12:00:00Z")
        try diary.end(1, "anna")
        let before = try diary.reminders().count
        try diary.change("anna", Person(person: "anna", setting: .home, goal: .collagen, timeZone: "Europe/Berlin"))
        #expect(try diary.reminders().count == before)
        try diary.change(
            "anna", Person(person: "anna", setting: .home, goal: .maintenance, timeZone: "Europe/Berlin"))
        #expect(try diary.due("window-opens") == "2026-12-15T08:00:00Z")
        let moved = Set(try diary.bench.ledger(kind: "reminder.closed").compactMap { $0.body.string("kind") })
        #expect(moved.contains("window-opens") && moved.isSubset(of: StandingTests.inviting))
        #expect(try diary.due("check-in-24h") == "2026-10-21T12:00:00Z")
        var maintained = Diary.person("anna")
        maintained.goal = .maintenance
        try diary.change("anna", Diary.person("anna"), before: maintained)
        #expect(try diary.due("window-opens") == "2026-11-17T08:00:00Z")
    }

    @Test("what somebody has answered is not asked again when the record changes")
    func answered() throws {
        let diary = try Diary(at: "2026-10-20T12:00:00Z")
        try diary.end(1, "anna")
        for row in try diary.reminders() where try diary.state(row.integer("reminder")!) == "pending" {
            try diary.bench.call("scheduling.done", ["reminder": row.integer("reminder")])
        }
        let before = try diary.reminders().count
        try diary.change("anna", Diary.person("anna"))
        #expect(try diary.reminders().count == before)
        #expect(try diary.reminders(state: "pending").isEmpty)
    }

    @Test("a window that closes unanswered becomes overdue; one answer is enough for both", arguments: [0, 1])
    func overdue(answered: Int) throws {
        let diary = try Diary(at: "2026-10-20T12:00:00Z")
        try diary.end(1, "anna")
        func states(_ kind: String) throws -> [String?] {
            try diary.reminders().filter { $0.string("kind") == kind }.map { $0.string("state") }
        }
        let kind = ["window-closes", "window-overdue"][answered]
        let reminder = try #require(try diary.reminders().first { $0.string("kind") == kind }?.integer("reminder"))
        try diary.bench.call("scheduling.done", ["reminder": reminder])
        let rest = Array(repeating: "dismissed", count: answered == 0 ? 4 : 3)
        #expect(try states("window-overdue") == (answered == 0 ? rest : ["done"] + rest))
        #expect(try states("window-closes") == [answered == 0 ? "done" : "pending"])
    }

    @Test("the head is soaked at home only; a session that starts ends what prepares it")
    func preparation() throws {
        let diary = try Diary(at: "2026-10-20T12:00:00Z")
        try diary.end(1, "cleo")
        #expect(try diary.reminder("soak") == nil)
        // 18 o'clock in New York, the evening before the best day.
        #expect(try diary.due("screening") == "2026-11-23T23:00:00Z")
        try diary.bench.happen("session.started", subject: "session/2", person: "anna", ["person": "anna"])
        #expect(try diary.due("screening") != nil)
        try diary.bench.happen("session.started", subject: "session/3", person: "cleo", ["person": "cleo"])
        #expect(try diary.reminder("screening") == nil && diary.reminder("patch-test") == nil)
        let closed = try diary.bench.ledger(kind: "reminder.closed")
        #expect(closed.map { $0.body.string("because") } == Array(repeating: "session.started", count: 6))
        #expect(try diary.reminder("window-best") != nil)
    }

    @Test("a session ends, with its reminders, also while nobody keeps records", arguments: ["finished", "stopped"])
    func withoutRecords(state: String) throws {
        let diary = try Diary(at: "2026-10-20T12:00:00Z")
        diary.bench.fake("records.show-person") { _ in throw ModuleError.moduleFailed("records", "it does not run") }
        try diary.end(1, "anna", as: "session.\(state)")
        #expect(try diary.bench.ledger(kind: "reminder.queued").count == (state == "finished" ? 27 : 26))
    }

    @Test("people without any session are not reminded of a window")
    func nobody() throws {
        let diary = try Diary()
        try diary.change("anna", Diary.person("anna"))
        #expect(try diary.reminders().isEmpty)
    }

    @Test("a window that is over when the plan changes is not announced")
    func over() throws {
        let diary = try Diary(at: "2026-10-20T12:00:00Z")
        try diary.end(1, "ben")
        diary.bench.clock.set(Instant("2026-11-30T12:00:00Z")!)
        try diary.change("ben", Person(person: "ben", setting: .home, goal: .collagen))
        let pending = try diary.reminders(state: "pending").filter {
            $0.string("kind")?.hasPrefix("window") == true
        }
        #expect(
            pending.map { $0.string("kind") } == ["window-closes"] + Array(repeating: "window-overdue", count: 4))
        for kind in ["patch-test", "screening", "soak"] { #expect(try diary.reminder(kind) == nil) }
    }
}

extension Diary {
    /// The person's record changes.
    func change(_ name: String, _ person: Person, before: Person? = nil) throws {
        bench.fake("records.show-person") { _ in person.object }
        try bench.happen(
            "person.changed", subject: "person/\(name)", person: name,
            ["person": name, "before": (before ?? people[name] ?? person).object, "after": person.object])
    }
}
