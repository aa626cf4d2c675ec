import MneedleKit

extension Aftercare {
    var plan: Command {
        Command(
            "plan", "Lists what to avoid, to do and to expect after a session.", role: .reader,
            parameters: [
                .optional("person", .slug, "Whose: the plan after the person's last session."),
                .optional("session", .integer(1...Int64.max), "The plan after this session."),
            ],
            reply: [
                ReplyMember("from", "when it begins"), ReplyMember("until", "when it ends"),
                ReplyMember("kind", "avoid, do or expect"), ReplyMember("text", "what, in plain words"),
                ReplyMember("sources", "what it rests on"), ReplyMember("session", "after which session"),
                ReplyMember("window", "its name"), ReplyMember("over", "whether it has ended"),
            ],
            errors: [.notFound], concerns: .named("person", "session"),
            example: "aftercare.plan person=anna", .lists(showPlan))
    }

    var until: Command {
        Command(
            "until", "Says when the last thing to avoid after a person's sessions ends.", role: .reader,
            parameters: [.required("person", .slug, "Whose.")],
            reply: [ReplyMember("until", "the time; absent when nothing has to be avoided any more")],
            errors: [.notFound], concerns: .named("person"), example: "aftercare.until person=anna",
            .reads { request, reading in
                let person = try reading.person(request.arguments.requiredText("person"))
                guard let until = try lastUntil(of: person.person, reading), until > reading.now else { return [:] }
                return ["until": until]
            })
    }

    @Sendable private func showPlan(
        _ request: Request, _ reading: any Reading, _ send: Command.RowSink
    ) throws -> Object {
        guard let session = try session(request.arguments, reading) else { return [:] }
        for (window, from, until) in try runningWindows(inSession: session, reading) {
            try send([
                "from": from, "until": until, "kind": window.kind.rawValue, "text": window.text,
                "sources": window.sources, "session": session, "window": window.code, "over": false,
            ])
        }
        let sql = """
            SELECT w.* FROM aftercare_windows w JOIN aftercare_courses c ON c.session = w.session
            WHERE w.session = ? AND c.ended_at IS NOT NULL ORDER BY w.starts_at, w.ends_at, w.id
            """
        try reading.forEach(sql, [session.sql]) { row in
            let until = row.instant("ends_at")
            try send([
                "from": row.instant("starts_at"), "until": until, "kind": row.text("kind"), "text": row.text("text"),
                "sources": try reading.value(json: row.text("sources") ?? "[]"), "session": session,
                "window": row.text("code"), "over": until.map { $0 <= reading.now },
            ])
        }
        return [:]
    }

    /// The windows of a session that is running, as they are at this moment.
    private func runningWindows(
        inSession session: Int64, _ reading: any Reading
    ) throws -> [(window: Window, from: Instant, until: Instant)] {
        let sql = "SELECT person FROM aftercare_courses WHERE session = ? AND ended_at IS NULL"
        guard let person = try reading.row(sql, session)?.text("person") else { return [] }
        return try runningWindows(of: person, at: reading.now, reading)
    }

    /// The session that a request means; `nil` for a person who has had none.
    private func session(_ arguments: Arguments, _ reading: any Reading) throws -> Int64? {
        switch (arguments.text("person"), arguments.integer("session")) {
        case (let person?, nil):
            return try lastCourse(of: reading.person(person).person, reading)?.session
        case (nil, let session?):
            let known = try reading.row("SELECT session FROM aftercare_courses WHERE session = ?", session)
            if known == nil { throw ModuleError.notFound("session", session, next: "see session.list") }
            return session
        default:
            throw ModuleError.invalidArgument(
                "person", expected: "either person or session", got: nil, "give either 'person' or 'session'")
        }
    }
}
