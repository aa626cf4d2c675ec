import MneedleKit

/// The failed reactions to entries that stand. Each is tried again until it succeeds, for a module's safety checks do not
/// know of an entry that the module has not taken in.
enum FailedReactions {
    /// The kinds of the ledger's entries about them.
    static let failed = "mneedled.reaction-failed"
    static let done = "mneedled.reaction-done"
    static let dropped = "mneedled.reaction-dropped"

    /// The timer that tries failed reactions again: a minute later, then after twice as long, up to a day.
    static let timer = MneedleKit.Timer(
        "failed reactions",
        next: { try $0.store.row("SELECT MIN(retry_at) AS due FROM mneedle_failed_reactions")?.instant("due") },
        fire: { transaction in
            guard let transaction = transaction as? StoreTransaction else { return }
            let due = """
                SELECT seq, module, kind, attempts FROM mneedle_failed_reactions WHERE retry_at <= ? ORDER BY seq LIMIT 100
                """
            for row in try transaction.rows(due, transaction.now) {
                guard let failure = FailedReaction(row) else { continue }
                try transaction.tryAgain(failure)
            }
        })

    /// The job that tries all of them again at once: the cause may have been mended before a start or a reload.
    static let retrial = Job(
        actor: .service, module: Verb.host,
        run: { transaction in
            if try transaction.row("SELECT seq FROM mneedle_failed_reactions LIMIT 1") != nil {
                try transaction.execute("UPDATE mneedle_failed_reactions SET retry_at = ?", transaction.now)
            }
            return [:]
        })

    /// The pause before the next attempt, after so many attempts.
    static func pause(after attempts: Int64) -> Int64 {
        min(60_000 << min(max(attempts - 1, 0), 20), longestPause)
    }

    private static let longestPause: Int64 = 86_400_000
}

/// One entry that one module has not taken in.
struct FailedReaction: Sendable {
    let sequence: Int64
    let module: String
    /// The entry's kind.
    let kind: String
    let attempts: Int64

    init(_ sequence: Int64, _ module: String, _ kind: String) {
        (self.sequence, self.module, self.kind, attempts) = (sequence, module, kind, 0)
    }

    init?(_ row: MneedleKit.Row) {
        guard let sequence = row.integer("seq"), let module = row.text("module"), let kind = row.text("kind") else {
            return nil
        }
        (self.sequence, self.module, self.kind) = (sequence, module, kind)
        attempts = min(max(row.integer("attempts") ?? 0, 0), 1000)
    }

    /// The failure in words for `status` and for findings; without anything about a person.
    var text: String { "module '\(module)' could not take in entry \(sequence) of the ledger (\(kind))" }
}

extension StoreTransaction {
    /// Runs a module's reaction to an entry that stands. When it fails, its changes are taken back, and the failure is kept.
    func follow(_ entry: Entry, _ sequence: Int64, _ module: String, _ reaction: Reaction) throws {
        guard let error = try attempt(entry, module, reaction) else { return }
        let failure = FailedReaction(sequence, module, entry.kind)
        try keep(failure, error)
        try note(FailedReactions.failed, failure.object, about: sequence)
    }

    /// - Returns: The error of a reaction that failed, when none of its changes are left.
    private func attempt(_ entry: Entry, _ module: String, _ reaction: Reaction) throws -> (any Error)? {
        willWrite()
        let (before, tree, told) = (writes, ledger.tree, events.count)
        if hasSavepoints { try mapped { try writing.set(.reaction) } }
        do {
            try ofItsOwn(module) { try reaction.run(entry, actor, self) }
            try requireSound()
            try requireTold()
            if hasSavepoints { try mapped { try writing.release(.reaction) } }
            return nil
        } catch {
            // The store may have taken back the whole group itself: then the entry does not stand either.
            guard !isSpoiled, writing.isInTransaction else { throw error }
            if hasSavepoints {
                try mapped { try writing.rollBack(to: .reaction) }
                ledger.tree = tree
            } else if writes != before || writing.isBroken {
                isSpoiled = true
                throw Spoiled()
            }
            events.removeSubrange(told...)
            return error
        }
    }

    private func keep(_ failure: FailedReaction, _ error: any Error) throws {
        registry.report(failure.module, "its reaction to '\(failure.kind)' failed and is tried again", error)
        let attempts = failure.attempts + 1
        let due = Instant(milliseconds: now.milliseconds + FailedReactions.pause(after: attempts))
        let sql = """
            INSERT INTO mneedle_failed_reactions (seq, module, kind, attempts, retry_at) VALUES (?, ?, ?, ?, ?)
            ON CONFLICT (seq, module) DO UPDATE SET attempts = excluded.attempts, retry_at = excluded.retry_at
            """
        try within(Verb.host) { _ = try execute(sql, failure.sequence, failure.module, failure.kind, attempts, due) }
    }

    fileprivate func tryAgain(_ failure: FailedReaction) throws {
        let reaction = registry.reactions[failure.kind]?.first { $0.module == failure.module }?.reaction
        do {
            if let reaction {
                if let error = try attempt(entry(failure.sequence), failure.module, reaction) { throw error }
            } else if registry.definitions[failure.module] == nil {
                throw ModuleError.moduleFailed(failure.module, "module '\(failure.module)' does not run")
            }
            // A module that runs and has no such reaction any more has nothing to take in.
            try end(failure, FailedReactions.done)
        } catch let spoiled as Spoiled {
            throw spoiled
        } catch {
            guard writing.isInTransaction else { throw error }
            try keep(failure, error)
        }
    }

    private func end(_ failure: FailedReaction, _ kind: String, _ more: Object = [:]) throws {
        try execute(
            "DELETE FROM mneedle_failed_reactions WHERE seq = ? AND module = ?", failure.sequence, failure.module)
        try note(kind, Object(uniqueMembers: failure.object.members + more.members), about: failure.sequence)
    }

    /// Gives a failed reaction up because an administrator has judged that it does not matter.
    func drop(_ sequence: Int64, of module: String, note: String) throws -> FailedReaction {
        let sql = "SELECT seq, module, kind, attempts FROM mneedle_failed_reactions WHERE seq = ? AND module = ?"
        guard let failure = try row(sql, sequence, module).flatMap(FailedReaction.init) else {
            throw ModuleError.notFound("failed reaction", "\(module)/\(sequence)", next: "'status' lists them")
        }
        try end(failure, FailedReactions.dropped, ["note": note])
        return failure
    }

    /// An entry of the host's own, which no module reacts to.
    func note(_ kind: String, _ body: Object, about sequence: Int64) throws {
        _ = try within(Verb.host) { try append(Entry(kind, subject: "entry/\(sequence)", body: body)) }
    }

    /// An entry as the ledger has it.
    private func entry(_ sequence: Int64) throws -> Entry {
        let sql = "SELECT kind, subject, person, body FROM mneedle_ledger WHERE seq = ?"
        guard let row = try row(sql, sequence), let kind = row.text("kind"),
            case .object(let body) = try value(json: row.facts.body ?? "")
        else { throw ModuleError.internal("entry \(sequence) of the ledger cannot be read") }
        return Entry(kind, subject: row.facts.subject, person: row.text("person"), body: body, stands: true)
    }
}

extension StoreReading {
    /// The entries that running modules have not taken in.
    func failedReactions() throws -> [FailedReaction] {
        try within(Verb.host) {
            try rows("SELECT seq, module, kind, attempts FROM mneedle_failed_reactions ORDER BY seq LIMIT 20")
                .compactMap(FailedReaction.init)
        }
    }

    /// Fails closed: the safety checks of a module that has not taken in an entry may judge by an older state.
    func findingsOfFailedReactions() -> [Finding] {
        let guarding = registry.guarding
        do {
            return try failedReactions().filter { guarding.contains($0.module) }.map { failure in
                Finding(
                    code: "reaction-failed", severity: .contraindicated,
                    message: "The \(failure.text), so its safety checks may judge by what was before.",
                    advice:
                        "Do not start a session. It is tried again by itself, and at once by 'systemctl reload mneedled'; "
                        + "if that does not help, ask whoever runs the service to look into the log.",
                    sources: [], module: Verb.host)
            }
        } catch {
            return [.moduleUnavailable((Verb.host, "what modules have taken in is not known: \(describe(error))"))]
        }
    }
}
