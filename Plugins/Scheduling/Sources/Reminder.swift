import MneedleKit

/// A reminder as the store keeps it and as replies and entries show it.
struct Reminder: Reply {
    enum State: String, CaseIterable, ReplyValue {
        case pending, due, snoozed, done, dismissed

        /// Whether somebody still has to answer the reminder.
        var isOpen: Bool { self != .done && self != .dismissed }

        /// The SQL condition that selects reminders in this state, in the words of the partial indexes, so that these serve it.
        var condition: String {
            switch self {
            case .pending, .snoozed: "state IN ('pending', 'snoozed') AND state = '\(rawValue)'"
            case .due, .done, .dismissed: "state = '\(rawValue)'"
            }
        }
    }

    var id: Int64
    var person: String
    var kind: String
    var title: String
    var body: String?
    var urgency: Urgency
    var state: State
    /// The time at which the reminder comes, or came.
    var due: Instant
    var created: Instant
    var changed: Instant
    var session: Int64?
    var device: String?

    init(_ row: Row) throws {
        guard let id = row.integer("id"), let person = row.text("person"), let kind = row.text("kind"),
            let title = row.text("title"), let urgency = row.text("urgency").flatMap(Urgency.init),
            let state = row.text("state").flatMap(State.init),
            let due = row.integer("due_at").map(Instant.init(milliseconds:)),
            let created = row.instant("created_at"), let changed = row.instant("changed_at")
        else { throw ModuleError.internal("a row of scheduling_reminders is not complete") }
        (self.id, self.person, self.kind, self.title, self.urgency) = (id, person, kind, title, urgency)
        (self.state, self.due, self.created, self.changed) = (state, due, created, changed)
        body = row.text("body")
        session = row.integer("session")
        device = row.text("device")
    }

    /// A new reminder; the store gives it its id.
    init(
        _ person: String, kind: String, title: String, body: String?, urgency: Urgency, due: Instant, now: Instant,
        session: Int64? = nil, device: String? = nil
    ) {
        id = 0
        (self.person, self.kind, self.title, self.body) = (person, kind, title, body)
        self.urgency = urgency
        (state, self.due, created, changed) = (.pending, due, now, now)
        (self.session, self.device) = (session, device)
    }

    /// The members that a list shows.
    static let rowMembers: [Member<Reminder>] = [
        Member("reminder", "its number", \.id), Member("person", "whom it concerns", \.person),
        Member("kind", "what it is about; custom for one of your own", \.kind),
        Member("title", "what it says", \.title),
        Member("body", "what it says beside that") { $0.body ?? "" },
        Member("due", "when it comes, or came", \.due),
        Member("state", "pending, due, snoozed, done or dismissed", \.state),
        Member("urgency", "low, normal or critical", \.urgency),
    ]

    /// The members of every reply and entry: the row, and what the reminder is about.
    static let members: [Member<Reminder>] =
        rowMembers + [
            Member("session", "the session that it follows", \.session),
            Member("device", "the device that it is about", \.device),
        ]

    static let heldMeaning = "there while it does not come, or does not hold any more: what forbids it now"

    // This is the object of `members`, made in a fifth of the time, for it is made for every reminder that is queued.
    var object: Object {
        var members: [Object.Member] = [
            .init("reminder", .integer(id)), .init("person", .string(person)), .init("kind", .string(kind)),
            .init("title", .string(title)), .init("body", .string(body ?? "")), .init("due", due.value),
            .init("state", .string(state.rawValue)), .init("urgency", .string(urgency.rawValue)),
        ]
        if let session { members.append(.init("session", .integer(session))) }
        if let device { members.append(.init("device", .string(device))) }
        return Object(uniqueMembers: members)
    }

    func entry(_ kind: String, _ more: [Object.Member] = []) -> Entry {
        Entry(
            kind, subject: "reminder/\(id)", person: person,
            body: more.isEmpty ? object : Object(uniqueMembers: object.members + more))
    }

    /// The reminder of that id.
    /// - Throws: `not-found` when there is none.
    static func find(_ id: Int64, in reading: any Reading) throws -> Reminder {
        guard let row = try reading.store.row("SELECT * FROM scheduling_reminders WHERE id = ?", id) else {
            throw ModuleError.notFound("reminder", id, next: "see scheduling.list-reminders")
        }
        return try Reminder(row)
    }

    /// Writes the reminder and records that it is queued.
    /// - Returns: The reminder with the id that the store gave it.
    @discardableResult
    func queue(_ transaction: any Transaction) throws -> Reminder {
        var queued = self
        queued.id = try transaction.store.insert(
            """
            INSERT INTO scheduling_reminders
                (person, kind, title, body, urgency, state, due_at, planned_at, created_at, changed_at, session, device)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
            """,
            // A list takes an eighth of the time that separate values take: this is done for every reminder that is queued.
            [
                person.sql, kind.sql, title.sql, body.sql, urgency.rawValue.sql, state.rawValue.sql, due.sql, due.sql,
                created.sql, changed.sql, session.sql, device.sql,
            ])
        try transaction.record(queued.entry("reminder.queued"))
        return queued
    }

    /// Ends the reminder and records that, with the reason where nobody answered it.
    func close(as state: State, because reason: String? = nil, _ transaction: any Transaction) throws -> Reminder {
        var closed = self
        (closed.state, closed.changed) = (state, transaction.now)
        try transaction.store.execute(
            "UPDATE scheduling_reminders SET state = ?, changed_at = ?, closed_because = ? WHERE id = ?",
            state.rawValue, transaction.now, reason, id)
        try transaction.record(
            closed.entry("reminder.closed", reason.map { [Object.Member("because", .string($0))] } ?? []))
        return closed
    }
}
