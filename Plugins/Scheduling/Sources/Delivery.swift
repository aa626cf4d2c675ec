import MneedleKit

extension Scheduling {
    /// The timer that delivers each reminder once: its state changes in the transaction that records `reminder.due`, so that a
    /// reminder that was due while the service was down comes when it is up again, and none comes twice.
    var delivery: Timer {
        Timer("delivery") { reading in
            try reading.store.row(
                """
                SELECT due_at FROM scheduling_reminders WHERE state IN ('pending', 'snoozed')
                ORDER BY due_at, id LIMIT 1
                """
            )?.integer("due_at").map(Instant.init(milliseconds:))
        } fire: { transaction in
            let due = try transaction.store.rows(
                """
                SELECT * FROM scheduling_reminders WHERE state IN ('pending', 'snoozed') AND due_at <= ?
                ORDER BY due_at, id LIMIT 200
                """, transaction.now)
            try deliver(due.map { try Reminder($0) }, transaction)
        }
    }

    /// Puts away reminders that have lost their meaning, and takes back those that invite to a session while something is
    /// open. Many late reminders of one person come as one digest, the others one by one.
    private func deliver(_ due: [Reminder], _ transaction: any Transaction) throws {
        var digests: [String: [Reminder]] = [:]
        var single: [Reminder] = []
        for reminder in try inTime(due, transaction) {
            if isLate(reminder, transaction.now), reminder.urgency != .critical {
                digests[reminder.person, default: []].append(reminder)
            } else {
                single.append(reminder)
            }
        }
        for (person, reminders) in digests.sorted(by: { $0.key < $1.key }) {
            if reminders.count < knowledge.digestFrom {
                single += reminders
            } else {
                try deliver(digest: reminders, to: person, transaction)
            }
        }
        for reminder in single.sorted(by: { ($0.due, $0.id) < ($1.due, $1.id) }) { try deliver(reminder, transaction) }
    }

    /// The due reminders that still mean something, in the words that hold now.
    private func inTime(_ due: [Reminder], _ transaction: any Transaction) throws -> [Reminder] {
        var known: [String: NextSession] = [:]
        var withdrawn: Set<String> = []
        return try due.compactMap { reminder in
            let kind = knowledge.kind(named: reminder.kind)
            let isInviting = kind?.invites ?? false
            let needsToBeWell = kind?.onlyWhileWell ?? false
            if isInviting, withdrawn.contains(reminder.person) { return nil }
            if isExpired(reminder, transaction.now) {
                _ = try reminder.close(as: .dismissed, because: "expired", transaction)
                return nil
            }
            let isLate = isLate(reminder, transaction.now)
            guard isInviting || isLate || needsToBeWell else { return reminder }
            let next = try known[reminder.person] ?? nextSession(of: reminder.person, transaction)
            known[reminder.person] = next
            switch (hold(kind, next?.standing), next) {
            case (.withdrawn, let next?) where isInviting && !needsToBeWell:
                withdrawn.insert(reminder.person)
                try withdraw(next, transaction)
                return nil
            case (.withdrawn, _):
                _ = try reminder.close(as: .dismissed, because: Scheduling.withdrawn, transaction)
                return nil
            case (.postponed, _):
                try postpone(reminder, transaction)
                return nil
            case (nil, _): break
            }
            guard isLate else { return reminder }
            if let shown = try asOfNow(reminder, kind, next, transaction) { return shown }
            _ = try reminder.close(as: .dismissed, because: "expired", transaction)
            return nil
        }
    }

    /// The person's next session; `nil` while nobody can say who that is.
    private func nextSession(of person: String, _ reading: any Reading) throws -> NextSession? {
        do {
            return try knownPerson(person, reading).map { try NextSession($0, knowledge.intervals, in: reading) }
        } catch let error as ModuleError where [.moduleFailed, .notFound].contains(error.code) {
            return nil
        }
    }

    /// The person's record; `nil` while nobody has it.
    func knownPerson(_ person: String, _ reading: any Reading) throws -> Person? {
        do {
            return try reading.person(person)
        } catch let error as ModuleError where [.moduleFailed, .notFound].contains(error.code) {
            return nil
        }
    }

    private func isLate(_ reminder: Reminder, _ now: Instant) -> Bool {
        now.milliseconds - reminder.due.milliseconds > knowledge.lateAfter.milliseconds
    }

    private func isExpired(_ reminder: Reminder, _ now: Instant) -> Bool {
        guard let span = knowledge.kind(named: reminder.kind)?.expiresAfter else { return false }
        return now.milliseconds - reminder.due.milliseconds > span.milliseconds
    }

    private func deliver(digest reminders: [Reminder], to person: String, _ transaction: any Transaction) throws {
        let due = try reminders.map { try markDue($0, transaction) }
        let title = "\(due.count) reminders came while the service was off"
        try transaction.record(
            Entry(
                "reminder.digest", subject: "person/\(person)", person: person,
                body: [
                    "person": person, "count": due.count, "title": title,
                    "body": due.map(\.title).joined(separator: "\n"), "late": true,
                    "reminders": due.map(\.object),
                ]))
    }

    private func markDue(_ reminder: Reminder, _ transaction: any Transaction) throws -> Reminder {
        var delivered = reminder
        (delivered.state, delivered.changed) = (.due, transaction.now)
        try transaction.store.execute(
            "UPDATE scheduling_reminders SET state = ?, title = ?, body = ?, changed_at = ? WHERE id = ?",
            delivered.state.rawValue, delivered.title, delivered.body, transaction.now, reminder.id)
        return delivered
    }

    private func deliver(_ reminder: Reminder, _ transaction: any Transaction) throws {
        let delivered = try markDue(reminder, transaction)
        let late = isLate(reminder, transaction.now) ? [Object.Member("late", .bool(true))] : []
        let sources = Object.Member("sources", sources(of: reminder).value)
        try transaction.record(delivered.entry("reminder.due", [sources] + late))
    }
}
