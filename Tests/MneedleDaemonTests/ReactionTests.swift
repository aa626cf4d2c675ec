import MneedleKit
import Synchronization
import Testing

@testable import MneedleDaemon

@Suite("Reactions to what has happened in any case")
struct ReactionTests {
    /// A module that writes and then fails at entries while it is told to.
    final class Fragile: Sendable {
        let fails = Atomic<Bool>(true)
        let runs = Atomic<Int>(0)

        func module(guards: Bool, to kind: String = "test.stopped", writes: Bool = true) -> Module {
            Module(
                checks: guards ? [SafetyCheck("nothing") { _, _ in [] }] : [],
                reactions: [
                    Reaction(to: kind) { [self] entry, _, transaction in
                        runs.add(1, ordering: .relaxed)
                        if writes {
                            try transaction.note("took \(entry.subject)")
                        }
                        if writes { try transaction.record(Entry("fragile.took", subject: entry.subject)) }
                        if fails.load(ordering: .relaxed) { throw ModuleError.internal("told to fail") }
                    }
                ])
        }
    }

    private static let careful = Module(reactions: [
        Reaction(to: "test.stopped") { entry, _, transaction in
            try transaction.note("careful \(entry.subject)")
        }
    ])

    @Test(
        "a stop stands when a reaction fails after it had written, and so does all else in its group",
        arguments: [true, false])
    func stands(writes: Bool) throws {
        let fragile = Fragile()
        let workshop = try Workshop([
            ("fragile", fragile.module(guards: true, writes: writes)), ("careful", Self.careful),
        ])
        let outcome = try workshop.run(
            workshop.note("before"), workshop.note("x", kind: "test.stopped", stands: true), workshop.note("after")
        )
        for result in outcome.results { #expect(throws: Never.self) { try result.get() } }
        #expect(try workshop.notes() == ["before", "x", "careful note/x", "after"])
        #expect(
            try workshop.kinds() == ["test.written", "test.stopped", FailedReactions.failed, "test.written"])
        #expect(outcome.events.map(\.topic) == (try workshop.kinds()))
        #expect(
            try workshop.bodies(FailedReactions.failed)
                == [#"{"entry":2,"module":"fragile","kind":"test.stopped"}"#])
        #expect(try workshop.holds())
        #expect(workshop.reports.list.withLock { $0.first }?.contains("fragile: ") == true)
    }

    @Test("a piece of a bulk transfer that stops a session is run once, though a reaction fails after it had written")
    func bulk() throws {
        let workshop = try Workshop([("fragile", Fragile().module(guards: true))])
        var piece = workshop.note("x", kind: "test.stopped", stands: true)
        let runs = Atomic<Int>(0)
        let once = piece.run
        piece.runsOnce = true
        piece.run = {
            runs.add(1, ordering: .relaxed)
            return try once($0)
        }
        let outcome = try workshop.run(workshop.note("before"), piece)
        for result in outcome.results { #expect(throws: Never.self) { try result.get() } }
        #expect(runs.load(ordering: .relaxed) == 1)
        #expect(try workshop.notes() == ["before", "x"])
        #expect(try workshop.kinds() == ["test.written", "test.stopped", FailedReactions.failed])
        #expect(try workshop.holds())
    }

    @Test("what does not stand is taken back with the reaction that forbids it")
    func forbidden() throws {
        let workshop = try Workshop([("fragile", Fragile().module(guards: true))])
        let outcome = try workshop.run(workshop.note("before"), workshop.note("x", kind: "test.stopped"))
        #expect(throws: Never.self) { try outcome.results[0].get() }
        #expect(throws: ModuleError.self) { try outcome.results[1].get() }
        #expect(try workshop.notes() == ["before"] && workshop.kinds() == ["test.written"])
        #expect(try workshop.blocks() == [])
    }

    @Test("a failure leaves nothing half done, even when a module swallows it on the way")
    func swallowed() throws {
        let outer = Module(reactions: [
            Reaction(to: "test.happened") { _, _, transaction in
                _ = try? transaction.recordAsTest(Entry("test.stopped", subject: "note/inner", stands: true))
            }
        ])
        let workshop = try Workshop([("outer", outer), ("fragile", Fragile().module(guards: false))])
        let outcome = try workshop.run(workshop.note("x", kind: "test.happened", stands: true))
        #expect(throws: Never.self) { try outcome.results[0].get() }
        #expect(try workshop.notes() == ["x"])
        #expect(try workshop.kinds() == ["test.happened", "test.stopped", FailedReactions.failed])
        #expect(try workshop.holds())
    }

    @Test(
        "no session starts until a guarding module has taken in what it failed at; it is tried again ever more rarely")
    func triedAgain() throws {
        let fragile = Fragile()
        let workshop = try Workshop([("fragile", fragile.module(guards: true))])
        try workshop.run(workshop.note("x", kind: "test.stopped", stands: true))
        #expect(try workshop.blocks() == ["reaction-failed"])
        #expect(try workshop.read { try $0.hostProblems() }.count == 1)
        for minutes in [1.0, 2, 4] {
            #expect(try workshop.engine.nextDue() == workshop.clock.now().adding(seconds: minutes * 60))
            workshop.clock.advance(seconds: minutes * 60)
            try workshop.fire()
            #expect(try workshop.blocks() == ["reaction-failed"])
        }
        #expect(FailedReactions.pause(after: .max) == 86_400_000)
        // A start has it tried at once.
        try workshop.restart()
        fragile.fails.store(false, ordering: .relaxed)
        try workshop.run(FailedReactions.retrial)
        try workshop.fire()
        #expect(try workshop.blocks() == [] && workshop.engine.nextDue() == nil)
        #expect(try workshop.notes() == ["x", "took note/x"])
        #expect(
            try workshop.kinds() == ["test.stopped", FailedReactions.failed, "fragile.took", FailedReactions.done])
        #expect(try workshop.read { try $0.hostProblems() } == [])
        #expect(try workshop.holds())
    }

    @Test("a module that guards nothing is tried again too, and blocks nobody")
    func harmless() throws {
        let workshop = try Workshop([("fragile", Fragile().module(guards: false))])
        try workshop.run(workshop.note("x", kind: "test.stopped", stands: true))
        #expect(try workshop.blocks() == [] && workshop.read { try $0.hostProblems() }.count == 1)
        #expect(try workshop.engine.nextDue() != nil)
    }

    @Test("an administrator may give one up with a reason, which the ledger keeps")
    func dropped() throws {
        let workshop = try Workshop([("fragile", Fragile().module(guards: true))])
        try workshop.run(workshop.note("x", kind: "test.stopped", stands: true))
        let drop = workshop.job(Verb.host) { try $0.drop(1, of: "fragile", note: "seen to").object }
        #expect(throws: Never.self) { try workshop.run(drop).results[0].get() }
        #expect(try workshop.blocks() == [])
        #expect(
            try workshop.bodies(FailedReactions.dropped)
                == [#"{"entry":1,"module":"fragile","kind":"test.stopped","note":"seen to"}"#])
        #expect(throws: ModuleError.self) { try workshop.run(drop).results[0].get() }
    }

    @Test("several reactions of one module fail and are tried again together")
    func together() throws {
        let fragile = Fragile()
        var module = fragile.module(guards: true)
        module.reactions.insert(
            Reaction(to: "test.stopped") { _, _, transaction in
                try transaction.note("first")
            }, at: 0)
        let workshop = try Workshop([("fragile", module)])
        try workshop.run(workshop.note("x", kind: "test.stopped", stands: true))
        #expect(try workshop.notes() == ["x"])
        fragile.fails.store(false, ordering: .relaxed)
        workshop.clock.advance(seconds: 60)
        try workshop.fire()
        #expect(try workshop.notes() == ["x", "first", "took note/x"])
    }
}
