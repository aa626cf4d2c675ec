import Foundation
import MneedleBulkKit
import MneedleFaults
import MneedleKit
import MneedleRandom
import MneedleTestKit
import MneedleWire
import Synchronization

@testable import MneedleDaemon

/// The whole service without sockets and threads: engine, store, keys and all modules, on a disk that fails and with a clock
/// that stands still. Requests enter as lines; the work that is due is done when it is asked for.
final class SimulatedDaemon {
    let clock = ManualClock(Instant("2026-11-20T12:00:00Z")!)
    private let place: FaultyFolder
    private let registry: ModuleRegistry
    private(set) var engine: Engine?
    private var table = CommandTable()
    private let shared: Shared
    /// The numbers of the entries that subscribers were told of.
    private var told: [Int64] = []
    private let logPages: Int

    var disk: FaultyDisk { place.disk }

    /// What the engine calls back for.
    private final class Shared: Sendable {
        let ids: Mutex<SeededGenerator>
        let defects = Mutex<[String]>([])

        init(seed: UInt64) { ids = Mutex(SeededGenerator(seed: seed)) }
    }

    /// What a peer is answered.
    struct Answer {
        var rows: [Object] = []
        var result: Result<Object, ModuleError>

        var error: ModuleError? { if case .failure(let error) = result { error } else { nil } }
        var reply: Object? { try? result.get() }

        /// Everything that the peer gets to read.
        var text: String {
            let last = error.map { "\($0.message) \($0.members.jsonText)" } ?? reply?.jsonText ?? ""
            return (rows.map(\.jsonText) + [last]).joined(separator: "\n")
        }
    }

    /// A folder with a new store, to be copied: making the tables takes longer than a hundred requests.
    private static let original = Result {
        let folder = try TemporaryFolder()
        let place = try FaultyFolder()
        let daemon = try SimulatedDaemon(place, SimulatedModules().household, seed: 0, logPages: 1000)
        try daemon.open()
        try daemon.close()
        for name in try FileManager.default.contentsOfDirectory(atPath: place.path) {
            try FileManager.default.copyItem(atPath: place.path + "/" + name, toPath: folder.path + "/" + name)
        }
        return folder
    }

    convenience init(_ registry: ModuleRegistry, seed: UInt64, logPages: Int) throws {
        let original = try SimulatedDaemon.original.get().path
        try self.init(FaultyFolder(copying: original), registry, seed: seed, logPages: logPages)
    }

    private init(_ place: FaultyFolder, _ registry: ModuleRegistry, seed: UInt64, logPages: Int) throws {
        (self.place, self.registry, self.logPages) = (place, registry, logPages)
        shared = Shared(seed: seed)
    }

    deinit { try? close() }

    // MARK: Life

    /// Starts on the folder as it is, as `Daemon` does.
    func open() throws {
        let note = try HeadNote(folder: place.path)
        let path = place.path + "/" + Stores.fileName
        try note.requireStore(at: path)
        let store = try Stores.open(path: path, fileSystem: disk.name, logPages: logPages)
        do {
            try store.starting {
                try note.requireFits(store)
                try store.keepSums(LedgerKey.ofTables(folder: place.path), anew: note.isAccepted)
                for definition in SimulatedModules.definitions {
                    try Migrations.apply(definition.migrations, of: definition.manifest.name, to: store)
                }
                try store.remember(registry.guards)
            }
            let engine = try Engine(
                store: store, registry: registry, clock: clock, headNote: note, keys: makeKeys()
            ) { [shared] module, error in
                shared.defects.withLock { $0.append("\(module): \(error)") }
                return "simulated"
            }
            engine.noteHead()
            table = try makeTable(engine)
            self.engine = engine
        } catch {
            try? store.close()
            throw error
        }
        // The writer begins with this.
        noteClock()
    }

    private func makeKeys() throws -> PersonKeys {
        // The ids decide where rows stand in an index: they are the same in each run of a plan.
        try PersonKeys(KeyFile(folder: place.path, credentials: nil)) { [shared] in
            shared.ids.withLock { ids in
                PersonID((0..<PersonID.length).map { _ in UInt8.random(in: 1...255, using: &ids) })!
            }
        }
    }

    private func makeTable(_ engine: Engine) throws -> CommandTable {
        var backup = BackupSettings()
        backup.folders = []
        let (registry, clock) = (registry, clock)
        return HostCommands(
            registry: registry, store: engine.store, health: engine.health, limits: Limits(), version: "simulated",
            started: clock.now(),
            metrics: Metrics(store: engine.store, version: "simulated", started: clock.now()) {
                ServerCounters(modules: registry.modules.count)
            },
            backups: Backup(settings: backup, state: place.path),
            signer: try LedgerKey.signer(folder: place.path, store: engine.storeID),
            live: { .init(now: clock.now(), connections: 0, nextDue: nil, modules: registry.modules) }
        ).table
    }

    func close() throws {
        defer { engine = nil }
        try engine?.close()
    }

    /// The power goes, if it is not gone.
    func crash(luck: UInt64) throws {
        try? close()
        try place.crash(luck: luck, keeping: HeadNote.fileNames + KeyFile.fileNames + LedgerKey.fileNames)
    }

    // MARK: Requests

    /// A request that was read and may be made.
    private struct Call {
        var verb: Verb
        var request: Request
    }

    var commands: CommandTable { table }

    func verb(_ name: String) -> Verb? { table[name] }

    /// Makes requests one after the other; changes that follow one another share a commit, as the writer gathers them.
    func ask(_ asked: [(peer: Actor, line: String, points: [String])]) -> [Answer] {
        var answers = [Answer?](repeating: nil, count: asked.count)
        var jobs: [(index: Int, job: Job)] = []
        func flush() {
            guard !jobs.isEmpty else { return }
            for ((index, _), result) in zip(jobs, run(jobs.map(\.job))) { answers[index] = Answer(result: result) }
            jobs = []
        }
        for (index, one) in asked.enumerated() {
            do {
                let call = try call(one.line, one.peer)
                if case .writes = call.verb.command.handler {
                    let (verb, request) = (call.verb, call.request)
                    let job = Job(
                        actor: one.peer, module: verb.module, request: verb.name,
                        run: { try verb.change(request, $0) })
                    jobs.append((index, job))
                } else {
                    flush()
                    answers[index] = answer(call, one.points)
                }
            } catch {
                answers[index] = Answer(result: .failure(error))
            }
        }
        flush()
        return answers.map { $0! }
    }

    private func call(_ line: String, _ peer: Actor) throws(ModuleError) -> Call {
        guard let engine else { throw .internal("it is not open") }
        do {
            let parsed = try Array(line.utf8).withUnsafeBufferPointer { try RequestLine.parse($0) }
            let verb = try table.verb(named: parsed.verb, for: peer, engine.registry)
            let arguments = try Typing.bind(parsed.arguments, verb.parameters)
            return Call(verb: verb, request: Request(arguments: arguments, actor: peer))
        } catch let error as LineError {
            throw ModuleError(error)
        } catch {
            throw error as? ModuleError ?? .internal("\(error)")
        }
    }

    private func answer(_ call: Call, _ points: [String]) -> Answer {
        guard let engine else { return Answer(result: .failure(.internal("it is not open"))) }
        var rows: [Object] = []
        do {
            let reply: Object
            switch call.verb.command.handler {
            case .reads, .lists:
                reply = try engine.read(
                    actor: call.request.actor, module: call.verb.module, request: call.verb.name
                ) { try call.verb.answer(call.request, $0) { rows.append($0) } }
            case .immediate(let handler): reply = try handler(call.request)
            case .immediateRows(let handler): reply = try handler(call.request) { rows.append($0) }
            case .constant: reply = [:]
            case .special: reply = try stream(call, points)
            case .connection, .writes: throw ModuleError.conflict("it is for connections", state: "simulated")
            }
            return Answer(rows: rows, result: .success(reply))
        } catch {
            return Answer(rows: rows, result: .failure(error as? ModuleError ?? .internal("\(error)")))
        }
    }

    /// The receiver of a transfer, which its jobs share; they run on this thread.
    private final class Transfer: @unchecked Sendable {
        var receiver: (any BulkReceiver)?
    }

    private func stream(_ call: Call, _ points: [String]) throws -> Object {
        let transfer = Transfer()
        func job(_ isPiece: Bool, _ run: @escaping @Sendable (StoreTransaction) throws -> Object) throws -> Object {
            let job = Job(
                actor: call.request.actor, module: call.verb.module, request: call.verb.name, runsOnce: isPiece,
                run: run)
            return try self.run([job])[0].get()
        }
        let (verb, request) = (call.verb, call.request)
        _ = try job(false) { transaction in
            transfer.receiver = try verb.receiver(request, transaction)
            return [:]
        }
        let bytes = Array(points.map { $0 + "\n" }.joined().utf8)
        bytes.withUnsafeBytes { transfer.receiver?.take($0, at: clock.now()) { _, _ in } }
        _ = try job(true) { transaction in
            _ = try transfer.receiver?.store(transaction)
            return [:]
        }
        return try job(true) { try transfer.receiver?.finish($0) ?? [:] }
    }

    private func run(_ jobs: [Job]) -> [Result<Object, ModuleError>] {
        guard let engine else { return jobs.map { _ in .failure(.internal("it is not open")) } }
        let outcome = engine.run(jobs)
        told += outcome.events.compactMap(\.sequence)
        for (job, result) in zip(outcome.jobs, outcome.results) { job.done(result) }
        return outcome.results
    }

    /// Takes the numbers of the entries that subscribers were told of since the last call.
    func takeTold() -> [Int64] {
        defer { told = [] }
        return told
    }

    /// Takes the defects since the last call.
    func takeDefects() -> [String] {
        shared.defects.withLock { defects in
            let taken = defects
            defects = []
            return taken
        }
    }

    // MARK: Time

    /// When the next work is due.
    func nextDue() -> Instant? { try? engine?.nextDue() }

    /// Does the work that is due now, as the writer does.
    /// - Returns: What failed of it.
    func doDue() -> [ModuleError] {
        for _ in 0..<64 {
            guard let jobs = try? engine?.dueJobs(), !jobs.isEmpty else { return [] }
            let failures = run(jobs).compactMap { if case .failure(let error) = $0 { error } else { nil } }
            guard failures.isEmpty else { return failures }
        }
        return [.internal("the work that is due never ends")]
    }

    /// Has a clock that was set noted, as the writer does when its timer tells it.
    func noteClock() { _ = run([Job(actor: .service, module: Verb.host, run: { _ in [:] })]) }
}
