import Foundation
import MneedleDaemon
import MneedleBulkKit
import MneedleKit
import MneedleWire
import Synchronization

/// A module on the bench: in the test's own process, with a temporary store, a clock that the test moves, and the
/// project's own knowledge. Fakes play the other modules.
///
///     let bench = try Bench(definition, at: "2026-11-20T12:00:00Z")
///     bench.fake("records.show-person") { _ in ["person": "anna", "setting": "home", "goal": "collagen"] }
///     let reply = try bench.call("screening.assess", ["person": "anna", "answers": ["pregnant": false]])
///
/// Arguments are typed by the command's table, as on the socket; each call is committed before it returns.
public final class Bench {
    /// The clock of module and store; it stands still until a test moves it.
    public let clock: ManualClock
    /// The module's name, for entries that it records.
    public let module: String
    private let folder: URL
    private let engine: Engine
    private let store: any Store
    private let fakes: Fakes
    private let told = Mutex<[(topic: String, body: Object)]>([])
    private let published = Mutex<[(topic: String, body: Object)]>([])

    /// - Parameters:
    ///   - section: The module's section of the configuration.
    ///   - knowledge: A folder of knowledge files; by default the project's own.
    ///   - old: The store as an older version left it: the version of its tables, and statements that write their rows.
    ///   - fakes: The verbs of other modules that the module asks; give their answers with ``fake(_:_:)`` before calling.
    /// - Throws: `BadKnowledge` with every problem when knowledge or configuration is wrong.
    public init(
        _ definition: ModuleDefinition, at now: String = "2026-11-20T12:00:00Z", section: Object = [:],
        knowledge: String? = nil, from old: (version: Int, sql: [String])? = nil,
        fakes verbs: [String] = Bench.usualFakes
    ) throws {
        guard let instant = Instant(now) else { throw ModuleError.internal("not a time: \(now)") }
        clock = ManualClock(instant)
        module = definition.manifest.name
        let folder = FileManager.default.temporaryDirectory
            .appendingPathComponent("mneedle-bench-\(UUID().uuidString)")
        self.folder = folder
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        var isComplete = false
        // `deinit` does not run for a bench that could not be made, so the folder is removed here.
        defer { if !isComplete { try? FileManager.default.removeItem(at: folder) } }
        store = try Stores.open(path: folder.appendingPathComponent("bench.sqlite").path)

        let problems = Problems()
        var files = Knowledge(folder: knowledge ?? Bench.projectKnowledge, problems: problems)
        let made = try files.make(definition, TOMLFile(name: "mneedled.toml", content: [module: section]))
        guard problems.found.isEmpty else { throw BadKnowledge(problems: problems.found) }
        if let old {
            try Migrations.apply(definition.migrations, of: module, to: store, upTo: old.version)
            try store.execute(old.sql)
        }
        try Migrations.apply(definition.migrations, of: module, to: store)

        let fakes = Fakes()
        self.fakes = fakes
        var registry = ModuleRegistry(people: .practice)
        try registry.ownership.check(definition.manifest)
        registry.add(definition, made)
        registry.knowledgeDigest = files.digest
        for verb in verbs where !verb.hasPrefix(module + ".") { registry.table.add(fakes.verb(verb)) }
        registry.standing.append(
            ("others", StandingCheck("what the test says of people") { person, _ in fakes.standing(person.person) }))
        engine = try Engine(store: store, registry: registry, clock: clock)
        isComplete = true
    }

    deinit {
        try? store.close()
        try? FileManager.default.removeItem(at: folder)
    }

    /// The problems of knowledge or configuration.
    public struct BadKnowledge: Error, CustomStringConvertible {
        /// Every problem found, in the order of the files.
        public let problems: [Problem]
        public var description: String { problems.map(\.description).joined(separator: "\n") }
    }

    /// The commands that modules ask of one another.
    public static let usualFakes = [
        "records.show-person", "records.show-device", "records.show-operator", "records.clearances",
        "records.same-person", "records.same-device", "session.experience", "session.list", "session.show",
        "session.stop",
        "scheduling.next", "aftercare.until",
        "aftercare.reactions", "sterilization.status", "screening.history", "screening.last-needled", "screening.rules",
    ]

    /// `Config/knowledge` of the checkout that these sources stand in.
    public static var projectKnowledge: String {
        var url = URL(fileURLWithPath: #filePath)
        for _ in 0..<3 { url.deleteLastPathComponent() }
        return url.appendingPathComponent("Config/knowledge").path
    }

    // MARK: Calling

    /// Calls a command of the module and returns its reply.
    /// - Throws: `ModuleError`; then nothing was changed.
    @discardableResult
    public func call(_ verb: String, _ arguments: Object = [:], as role: Role = .admin) throws -> Object {
        try call(verb, arguments, as: role) { _ in }
    }

    /// Calls a listing and returns its rows.
    public func rows(_ verb: String, _ arguments: Object = [:], as role: Role = .admin) throws -> [Object] {
        var rows: [Object] = []
        _ = try call(verb, arguments, as: role) { rows.append($0) }
        return rows
    }

    private func call(
        _ verb: String, _ arguments: Object, as role: Role, _ sink: @escaping (Object) -> Void
    ) throws -> Object {
        let target = try engine.registry.command(verb)
        let actor = Actor(user: "tester", uid: 1000, role: role)
        guard role >= target.command.role else {
            throw ModuleError(.forbidden, "needs \(target.command.role)", members: ["role": role.rawValue])
        }
        let request = Request(arguments: try Typing.bind(arguments, target.parameters), actor: actor)
        let schema = target.command.replySchema
        switch target.command.handler {
        case .reads(let handler):
            return try declared(
                schema, verb,
                engine.read(actor: actor, module: module) { try handler($0.resolved(request, target.command), $0) })
        case .lists(let handler):
            let closing = try engine.read(actor: actor, module: module) { reading in
                try handler(reading.resolved(request, target.command), reading) { sink(try declared(schema, verb, $0)) }
            }
            return try declared(target.command.closingSchema, verb, closing)
        case .writes(let handler):
            return try declared(
                schema, verb,
                write(as: actor, request: verb) { try handler(self.resolved(request, target.command, $0), $0) })
        case .constant: return [:]
        case .immediate(let handler): return try declared(schema, verb, handler(request))
        case .immediateRows(let handler): return try handler(request) { sink(try declared(schema, verb, $0)) }
        case .special, .connection:
            throw ModuleError.internal("'\(verb)' takes bulk lines; use stream(_:_:lines:)")
        }
    }

    /// The request without days and times in words, as the host makes it.
    private func resolved(_ request: Request, _ command: Command, _ reading: any Reading) throws -> Request {
        try (reading as? StoreReading)?.resolved(request, command) ?? request
    }

    /// The reply or row, after a check that it is as its command declares it.
    private func declared(_ schema: Object?, _ verb: String, _ answer: Object) throws -> Object {
        let faults = schema.map { Schema.faults(in: .object(answer), $0, at: verb) } ?? []
        guard faults.isEmpty else { throw ModuleError.internal("not as declared: \(faults.joined(separator: "; "))") }
        return answer
    }

    /// Sends lines to a bulk command in the given pieces, each a transaction of its own, and returns the final reply.
    @discardableResult
    public func stream(
        _ verb: String, _ arguments: Object, lines: [String], as role: Role = .admin
    ) throws -> Object {
        let target = try engine.registry.command(verb)
        guard let handler = target.command.bulk else {
            throw ModuleError.internal("'\(verb)' is no bulk command")
        }
        let actor = Actor(user: "tester", uid: 1000, role: role)
        let request = Request(arguments: try Typing.bind(arguments, target.parameters), actor: actor)
        let answer = try transfer(lines, as: actor) { try handler.begin(request, $0) }
        return try declared(target.command.replySchema, verb, answer)
    }

    /// Sends lines to one of the module's collectors.
    @discardableResult
    public func collect(_ socket: String, lines: [String], as role: Role = .admin) throws -> Object {
        guard let collector = engine.registry.collectors.first(where: { $0.collector.socket == socket })?.collector
        else { throw ModuleError.internal("no collector '\(socket)'") }
        let actor = Actor(user: "tester", uid: 1000, role: role)
        return try transfer(lines, as: actor) { try collector.begin(actor, $0) }
    }

    private func transfer(
        _ lines: [String], as actor: Actor, _ begin: @escaping (any BulkTransaction) throws -> any BulkReceiver
    ) throws -> Object {
        var receiver: (any BulkReceiver)?
        _ = try write(as: actor) {
            receiver = try begin($0); return [:]
        }
        for piece in lines {
            var bytes = Array(piece.utf8)
            if bytes.last != 10 { bytes.append(10) }
            bytes.withUnsafeBytes { bytes in
                receiver!.take(bytes, at: clock.now()) { topic, body in told.withLock { $0.append((topic, body)) } }
            }
            _ = try write(as: actor) { transaction in
                _ = try receiver!.store(transaction)
                return [:]
            }
        }
        return try write(as: actor) { try receiver!.finish($0) }
    }

    /// The live events of bulk receivers, published before anything was stored, oldest first.
    public var toldLive: [(topic: String, body: Object)] { told.withLock { $0 } }

    /// The live events that were published with a commit and are not kept, oldest first.
    public var publishedLive: [(topic: String, body: Object)] { published.withLock { $0 } }

    // MARK: Other modules

    /// Sets the answer to a verb of another module. For a listing, return the rows as member `rows`.
    public func fake(_ verb: String, _ answer: @escaping @Sendable (Arguments) throws -> Object) {
        fakes.answers.withLock { $0[verb] = answer }
    }

    /// Sets the findings that other modules, or the service itself, hold against any session of a person from now on.
    public func stand(_ person: String, _ findings: Finding...) {
        fakes.standings.withLock { $0[person] = findings }
    }

    /// Records an entry as another module would, so that this module's reactions run.
    @discardableResult
    public func happen(
        _ kind: String, subject: String, person: String? = nil, _ body: Object
    ) throws -> Object {
        try happen(Entry(kind, subject: subject, person: person, body: body))
    }

    private func happen(_ entry: Entry) throws -> Object {
        // The recording module is the one that may: the owner of the kind, or a module named like the kind's first part.
        let owner = engine.registry.ownership.owner(of: entry.kind) ?? String(entry.kind.prefix { $0 != "." })
        return try write(as: Actor(user: "tester", uid: 1000, role: .operator), of: owner) { transaction in
            ["seq": try transaction.record(entry)]
        }
    }

    /// Records an entry of a declared kind as another module would; one that stands keeps what a reaction's failure leaves.
    @discardableResult
    public func happen<Body>(
        _ kind: EntryKind<Body>, subject: String, person: String? = nil, _ body: Body
    ) throws -> Object {
        try happen(Entry(kind, subject: subject, person: person, body: body))
    }

    /// The findings of the module's own safety checks about a plan.
    public func findings(for plan: SessionPlan) throws -> [Finding] {
        try engine.read(actor: Actor(user: "tester", uid: 1000, role: .operator), module: module) {
            try filledIn($0.safety.findings(for: plan))
        }
    }

    /// The findings, after a check that their words are filled in.
    private func filledIn(_ findings: [Finding]) throws -> [Finding] {
        let faults = findings.flatMap { Schema.unfilled($0.message + " " + $0.advice) }
        guard faults.isEmpty else { throw ModuleError.internal(faults.joined(separator: "; ")) }
        return findings
    }

    /// The module's own part of the person's standing.
    public func standing(of person: Person) throws -> Standing {
        try engine.read(actor: Actor(user: "tester", uid: 1000, role: .operator), module: module) {
            $0.safety.standing(of: person)
        }
    }

    /// Changes the store behind the module's back, as a failing disk or somebody with a tool might.
    public func damage(_ sql: String) throws { try store.execute([sql]) }

    /// A person as a column holds them, as a literal of SQL for ``damage(_:)``.
    public func stored(_ person: String) throws -> String {
        "x'" + (try engine.stored(person)).map { String(UInt16($0) + 0x100, radix: 16).dropFirst() }.joined() + "'"
    }

    /// The module's figures, as the lines of `mneedlectl metrics` that are no comments.
    /// - Throws: The error of a figure, or its fault.
    public func figures() throws -> [String] {
        try engine.read(actor: Actor(user: "tester", uid: 1000, role: .reader), module: module) { reading in
            var failure: (any Error)?
            let families = reading.figures { _, _, error in failure = failure ?? error }
            if let failure { throw failure }
            return OpenMetrics.text(families).split(separator: "\n").map(String.init).filter { !$0.hasPrefix("#") }
        }
    }

    // MARK: Time and record

    /// The time at which the module's timers are next due.
    public func nextDue() throws -> Instant? { try engine.nextDue() }

    /// Fires the timers that are due at the clock's time, until none is.
    public func fire() throws {
        for _ in 0..<10_000 {
            let jobs = try engine.dueJobs()
            if jobs.isEmpty { return }
            _ = engine.run(jobs)
        }
        throw ModuleError.internal("a timer's work never ends: does fire() move next() on?")
    }

    /// Every ledger entry so far, oldest first.
    public func ledger(kind: String? = nil) throws -> [Entry] {
        try engine.read(actor: Actor(user: "tester", uid: 1000, role: .admin), module: "mneedled") { reading in
            let sql = """
                SELECT kind, subject, person, body FROM mneedle_ledger WHERE COALESCE(?, kind) = kind ORDER BY seq
                """
            return try reading.store.rows(sql, kind).map { row in
                guard case .object(let body) = try reading.store.value(json: row.facts.body ?? "{}") else {
                    throw ModuleError.internal("a ledger body is no object")
                }
                return Entry(row.text("kind")!, subject: row.facts.subject, person: row.text("person"), body: body)
            }
        }
    }

    private func write(
        as actor: Actor, of other: String? = nil, request: String? = nil,
        _ body: @escaping (any BulkTransaction) throws -> Object
    ) throws -> Object {
        // The engine runs the closure on this thread and before it returns, so nothing is shared.
        nonisolated(unsafe) let body = body
        let outcome = engine.run([Job(actor: actor, module: other ?? module, request: request, run: { try body($0) })])
        let live = outcome.liveEvents
        published.withLock { $0 += live }
        return try outcome.results[0].get()
    }
}

/// The fakes of other modules' commands.
final class Fakes: Sendable {
    let answers = Mutex<[String: @Sendable (Arguments) throws -> Object]>([:])
    let standings = Mutex<[String: [Finding]]>([:])

    func standing(_ person: String) -> [Finding] { standings.withLock { $0[person] ?? [] } }

    /// The answers about twins: no person and no device has one unless a test says so.
    private static let withoutTwins: [String: @Sendable (Arguments) throws -> Object] = [
        "records.same-person": { ["records": [$0.text("person") ?? ""], "undecided": [] as [String]] },
        "records.same-device": { ["records": [$0.text("device") ?? ""], "undecided": [] as [String]] },
    ]

    func verb(_ verb: String) -> Verb {
        let name = String(verb.drop { $0 != "." }.dropFirst())
        let module = String(verb.prefix { $0 != "." })
        let usual = ["person", "device", "operator", "session", "state", "reason", "note"]
        let parameters = usual.map {
            AnyParameter.optional($0, $0 == "session" ? .integer(0...Int64.max) : .text(), "")
        }
        let command = Command(
            name, "fake", role: .reader, parameters: parameters, example: verb,
            .lists { request, _, sink in
                guard let answer = self.answers.withLock({ $0[verb] }) ?? Fakes.withoutTwins[verb] else {
                    throw ModuleError.moduleFailed(module, "the test gives no answer for '\(verb)'")
                }
                let reply = try answer(request.arguments)
                for case .object(let row) in reply.list("rows") ?? [] { try sink(row) }
                return reply
            })
        return Verb(module: module, command)
    }
}
