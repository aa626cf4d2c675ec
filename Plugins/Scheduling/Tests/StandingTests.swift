import MneedleKit
import MneedleTestKit
import Testing

@testable import Scheduling

@Suite("Advice says what the gate says")
struct StandingTests {
    private static let reaction = Finding(
        code: "open-reaction", severity: .contraindicated, message: "A reaction is open.", advice: "See a physician.",
        sources: [], module: "aftercare")
    private static let unanswered = Finding(
        code: "module-unavailable", severity: .contraindicated, message: "A module does not answer.", advice: "",
        sources: [], module: "mneedled")
    /// Kinds of reminders that invite to a session, or prepare one.
    static let inviting: Set = [
        "window-opens", "window-best", "window-closes", "window-overdue", "patch-test", "patch-test-result",
        "screening",
        "soak", "session-planned", "soak-planned", "before-sun", "before-medicines", "before-retinoid",
    ]

    private func openKinds(_ diary: Diary) throws -> Set<String> {
        Set(
            try diary.reminders("anna").filter { ["pending", "due", "snoozed"].contains($0.string("state") ?? "") }
                .compactMap { $0.string("kind") })
    }

    private func open(_ diary: Diary) throws {
        diary.bench.stand("anna", Self.reaction)
        try diary.bench.happen("reaction.opened", subject: "reaction/1", person: "anna", ["person": "anna"])
    }

    private func resolve(_ diary: Diary) throws {
        diary.bench.stand("anna")
        try diary.bench.happen("reaction.resolved", subject: "reaction/1", person: "anna", ["person": "anna"])
    }

    private func statuses(_ diary: Diary, _ uid: String) throws -> [String] {
        let ics = try diary.bench.call("scheduling.calendar", ["person": "anna"]).string("ics") ?? ""
        let lines = ics.split(separator: "\r\n").map(String.init)
        return lines.indices.filter { lines[$0].hasPrefix("UID:\(uid)") }.compactMap { start in
            lines[start...].first { $0.hasPrefix("STATUS:") }
        }
    }

    @Test("with something open, next tells no window, but what it is and what to do")
    func next() throws {
        let diary = try Diary(at: "2026-10-20T12:00:00Z")
        try diary.end(1, "anna")
        try open(diary)
        let next = try diary.next("anna")
        #expect(next["window"] == nil && next["floor"] == nil)
        let codes = (next.list("findings") ?? []).compactMap { value -> String? in
            if case .object(let finding) = value { finding.string("code") } else { nil }
        }
        #expect(codes.first == "open-reaction" && codes.contains("too-soon"))
        #expect(try statuses(diary, "window-anna") == ["STATUS:CANCELLED"])
        let planned = refusal { _ = try diary.bench.call("scheduling.plan", ["person": "anna"]) }
        #expect(planned?.code == .blocked && planned?.message.contains("See a physician.") == true)
        #expect(refusal { _ = try diary.bench.call("scheduling.accept", ["person": "anna"]) }?.code == .blocked)
    }

    @Test("what invites is taken back when the matter opens, and planned anew when it is resolved; aftercare stays")
    func reminders() throws {
        let diary = try Diary(at: "2026-10-20T12:00:00Z")
        try diary.end(1, "anna")
        let before = try openKinds(diary)
        #expect(!before.isDisjoint(with: Self.inviting))
        try open(diary)
        #expect(try openKinds(diary) == before.subtracting(Self.inviting))
        let because = try diary.bench.ledger(kind: "reminder.closed").map { $0.body.string("because") }
        #expect(!because.isEmpty && because.allSatisfy { $0 == "withdrawn" })
        try resolve(diary)
        #expect(try openKinds(diary) == before)
        #expect(try diary.due("window-best") == "2026-11-24T08:00:00Z")
        #expect(try diary.window("anna") == ["2026-11-17", "2026-11-24", "2026-12-01"])
    }

    @Test(
        "a reminder that has come and waits for an answer is taken back too; a session that ends meanwhile invites to none"
    )
    func meanwhile() throws {
        let diary = try Diary(at: "2026-10-20T12:00:00Z")
        try diary.end(1, "anna")
        diary.bench.clock.set(Instant("2026-11-17T08:00:00Z")!)
        try diary.bench.fire()
        #expect(try diary.reminder("window-opens", state: "due") != nil)
        try open(diary)
        #expect(try diary.reminder("window-opens", state: "due") == nil)
        try diary.end(2, "anna", as: "session.stopped")
        #expect(try openKinds(diary).isDisjoint(with: Self.inviting))
        #expect(try openKinds(diary).contains("check-in-24h"))
    }

    @Test("what is listed as to come is what comes: the rest is listed as held, with why, in the calendar as cancelled")
    func listed() throws {
        let diary = try Diary(at: "2026-10-20T12:00:00Z", section: ["digest_from": 100])
        try diary.end(1, "anna")
        let waiting = try diary.reminders("anna", state: "pending")
        #expect(waiting.allSatisfy { $0["held"] == nil })
        let able = Set(waiting.compactMap { $0.string("kind") })
            .intersection(Self.inviting.union(["aftercare-sun", "aftercare-actives", "course"]))
        #expect(!able.isEmpty)
        var behind = Self.unanswered
        behind.until = .instant(Instant("2026-12-01T12:00:00Z")!)
        for (finding, why) in [(Self.reaction, "A reaction is open."), (behind, "A module does not answer.")] {
            diary.bench.stand("anna", finding)
            let rows = try diary.reminders("anna", state: "pending")
            let held = rows.filter { $0.string("held")?.contains(why) == true }
            #expect(Set(held.compactMap { $0.string("kind") }) == able, "\(why)")
            #expect(rows.filter { $0["held"] != nil }.count == held.count && rows.count == waiting.count)
            let number = try #require(held.first?.integer("reminder"))
            #expect(
                try diary.bench.call("scheduling.show-reminder", ["reminder": number]).string("held")?.contains(why)
                    == true)
            for kind in ["aftercare-actives", "window-best"] {
                #expect(try statuses(diary, "\(kind)-anna") == ["STATUS:CANCELLED"], "\(kind) \(why)")
            }
            #expect(try statuses(diary, "check-in-24h-anna") == ["STATUS:CONFIRMED"])
        }
        // Nothing of it comes, and nothing else is missing.
        diary.bench.clock.set(Instant("2026-11-20T12:00:00Z")!)
        try diary.bench.fire()
        let come = Set(try diary.reminders("anna", state: "due").compactMap { $0.string("kind") })
        #expect(come.isDisjoint(with: able) && come.isSuperset(of: ["cleaning", "check-in-4w"]))
    }

    @Test("while nobody can say who somebody is, what invites is listed as held")
    func nobodyKnows() throws {
        let diary = try Diary(at: "2026-10-20T12:00:00Z")
        try diary.end(1, "anna")
        diary.bench.fake("records.show-person") { _ in throw ModuleError.moduleFailed("records", "it is not there") }
        let rows = try diary.bench.rows("scheduling.list-reminders", ["state": "pending"])
        #expect(rows.first { $0.string("kind") == "window-best" }?.string("held")?.isEmpty == false)
        #expect(rows.first { $0.string("kind") == "check-in-24h" }.map { $0["held"] == nil } == true)
    }

    @Test("what opens without an entry is found when the reminder becomes due")
    func withoutEntry() throws {
        let diary = try Diary(at: "2026-10-20T12:00:00Z")
        try diary.end(1, "anna")
        diary.bench.stand("anna", Self.reaction)
        diary.bench.clock.set(Instant("2026-11-17T08:00:00Z")!)
        try diary.bench.fire()
        #expect(try openKinds(diary).isDisjoint(with: Self.inviting))
    }

    @Test(
        "what permits something does not come while a reaction is open, and comes where that is resolved before its time",
        arguments: [true, false])
    func permits(isResolved: Bool) throws {
        let diary = try Diary(at: "2026-10-20T12:00:00Z")
        try diary.end(1, "anna")
        try open(diary)
        if isResolved { try resolve(diary) }
        for hours in [48, 72, 14 * 24] {
            diary.bench.clock.set(Instant("2026-10-20T20:00:00Z")!.adding(hours: Double(hours)))
            try diary.bench.fire()
        }
        let come = Set(try diary.reminders("anna", state: "due").compactMap { $0.string("kind") })
        let permitting: Set = ["aftercare-sun", "aftercare-actives", "course"]
        #expect(come.intersection(permitting) == (isResolved ? permitting : []))
        #expect(come.contains("cleaning"))
    }

    @Test("while the clock is behind, nobody is told a window and nothing is planned")
    func clockBehind() throws {
        let diary = try Diary(at: "2026-10-20T12:00:00Z")
        try diary.end(1, "anna")
        var behind = Self.unanswered
        behind.until = .instant(Instant("2026-12-01T12:00:00Z")!)
        diary.bench.stand("anna", behind)
        #expect(try diary.next("anna")["window"] == nil)
        #expect(refusal { _ = try diary.bench.call("scheduling.accept", ["person": "anna"]) }?.code == .blocked)
        #expect(try statuses(diary, "window-anna") == ["STATUS:CANCELLED"])
    }

    @Test("while the service cannot say, a reminder is held back for an hour at a time, and nothing is lost")
    func unknown() throws {
        let diary = try Diary(at: "2026-10-20T12:00:00Z")
        try diary.end(1, "anna")
        diary.bench.stand("anna", Self.unanswered)
        diary.bench.clock.set(Instant("2026-11-17T08:00:00Z")!)
        try diary.bench.fire()
        #expect(try diary.due("window-opens") == "2026-11-17T09:00:00Z")
        #expect(try diary.next("anna")["window"] == nil)
        diary.bench.stand("anna")
        diary.bench.clock.advance(hours: 1)
        try diary.bench.fire()
        #expect(try diary.reminder("window-opens", state: "due") != nil)
    }

    @Test("an accepted course is held while something is open, and its days that are over meanwhile are planned anew")
    func course() throws {
        let diary = try Diary(at: "2026-11-20T12:00:00Z")
        _ = try diary.bench.call("scheduling.accept", ["person": "anna", "sessions": 2, "start": "2026-11-23"])
        try open(diary)
        let held = try diary.bench.call("scheduling.show-plan", ["person": "anna"])
        #expect(held.bool("held") == true && held.list("sessions")?.isEmpty == true)
        #expect(held.list("findings")?.isEmpty == false)
        #expect(try openKinds(diary).isDisjoint(with: Self.inviting))
        #expect(try statuses(diary, "session-anna") == ["STATUS:CANCELLED", "STATUS:CANCELLED"])
        diary.bench.clock.set(Instant("2026-12-01T12:00:00Z")!)
        try resolve(diary)
        let plan = try diary.bench.call("scheduling.show-plan", ["person": "anna"])
        let first = plan.list("sessions")?.first
        guard case .object(let day)? = first else { throw ModuleError.internal("no session is planned") }
        #expect(plan["held"] == nil && day.date("date").map { $0 >= CivilDate("2026-12-01")! } == true)
        #expect(try openKinds(diary).contains("session-planned"))
        #expect(
            try diary.bench.ledger().map(\.kind).filter { $0.hasPrefix("plan.") }
                == ["plan.accepted", "plan.withdrawn", "plan.changed"])
    }

    @Test("an accepted course does not move when somebody edits the name")
    func name() throws {
        let diary = try Diary(at: "2026-10-20T12:00:00Z")
        try diary.end(1, "anna")
        _ = try diary.bench.call("scheduling.accept", ["person": "anna", "sessions": 2, "start": "2026-11-30"])
        let before = try diary.bench.call("scheduling.show-plan", ["person": "anna"])
        var anna = Diary.person("anna")
        anna.name = "Anna Maria"
        try diary.change("anna", anna)
        #expect(try diary.bench.call("scheduling.show-plan", ["person": "anna"]) == before)
        #expect(try diary.bench.ledger(kind: "plan.changed").isEmpty)
    }

    @Test("a clinic's minimum is not passed by another goal, nor by a change of the setting that day")
    func strictest() throws {
        let diary = try Diary(at: "2026-06-01T12:00:00Z")
        try diary.end(1, "cleo", goal: .maintenance)
        diary.bench.clock.advance(days: 40)
        #expect(try diary.findings("cleo", goal: .collagen).filter(\.blocks).map(\.code) == ["too-soon"])
        var atHome = Diary.person("cleo")
        atHome.setting = .home
        let found = try diary.findings(atHome)
        #expect(found.map(\.code) == ["too-soon"] && found[0].until == .date(CivilDate("2026-07-27")!))
        diary.bench.clock.advance(days: 16)
        #expect(try diary.findings(atHome).isEmpty)
        #expect(try diary.findings("cleo", goal: .collagen).isEmpty)
    }

    @Test("a session's own goal sets the next window, until the person has another one")
    func ownGoal() throws {
        let diary = try Diary(at: "2026-06-01T12:00:00Z")
        try diary.end(1, "anna", goal: .maintenance)
        #expect(try diary.window("anna") == ["2026-07-27", "2026-08-10", "2026-08-24"])
        #expect(try diary.next("anna").string("goal") == "maintenance")
    }

    @Test("a session that runs for two hours is asked about, and no longer when it has ended")
    func running() throws {
        let diary = try Diary(at: "2026-10-20T12:00:00Z")
        try diary.bench.happen(
            "session.started", subject: "session/1", person: "anna",
            ["session": 1, "person": "anna", "device": "roller", "started": "2026-10-20T12:00:00Z"])
        let asked = try diary.reminders("anna", state: "pending")
        #expect(asked.map { $0.string("kind") } == Array(repeating: "still-running", count: 3))
        #expect(asked[0].string("due") == "2026-10-20T14:00:00Z" && asked[0].string("title")?.contains("1") == true)
        try diary.end(1, "anna")
        #expect(try openKinds(diary).contains("still-running") == false)
    }

    @Test("a late reminder says when it was due, and what holds now")
    func late() throws {
        let diary = try Diary(at: "2026-10-20T12:00:00Z", section: ["digest_from": 100])
        try diary.end(1, "anna")
        diary.bench.clock.set(Instant("2026-11-26T12:00:00Z")!)
        try diary.bench.fire()
        let best = try #require(try diary.reminder("window-best", state: "due"))
        #expect(best.string("title") == "The best day for the next session was 2026-11-24")
        #expect(
            best.string("body")
                == "The window for collagen closes on 2026-12-01. This was due on 2026-11-24 09:00 (Europe/Berlin).")
        // What was for the best day, or before it, is over.
        for kind in ["window-opens", "screening", "soak", "patch-test", "before-sun"] {
            #expect(try diary.reminder(kind, state: "due") == nil, "\(kind)")
        }
        #expect(try diary.reminder("aftercare-sun", state: "due")?.string("body")?.contains("This was due on") == true)
    }
}
