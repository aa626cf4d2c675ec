import MneedleKit

/// A window of one session, as `aftercare.plan` lists it: something to avoid, to do or to expect.
struct PlannedWindow: Reply {
    let from: Instant
    let until: Instant
    let kind: Window.Kind
    let text: String
    let sources: [Source]
    let session: Int64
    let window: String
    let isOver: Bool

    static let members: [Member<PlannedWindow>] = [
        Member("from", "when it begins", \.from), Member("until", "when it ends", \.until),
        Member("kind", "avoid, do or expect", \.kind), Member("text", "what, in plain words", \.text),
        Member("sources", "what it rests on", \.sources), Member("session", "after which session", \.session),
        Member("window", "its name", \.window), Member("over", "whether it has ended", \.isOver),
    ]
}

extension PlannedWindow {
    init(row: Row, _ reading: any Reading) throws {
        guard let from = row.instant("starts_at"), let until = row.instant("ends_at"),
            let kind = row.text("kind").flatMap(Window.Kind.init), let text = row.text("text"),
            let sources = row.text("sources"), case .list(let list) = try reading.store.value(json: sources),
            let session = row.integer("session"), let window = row.text("code")
        else { throw ModuleError.internal("a row of aftercare_windows cannot be read") }
        self.init(
            from: from, until: until, kind: kind, text: text, sources: try list.map(Source.init(kept:)),
            session: session, window: window, isOver: until <= reading.now)
    }
}

extension Source {
    /// A source from the column that keeps those of a window as they were when the window was laid.
    fileprivate init(kept value: Value) throws {
        guard case .object(let source) = value, let id = source.string("id"), let title = source.string("title"),
            let evidence = source.string("evidence")
        else { throw ModuleError.internal("a source in aftercare_windows cannot be read") }
        self.init(id: id, title: title, evidence: evidence, citation: source.string("citation"))
    }
}

/// The reply of `aftercare.until`.
private struct LastUntil: Reply {
    let until: Instant?

    static let members: [Member<LastUntil>] = [
        Member("until", "the time; absent when nothing has to be avoided any more", \.until)
    ]
}

extension Aftercare {
    private static let whosePlan = Parameter.optional(
        "person", .slug, "Whose: the plan after the person's last session.")
    private static let afterSession = Parameter.optional("session", .id, "The plan after this session.")

    var plan: Command {
        Command(
            "plan", "Lists what to avoid, to do and to expect after a session.", role: .reader,
            takes: Aftercare.whosePlan, Aftercare.afterSession, gives: PlannedWindow.self, errors: [.notFound],
            concerns: .named("person", "session"), example: "aftercare.plan person=anna",
            lists: { reading, send, person, session in
                guard let session = try meantSession(person, session, reading) else { return }
                for window in try windows(after: session, reading) { try send(window) }
            })
    }

    /// The windows of a session: of one that is running, as they are at this moment.
    func windows(after session: Int64, _ reading: any Reading) throws -> [PlannedWindow] {
        let running = try runningWindows(inSession: session, reading).map { window, from, until in
            PlannedWindow(
                from: from, until: until, kind: window.kind, text: window.text, sources: window.sources,
                session: session, window: window.code, isOver: false)
        }
        let sql = """
            SELECT w.* FROM aftercare_windows w JOIN aftercare_courses c ON c.session = w.session
            WHERE w.session = ? AND c.ended_at IS NOT NULL ORDER BY w.starts_at, w.ends_at, w.id
            """
        return try running + reading.store.rows(sql, session).map { try PlannedWindow(row: $0, reading) }
    }

    private static let whose = Parameter.required("person", .slug, "Whose.")

    var until: Command {
        Command(
            "until", "Says when the last thing to avoid after a person's sessions ends.", role: .reader,
            takes: Aftercare.whose, gives: LastUntil.self, errors: [.notFound], concerns: .named("person"),
            example: "aftercare.until person=anna",
            reads: { reading, slug in
                let last = try lastUntil(of: reading.person(slug).person, reading)
                return LastUntil(until: last.flatMap { $0 > reading.now ? $0 : nil })
            })
    }

    /// The windows of a session that is running, as they are at this moment.
    private func runningWindows(
        inSession session: Int64, _ reading: any Reading
    ) throws -> [(window: Window, from: Instant, until: Instant)] {
        let sql = "SELECT person FROM aftercare_courses WHERE session = ? AND ended_at IS NULL"
        guard let person = try reading.store.row(sql, session)?.text("person") else { return [] }
        return try runningWindows(of: person, at: reading.now, reading)
    }

    /// The session that a request means; `nil` for a person who has had none.
    private func meantSession(_ person: String?, _ session: Int64?, _ reading: any Reading) throws -> Int64? {
        switch (person, session) {
        case (let person?, nil):
            return try lastCourse(of: reading.person(person).person, reading)?.session
        case (nil, let session?):
            let known = try reading.store.row("SELECT session FROM aftercare_courses WHERE session = ?", session)
            if known == nil { throw ModuleError.notFound("session", session, next: "see session.list") }
            return session
        default:
            let (person, session) = (Aftercare.whosePlan.name, Aftercare.afterSession.name)
            throw ModuleError.invalidArgument(
                person, expected: "either \(person) or \(session)", got: nil,
                "give either '\(person)' or '\(session)'")
        }
    }
}
