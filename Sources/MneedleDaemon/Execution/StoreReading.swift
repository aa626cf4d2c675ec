import Crypto
import MneedleKit
import MneedleWire

/// One call's view of the store: a snapshot for reads, the open transaction for writes.
///
/// It is every room of the kit's ``Reading`` itself, so that access through a room allocates nothing.
package class StoreReading: Reading, ReadableStore, AskableModules, Safety, Privacy {
    let connection: any StoreConnection
    let engine: Engine
    let registry: ModuleRegistry
    package var actor: Actor
    package internal(set) var now: Instant
    /// The module whose handler runs, for ledger entries and error messages.
    var module: String
    /// The control that may end this read early.
    var control: ReadControl?

    init(
        _ connection: any StoreConnection, engine: Engine, registry: ModuleRegistry, actor: Actor, now: Instant,
        module: String
    ) {
        self.connection = connection
        self.engine = engine
        self.registry = registry
        self.actor = actor
        self.now = now
        self.module = module
    }

    package final var store: any ReadableStore { self }
    package final var modules: any AskableModules { self }
    package final var safety: any Safety { self }
    package final var privacy: any Privacy { self }
    package final var zones: any TimeZones { Zones() }
    package final var digests: any Digests { SHA256Digests(knowledge: registry.knowledgeDigest) }

    package func forEach(_ sql: String, _ values: [SQLValue], _ body: (Row) throws -> Void) throws {
        try mapped {
            let values = try engine.sealing.bind(sql, values, of: module, on: connection) {
                throw ModuleError.internal("a row about '\($0)' is made while reading")
            }
            try connection.forEach(sql, values, of: module) { row in
                try control?.check()
                try body(engine.sealing.open(row))
                try requireSound()
            }
        }
    }

    /// Takes the newest snapshot; see ``StoreConnection/renew()``.
    final func renew() throws { try mapped { try connection.renew() } }

    /// - Throws: `storage` when a row held a value that its column must not hold.
    final func requireSound() throws {
        guard let fault = connection.faults.take() else { return }
        engine.health.report(
            Health.Fault(
                "store-values",
                "a stored value is damaged: \(fault), asked for by module '\(module)'; whatever needs it fails:"
                    + " restore a copy",
                blocksSessions: false))
        throw ModuleError(
            .storage, "a stored value is damaged: \(fault); nothing was changed; restore a copy",
            members: ["detail": fault])
    }

    /// Runs calls of the store; their errors become the protocol's.
    final func mapped<T>(_ body: () throws -> T) throws -> T {
        do { return try body() } catch let error as StoreError {
            if error.kind == .interrupted, CrashNotes.isNearlyOverdue {
                throw ModuleError.moduleFailed(
                    module,
                    "module '\(module)' asked the store for something that took too long; it was given up and nothing "
                        + "was changed")
            }
            engine.notice(error)
            throw error.moduleError
        }
    }

    package func ask(_ verb: String, _ arguments: Object) throws -> Object {
        try call(verb, arguments) { _ in }
    }

    package func list(_ verb: String, _ arguments: Object) throws -> [Object] {
        var rows: [Object] = []
        _ = try call(verb, arguments) { rows.append($0) }
        return rows
    }

    private func call(_ verb: String, _ arguments: Object, _ sink: Command.RowSink) throws -> Object {
        let target = try registry.command(verb)
        let typed = Request(arguments: try Typing.bind(arguments, target.parameters), actor: actor)
        let request = try resolved(typed, target.command)
        return try within(target.module) {
            switch target.command.handler {
            case .reads(let handler): return try handler(request, self)
            case .lists(let handler): return try handler(request, self, sink)
            case .constant: return [:]
            case .immediate(let handler): return try handler(request)
            case .immediateRows(let handler): return try handler(request, sink)
            case .writes, .special, .connection:
                throw ModuleError.internal("'\(verb)' changes something and was asked by a module that only reads")
            }
        }
    }

    /// Runs `body` on behalf of another module.
    final func within<T>(_ name: String, _ body: () throws -> T) rethrows -> T {
        let caller = module
        module = name
        control?.module = name
        registry.crashNotes.enter(name)
        defer {
            module = caller
            control?.module = caller
            registry.crashNotes.enter(caller)
        }
        return try body()
    }

    package func standing(of person: Person) -> Standing {
        var findings = serviceFindings()
        findings += answers(registry.standing.map { ($0.module, $0.check.summary, $0.check.findings) }, about: person)
        return Standing(findings, service: Verb.host)
    }

    /// The findings of the service itself, which hold for everybody.
    final func serviceFindings() -> [Finding] {
        engine.health.findings + registry.unavailableModules.map(Finding.guardMissed) + findingsOfClock()
            + findingsOfFailedReactions()
    }

    package func findings(for plan: SessionPlan) -> [Finding] {
        var findings = standing(of: plan.person).findings
        // A module may make the same finding about the plan and about the person; once is enough.
        for finding in answers(registry.checks.map { ($0.module, $0.check.summary, $0.check.findings) }, about: plan)
        where !findings.contains(finding) {
            findings.append(finding)
        }
        return findings + registry.missedModules.map(Finding.moduleMissed)
    }

    /// The findings of modules. A module that cannot answer is a finding itself.
    private func answers<Subject>(
        _ checks: [(module: String, summary: String, findings: (Subject, any Reading) throws -> [Finding])],
        about subject: Subject
    ) -> [Finding] {
        var findings: [Finding] = []
        for (module, summary, ask) in checks {
            do {
                findings += try within(module) {
                    let found = try ask(subject, self)
                    try requireSound()
                    return found
                }
            } catch {
                registry.report(module, "the safety check '\(summary)' failed", error)
                findings.append(.moduleUnavailable((module, "its safety check failed: \(describe(error))")))
            }
        }
        return findings
    }

    package func everything(about person: String, _ body: (_ table: String, _ row: Object) throws -> Void) throws {
        try within(Verb.host) {
            for table in engine.sealing.tables.tables.values.sorted(by: { $0.name < $1.name }) {
                let people = table.people
                guard !people.isEmpty else { continue }
                let condition = people.map { "\($0) = ?" }.joined(separator: " OR ")
                try forEach(
                    "SELECT * FROM \(table.name) WHERE \(condition)", people.map { _ in .text(person) }
                ) { row in
                    var members = zip(row.columns.names, row.values).filter { $1 != .null && !$0.hasSuffix("_match") }
                        .map {
                            column, value in Object.Member(column, table.shown(value, in: column))
                        }
                    if table.name == "mneedle_ledger" {
                        let facts = row.facts
                        members = members.filter { !["subject", "body", "hash"].contains($0.name) }
                        members.append(Object.Member("subject", .string(facts.subject)))
                        members.append(Object.Member("body", try value(json: facts.body ?? "{}")))
                    }
                    try body(table.name, Object(uniqueMembers: members))
                }
            }
        }
    }

    package func json(_ value: Value) -> String { value.jsonText }

    package func value(json: String) throws -> Value { try Value(jsonText: json) }
}

private struct SHA256Digests: Digests {
    let knowledge: String

    func sha256(_ bytes: [UInt8]) -> [UInt8] { Array(SHA256.hash(data: bytes)) }
}

extension Finding {
    /// The finding for a missing module that makes no safety checks: nobody else does its part.
    static func moduleMissed(_ missed: (name: String, reason: String)) -> Finding {
        Finding(
            code: "module-missing", severity: .caution,
            message: "Module '\(missed.name)' does not run: \(missed.reason). What it does in a session is not done.",
            advice: "Watch over that yourself, and ask whoever runs the service to look at 'modules.list'.",
            sources: [], module: "mneedled")
    }

    /// Fails closed: the finding for a safety check that cannot answer; it blocks the session.
    static func moduleUnavailable(_ missing: (name: String, reason: String)) -> Finding {
        Finding(
            code: "module-unavailable", severity: .contraindicated,
            message: "The safety checks of module '\(missing.name)' cannot be made: \(missing.reason).",
            advice: "Do not start a session. Ask whoever runs the service to look at 'modules.list'.",
            sources: [], module: "mneedled")
    }
}

/// The error in one line.
func describe(_ error: any Error) -> String {
    (error as? ModuleError)?.message ?? String(describing: error)
}
