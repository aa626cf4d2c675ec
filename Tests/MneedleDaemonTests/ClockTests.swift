import MneedleKit
import Testing

@testable import MneedleDaemon

@Suite("A clock that is set")
struct ClockTests {
    private func keyed(_ workshop: Workshop, _ key: String = "k") -> Job {
        workshop.job { transaction in
            try IdempotencyKeys.once(key, verb: "note.write", arguments: Arguments(), in: transaction) {
                ["id": try transaction.store.insert("INSERT INTO test_notes (text) VALUES ('keyed')")]
            }
        }
    }

    @Test("a jump either way is one entry of the ledger; time that passes and small corrections are none")
    func noted() throws {
        let workshop = try Workshop()
        try workshop.run(workshop.note("a"))
        // Three weeks on or asleep, and a correction.
        workshop.clock.advance(days: 21)
        workshop.clock.jump(to: workshop.clock.now().adding(seconds: -119))
        try workshop.run(workshop.note("b"))
        #expect(try workshop.kinds() == ["test.written", "test.written"])
        let right = workshop.clock.now()
        workshop.clock.jump(to: right.adding(hours: 2))
        #expect(workshop.engine.hasClockJumped)
        let outcome = try workshop.run(workshop.note("c"), workshop.note("d"))
        #expect(outcome.events.map(\.topic) == [ClockNotes.jumped, "test.written", "test.written"])
        #expect(!workshop.engine.hasClockJumped)
        workshop.clock.jump(to: right)
        try workshop.run(workshop.note("e"))
        // The correction counts too: it was within what is tolerated, and is told with the next jump.
        let bodies = try workshop.bodies(ClockNotes.jumped)
        #expect(
            bodies.count == 2 && bodies[0].contains(#""by_seconds":7081"#) && bodies[1].contains(#""by_seconds":-7200"#)
        )
        #expect(try workshop.holds())
    }

    @Test("corrections that add up to a jump are told as one")
    func addsUp() throws {
        let workshop = try Workshop()
        for step in 1...3 {
            workshop.clock.jump(to: workshop.clock.now().adding(seconds: -50))
            try workshop.run(workshop.note("\(step)"))
        }
        #expect(try workshop.bodies(ClockNotes.jumped).count == 1)
    }

    @Test("a jump is noted though the request that finds it fails, and once though its group is run again")
    func failingRequest() throws {
        let workshop = try Workshop()
        workshop.clock.jump(to: workshop.clock.now().adding(hours: -2))
        let failing = workshop.job { transaction in
            try transaction.note("lost")
            throw ModuleError.conflict("told to", state: "told")
        }
        let outcome = try workshop.run(workshop.note("a"), failing)
        #expect(throws: ModuleError.self) { try outcome.results[1].get() }
        try workshop.run(failing)
        #expect(try workshop.kinds() == [ClockNotes.jumped, "test.written"] && workshop.notes() == ["a"])
        #expect(try workshop.holds())
    }

    @Test("while the clock is behind what was known no session starts, also after a start, until it is right again")
    func behind() throws {
        let workshop = try Workshop()
        try workshop.run(workshop.note("a"))
        #expect(try workshop.blocks() == [])
        workshop.clock.advance(hours: 3)
        workshop.clock.jump(to: workshop.clock.now().adding(hours: -5))
        try workshop.run(workshop.note("b"))
        #expect(try workshop.blocks() == ["clock-behind"])
        #expect(try workshop.read { try $0.hostProblems() }.count == 1)
        try workshop.restart()
        try workshop.run(workshop.note("c"))
        #expect(try workshop.blocks() == ["clock-behind"] && workshop.bodies(ClockNotes.jumped).count == 1)
        workshop.clock.advance(hours: 5)
        #expect(try workshop.blocks() == [] && workshop.read { try $0.hostProblems() } == [])
    }

    @Test("a clock that is behind the newest entry at the start is noted and blocks sessions")
    func behindAtStart() throws {
        let workshop = try Workshop()
        try workshop.run(workshop.note("a"))
        workshop.clock.jump(to: Instant("1970-01-01T00:00:10Z")!)
        try workshop.restart()
        // Already before anything is written.
        #expect(try workshop.blocks() == ["clock-behind"])
        try workshop.run(workshop.note("b"))
        #expect(
            try workshop.bodies(ClockNotes.jumped).first?.contains(
                #""from":"2026-11-20T12:00:00Z","to":"1970-01-01T00:00:10Z""#) == true)
        #expect(try workshop.blocks() == ["clock-behind"])
        workshop.clock.jump(to: Instant("2026-11-21T12:00:00Z")!)
        try workshop.run(workshop.note("c"))
        #expect(try workshop.blocks() == [])
    }

    @Test("an administrator may take the clock for right after it was wrong, and the ledger keeps why")
    func accepted() throws {
        let workshop = try Workshop()
        let accept = workshop.job(Verb.host) { try $0.acceptClock(note: "it was a year ahead").object }
        #expect(throws: ModuleError.self) { try workshop.run(accept).results[0].get() }
        workshop.clock.jump(to: Instant("2027-11-20T12:00:00Z")!)
        try workshop.run(workshop.note("wrong"))
        workshop.clock.jump(to: Instant("2026-11-20T12:00:00Z")!)
        try workshop.run(workshop.note("right"))
        #expect(try workshop.blocks() == ["clock-behind"])
        #expect(throws: Never.self) { try workshop.run(accept).results[0].get() }
        #expect(try workshop.blocks() == [])
        try workshop.restart()
        try workshop.run(workshop.note("later"))
        #expect(try workshop.blocks() == [] && workshop.bodies(ClockNotes.accepted).count == 1)
    }

    @Test("an idempotency key outlives a clock that is set forward and back, and is forgotten when its time has passed")
    func keys() throws {
        let workshop = try Workshop()
        let right = workshop.clock.now()
        #expect(try workshop.run(keyed(workshop)).results[0].get().integer("id") == 1)
        workshop.clock.jump(to: right.adding(hours: 24 * 400))
        #expect(try workshop.run(keyed(workshop), keyed(workshop, "ahead")).results[0].get().integer("id") == 1)
        workshop.clock.jump(to: right)
        #expect(try workshop.run(keyed(workshop)).results[0].get().integer("id") == 1)
        #expect(try workshop.run(keyed(workshop, "ahead")).results[0].get().integer("id") == 2)
        try workshop.restart()
        workshop.clock.advance(days: 6)
        #expect(try workshop.run(keyed(workshop)).results[0].get().integer("id") == 1)
        workshop.clock.advance(days: 1.1)
        #expect(try workshop.run(keyed(workshop)).results[0].get().integer("id") == 3)
        #expect(try workshop.run(keyed(workshop, "ahead")).results[0].get().integer("id") == 4)
        #expect(try workshop.notes().count == 4)
    }

    @Test("what the store has about the clock may be damaged: nothing ends, and sessions are blocked rather than not")
    func damaged() throws {
        for damage in ["9223372036854775807", "-9223372036854775808", "'x'"] {
            let workshop = try Workshop()
            try workshop.run(workshop.note("a"))
            let sql = "INSERT INTO mneedle_clock (id, latest, jumped) VALUES (1, \(damage), \(damage))"
            try workshop.run(
                workshop.job {
                    _ = try $0.store.execute(sql); return [:]
                })
            try workshop.restart()
            try workshop.run(keyed(workshop))
            workshop.clock.jump(to: workshop.clock.now().adding(hours: -3))
            try workshop.run(workshop.note("b"))
            #expect(try workshop.blocks() == ["clock-behind"])
        }
    }

    @Test("the system's clock tells time and passing time at once, and both go on")
    func systemClock() {
        let first = SystemClock().reading()
        let second = SystemClock().reading()
        #expect(second.elapsed >= first.elapsed && second.elapsed > 0)
        #expect(second.now > Instant("2026-01-01T00:00:00Z")!)
    }
}
