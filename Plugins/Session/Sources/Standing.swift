import MneedleKit

extension Sessions {
    /// Whoever is being treated is not invited to another session, whatever device it would be with.
    var standing: StandingCheck {
        StandingCheck("Is a session of this person running?") { person, reading in
            let sql = "SELECT id FROM session_sessions WHERE state = 'running' AND person = ? ORDER BY id"
            return try reading.records(of: person.person).flatMap { try reading.rows(sql, $0) }.compactMap { row in
                try knowledge.findings.finding(
                    "session-running", setting: person.setting, ["session": row.integer("id") ?? 0, "what": "person"])
            }
        }
    }
}
