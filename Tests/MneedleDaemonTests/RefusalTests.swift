import MneedleKit
import Testing

@testable import MneedleDaemon

@Suite("A refusal that the ledger keeps")
struct RefusalTests {
    private static let entry = Entry("test.refused", subject: "person/anna", person: "anna", body: ["codes": ["x"]])

    /// A job that is refused, after it has written something or before.
    private func refused(_ workshop: Workshop, writes: Bool, _ entry: Entry = entry) -> Job {
        workshop.job { transaction in
            if writes { try transaction.note("of the refused one") }
            throw ModuleError.blocked([]).keeping(entry)
        }
    }

    @Test(
        "nothing of it remains but the entry, which is committed with its group and told as an event",
        arguments: [true, false])
    func keeps(writes: Bool) throws {
        let workshop = try Workshop()
        let outcome = try workshop.run(
            workshop.note("before"), refused(workshop, writes: writes), workshop.note("after"))
        let error = #expect(throws: ModuleError.self) { try outcome.results[1].get() }
        #expect(error?.code == .blocked)
        #expect(try workshop.notes() == ["before", "after"])
        #expect(try workshop.kinds() == ["test.written", "test.refused", "test.written"])
        #expect(outcome.events.map(\.topic) == ["test.written", "test.refused", "test.written"])
        #expect(outcome.commits == 1)
        #expect(try workshop.holds())
        try workshop.restart()
        #expect(try workshop.bodies("test.refused") == [#"{"codes":["x"]}"#])
    }

    @Test("modules react to it in the same transaction")
    func reacts() throws {
        let module = Module(reactions: [
            Reaction(to: "test.refused") { entry, _, transaction in try transaction.note("heard \(entry.subject)") }
        ])
        let workshop = try Workshop([("careful", module)])
        try workshop.run(refused(workshop, writes: false))
        #expect(try workshop.notes() == ["heard person/anna"])
    }

    @Test("a refusal that cannot be kept is not told as one", arguments: [true, false])
    func unkept(writes: Bool) throws {
        let workshop = try Workshop()
        // Nobody may record in the name of the service.
        let foreign = Entry("mneedled.refused", subject: "person/anna")
        let outcome = try workshop.run(
            workshop.note("before"), refused(workshop, writes: writes, foreign), workshop.note("after"))
        let error = #expect(throws: ModuleError.self) { try outcome.results[1].get() }
        #expect(error?.code != .blocked)
        #expect(try workshop.kinds() == ["test.written", "test.written"])
        #expect(try workshop.notes() == ["before", "after"] && workshop.holds())
    }

    @Test("it uses no idempotency key: asked again, it is judged again")
    func keys() throws {
        let workshop = try Workshop()
        func ask(_ isAllowed: Bool) throws -> Engine.Outcome {
            try workshop.run(
                workshop.job { transaction in
                    try IdempotencyKeys.once("k", verb: "test.ask", arguments: Arguments(), in: transaction) {
                        guard isAllowed else { throw ModuleError.blocked([]).keeping(RefusalTests.entry) }
                        try transaction.note("done")
                        return [:]
                    }
                })
        }
        for _ in 0..<2 {
            #expect(throws: ModuleError.self) { try ask(false).results[0].get() }
        }
        _ = try ask(true).results[0].get()
        _ = try ask(true).results[0].get()
        #expect(try workshop.notes() == ["done"])
        #expect(try workshop.kinds() == ["test.refused", "test.refused"])
    }
}
