import GRDB
import MneedleBulkKit
import MneedleKit

/// The writer's open transaction, in which a group's requests run one after the other, each with a savepoint of its
/// own from its first write on, or without: then a failure after a write spoils the whole group, which the engine runs
/// again with savepoints.
package final class StoreTransaction: StoreReading, BulkTransaction, WritableStore, ChangeableModules {
    let ledger: Ledger
    let clockWatch: ClockWatch
    let hasSavepoints: Bool
    private var savepoint: Ledger.Head?
    private var hasWritten = false
    /// Whether any of the group's requests has written.
    var hasWrittenAny = false
    /// How many statements and entries have been written.
    private(set) var writes = 0
    /// Whether something that has failed cannot be taken back by itself: then the whole group is run again with savepoints.
    var isSpoiled = false
    /// What subscribers are told if the transaction commits.
    var events: [Event] = []
    private var depth = 0
    /// What the request that runs has recorded and told so far.
    private var said = (entries: 0, bytes: 0)
    /// What was wrong with something that the request told and that had no way to say so at once.
    private var fault: (any Error)?
    /// What the peer of the job asked for.
    private var request: String?

    package var writableStore: any WritableStore { self }
    package var changeableModules: any ChangeableModules { self }

    init(
        database: Database, engine: Engine, house: House, ledger: Ledger, clockWatch: ClockWatch, hasSavepoints: Bool
    ) {
        self.ledger = ledger
        self.clockWatch = clockWatch
        self.hasSavepoints = hasSavepoints
        super.init(
            database: database, engine: engine, house: house, actor: .service, now: engine.clock.now(), module: "",
            statements: engine.statements)
    }

    /// Runs a job as one unit: when it throws, nothing that it did remains but the entry that its error keeps.
    func run(_ job: Job) throws -> Object {
        (actor, module, now, request) = (job.actor, job.module, try noteClock(), job.request)
        do {
            return try unit { try job.run(self) }
        } catch let refused as ModuleError where database.isInsideTransaction {
            guard let entry = refused.entry else { throw refused }
            // A refusal that cannot be kept is not told as one.
            _ = try unit { ["seq": try record(entry)] }
            throw refused
        }
    }

    private func unit(_ body: () throws -> Object) throws -> Object {
        (hasWritten, said, fault) = (false, (0, 0), nil)
        let told = events.count
        do {
            _ = statements.faults.take()
            let result = try body()
            // A module may have caught it.
            if isSpoiled { throw Spoiled() }
            try requireSound()
            try requireTold()
            try Sizes.check(result, atMost: Sizes.reply, "the reply")
            if savepoint != nil { try run("RELEASE request") }
            savepoint = nil
            return result
        } catch {
            events.removeSubrange(told...)
            // A group that is rolled back already, for what took too long, is not run again with savepoints.
            if isSpoiled || (hasWritten && !hasSavepoints && database.isInsideTransaction) { throw Spoiled() }
            // After some errors (disk full) SQLite has rolled back everything itself.
            if let head = savepoint, database.isInsideTransaction {
                try run("ROLLBACK TO request")
                try run("RELEASE request")
                ledger.head = head
            }
            savepoint = nil
            throw error
        }
    }

    func run(_ sql: String) throws {
        try mapped { try statements.entry(sql, database).statement.run() }
    }

    /// Thrown instead of a request's own error when its changes cannot be told from its neighbours'.
    struct Spoiled: Error {}

    func willWrite() throws {
        hasWritten = true
        hasWrittenAny = true
        writes += 1
        guard hasSavepoints, savepoint == nil else { return }
        try run("SAVEPOINT request")
        savepoint = ledger.head
    }

    @discardableResult
    package func execute(_ sql: String, _ values: [SQLValue]) throws -> Int { try change(sql, values).changes }

    package func insert(_ sql: String, _ values: [SQLValue]) throws -> Int64 { try change(sql, values).insertedID }

    private func change(_ sql: String, _ values: [SQLValue]) throws -> SQLStatement {
        try willWrite()
        return try mapped {
            let statement = try statement(sql).statement
            try statement.bind(values)
            try statement.run()
            return statement
        }
    }

    @discardableResult
    package func record(_ entry: Entry) throws -> Int64 {
        let sequence = try append(entry)
        guard depth < 8 else { throw ModuleError.internal("reactions to '\(entry.kind)' call one another without end") }
        depth += 1
        defer { depth -= 1 }
        for (module, reaction) in house.reactions[entry.kind] ?? [] {
            if entry.stands {
                try follow(entry, sequence, module, reaction)
            } else {
                try ofItsOwn(module) { try reaction.run(entry, actor, self) }
            }
        }
        return sequence
    }

    /// Appends to the ledger without any reactions.
    @discardableResult
    func append(_ entry: Entry) throws -> Int64 {
        try house.ownership.check(entry.kind, of: module)
        try Sizes.check(entry)
        try willWrite()
        let event = try mapped {
            try ledger.append(entry, module: module, actor: actor, at: now, to: database, statements)
        }
        try tell(event)
        return ledger.head.sequence
    }

    package func publishLive(topic: String, _ body: Object) {
        do {
            try house.ownership.check(topic, of: module)
            try Sizes.check(body, atMost: Sizes.body, "the body of '\(topic)'")
            try tell(Event(live: topic, body))
        } catch {
            fault = fault ?? error
        }
    }

    /// - Throws: What was wrong with something live that was told since the last time.
    func requireTold() throws {
        defer { fault = nil }
        if let fault { throw fault }
    }

    private func tell(_ event: Event) throws {
        said = (said.entries + 1, said.bytes + event.body.count)
        guard said.entries <= Sizes.entries, said.bytes <= Sizes.told else {
            throw ModuleError.internal(
                "one change records or tells more than \(Sizes.entries) times or \(Sizes.told) bytes")
        }
        events.append(event)
    }

    /// Runs a reaction. It counts as what its module does of its own and not as the peer's request: a module whose
    /// reaction ends the service must not keep sessions from being stopped.
    func ofItsOwn(_ module: String, _ body: () throws -> Void) rethrows {
        house.crashNotes.attribute(nil, to: 0)
        defer { house.crashNotes.attribute(request, to: actor.uid) }
        try within(module, body)
    }

    @discardableResult
    package func change(_ verb: String, _ arguments: Object) throws -> Object {
        let target = try house.command(verb)
        guard case .writes(let handler) = target.command.handler else { return try ask(verb, arguments) }
        let request = Request(arguments: try Typing.bind(arguments, target.parameters), actor: actor)
        return try within(target.module) { try handler(request, self) }
    }
}

/// What subscribers receive: a ledger entry, or something live that is not kept.
package struct Event: Sendable {
    /// The ledger's sequence number; `nil` for a live event.
    package var sequence: Int64?
    package var topic: String
    /// Compact JSON in UTF-8.
    package var body: [UInt8]
    /// Whom it concerns.
    package var person: String?

    package init(sequence: Int64?, topic: String, body: [UInt8], person: String?) {
        self.sequence = sequence
        self.topic = topic
        self.body = body
        self.person = person
    }

    /// Something live, which names in its body whom it concerns.
    init(live topic: String, _ body: Object) {
        self.init(sequence: nil, topic: topic, body: body.jsonBytes, person: body.string("person"))
    }
}
