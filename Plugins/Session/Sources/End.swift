import MneedleKit

extension Sessions {
    private static let session = Parameter.required("session", .integer(1...Int64.max), "The session's number.")
    private static let note = Parameter.optional("note", .text(maximum: 2000), "A note.")

    var stop: Command {
        Command(
            "stop", "Stops a running session at once because something is wrong, and says what to do now.",
            role: .operator,
            parameters: [
                Sessions.session,
                .required("reason", .choice(["pain", "bleeding", "rash", "other"]), "Why."),
                Sessions.note,
            ],
            reply: [
                ReplyMember("session", "its number"), ReplyMember("state", "stopped"),
                ReplyMember("findings", "what to do now"),
                ReplyMember(
                    "reactions",
                    "what is open now and forbids the next session: the reaction's number, the symptom, the action"),
            ],
            errors: [.notFound, .conflict], concerns: .named("session"), example: "session.stop session=17 reason=pain",
            .writes { request, transaction in
                let reason = try request.arguments.requiredText("reason")
                let session = try end(request, as: "stopped", reason: reason, transaction)
                let findings =
                    try knowledge.findings.finding("stopped-\(reason)", setting: session.setting).map { [$0] } ?? []
                return [
                    "session": session.id, "state": "stopped", "findings": findings,
                    "reactions": openReactions(of: session.person, transaction),
                ]
            })
    }

    var finish: Command {
        Command(
            "finish", "Finishes a running session: the next window, aftercare and cleaning begin.", role: .operator,
            parameters: [
                Sessions.session, .optional("passes", .integer(1...50), "How many passes were made."), Sessions.note,
            ],
            reply: [
                ReplyMember("session", "its number"),
                ReplyMember(
                    "next", "the window for the next session: opens, best, closes; absent where it is not known"),
                ReplyMember("aftercare_until", "when the last thing to avoid ends; absent while it is not known"),
                ReplyMember("findings", "what is to be heeded now, for example more passes than is advised"),
            ],
            errors: [.notFound, .conflict], concerns: .named("session"), example: "session.finish session=17 passes=3",
            .writes { request, transaction in
                let session = try end(request, as: "finished", reason: nil, transaction)
                let next = answer("scheduling.next", session.person, transaction)
                let aftercare = answer("aftercare.until", session.person, transaction)
                return [
                    "session": session.id, "next": next?.object("window"),
                    "aftercare_until": aftercare?.string("until"),
                    "findings": try tooManyPasses(request.arguments.integer("passes"), session.setting),
                ]
            })
    }

    private func tooManyPasses(_ passes: Int64?, _ setting: Setting) throws -> [Finding] {
        guard let passes, let most = knowledge.maxPasses[setting], passes > most else { return [] }
        let values: [String: any CustomStringConvertible] = ["passes": passes, "limit": most]
        return try knowledge.findings.finding("too-many-passes", setting: setting, values).map { [$0] } ?? []
    }

    private func end(
        _ request: Request, as state: String, reason: String?, _ transaction: any Transaction
    ) throws -> StoredSession {
        let id = try request.arguments.requiredInteger("session")
        let session = try require(id, transaction)
        guard session.state == "running" else {
            throw ModuleError.conflict(
                "session \(id) is \(session.state) already; session.show shows it", state: session.state)
        }
        // By a clock that was set back meanwhile it would have ended before it began.
        let isUncertain = session.started.map { transaction.now < $0 } ?? false
        try transaction.execute(
            """
            UPDATE session_sessions SET state = ?, ended = ?, clock_uncertain = ?, reason = ?, passes = ?, note = ?
            WHERE id = ?
            """, state, isUncertain ? session.started : transaction.now, isUncertain, reason,
            request.arguments.integer("passes"), request.arguments.text("note"), id)
        let ended = try require(id, transaction)
        // Needles leave the skin whatever other modules make of it.
        try transaction.record(
            Entry("session.\(state)", subject: "session/\(id)", person: ended.person, body: ended.facts, stands: true))
        return ended
    }

    /// What the stop has opened, beside what was open already; `nil` where nothing is, or nobody can say.
    private func openReactions(of person: String, _ reading: any Reading) -> [Object]? {
        let rows = try? reading.list("aftercare.reactions", ["person": person, "state": "open"])
        guard let rows, !rows.isEmpty else { return nil }
        return rows.map { row in
            let members = ["reaction", "symptom", "action"].compactMap { name in
                row[name].map { Object.Member(name, $0) }
            }
            return Object(uniqueMembers: members)
        }
    }

    /// What another module says of the person; nothing when it cannot, for the session has ended in any case.
    private func answer(_ verb: String, _ person: String, _ reading: any Reading) -> Object? {
        try? reading.ask(verb, ["person": person])
    }
}
