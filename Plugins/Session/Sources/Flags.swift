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
                "SELECT id, setting, flagged, overridden FROM session_sessions WHERE person = ? AND state = 'running'",
                person),
            let id = row.integer("id")
        else { return }
        let (before, overridden) = (row.codes("flagged"), row.codes("overridden"))
        // A finding that a practitioner has passed over was known when the session began.
        let flagged = codes.reduce(into: before) { flagged, code in
            if !flagged.contains(code) && !overridden.contains(code) { flagged.append(code) }
        }
        guard flagged != before else { return }
        try transaction.store.execute(
            "UPDATE session_sessions SET flagged = ? WHERE id = ?", flagged.joined(separator: ","), id)
        let setting = setting(row.word("setting").flatMap(Setting.init), of: person, transaction)
        let findings = try find(
            .sessionFlagged, setting, ["session": id, "codes": flagged.joined(separator: ", ")])
        try transaction.record(
            Entry(
                "session.flagged", subject: "session/\(id)", person: person,
                body: [
                    "session": id, "person": person, "flagged": flagged, "because": because,
                    "findings": findings.isEmpty ? nil : findings,
                ], stands: true))
    }
}
