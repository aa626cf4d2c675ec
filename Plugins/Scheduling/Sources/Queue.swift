import MneedleKit

extension Scheduling {
    /// What other modules record and this one acts on: the ends of sessions, and what `reminders.toml` names.
    var reactions: [Reaction] {
        let ends = ["session.finished", "session.stopped"]
        let named = knowledge.kinds.flatMap { $0.on + $0.closedBy }
        return Set(ends + named).sorted().map { kind in
            Reaction(to: kind) { entry, _, transaction in
                if ends.contains(kind) { try PastSessions.keep(entry, transaction) }
                try closeReminders(after: entry, transaction)
                try queueReminders(after: entry, transaction)
            }
        }
    }

    // MARK: What an entry makes pointless

    private func closeReminders(after entry: Entry, _ transaction: any Transaction) throws {
        for kind in knowledge.kinds where kind.closedBy.contains(entry.kind) {
            let matched = kind.match == .person ? entry.person ?? entry.body.string("person") : entry.device
            guard let matched else { continue }
            for reminder in try openReminders(of: kind.name, kind.match, matched, transaction) {
                _ = try reminder.close(as: .done, because: entry.kind, transaction)
            }
        }
    }

    private func openReminders(
        of kind: String, _ match: ReminderKind.Match, _ value: String, _ reading: any Reading
    ) throws -> [Reminder] {
        try reading.rows(
            """
            SELECT * FROM scheduling_reminders WHERE \(match.rawValue) = ? AND kind = ? AND kind <> 'custom'
            AND state IN ('pending', 'snoozed', 'due') ORDER BY id
            """, value, kind
        ).map { try Reminder($0) }
    }

    // MARK: What an entry calls for

    private func queueReminders(after entry: Entry, _ transaction: any Transaction) throws {
        let kinds = knowledge.kinds.filter { $0.on.contains(entry.kind) }
        guard !kinds.isEmpty, let slug = entry.person ?? entry.body.string("person") else { return }
        let person = try person(slug, entry, transaction)
        let occasion = try Occasion(
            entry, next: NextSession(person, knowledge.intervals, in: transaction), transaction)
        for kind in kinds where kind.setting == nil || kind.setting == person.setting {
            try queue(kind, occasion, transaction)
        }
    }

    /// The person's record, or what the session's facts say of the person while nobody keeps records: a session
    /// can be stopped, and its aftercare begins, in any case.
    private func person(_ slug: String, _ entry: Entry, _ reading: any Reading) throws -> Person {
        do {
            return try reading.person(slug)
        } catch let error as ModuleError where error.code == .moduleFailed {
            guard let person = try? Person(entry.body) else { throw error }
            return person
        }
    }

    private func queue(_ kind: ReminderKind, _ occasion: Occasion, _ transaction: any Transaction) throws {
        guard let due = occasion.time(of: kind) else { return }
        let person = occasion.next.person.person
        if try isQueued(kind, person, occasion.session, due, transaction) { return }
        if kind.replaces {
            for reminder in try openReminders(of: kind.name, .person, person, transaction)
            where kind.match == .person || reminder.device == occasion.device {
                _ = try reminder.close(as: .dismissed, because: Scheduling.replaced, transaction)
            }
        }
        guard occasion.isWorthwhile(kind, due) else { return }
        let words = occasion.words
        try Reminder(
            person, kind: kind.name, title: filled(kind.title, words), body: filled(kind.body, words),
            urgency: kind.urgency, due: due, now: transaction.now, session: occasion.session, device: occasion.device
        ).queue(transaction)
    }

    /// Whether the same reminder exists, answered or not: an entry that changes nothing about it must not
    /// ask again what somebody has answered.
    private func isQueued(
        _ kind: ReminderKind, _ person: String, _ session: Int64?, _ due: Instant, _ reading: any Reading
    ) throws -> Bool {
        try reading.row(
            """
            SELECT id FROM scheduling_reminders WHERE person = ? AND kind = ? AND kind <> 'custom' AND planned_at = ?
            AND COALESCE(session, 0) = ? AND (closed_because IS NULL OR closed_because <> ?)
            """, person, kind.name, due, session ?? 0, Scheduling.replaced) != nil
    }

    private static let replaced = "replaced"
}

/// An entry that calls for reminders, with what they are counted from.
private struct Occasion {
    let next: NextSession
    let session: Int64?
    let device: String?
    private let at: Instant
    private let now: Instant
    private let zone: Zone
    private let goal: String

    init(_ entry: Entry, next: NextSession, _ reading: any Reading) throws {
        self.next = next
        session = entry.body.integer("session") ?? next.past.lastSession
        device = entry.device
        now = reading.now
        at = entry.body.instant("ended") ?? entry.body.instant("at") ?? now
        zone = reading.zone(of: next.person)
        goal = next.person.goal.rawValue
    }

    /// When a reminder of that kind comes; `nil` for a window of somebody without any session.
    func time(of kind: ReminderKind) -> Instant? {
        let day: CivilDate
        switch kind.anchor {
        case .event:
            guard kind.hour != nil else { return zone.adding(kind.after, to: at) }
            day = zone.date(of: at)
        case .opens, .best, .closes:
            guard next.lastDay != nil else { return nil }
            switch kind.anchor {
            case .opens: day = next.window.opens
            case .best: day = next.window.best
            default: day = next.window.closes
            }
        }
        return zone.instant(of: day.adding(days: kind.after.days - kind.daysBefore), minuteOfDay: (kind.hour ?? 0) * 60)
    }

    /// A day of a window that is over already needs no reminder; what follows an event always does.
    func isWorthwhile(_ kind: ReminderKind, _ due: Instant) -> Bool {
        kind.anchor == .event || zone.date(of: due) >= zone.date(of: now)
    }

    var words: [String: any CustomStringConvertible] {
        [
            "person": next.person.person, "name": next.person.name ?? next.person.person,
            "device": device ?? "the device", "session": session.map(String.init) ?? "", "goal": goal,
            "last": next.lastDay?.description ?? "", "opens": next.window.opens, "best": next.window.best,
            "closes": next.window.closes,
        ]
    }
}

extension Entry {
    /// The device that an entry is about.
    fileprivate var device: String? {
        if let device = body.string("device") { return device }
        return subject.hasPrefix("device/") ? String(subject.dropFirst("device/".count)) : nil
    }
}
