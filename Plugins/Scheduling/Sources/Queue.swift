import MneedleKit

extension Scheduling {
    /// The reactions to other modules' entries: the ends of sessions, and the kinds of entry that `reminders.toml` names.
    var reactions: [Reaction] {
        let ends = Scheduling.ends
        let named = knowledge.kinds.flatMap { $0.on + $0.closedBy }
        let all = ends.map(\.name) + named + [Scheduling.preferencesChanged] + Scheduling.standingChanges
        return Set(all).sorted().map { kind in
            Reaction(to: kind) { entry, _, transaction in
                for end in ends { try end.body(of: entry).map { try PastSessions.keep($0, transaction) } }
                try takeGoal(after: entry, transaction)
                try closeReminders(after: entry, transaction)
                try moveWaiting(after: entry, transaction)
                try queueReminders(after: entry, transaction)
                try replan(after: entry, transaction)
            }
        }
    }

    // MARK: Reminders that an entry makes pointless

    private func closeReminders(after entry: Entry, _ transaction: any Transaction) throws {
        for kind in knowledge.kinds where kind.closedBy.contains(entry.kind) {
            let matched = kind.match == .person ? entry.person ?? entry.body.string("person") : entry.device
            guard let matched else { continue }
            for reminder in try openReminders(of: kind.name, kind.match, matched, transaction) {
                _ = try reminder.close(as: .done, because: entry.kind, transaction)
            }
        }
    }

    func openReminders(
        of kind: String, _ match: ReminderKind.Match, _ value: String, _ reading: any Reading
    ) throws -> [Reminder] {
        try reading.store.rows(
            """
            SELECT * FROM scheduling_reminders WHERE \(match.rawValue) = ? AND kind = ? AND kind <> 'custom'
            AND state IN ('pending', 'snoozed', 'due') ORDER BY id
            """, value, kind
        ).map { try Reminder($0) }
    }

    // MARK: Reminders that an entry calls for

    private func queueReminders(after entry: Entry, _ transaction: any Transaction) throws {
        // Another hour is like another place: reminders by the person's clock are planned anew.
        let cause = entry.kind == Scheduling.preferencesChanged ? Scheduling.personChanged : entry.kind
        let mayInvite = Scheduling.standingChanges.contains(entry.kind)
        let kinds = knowledge.kinds.filter {
            $0.on.contains(cause) || mayInvite && $0.invites && $0.on.contains(Scheduling.personChanged)
        }
        guard !kinds.isEmpty, let slug = entry.person ?? entry.body.string("person") else { return }
        let person = try person(slug, entry, transaction)
        let next = try NextSession(person, knowledge.intervals, in: transaction)
        if next.standing.isPersonsMatter { try withdrawInvitations(slug, transaction) }
        let occasion = try Occasion(
            entry, next: next,
            Preferences(of: slug, knowledge.defaults, in: transaction), transaction)
        for kind in kinds where kind.setting == nil || kind.setting == person.setting {
            // A device that is not on record is nobody's here to clean.
            guard kind.match == .person || !entry.isElsewhere else { continue }
            guard !(kind.invites && next.standing.isPersonsMatter) else { continue }
            try queue(kind, occasion, transaction)
        }
    }

    /// Moves waiting reminders that are due at an hour of the person's clock and are not planned anew with the window: they
    /// come on the same day at that hour of the new clock, or at the new hour.
    private func moveWaiting(after entry: Entry, _ transaction: any Transaction) throws {
        guard [Scheduling.personChanged, Scheduling.preferencesChanged].contains(entry.kind),
            let slug = entry.person ?? entry.body.string("person")
        else { return }
        let person = try person(slug, entry, transaction)
        let zone = transaction.zone(of: person)
        let old = try EntryKind.personChanged.body(of: entry).map { transaction.zone(of: $0.before) } ?? zone
        let preferences = try Preferences(of: slug, knowledge.defaults, in: transaction)
        for kind in knowledge.kinds where !kind.on.contains(Scheduling.personChanged) && kind.anchor != .planned {
            guard let hour = preferences.hour(for: kind) else { continue }
            for reminder in try openReminders(of: kind.name, .person, slug, transaction)
            where reminder.state == .pending {
                var moved = reminder
                let sameDay = zone.instant(of: old.date(of: reminder.due), minuteOfDay: hour * 60)
                moved.due = preferences.outOfQuiet(sameDay, kind, zone)
                let isOff = preferences.off.contains(kind.name)
                guard isOff || moved.due != reminder.due else { continue }
                _ = try reminder.close(as: .dismissed, because: Scheduling.replaced, transaction)
                (moved.created, moved.changed) = (transaction.now, transaction.now)
                if !isOff { try moved.queue(transaction) }
            }
        }
    }

    /// The person's record, or the person as the session's facts have it while nobody keeps records: a session can be
    /// stopped, and its aftercare begins, in any case.
    func person(_ slug: String, _ entry: Entry, _ reading: any Reading) throws -> Person {
        do {
            return try reading.person(slug)
        } catch let error as ModuleError where error.code == .moduleFailed {
            guard let person = try? Person(entry.body) else { throw error }
            return person
        }
    }

    private func queue(_ kind: ReminderKind, _ occasion: Occasion, _ transaction: any Transaction) throws {
        let person = occasion.next.person.person
        let times = occasion.times(of: kind)
        // An inviting reminder belongs to the window after the last session, whatever entry calls for it.
        let session = kind.invites ? occasion.next.past.lastSession : occasion.session
        // Reminders of several devices stand beside one another where none replaces another.
        let device = kind.replaces ? nil : occasion.device
        func isQueued(_ due: Instant) throws -> Bool {
            try self.isQueued(kind, person, session, device, due, transaction)
        }
        let fresh = try times.filter { try !isQueued($0) && occasion.mayStillCome($0) }
        guard !fresh.isEmpty || occasion.isOff(kind) else { return }
        if kind.replaces {
            for reminder in try openReminders(of: kind.name, .person, person, transaction)
            where kind.match == .person || reminder.device == occasion.device {
                _ = try reminder.close(as: .dismissed, because: Scheduling.replaced, transaction)
            }
        }
        // Reminders that were planned for the same time and have just been replaced come again with the others.
        for due in try times.filter({ try !isQueued($0) && occasion.mayStillCome($0) })
        where occasion.isWorthwhile(kind, due) {
            let words = occasion.words
            try Reminder(
                person, kind: kind.name, title: filled(kind.title, words), body: filled(kind.body, words),
                urgency: kind.urgency, due: due, now: transaction.now, session: session,
                device: occasion.device
            ).queue(transaction)
        }
    }

    /// Whether the same reminder exists, answered or not: an entry that changes nothing about it must not
    /// ask again what somebody has answered.
    private func isQueued(
        _ kind: ReminderKind, _ person: String, _ session: Int64?, _ device: String?, _ due: Instant,
        _ reading: any Reading
    ) throws -> Bool {
        try reading.store.row(
            """
            SELECT id FROM scheduling_reminders WHERE person = ? AND kind = ? AND kind <> 'custom' AND planned_at = ?
            AND COALESCE(session, 0) = ? AND COALESCE(?, device, '') = COALESCE(device, '')
            AND (closed_because IS NULL OR closed_because NOT IN (?, ?))
            """, person, kind.name, due, session ?? 0, device, Scheduling.replaced, Scheduling.withdrawn) != nil
    }

    static let replaced = "replaced"
    static let withdrawn = "withdrawn"
    /// The kinds of entry that end a session.
    static let ends = [EntryKind.sessionFinished, .sessionStopped]
    static let personChanged = EntryKind.personChanged.name
    static let preferencesChanged = "preferences.changed"
}

/// An entry that calls for reminders, with the times and days that they are counted from.
private struct Occasion {
    let next: NextSession
    let session: Int64?
    let device: String?
    private let preferences: Preferences
    private let at: Instant
    private let now: Instant
    private let zone: Zone
    private let goal: String
    private let until: CivilDate?
    private let what: String
    /// Whether the entry changes the person's record or preferences, rather than telling of something that has just happened.
    private let isReplanning: Bool
    /// Whether it tells of something that was put on record long after it happened.
    private let isLogged: Bool

    init(_ entry: Entry, next: NextSession, _ preferences: Preferences, _ reading: any Reading) throws {
        self.next = next
        self.preferences = preferences
        session = entry.body.integer("session") ?? next.past.lastSession
        device = entry.device
        now = reading.now
        isReplanning = [Scheduling.personChanged, Scheduling.preferencesChanged].contains(entry.kind)
        isLogged = entry.body.bool("logged") ?? false
        at =
            entry.body.instant("ended") ?? (isReplanning ? next.past.last : entry.body.instant("at")) ?? entry.body
            .instant("started") ?? now
        zone = reading.zone(of: next.person)
        goal = next.goal.rawValue
        until = entry.body.date("until") ?? entry.body.date("expires")
        what = entry.body.string("finding") ?? entry.body.string("cartridge") ?? ""
    }

    /// Whether the person does not want reminders of that kind, or has had too many sessions for them.
    func isOff(_ kind: ReminderKind) -> Bool {
        preferences.off.contains(kind.name) || kind.upToSession.map { next.past.count > $0 } ?? false
    }

    /// The times at which reminders of that kind come; none where the day that they are counted from is not known, such as a
    /// window of somebody without any session.
    func times(of kind: ReminderKind) -> [Instant] {
        guard !isOff(kind) else { return [] }
        return (0..<kind.times).compactMap { number in
            time(of: kind, number).map { preferences.outOfQuiet($0, kind, zone) }
        }
    }

    private func time(of kind: ReminderKind, _ number: Int) -> Instant? {
        guard let hour = preferences.hour(for: kind) else {
            guard kind.anchor == .event, !(isReplanning && next.past.last == nil) else { return nil }
            let first = zone.adding(kind.after, to: at)
            return zone.adding(Span.days(kind.every.days.multipliedClamped(by: number)), to: first)
                .adding(milliseconds: kind.every.milliseconds.multipliedClamped(by: Int64(number)))
        }
        return day(of: kind).map {
            let days = kind.after.days - kind.daysBefore + kind.every.days * number
            return zone.instant(of: $0.adding(days: days), minuteOfDay: hour * 60)
        }
    }

    private func day(of kind: ReminderKind) -> CivilDate? {
        switch kind.anchor {
        case .event: isReplanning && next.past.last == nil ? nil : zone.date(of: at)
        case .until: until
        case .planned: nil
        case .opens: next.lastDay.map { _ in next.window.opens }
        case .best: next.lastDay.map { _ in next.window.best }
        case .closes: next.lastDay.map { _ in next.window.closes }
        }
    }

    /// Whether a reminder for that time may still be of use: of what is put on record afterwards only what is ahead.
    func mayStillCome(_ due: Instant) -> Bool { !isLogged || due > now }

    /// Whether a reminder for that time is worth queueing. One for a day of a window is not when the day is over; one that
    /// follows an event always is, but when planned anew only if it is still to come. Beyond the horizon none is.
    func isWorthwhile(_ kind: ReminderKind, _ due: Instant) -> Bool {
        guard due <= Horizon.instant(from: now) else { return false }
        if kind.anchor == .event { return !isReplanning || due > now }
        return zone.date(of: due) >= zone.date(of: now)
    }

    var words: [String: any CustomStringConvertible] {
        [
            "person": next.person.person, "name": next.person.name ?? next.person.person,
            "device": device ?? "the device", "session": session.map(String.init) ?? "", "goal": goal,
            "sessions": next.past.count, "last": next.lastDay?.description ?? "", "opens": next.window.opens,
            "best": next.window.best, "closes": next.window.closes, "until": until?.description ?? "", "what": what,
            "at": zone.clockText(at),
        ]
    }
}

extension Entry {
    /// Whether an entry is about a device that is not on record.
    fileprivate var isElsewhere: Bool { body.string("device") == SessionEntry.elsewhere }

    /// The device that an entry is about.
    fileprivate var device: String? {
        if let device = body.string("device") { return isElsewhere ? nil : device }
        return subject.hasPrefix("device/") ? String(subject.dropFirst("device/".count)) : nil
    }
}
