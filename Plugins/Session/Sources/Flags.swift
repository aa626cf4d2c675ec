import MneedleKit

extension Sessions {
    /// The reaction to a red flag while the session runs.
    var whenReactionOpened: Reaction {
        Reaction(to: .reactionOpened) { reaction, entry, transaction in
            try flag(reaction.person, because: entry.subject, ["open-reaction"], transaction)
        }
    }

    /// The reaction to answers, given while the session runs, that would have forbidden it. An open question does not count:
    /// the session has an assessment of its own.
    var whenAssessed: Reaction {
        Reaction(to: "screening.assessed") { entry, _, transaction in
            let codes = (entry.body.list("findings") ?? []).compactMap { value -> String? in
                guard case .object(let finding) = value, let code = finding.string("code"),
                    let severity = finding.string("severity").flatMap(Severity.init), severity >= .blocking
                else { return nil }
                return knowledge.keeping.unflagged.contains(code) ? nil : code
            }
            guard let person = entry.person ?? entry.body.string("person") else { return }
            try flag(person, because: entry.subject, codes, transaction)
        }
    }

    /// Marks the person's running session. It goes on until somebody ends it: needles are in the skin, and only the person
    /// who holds them can take them out.
    private func flag(
        _ person: String, because: String, _ codes: [String], _ transaction: any Transaction
    ) throws {
        guard !codes.isEmpty,
            let row = try transaction.store.row(
                "SELECT * FROM session_sessions WHERE person = ? AND state = 'running'", person)
        else { return }
        let session = try StoredSession(row).entry
        var flagged = session.flagged
        // A finding that a practitioner has passed over was known when the session began.
        for code in codes where !flagged.contains(code) && !session.overridden.contains(code) { flagged.append(code) }
        guard flagged != session.flagged else { return }
        try transaction.store.execute(
            "UPDATE session_sessions SET flagged = ? WHERE id = ?", flagged.joined(separator: ","), session.session)
        let findings = try find(
            .sessionFlagged, session.setting,
            ["session": session.session, "codes": flagged.joined(separator: ", ")])
        try transaction.record(
            Entry(
                "session.flagged", subject: "session/\(session.session)", person: person,
                body: [
                    "session": session.session, "person": person, "flagged": flagged, "because": because,
                    "findings": findings.isEmpty ? nil : findings,
                ], stands: true))
    }
}
