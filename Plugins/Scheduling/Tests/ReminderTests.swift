import MneedleKit
import MneedleTestKit
import Testing

@testable import Scheduling

@Suite("Reminders that people queue")
struct ReminderTests {
    @Test("a reminder is queued, comes at its time, and is done")
    func life() throws {
        let diary = try Diary()
        let queued = try diary.remind("anna", at: "2026-11-21T09:00:00+01:00")
        #expect(queued.string("due") == "2026-11-21T08:00:00Z")
        #expect(queued.string("state") == "pending")
        #expect(queued.string("urgency") == "normal")
        #expect(queued.string("kind") == "custom")
        let id = queued.integer("reminder")
        #expect(try diary.bench.nextDue() == Instant("2026-11-21T08:00:00Z"))

        diary.bench.clock.set(Instant("2026-11-21T07:59:59.999Z")!)
        try diary.bench.fire()
        #expect(try diary.bench.ledger(kind: "reminder.due").isEmpty)
        diary.bench.clock.set(Instant("2026-11-21T08:00:00Z")!)
        try diary.bench.fire()
        let due = try diary.bench.ledger(kind: "reminder.due")
        #expect(due.map { $0.body.integer("reminder") } == [id])
        #expect(due[0].person == "anna" && due[0].body.string("state") == "due")
        #expect(due[0].body["late"] == nil)

        let done = try diary.bench.call("scheduling.done", ["reminder": id], as: .operator)
        #expect(done.string("state") == "done")
        let kinds = try diary.bench.ledger().map(\.kind)
        #expect(kinds == ["reminder.queued", "reminder.due", "reminder.closed"])
        #expect(try diary.bench.nextDue() == nil)
    }

    @Test("the past and people that nobody knows are refused, and nothing is kept")
    func refused() throws {
        let diary = try Diary()
        let past = refusal { _ = try diary.remind("anna", at: "2026-11-20T11:59:59Z") }
        #expect(past?.code == .invalidArgument)
        #expect(past?.members.string("argument") == "at")
        #expect(past?.message.contains("give a later time") == true)
        #expect(refusal { _ = try diary.remind("nobody", at: "2026-11-21T12:00:00Z") }?.code == .notFound)
        #expect(try diary.reminders().isEmpty)
        #expect(try diary.bench.ledger().isEmpty)
        _ = try diary.remind("anna", at: "2026-11-20T12:00:00Z")
        #expect(try diary.reminders().count == 1)
    }

    @Test("a reminder needs one question, one row and one entry")
    func oneEntry() throws {
        let diary = try Diary()
        _ = try diary.bench.call(
            "scheduling.remind",
            [
                "person": "anna", "at": "2026-11-21T12:00:00Z", "title": "T", "body": "B", "urgency": "critical",
            ])
        let entries = try diary.bench.ledger()
        #expect(entries.map(\.kind) == ["reminder.queued"])
        #expect(entries[0].subject == "reminder/1")
        let row = try diary.reminders()[0]
        #expect(entries[0].body == row)
        #expect(row.string("title") == "T" && row.string("body") == "B" && row.string("urgency") == "critical")
    }

    @Test("snoozed for days it does not come in quiet hours; for hours it comes when it was asked to")
    func snoozeIntoTheNight() throws {
        // Half past eleven at night in Berlin; quiet is from 22 to 7.
        let diary = try Diary(at: "2026-11-20T22:30:00Z")
        func snoozed(_ urgency: String, _ span: String) throws -> String? {
            let id = try diary.bench.call(
                "scheduling.remind",
                ["person": "anna", "at": "2026-11-20T22:31:00Z", "title": "Buy alcohol", "urgency": urgency]
            ).integer("reminder")
            return try diary.bench.call("scheduling.snooze", ["reminder": id, "for": span]).string("due")
        }
        #expect(try snoozed("normal", "1d") == "2026-11-22T06:00:00Z")
        #expect(try snoozed("critical", "1d") == "2026-11-21T22:30:00Z")
        #expect(try snoozed("normal", "1h") == "2026-11-20T23:30:00Z")
    }

    @Test("snoozed, it comes again at the new time, once")
    func snooze() throws {
        let diary = try Diary()
        let id = try diary.remind("anna", at: "2026-11-20T13:00:00Z").integer("reminder")
        diary.bench.clock.advance(hours: 1)
        try diary.bench.fire()
        let snoozed = try diary.bench.call("scheduling.snooze", ["reminder": id, "for": "2h"], as: .operator)
        #expect(snoozed.string("state") == "snoozed")
        #expect(snoozed.string("due") == "2026-11-20T15:00:00Z")
        diary.bench.clock.advance(hours: 1)
        try diary.bench.fire()
        #expect(try diary.reminders(state: "due").isEmpty)
        diary.bench.clock.advance(hours: 1)
        try diary.bench.fire()
        try diary.bench.fire()
        #expect(try diary.reminders(state: "due").count == 1)
        #expect(
            try diary.bench.ledger().map(\.kind) == [
                "reminder.queued", "reminder.due", "reminder.snoozed", "reminder.due",
            ])
        _ = try diary.bench.call(
            "scheduling.snooze", ["reminder": id, "until": "2026-11-21T08:00:00Z"], as: .operator)
        #expect(try diary.bench.nextDue() == Instant("2026-11-21T08:00:00Z"))
    }

    @Test("a snooze of days keeps the clock time where the person lives, across the change of the clocks")
    func snoozeDays() throws {
        let diary = try Diary(at: "2026-10-24T10:00:00Z")
        let id = try diary.remind("anna", at: "2026-10-24T10:00:00Z").integer("reminder")
        let snoozed = try diary.bench.call("scheduling.snooze", ["reminder": id, "for": "1d"])
        #expect(snoozed.string("due") == "2026-10-25T11:00:00Z")
        let elapsed = try diary.bench.call("scheduling.snooze", ["reminder": id, "for": "24h"])
        #expect(elapsed.string("due") == "2026-10-25T10:00:00Z")
    }

    @Test("a snooze needs one end, after now")
    func badSnooze() throws {
        let diary = try Diary()
        let id = try diary.remind("anna", at: "2026-11-20T13:00:00Z").integer("reminder")
        for bad: Object in [
            [:], ["for": "1h", "until": "2026-11-21T12:00:00Z"], ["for": "0s"], ["until": "2026-11-20T12:00:00Z"],
            ["for": "999999999d"],
        ] {
            var arguments = bad
            arguments["reminder"] = id?.value
            #expect(refusal { _ = try diary.bench.call("scheduling.snooze", arguments) }?.code == .invalidArgument)
        }
        #expect(try diary.reminder("custom")?.string("due") == "2026-11-20T13:00:00Z")
    }

    @Test(
        "what somebody has answered for good stays so", arguments: ["done", "dismiss"], ["done", "dismiss", "snooze"])
    func answered(first: String, then: String) throws {
        let diary = try Diary()
        let id = try diary.remind("anna", at: "2026-11-20T13:00:00Z").integer("reminder")
        let state = try diary.bench.call("scheduling.\(first)", ["reminder": id]).string("state")
        #expect(state == (first == "done" ? "done" : "dismissed"))
        var arguments: Object = ["reminder": id]
        if then == "snooze" { arguments["for"] = .string("1h") }
        let conflict = refusal { _ = try diary.bench.call("scheduling.\(then)", arguments) }
        #expect(conflict?.code == .conflict)
        #expect(conflict?.members.string("state") == state)
        #expect(conflict?.message.contains(state ?? "?") == true)
        diary.bench.clock.advance(days: 2)
        try diary.bench.fire()
        #expect(try diary.bench.ledger(kind: "reminder.due").isEmpty)
        #expect(refusal { _ = try diary.bench.call("scheduling.done", ["reminder": 99]) }?.code == .notFound)
    }

    @Test("reminders are listed by when they come, for one person or one state")
    func list() throws {
        let diary = try Diary()
        for (person, hour) in [("anna", 15), ("ben", 13), ("anna", 14)] {
            _ = try diary.remind(person, at: "2026-11-20T\(hour):00:00Z", "at \(hour)")
        }
        #expect(try diary.reminders().map { $0.string("title") } == ["at 13", "at 14", "at 15"])
        #expect(try diary.reminders("anna").map { $0.string("title") } == ["at 14", "at 15"])
        diary.bench.clock.advance(hours: 2)
        try diary.bench.fire()
        #expect(try diary.reminders("anna", state: "due").map { $0.string("title") } == ["at 14"])
        #expect(try diary.reminders(state: "pending").map { $0.string("title") } == ["at 15"])
        #expect(refusal { _ = try diary.reminders("nobody") }?.code == .notFound)
        let members = ["reminder", "person", "kind", "title", "body", "due", "state", "urgency"]
        #expect(try diary.reminders()[0].members.map(\.name) == members)
    }

    @Test("the figures count what nobody has answered yet, and name nobody")
    func figures() throws {
        let diary = try Diary()
        for hour in 13...17 { _ = try diary.remind("anna", at: "2026-11-20T\(hour):00:00Z") }
        try diary.bench.call("scheduling.done", ["reminder": 5])
        try diary.bench.call("scheduling.snooze", ["reminder": 4, "for": "1d"])
        diary.bench.clock.advance(hours: 1)
        try diary.bench.fire()
        #expect(
            try diary.bench.figures() == [
                #"mneedle_scheduling_reminders{state="pending"} 2"#, #"mneedle_scheduling_reminders{state="due"} 1"#,
                #"mneedle_scheduling_reminders{state="snoozed"} 1"#,
            ])
    }

    @Test("a reminder says of itself what its list of members says", arguments: [nil, "of three"])
    func quickly(text: String?) throws {
        struct Listed: Reply {
            var reminder: Reminder
            static let members = Reminder.members.within(\Listed.reminder)
        }
        var reminder = Reminder(
            "anna", kind: "cleaning", title: "Clean", body: text, urgency: .critical,
            due: Instant("2026-11-21T08:00:00Z")!,
            now: Instant("2026-11-20T12:00:00Z")!, session: text.map { _ in 17 }, device: text.map { _ in "roller" })
        reminder.id = 7
        #expect(Listed(reminder: reminder).object == reminder.object)
        #expect(reminder.object.members.count == (text == nil ? 8 : 10))
    }

    @Test("readers look, operators change")
    func roles() throws {
        let diary = try Diary()
        for verb in ["remind", "done", "snooze", "dismiss"] {
            #expect(refusal { _ = try diary.bench.call("scheduling.\(verb)", as: .reader) }?.code == .forbidden)
        }
    }
}
