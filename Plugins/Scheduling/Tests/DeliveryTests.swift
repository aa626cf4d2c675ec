import MneedleKit
import MneedleTestKit
import Testing

@testable import Scheduling

@Suite("Delivery")
struct DeliveryTests {
    @Test("what was due during downtime comes once, and says that it is late")
    func downtime() throws {
        let diary = try Diary()
        for hour in 13...17 { _ = try diary.remind("anna", at: "2026-11-20T\(hour):00:00Z") }
        diary.bench.clock.set(Instant("2026-11-20T16:04:00Z")!)
        try diary.bench.fire()
        try diary.bench.fire()
        let due = try diary.bench.ledger(kind: "reminder.due")
        #expect(due.map { $0.body.integer("reminder") } == [1, 2, 3, 4])
        // Four minutes are within `late_minutes`.
        #expect(due.map { $0.body.bool("late") } == [true, true, true, nil])
        #expect(try diary.bench.nextDue() == Instant("2026-11-20T17:00:00Z"))
    }

    @Test("whoever is reminded can be told on which sources it rests")
    func sources() throws {
        let diary = try Diary()
        try diary.end(1, "anna")
        _ = try diary.remind("anna", at: "2026-11-20T12:00:00Z")
        diary.bench.clock.advance(hours: 1)
        try diary.bench.fire()
        let due = try diary.bench.ledger(kind: "reminder.due").map(\.body)
        func titles(_ object: Object?) -> [String] {
            (object?.list("sources") ?? []).compactMap { source in
                if case .object(let source) = source { source.string("title") } else { nil }
            }
        }
        let cleaning = try #require(due.first { $0.string("kind") == "cleaning" })
        #expect(!titles(cleaning).isEmpty)
        let shown = try diary.bench.call(
            "scheduling.show-reminder", ["reminder": cleaning.integer("reminder")], as: .reader)
        #expect(titles(shown) == titles(cleaning))
        #expect(shown.string("device") == "roller")
        #expect(titles(due.first { $0.string("kind") == "custom" }) == [])
    }

    @Test("how late is late is the practice's to say")
    func lateMinutes() throws {
        let diary = try Diary(section: ["late_minutes": 60])
        _ = try diary.remind("anna", at: "2026-11-20T13:00:00Z")
        diary.bench.clock.set(Instant("2026-11-20T14:00:00Z")!)
        try diary.bench.fire()
        #expect(try diary.bench.ledger(kind: "reminder.due")[0].body["late"] == nil)
    }

    @Test("ten thousand reminders come in order, each exactly once")
    func many() throws {
        let diary = try Diary(section: ["digest_from": 10_000])
        let start = Instant("2026-11-20T12:00:00Z")!
        // A fixed scatter: 7919 and 10 000 have no common factor.
        for index in 0..<10_000 {
            _ = try diary.remind("anna", at: start.adding(seconds: Double(index * 7919 % 10_000)).description)
        }
        diary.bench.clock.set(start.adding(seconds: 4_999))
        try diary.bench.fire()
        #expect(try diary.reminders(state: "due").count == 5_000)
        #expect(try diary.bench.nextDue() == start.adding(seconds: 5_000))
        diary.bench.clock.set(start.adding(seconds: 10_000))
        try diary.bench.fire()
        let due = try diary.bench.ledger(kind: "reminder.due")
        #expect(due.count == 10_000)
        #expect(Set(due.compactMap { $0.body.integer("reminder") }).count == 10_000)
        let times = due.compactMap { $0.body.instant("due") }
        #expect(times.count == 10_000 && times == times.sorted())
        #expect(try diary.bench.nextDue() == nil)
    }

    @Test("what is more than one turn takes comes completely")
    func turns() throws {
        let diary = try Diary()
        for _ in 0..<401 { _ = try diary.remind("anna", at: "2026-11-20T13:00:00Z") }
        diary.bench.clock.advance(hours: 1)
        try diary.bench.fire()
        #expect(try diary.bench.ledger(kind: "reminder.due").count == 401)
    }
}
