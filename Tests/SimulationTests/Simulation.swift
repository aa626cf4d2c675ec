import Foundation
import MneedleFaults
import MneedleKit
import MneedleTree

@testable import MneedleDaemon

/// Runs a plan on a daemon of its own, and holds everything that it answers and keeps against the model.
final class Simulation {
    let plan: Plan
    let daemon: SimulatedDaemon
    private let modules: SimulatedModules
    private(set) var model = Model()
    var keys = KnownKeys()
    var privacy: PrivacyModel
    /// How many requests were made.
    private(set) var requests = 0
    /// How many of them changed something.
    private(set) var changes = 0
    /// The last entry that the model has taken.
    private var seen: Int64 = 0
    /// The head of the ledger at the last acknowledgement.
    private var acknowledged = TreeHead(size: 0, root: Tree().root)
    /// Whether calls to the disk fail, and whether its power is to go.
    private var hasFault = false
    private var luck: UInt64?
    /// Whether there may be entries of which nobody was told.
    private var isInDoubt = false

    init(_ plan: Plan, _ modules: SimulatedModules) throws {
        (self.plan, self.modules) = (plan, modules)
        daemon = try SimulatedDaemon(modules[plan.people], seed: plan.seed, logPages: plan.logPages)
        privacy = PrivacyModel(people: plan.people)
        _ = modules.takeReports()
    }

    /// Whether the disk works and everything that is kept is known: then no answer has an excuse.
    var isCalm: Bool { !hasFault && luck == nil && !isInDoubt }

    /// What a plan does wrong; `nil` for nothing.
    static func violation(_ plan: Plan, _ modules: SimulatedModules) -> String? {
        do {
            try Simulation(plan, modules).run()
            return nil
        } catch { return "\(error)" }
    }

    /// - Throws: ``Violation``, with the number of the step in which it shows.
    func run() throws {
        try start()
        for (number, step) in plan.steps.enumerated() {
            do { try take(step) } catch { throw Violation("step \(number + 1), \(step): \(error)") }
        }
        do { try end() } catch { throw Violation("at the end: \(error)") }
    }

    private func end() throws {
        try mend()
        try restart()
        for again in keys.known { try ask([again]) }
        guard try verify() else { throw Violation("ledger.verify finds the ledger broken") }
        if let problem = daemon.engine?.health.problems.first { throw Violation("it is not well: \(problem.text)") }
    }

    private func verify() throws -> Bool {
        try daemon.engine?.read(actor: .service, module: Verb.host) { try LedgerCommands.verified($0).isWhole } ?? false
    }

    // MARK: Steps

    private func take(_ step: Step) throws {
        switch step {
        case .ask(let asks): try ask(asks)
        case .pass(let seconds): try pass(seconds)
        case .sleep(let seconds):
            keys.pass(seconds)
            daemon.clock.advance(seconds: Double(seconds))
        case .set(let seconds):
            keys.pass(max(seconds, 0))
            daemon.clock.jump(to: daemon.clock.now().adding(seconds: Double(seconds)))
            daemon.noteClock()
        case .restart: try restart()
        case .cut(let changes, let luck):
            guard self.luck == nil else { return }
            self.luck = luck
            daemon.disk.cutPower(after: changes)
        case .fault(let fault):
            hasFault = true
            daemon.disk.fail(fault)
        case .mend: try mend()
        }
        try settle()
    }

    /// Takes in what has become of a step, and does the work that is due.
    private func settle() throws {
        if daemon.disk.isWithoutPower { return try crash() }
        try takeEntries()
        let failures = daemon.doDue()
        if failures.contains(where: isUnknown) { isInDoubt = true }
        if daemon.disk.isWithoutPower { return try crash() }
        try takeEntries()
        guard isCalm else { return }
        if let failure = failures.first { throw Violation("a timer failed: \(failure.message)") }
        try model.expectNothingDue(at: daemon.clock.now())
    }

    /// Lets time go by, with a stop at each time at which something is due.
    private func pass(_ seconds: Int) throws {
        keys.pass(seconds)
        let end = daemon.clock.now().adding(seconds: Double(seconds))
        for _ in 0..<40 {
            guard let due = daemon.nextDue(), due < end, !daemon.disk.isWithoutPower else { break }
            daemon.clock.set(max(due, daemon.clock.now()))
            try settle()
        }
        daemon.clock.set(end)
    }

    private func mend() throws {
        daemon.disk.mend()
        // What a write that failed has left is not known before it is read again.
        if hasFault {
            (hasFault, isInDoubt) = (false, true)
            try restart()
        }
    }

    // MARK: Restarts

    private func start() throws {
        do { try daemon.open() } catch {
            if daemon.disk.isWithoutPower { return try crash() }
            guard hasFault else { throw Violation("it does not start: \(error)") }
            (hasFault, isInDoubt) = (false, true)
            daemon.disk.mend()
            do { try daemon.open() } catch {
                guard daemon.disk.isWithoutPower else { throw Violation("it does not start again: \(error)") }
                return try crash()
            }
        }
        // Power that went while it noted the clock.
        if daemon.disk.isWithoutPower { return try crash() }
        try expectKept()
        // What failed with the disk has its excuse.
        if isInDoubt { _ = (daemon.takeDefects(), modules.takeReports(), daemon.takeTold()) }
        if !hasFault {
            try takeEntries()
            isInDoubt = false
        }
    }

    private func restart() throws {
        if luck != nil { return try crash() }
        // What a disk that fails says to that changes nothing of what is known.
        do { try daemon.close() } catch { if isCalm { throw Violation("it does not stop: \(error)") } }
        try start()
    }

    private func crash() throws {
        isInDoubt = true
        try daemon.crash(luck: luck ?? 0)
        (luck, hasFault) = (nil, false)
        try start()
    }

    /// Everything that was acknowledged is there.
    private func expectKept() throws {
        guard !hasFault, let engine = daemon.engine else { return }
        guard engine.head.size >= acknowledged.size else {
            throw Violation("\(acknowledged.size) entries were acknowledged, \(engine.head.size) are there")
        }
        let root = try engine.read(actor: .service, module: Verb.host) {
            try LedgerTree(connection: $0.connection).first(acknowledged.size).root
        }
        guard root == acknowledged.root else { throw Violation("acknowledged entries are others now") }
    }

    // MARK: Entries

    /// Has the model take the entries that have come.
    private func takeEntries() throws {
        let told = daemon.takeTold()
        guard let engine = daemon.engine, engine.head.size > seen else {
            if isCalm, !told.isEmpty { throw Violation("events without entries: \(told)") }
            return
        }
        let facts: [LedgerFact]
        do {
            facts = try engine.read(actor: .service, module: Verb.host) { try Simulation.entries(after: seen, $0) }
        } catch {
            guard !isCalm else { throw error }
            return
        }
        for fact in facts {
            do { try model.take(fact) } catch { throw Violation("entry \(fact.sequence) (\(fact.kind)): \(error)") }
            privacy.take(fact)
        }
        if isCalm, told != facts.map(\.sequence) {
            throw Violation("subscribers were told of \(told), and there are \(facts.map(\.sequence))")
        }
        seen = facts.last?.sequence ?? seen
    }

    private static func entries(after sequence: Int64, _ reading: StoreReading) throws -> [LedgerFact] {
        try reading.store.rows(
            "SELECT seq, at, kind, subject, person, body FROM mneedle_ledger WHERE seq > ? ORDER BY seq", sequence
        ).map { row in
            guard let number = row.integer("seq"), let at = row.instant("at"), let kind = row.text("kind") else {
                throw Violation("an entry cannot be read")
            }
            let facts = row.facts
            guard case .object(let body) = try reading.store.value(json: facts.body ?? "{}") else {
                throw Violation("the body of entry \(number) is no object")
            }
            return LedgerFact(
                sequence: number, at: at, kind: kind, subject: facts.subject, person: row.text("person"), body: body)
        }
    }

    // MARK: Requests

    private func isUnknown(_ error: ModuleError) -> Bool {
        daemon.disk.isWithoutPower || error.message.contains("is not known")
    }

    private func ask(_ asks: [Ask]) throws {
        let asked = asks.map { ask in
            var filled = ask
            filled.line = keys.line(of: ask) { Places(model, daemon.clock.now()).filled(ask.line) }
            return filled
        }
        let wasCalm = isCalm
        let expectation = wasCalm && asked.count == 1 ? try StartExpectation(asked[0], daemon, keys) : nil
        let (before, writes) = (seen, daemon.disk.writes)
        let answers = daemon.ask(asked.map { ($0.peer.actor, $0.line, Simulation.points($0.points)) })
        requests += asked.count
        model.erasing = zip(asked, answers).compactMap { ask, answer in
            let mayBeDone = answer.reply != nil || answer.error.map(isUnknown) == true
            return ask.verb == "records.erase" && mayBeDone ? PrivacyModel.argument("person", in: ask.line) : nil
        }
        for (ask, answer) in zip(asked, answers) {
            if answer.error.map(isUnknown) == true { isInDoubt = true }
            if let engine = daemon.engine, answer.reply != nil { acknowledged = engine.head }
            try judge(ask, answer, wasCalm)
        }
        try takeEntries()
        for (ask, answer) in zip(asked, answers) { try privacy.judge(ask, answer) }
        guard wasCalm, isCalm else { return }
        try expectation?.judge(answers[0], model)
        if answers.allSatisfy({ $0.error != nil }) { try expectUnchanged(asked, after: before, writes) }
        let defects = daemon.takeDefects() + modules.takeReports()
        if let defect = defects.first { throw Violation("a defect: \(defect)") }
    }

    private static func points(_ count: Int) -> [String] {
        (0..<count).map { "pen depth_mm=\(0.2 + Double($0 % 5) / 10),speed_hz=\(80 + $0)" }
    }

    private func judge(_ ask: Ask, _ answer: SimulatedDaemon.Answer, _ wasCalm: Bool) throws {
        let isChange = daemon.verb(ask.verb)?.isChange ?? false
        if answer.reply != nil {
            if isChange { changes += 1 }
            if let verb = daemon.verb(ask.verb), verb.command.role > ask.peer.actor.role {
                throw Violation("\(ask.text) is answered, and needs the role \(verb.command.role)")
            }
        }
        if wasCalm, isCalm, let error = answer.error, [.internal, .storage, .busy, .moduleFailed].contains(error.code) {
            let defects = daemon.takeDefects() + modules.takeReports()
            throw Violation("\(ask.text) gets \(error.code): \(error.message) \(defects)")
        }
        if wasCalm, isCalm, let error = answer.error { try Simulation.expectSense(error, ask) }
        if isChange {
            try keys.judge(ask, answer, isSure: wasCalm && isCalm, isUnknown: answer.error.map(isUnknown) ?? false)
        }
    }

    /// Nobody is told of a person who is not there and whom they have not named.
    private static func expectSense(_ error: ModuleError, _ ask: Ask) throws {
        guard error.code == .notFound, error.members.string("kind") == "person",
            let name = error.members.string("id")
        else { return }
        guard ask.line.lowercased().contains(name) else {
            throw Violation("\(ask.text) gets not-found: \(error.message)")
        }
    }

    /// A refusal leaves nothing but the entry about it.
    private func expectUnchanged(_ asked: [Ask], after before: Int64, _ writes: Int) throws {
        guard seen == before else {
            let kinds =
                try daemon.engine.map { engine in
                    try engine.read(actor: .service, module: Verb.host) { try Simulation.entries(after: before, $0) }
                }?.map(\.kind) ?? []
            let allowed = Array(
                repeating: "session.refused", count: asked.count { $0.verb == "session.start" })
            guard kinds.filter({ $0 != "mneedled.clock-jumped" }).count <= allowed.count,
                Set(kinds).subtracting(["mneedled.clock-jumped", "session.refused"]).isEmpty
            else { throw Violation("it was refused, and left entries: \(kinds)") }
            return
        }
        guard daemon.disk.writes == writes else { throw Violation("it was refused, and something was written") }
    }
}

extension Verb {
    /// Whether it changes something when it is asked.
    var isChange: Bool { if case .writes = command.handler { true } else { false } }
}
