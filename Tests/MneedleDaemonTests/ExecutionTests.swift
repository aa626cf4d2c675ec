import Foundation
import MneedleKit
import MneedleTestKit
import Synchronization
import Testing

@testable import MneedleDaemon

@Suite("What becomes of a group, whatever the store does")
struct ExecutionTests {
    private let store = ScriptedStore()
    private let engine: Engine

    init() throws {
        engine = try ExecutionTests.engine(store)
        // What a start writes is no matter here.
        store.forgetSteps()
    }

    private static func engine(_ store: ScriptedStore, timers: [MneedleKit.Timer] = []) throws -> Engine {
        var registry = ModuleRegistry()
        registry.timers = timers.map { ("test", $0) }
        guard let now = Instant("2026-11-20T12:00:00Z") else { throw ModuleError.internal("not a time") }
        return try Engine(store: store, registry: registry, clock: ManualClock(now))
    }

    private static func job(_ run: @escaping @Sendable (StoreTransaction) throws -> Object) -> Job {
        Job(actor: Actor(user: "tester", uid: 1000, role: .operator), module: "test", run: run)
    }

    /// A job that writes a note and an entry.
    private static func note(_ text: String) -> Job {
        job { transaction in
            try transaction.execute("INSERT INTO test_notes (text) VALUES (?)", text)
            try transaction.record(Entry("test.written", subject: "note/\(text)"))
            return [:]
        }
    }

    /// Runs jobs as one group; the codes of their errors, with "ok" for none.
    @discardableResult
    private func run(_ jobs: Job...) -> [String] {
        engine.run(jobs).results.map { result in
            switch result {
            case .success: "ok"
            case .failure(let error): error.code.rawValue
            }
        }
    }

    private func runNotes() -> [String] { run(Self.note("a"), Self.note("b"), Self.note("c")) }

    /// The numbers of the entries that stand; they must be a chain.
    private func chain() -> [Int64] {
        var proof = LedgerProof()
        let entries = store.entries
        for entry in entries { proof.add(entry) }
        #expect(proof.firstBad == nil)
        return entries.compactMap { $0.integer("seq") }
    }

    private var problems: [String] { engine.health.problems.map(\.code) }

    @Test("it is committed once, in its order, and each entry follows the one before")
    func commits() throws {
        #expect(runNotes() == ["ok", "ok", "ok"])
        #expect(store.notes == ["a", "b", "c"] && chain() == [1, 2, 3])
        #expect(store.steps == ["begin", "commit"])
        #expect(engine.entries == 3)
    }

    @Test("a commit that fails has kept nothing, and each of the group is tried by itself")
    func failedCommit() throws {
        store.fail(.commit(), .full)
        #expect(runNotes() == ["ok", "ok", "ok"])
        #expect(store.notes == ["a", "b", "c"] && chain() == [1, 2, 3])
        #expect(
            store.steps == ["begin", "commit", "rollback"] + Array(repeating: ["begin", "commit"], count: 3).joined())
    }

    @Test("a disk that is full is told until a change is kept again")
    func full() throws {
        store.fail(.commit(), .full, times: 2)
        #expect(run(Self.note("a")) == ["storage"])
        #expect(problems == ["store-disk"])
        #expect(run(Self.note("a"), Self.note("b")) == ["ok", "ok"])
        #expect(problems.isEmpty && store.notes == ["a", "b"] && chain() == [1, 2])
    }

    @Test("when the store takes the whole group back, each is tried by itself, and the one that fails fails alone")
    func takenBack() throws {
        store.fail(.takeBack("b"), .failing, times: 2)
        #expect(runNotes() == ["ok", "storage", "ok"])
        #expect(store.notes == ["a", "c"] && chain() == [1, 2])
    }

    @Test("one that fails after it has written takes nothing of its neighbours with it")
    func spoiled() throws {
        let failing = Self.job { transaction in
            try transaction.execute("INSERT INTO test_notes (text) VALUES (?)", "x")
            throw ModuleError.conflict("told to fail", state: "failed")
        }
        #expect(run(Self.note("a"), failing, Self.note("b")) == ["ok", "conflict", "ok"])
        #expect(store.notes == ["a", "b"] && chain() == [1, 2])
        #expect(store.steps.filter { $0 == "commit" }.count == 1)
        #expect(store.steps.contains("roll back to request"))
    }

    @Test("what the schema forbids is a conflict, and what somebody else holds a fault of the store")
    func kinds() throws {
        store.fail(.statement("a"), .constraint, times: 2)
        store.fail(.statement("b"), .busy, times: 2)
        #expect(runNotes() == ["conflict", "storage", "ok"])
        #expect(store.notes == ["c"] && problems.isEmpty)
    }

    @Test(
        "a commit of which nobody knows whether it stands is told nobody as one, is not run again, and blocks sessions",
        arguments: [false, true])
    func lostCommit(stands: Bool) throws {
        let runs = Atomic<Int>(0)
        let counted = Self.job { transaction in
            runs.add(1, ordering: .relaxed)
            return try Self.note("b").run(transaction)
        }
        store.fail(.commit(stands: stands), .lost)
        #expect(run(Self.note("a"), counted) == ["storage", "storage"])
        #expect(runs.load(ordering: .relaxed) == 1)
        #expect(problems == ["store-file"] && engine.health.findings.count == 1)
        #expect(engine.entries == 0)
        // What stands is found out before anything more is written.
        #expect(run(Self.note("c")) == ["ok"])
        #expect(chain() == (stands ? [1, 2, 3] : [1]))
        #expect(store.notes == (stands ? ["a", "b", "c"] : ["c"]))
        #expect(problems.isEmpty)
    }

    @Test("only where it is known that nothing was changed is that said")
    func lostFiles() throws {
        let workshop = try Workshop()
        let database = workshop.folder.appendingPathComponent("test.sqlite")
        let harm = workshop.job { transaction in
            try transaction.store.execute("INSERT INTO test_notes (text) VALUES (?)", "a")
            try FileManager.default.removeItem(at: database)
            return [:]
        }
        let inDoubt = refusal { try workshop.run(harm).results[0].get() }
        #expect(inDoubt?.code == .storage && inDoubt?.message.contains("nothing was changed") == false)
        #expect(
            inDoubt?.message.contains("whether the change was kept is not known") == true, "\(inDoubt?.message ?? "")")
        #expect(inDoubt?.message.contains("the store's file is gone") == true)
        let later = refusal { try workshop.run(workshop.note("b")).results[0].get() }
        #expect(later?.message.hasPrefix("nothing was changed: the store's file is gone") == true)
    }

    @Test("while the store cannot be found nothing is run; when it is found again all goes on")
    func lostBefore() throws {
        #expect(runNotes() == ["ok", "ok", "ok"])
        store.fail(.begin, .lost, times: 2)
        for _ in 0..<2 { #expect(run(Self.note("d"), Self.note("e")) == ["storage", "storage"]) }
        #expect(problems == ["store-file"])
        #expect(run(Self.note("d")) == ["ok"])
        #expect(problems.isEmpty && chain() == [1, 2, 3, 4])
    }

    @Test(
        "where a statement that fails breaks its group, one job's mishap is that job's alone", arguments: [true, false])
    func broken(isSwallowed: Bool) throws {
        store.breaks = true
        store.fail(.statement("x"), .other, times: 2)
        let failing = Self.job { transaction in
            // It has written nothing: the group would go on elsewhere.
            do { _ = try transaction.row("SELECT text FROM test_notes WHERE text = ?", "x") } catch {
                if !isSwallowed { throw error }
            }
            return [:]
        }
        let results = run(Self.note("a"), failing, Self.note("b"))
        #expect(results == ["ok", isSwallowed ? "internal" : "storage", "ok"])
        #expect(store.notes == ["a", "b"] && chain() == [1, 2])
    }

    @Test("a timer that cannot say when it is due keeps no group from being committed")
    func brokenTimer() throws {
        let store = ScriptedStore()
        let timer = MneedleKit.Timer(
            "test", next: { try $0.store.row("SELECT due FROM test_dues WHERE name = ?", "x")?.instant("due") },
            fire: { _ in })
        let engine = try Self.engine(store, timers: [timer])
        store.breaks = true
        store.fail(.statement("x"), .other, times: 3)
        let outcome = engine.run([Self.note("a")])
        #expect(throws: Never.self) { try outcome.results[0].get() }
        #expect(store.notes == ["a"] && outcome.nextDue == nil)
    }

    @Test("a store that cannot be closed says so by the store's own error")
    func unclosable() throws {
        let folder = try TemporaryFolder()
        let store = try SQLiteStore(path: folder.path + "/test.sqlite")
        let statement = try store.connections.use { pool in
            // A statement that is still there keeps its connection open.
            try pool.writeWithoutTransaction { try $0.makeStatement(sql: "SELECT 1") }
        }
        #expect(throws: StoreError.self) { try store.close() }
        withExtendedLifetime(statement) {}
    }

    @Test("a store that cannot be read at the start says so itself")
    func unusable() throws {
        let store = ScriptedStore()
        store.fail(.opening, .damaged)
        let error = #expect(throws: ModuleError.self) { try Self.engine(store) }
        #expect(error?.message == "'nowhere' cannot be used: told to fail")
    }
}
