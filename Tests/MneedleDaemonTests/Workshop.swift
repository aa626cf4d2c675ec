import Foundation
import MneedleKit
import Synchronization

@testable import MneedleDaemon

/// An engine on a temporary store with a clock that a test moves, and modules that a test makes.
final class Workshop {
    let clock: ManualClock
    private let keys: PersonKeys
    let folder: URL
    private(set) var engine: Engine
    private var store: any Store
    private let modules: [(String, Module)]
    /// What was told to the log: the module and what.
    let reports = Reports()

    final class Reports: Sendable {
        let list = Mutex<[String]>([])
    }

    init(at now: String = "2026-11-20T12:00:00Z", _ modules: [(String, Module)] = []) throws {
        guard let instant = Instant(now) else { throw ModuleError.internal("not a time: \(now)") }
        clock = ManualClock(instant)
        keys = try PersonKeys(nil)
        self.modules = modules
        folder = FileManager.default.temporaryDirectory.appendingPathComponent("workshop-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        store = try Stores.open(path: folder.appendingPathComponent("test.sqlite").path)
        try store.execute(["CREATE TABLE test_notes (id INTEGER PRIMARY KEY, text TEXT NOT NULL)"])
        engine = try Workshop.engine(store, modules, clock, reports, keys)
    }

    deinit {
        try? engine.close()
        try? FileManager.default.removeItem(at: folder)
    }

    private static func engine(
        _ store: any Store, _ modules: [(String, Module)], _ clock: ManualClock, _ reports: Reports, _ keys: PersonKeys
    ) throws -> Engine {
        var registry = ModuleRegistry { module, what, _ in reports.list.withLock { $0.append("\(module): \(what)") } }
        for (name, module) in modules {
            let manifest = Manifest(name: name, version: "1", summary: "for a test")
            registry.add(ModuleDefinition(manifest: manifest) { _ in module }, module)
        }
        return try Engine(store: store, registry: registry, clock: clock, keys: keys)
    }

    /// Stops and starts again on the same store.
    func restart() throws {
        try engine.close()
        store = try Stores.open(path: folder.appendingPathComponent("test.sqlite").path)
        engine = try Workshop.engine(store, modules, clock, reports, keys)
    }

    func job(_ module: String = "test", _ run: @escaping @Sendable (StoreTransaction) throws -> Object) -> Job {
        Job(actor: Actor(user: "tester", uid: 1000, role: .operator), module: module, run: run)
    }

    /// Adds a note and records that it did.
    func note(_ text: String, kind: String = "test.written", stands: Bool = false) -> Job {
        job { transaction in
            try transaction.store.execute("INSERT INTO test_notes (text) VALUES (?)", text)
            try transaction.record(Entry(kind, subject: "note/\(text)", person: "anna", stands: stands))
            return [:]
        }
    }

    @discardableResult
    func run(_ jobs: Job...) throws -> Engine.Outcome { engine.run(jobs) }

    /// Does what is due by the clock.
    func fire() throws { _ = engine.run(try engine.dueJobs()) }

    func read<T>(_ body: (StoreReading) throws -> T) throws -> T {
        try engine.read(actor: .service, module: Verb.host, body)
    }

    func notes() throws -> [String] {
        try read { try $0.store.rows("SELECT text FROM test_notes ORDER BY id").map { $0.text("text")! } }
    }

    func kinds() throws -> [String] {
        try read { try $0.store.rows("SELECT kind FROM mneedle_ledger ORDER BY seq").map { $0.text("kind")! } }
    }

    func bodies(_ kind: String) throws -> [String] {
        try read {
            try $0.store.rows("SELECT subject, person, body FROM mneedle_ledger WHERE kind = ? ORDER BY seq", kind).map
            {
                $0.facts.body!
            }
        }
    }

    func holds() throws -> Bool { try read { try LedgerCommands.verified($0).isWhole } }

    func standing() throws -> Standing {
        try read { $0.safety.standing(of: Person(person: "anna", setting: .home, goal: .collagen)) }
    }

    /// The codes of what speaks against any session.
    func blocks() throws -> [String] {
        let plan = SessionPlan(
            person: Person(person: "anna", setting: .home, goal: .collagen),
            device: Device(device: "roller", kind: .roller), areas: ["cheeks"], depthMM: 0.3, goal: .collagen,
            at: clock.now())
        return try read { $0.safety.findings(for: plan).filter(\.blocks).map(\.code) }
    }
}

extension Transaction {
    /// Adds a note, whichever module does it: all of them are in one table, in their order.
    func note(_ text: String) throws {
        try asTest { _ = try $0.store.execute("INSERT INTO test_notes (text) VALUES (?)", text) }
    }

    /// Records an entry of the module under test.
    func recordAsTest(_ entry: Entry) throws { try asTest { _ = try $0.record(entry) } }

    private func asTest(_ body: (StoreTransaction) throws -> Void) throws {
        guard let transaction = self as? StoreTransaction else { throw ModuleError.internal("not on a store") }
        try transaction.within("test") { try body(transaction) }
    }
}
