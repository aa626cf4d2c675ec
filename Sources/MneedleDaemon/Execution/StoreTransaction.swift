import MneedleBulkKit
import MneedleKit

/// The writer's open transaction, in which a group's requests run one after the other. Either each has a savepoint of its
/// own, or none has: then a failure after a write spoils the whole group, which the engine runs again with savepoints.
package final class StoreTransaction: StoreReading, BulkTransaction, WritableStore, ChangeableModules {
    let writing: any WritingConnection
    let ledger: Ledger
    let clockWatch: ClockWatch
    let hasSavepoints: Bool
    private var hasWritten = false
    /// The module that has changed its tables in this request, and whether the request has recorded an entry.
    private var changed: String?
    private var hasRecorded = false
    /// Whether any of the group's requests has written.
    var hasWrittenAny = false
    /// The number of statements and entries that have been written.
    private(set) var writes = 0
    /// Whether a failure cannot be taken back by itself: then the whole group is run again with savepoints.
    var isSpoiled = false
    /// The people whose keys are destroyed if the transaction commits.
    var forgotten: [PersonID] = []
    /// The people whom the store knows if the transaction commits.
    private(set) var added: [PersonID] = []
    /// The events for subscribers if the transaction commits.
    var events: [PublishedEvent] = []
    private var depth = 0
    /// The size of everything that the running request has recorded and told so far.
    private var said = (entries: 0, bytes: 0)
    /// The fault of a live event of this request; ``publishLive(topic:_:)`` has no way to report it at once.
    private var fault: (any Error)?
    /// The request of the job's peer.
    private var request: String?
    /// Whether the job is a piece of a bulk transfer: what it keeps is told of when the transfer ends.
    private var isPiece = false

    package var writableStore: any WritableStore { self }
    package var changeableModules: any ChangeableModules { self }

    init(
        _ connection: any WritingConnection, engine: Engine, registry: ModuleRegistry, ledger: Ledger,
        clockWatch: ClockWatch,
        hasSavepoints: Bool
    ) {
        writing = connection
        self.ledger = ledger
        self.clockWatch = clockWatch
        self.hasSavepoints = hasSavepoints
        super.init(
            connection, engine: engine, registry: registry, actor: .service, now: engine.clock.now(), module: "")
    }

    /// Runs a job as one unit: when it throws, nothing that it did remains except the entry that its error keeps.
    func run(_ job: Job) throws -> Object {
        (actor, module, now, request, isPiece) = (job.actor, job.module, try noteClock(), job.request, job.runsOnce)
        do {
            return try unit { try job.run(self) }
        } catch let refused as ModuleError where writing.isInTransaction {
            guard let entry = refused.entry else { throw refused }
            // A refusal whose entry cannot be recorded is not told as a refusal.
            _ = try unit { ["seq": try record(entry)] }
            throw refused
        }
    }

    private func unit(_ body: () throws -> Object) throws -> Object {
        (hasWritten, changed, hasRecorded, said, fault) = (false, nil, false, (0, 0), nil)
        let (told, tree, people) = (events.count, ledger.tree, (forgotten.count, added.count))
        if hasSavepoints { try mapped { try writing.set(.request) } }
        do {
            _ = connection.faults.take()
            let result = try body()
            // A module may have caught the error.
            if isSpoiled { throw Spoiled() }
            if writing.isBroken {
                throw ModuleError.internal("a statement failed, and what came after it counts for nothing")
            }
            try requireSound()
            try requireTold()
            try requireRecorded()
            try Sizes.check(result, atMost: Sizes.reply, "the reply")
            if hasSavepoints { try mapped { try writing.release(.request) } }
            return result
        } catch {
            events.removeSubrange(told...)
            engine.sealing.keys.keep(forgotten[people.0...])
            forgotten.removeSubrange(people.0...)
            added.removeSubrange(people.1...)
            // The store may have taken back the whole group, as it does for work that took too long: then the group is not run
            // again with savepoints.
            let isOpen = writing.isInTransaction
            let isMixed = hasWritten || writing.isBroken
            if isSpoiled || (isMixed && !hasSavepoints && isOpen) { throw Spoiled() }
            if hasSavepoints, isOpen {
                try mapped { try writing.rollBack(to: .request) }
                ledger.tree = tree
            }
            throw error
        }
    }

    /// Thrown instead of a request's own error when its changes cannot be told from those of the other requests.
    struct Spoiled: Error {}

    func willWrite() {
        hasWritten = true
        hasWrittenAny = true
        writes += 1
    }

    @discardableResult
    package func execute(_ sql: String, _ values: [SQLValue]) throws -> Int {
        willWrite()
        let changes = try mapped { try writing.run(sql, sealed(sql, values), of: module) }
        if changes > 0, module != Verb.host { changed = module }
        return changes
    }

    package func insert(_ sql: String, _ values: [SQLValue]) throws -> Int64 {
        willWrite()
        defer { if module != Verb.host { changed = module } }
        return try mapped { try writing.insert(sql, sealed(sql, values), of: module) }
    }

    private func sealed(_ sql: String, _ values: [SQLValue]) throws -> [SQLValue] {
        try engine.sealing.bind(sql, values, of: module, on: connection, make: id)
    }

    /// The id of a person, whom the store knows once this transaction is on disk.
    private func id(of name: String) throws -> PersonID {
        let id = try engine.sealing.keys.makeID(of: name, except: forgotten)
        if !engine.sealing.keys.isStored(id), !added.contains(id) {
            // They stand there already when a commit was kept of which nobody could know.
            _ = try writing.run(
                "INSERT INTO mneedle_people (id) VALUES (?) ON CONFLICT (id) DO NOTHING", [.blob(id.bytes)],
                of: Verb.host)
            added.append(id)
        }
        return id
    }

    /// - Throws: A defect when a request has changed a module's tables and the ledger says nothing of it.
    private func requireRecorded() throws {
        guard let changed, !hasRecorded, request != nil, !isPiece else { return }
        throw ModuleError.internal("module '\(changed)' changed its tables for '\(request ?? "")' and recorded nothing")
    }

    @discardableResult
    package func record(_ entry: Entry) throws -> Int64 {
        let sequence = try append(entry)
        guard depth < 8 else { throw ModuleError.internal("reactions to '\(entry.kind)' call one another without end") }
        depth += 1
        defer { depth -= 1 }
        for (module, reaction) in registry.reactions[entry.kind] ?? [] {
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
        try registry.ownership.check(entry.kind, of: module)
        try Sizes.check(entry)
        willWrite()
        hasRecorded = true
        let event = try mapped {
            try ledger.append(
                entry, of: entry.person.map(id), module: module, actor: actor, at: now, to: writing)
        }
        try tell(event)
        return ledger.tree.size
    }

    package func publishLive(topic: String, _ body: Object) {
        do {
            try registry.ownership.check(topic, of: module)
            try Sizes.check(body, atMost: Sizes.body, "the body of '\(topic)'")
            try tell(PublishedEvent(live: topic, body))
        } catch {
            fault = fault ?? error
        }
    }

    /// - Throws: The fault of a live event since the last call.
    func requireTold() throws {
        defer { fault = nil }
        if let fault { throw fault }
    }

    private func tell(_ event: PublishedEvent) throws {
        said = (said.entries + 1, said.bytes + event.body.count)
        guard said.entries <= Sizes.entries, said.bytes <= Sizes.told else {
            throw ModuleError.internal(
                "one change records or tells more than \(Sizes.entries) times or \(Sizes.told) bytes")
        }
        events.append(event)
    }

    /// Runs a reaction. A crash in it counts against its module and not against the peer's request: a module whose reaction
    /// ends the service must not keep sessions from being stopped.
    func ofItsOwn(_ module: String, _ body: () throws -> Void) rethrows {
        registry.crashNotes.attribute(nil, to: 0)
        defer { registry.crashNotes.attribute(request, to: actor.uid) }
        try within(module, body)
    }

    @discardableResult
    package func change(_ verb: String, _ arguments: Object) throws -> Object {
        let target = try registry.command(verb)
        guard case .writes(let handler) = target.command.handler else { return try ask(verb, arguments) }
        let typed = Request(arguments: try Typing.bind(arguments, target.parameters), actor: actor)
        let request = try resolved(typed, target.command)
        return try within(target.module) { try handler(request, self) }
    }
}
