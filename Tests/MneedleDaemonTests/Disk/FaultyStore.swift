import Foundation
import MneedleFaults
import MneedleKit
import MneedleTestKit

@testable import MneedleDaemon
@testable import Records

/// A change that a client asks for, with an idempotency key of its own.
struct Change: Equatable, CustomStringConvertible {
    enum Kind: String, CaseIterable {
        /// A device of `records`.
        case device
        /// A row of the test's own table.
        case note
        /// A row that takes several pages.
        case large
        /// A row, and then a conflict.
        case failing
    }

    var id: Int
    var kind: Kind
    var description: String { "\(kind) \(id)" }
}

/// An engine on a store whose disk fails, and what its client knows of each change.
final class FaultyStore {
    private let place: FaultyFolder
    var disk: FaultyDisk { place.disk }
    var folder: String { place.path }
    private(set) var engine: Engine?
    private var store: (any Store)?
    /// Those of the people stay where they are: their file is another.
    private static let keys = Result { try PersonKeys(nil) }
    private var changes = Known()
    /// From how many pages of log they are brought into the database, from the next start on.
    var logPages = 4000
    /// The words of the last refusal.
    private(set) var lastRefusal = ""

    /// What a client knows of its changes.
    private struct Known {
        var kinds: [Int: Change.Kind] = [:]
        var acknowledged: Set<Int> = []
        /// Those of which the service has said that nothing was changed, whenever they were asked.
        var refused: Set<Int> = []
    }

    /// What is wrong with the store or with an answer.
    struct Violation: Error, CustomStringConvertible {
        let description: String
        init(_ description: String) { self.description = description }
    }

    /// - Parameter original: A folder with a store to begin with.
    init(copying original: String? = nil) throws { place = try FaultyFolder(copying: original) }

    deinit { try? close() }

    // MARK: Life

    private static let tables = Migration(
        1, "the test's rows", [.table("test_notes", [.integer("id").primaryKey(), .text("text")])])

    /// The modules, made once.
    private static let registry = Result {
        let problems = Problems()
        var knowledge = Knowledge(folder: Bench.projectKnowledge, problems: problems)
        let records = try knowledge.make(definition, TOMLFile(name: "mneedled.toml", content: [:]))
        guard problems.found.isEmpty else { throw Violation("\(problems.found)") }
        var registry = ModuleRegistry(people: .practice)
        registry.add(definition, records)
        let own = Manifest(name: "test", version: "1", summary: "for a test")
        registry.add(ModuleDefinition(manifest: own) { _ in Module() }, Module())
        return registry
    }

    /// Starts on the folder as it is, as the daemon does.
    func open() throws {
        let note = try HeadNote(folder: folder)
        let path = folder + "/" + Stores.fileName
        try note.requireStore(at: path)
        let store = try Stores.open(path: path, fileSystem: disk.name, logPages: logPages)
        do {
            try store.starting {
                try note.requireFits(store)
                try Migrations.apply(definition.migrations, of: "records", to: store)
                try Migrations.apply([FaultyStore.tables], of: "test", to: store)
            }
            let engine = try Engine(
                store: store, registry: FaultyStore.registry.get(),
                clock: ManualClock(Instant(milliseconds: 1_795_000_000_000)), headNote: note,
                keys: FaultyStore.keys.get())
            engine.noteHead()
            (self.store, self.engine) = (store, engine)
        } catch {
            try? store.close()
            throw error
        }
    }

    /// Stops; what the disk says to that changes nothing of what is known.
    func close() throws {
        defer { (engine, store) = (nil, nil) }
        try engine?.close()
    }

    /// Has commits not synced any more: a store that breaks its word.
    func synchronizeNever() throws { try store?.write { try $0.execute("PRAGMA synchronous = OFF") } }

    /// The power goes, if it is not gone: the store's folder is then what luck has left of it.
    func crash(luck: UInt64) throws {
        try? close()
        try place.crash(luck: luck, keeping: HeadNote.fileNames)
    }

    // MARK: Changes

    private static let actor = Actor(user: "tester", uid: 1000, role: .operator)

    private func job(_ change: Change) throws -> Job {
        let (id, kind) = (change.id, change.kind)
        let handler: @Sendable (StoreTransaction) throws -> Object
        let arguments: Arguments
        if kind == .device {
            let target = try FaultyStore.registry.get().command("records.add-device")
            guard case .writes(let add) = target.command.handler else { throw Violation("add-device writes nothing") }
            arguments = try Typing.bind(["device": "d\(id)", "kind": "pen"], target.parameters)
            let request = Request(arguments: arguments, actor: FaultyStore.actor)
            handler = { try add(request, $0) }
        } else {
            arguments = Arguments()
            let text = String(repeating: "\(id) ", count: kind == .large ? 5000 : 1)
            handler = { transaction in
                try transaction.store.execute(
                    "INSERT INTO test_notes (id, text) VALUES (?, ?)", Int64(id), text)
                try transaction.record(Entry("test.written", subject: "note/d\(id)"))
                if kind == .failing { throw ModuleError.conflict("told to fail", state: "failed") }
                return [:]
            }
        }
        return Job(
            actor: FaultyStore.actor, module: kind == .device ? "records" : "test",
            run: { transaction in
                try IdempotencyKeys.once("k\(id)", verb: kind.rawValue, arguments: arguments, in: transaction) {
                    try handler(transaction)
                }
            })
    }

    /// Asks for changes at once, as one group.
    /// - Throws: ``Violation`` where an answer is none that the client was promised.
    func ask(_ asked: [Change]) throws {
        guard let engine, !asked.isEmpty else { return }
        let outcome = engine.run(try asked.map(job))
        for (change, result) in zip(asked, outcome.results) { try learn(change, result) }
    }

    /// Asks while somebody reads an older state.
    func askBesideReader(_ asked: [Change]) throws {
        guard let engine else { return }
        try? engine.read(actor: .service, module: Verb.host) { reading in
            _ = try reading.store.row("SELECT COUNT(*) AS number FROM mneedle_ledger")
            try ask(asked)
        }
    }

    private func learn(_ change: Change, _ result: Result<Object, ModuleError>) throws {
        let isNew = changes.kinds.updateValue(change.kind, forKey: change.id) == nil
        switch result {
        case .success:
            guard change.kind != .failing else { throw Violation("\(change) succeeded") }
            changes.acknowledged.insert(change.id)
            changes.refused.remove(change.id)
        case .failure(let error):
            lastRefusal = error.message
            let isExpected = change.kind == .failing && error.code == .conflict
            guard error.code == .storage || isExpected else { throw Violation("\(change): \(error.message)") }
            // Nobody hears an answer after the power is gone.
            let isSure = isExpected || !(disk.isWithoutPower || error.message.contains("is not known"))
            if !isSure { changes.refused.remove(change.id) } else if isNew { changes.refused.insert(change.id) }
        }
    }

    /// Whether the service says that its disk fails.
    var tellsOfDisk: Bool { engine?.health.problems.contains { $0.code == "store-disk" } == true }

    /// What else than that is wrong, by its own word.
    var otherProblems: [String] {
        engine?.health.problems.filter { $0.code != "store-disk" }.map(\.text) ?? []
    }

    /// Reads what a client might.
    func read() throws {
        _ = try engine?.read(actor: .service, module: Verb.host) {
            try $0.store.rows("SELECT device FROM records_devices")
        }
    }

    // MARK: Judgement

    /// Holds everything that is kept against what the client knows; it knows then what became of each change.
    func judge() throws {
        guard let engine, let store else { throw Violation("it is not open") }
        if let damage = try store.read(nil, { try $0.findDamage() }) { throw Violation("damage: \(damage)") }
        let (keys, rows, entries, isWhole) = try engine.read(actor: .service, module: Verb.host) { reading in
            func numbers(_ sql: String) throws -> [Int] {
                try reading.store.rows(sql).compactMap { row in
                    row.text("name").flatMap { Int($0.drop { !$0.isNumber }) }
                }
            }
            return (
                try numbers("SELECT key AS name FROM mneedle_idempotency"),
                try numbers("SELECT device AS name FROM records_devices")
                    + numbers("SELECT CAST(id AS TEXT) AS name FROM test_notes"),
                try reading.store.rows("SELECT subject, person, body FROM mneedle_ledger").compactMap { row in
                    Int(row.facts.subject.drop { !$0.isNumber })
                },
                try LedgerCommands.verified(reading).isWhole
            )
        }
        guard isWhole else { throw Violation("the ledger is not whole") }
        let kept = Set(keys)
        guard keys.count == kept.count, rows.sorted() == keys.sorted(), entries.sorted() == keys.sorted() else {
            throw Violation("half done or done twice: keys \(keys), rows \(rows), entries \(entries)")
        }
        let lost = changes.acknowledged.subtracting(kept)
        guard lost.isEmpty else { throw Violation("acknowledged and lost: \(lost.sorted())") }
        let unasked = kept.subtracting(changes.kinds.keys)
        guard unasked.isEmpty else { throw Violation("kept and never asked: \(unasked.sorted())") }
        let denied = changes.refused.intersection(kept)
        guard denied.isEmpty else { throw Violation("told that nothing was changed, and kept: \(denied.sorted())") }
        changes.acknowledged = kept
        changes.kinds = changes.kinds.filter { kept.contains($0.key) }
        changes.refused = []
    }

    /// Whether a change was kept when the store was last judged.
    func isKept(_ change: Change) -> Bool { changes.acknowledged.contains(change.id) }
}
