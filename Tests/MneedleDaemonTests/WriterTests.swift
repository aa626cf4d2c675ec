import Dispatch
import Foundation
import MneedleKit
import MneedleSystem
import Synchronization
import Testing

@testable import MneedleDaemon

@Suite("The writer")
struct WriterTests {
    @Test("proves that it moves each time it is asked, however much work comes meanwhile")
    func movesUnderLoad() throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("writer-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let store = try Stores.open(path: folder.appendingPathComponent("test.sqlite").path)
        let engine = try Engine(store: store, registry: ModuleRegistry(), clock: SystemClock())
        let writer = try Writer(engine: engine, maxLogBytes: .max) { _ in }
        try writer.start()
        let isOver = Atomic<Bool>(false)
        let load = NamedThread("load")
        try load.start {
            while !isOver.load(ordering: .relaxed) {
                writer.submit([Job(actor: .service, module: "test", run: { _ in [:] })])
            }
        }
        let proof = DispatchSemaphore(value: 0)
        for _ in 0..<200 {
            writer.proveMoving { proof.signal() }
            try #require(proof.wait(timeout: .now() + 30) == .success)
        }
        isOver.store(true, ordering: .relaxed)
        load.join()
        writer.stop()
        try engine.close()
    }

    @Test("a commit that fails changes nothing: what is due next still is, and a job that keeps state is not run again")
    func failedCommit() throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("writer-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let store = try Stores.open(path: folder.appendingPathComponent("test.sqlite").path)
        try store.execute([
            "CREATE TABLE test_parents (id INTEGER PRIMARY KEY)",
            "CREATE TABLE test_children (parent INTEGER REFERENCES test_parents (id) DEFERRABLE INITIALLY DEFERRED)",
        ])
        let due = Instant(milliseconds: 4_000_000_000_000)
        var registry = ModuleRegistry()
        registry.timers = [("test", MneedleKit.Timer("test", next: { _ in due }, fire: { _ in }))]
        let engine = try Engine(store: store, registry: registry, clock: SystemClock())
        let runs = Atomic<Int>(0)
        func orphan(runsOnce: Bool) -> Job {
            Job(
                actor: .service, module: "test", runsOnce: runsOnce,
                run: { transaction in
                    runs.add(1, ordering: .relaxed)
                    try transaction.store.execute("INSERT INTO test_children (parent) VALUES (?)", 7)
                    return [:]
                })
        }
        let good = Job(
            actor: .service, module: "test",
            run: { transaction in
                try transaction.store.execute("INSERT INTO test_parents (id) VALUES (?)", 1)
                return [:]
            })
        for runsOnce in [false, true] {
            let outcome = engine.run([orphan(runsOnce: runsOnce)])
            #expect(outcome.nextDue == due)
            #expect(throws: ModuleError.self) { try outcome.results[0].get() }
        }
        runs.store(0, ordering: .relaxed)
        let outcome = engine.run([orphan(runsOnce: true), good])
        #expect(runs.load(ordering: .relaxed) == 1)
        #expect(throws: ModuleError.self) { try outcome.results[0].get() }
        #expect(throws: Never.self) { try outcome.results[1].get() }
        #expect(outcome.nextDue == due)
        try engine.close()
    }
}
