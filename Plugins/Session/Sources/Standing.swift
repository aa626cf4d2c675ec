import MneedleKit

extension Sessions {
    /// The check by which a person who is being treated is not invited to another session, whatever the device; nor is a
    /// person of whom another record may know more.
    var standing: StandingCheck {
        StandingCheck("Is a session of this person running or unexplained, and is another record theirs?") {
            person, reading in
            try running(person, reading) + unexplained(person, reading) + twins(person, reading)
        }
    }

    private func running(_ person: Person, _ reading: any Reading) throws -> [Finding] {
        let sql = "SELECT id FROM session_sessions WHERE state = 'running' AND person = ? ORDER BY id"
        return try reading.records(of: person.person).flatMap { try reading.store.rows(sql, $0) }.flatMap { row in
            try find(.sessionRunning, person.setting, ["session": row.integer("id") ?? 0, "what": "person"])
        }
    }

    /// Pain, bleeding and rash each want their own time: while nobody has said which it was, none of them is ruled out.
    private func unexplained(_ person: Person, _ reading: any Reading) throws -> [Finding] {
        let sql = """
            SELECT id FROM session_sessions WHERE state = 'stopped' AND reason IS NULL AND person = ? ORDER BY id
            """
        return try reading.records(of: person.person).flatMap { try reading.store.rows(sql, $0) }.flatMap { row in
            try find(.stopUnexplained, person.setting, ["session": row.integer("id") ?? 0])
        }
    }

    private func twins(_ person: Person, _ reading: any Reading) throws -> [Finding] {
        try reading.modules.ask("records.same-person", ["person": person.person]).strings("undecided").flatMap { twin in
            // Not everybody may know the person of the other record.
            try find(
                .personTwin, person.setting,
                ["person": person.person, "twin": reading.privacy.sees(twin) ? twin : "…"])
        }
    }
}
