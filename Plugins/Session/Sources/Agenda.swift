import MneedleKit

extension Sessions {
    /// The next pass of a session that runs, and the way out of it, beside its end, which the person's standing names.
    var agenda: Agenda {
        Agenda("Which sessions run?") { scope, reading in
            try scope.people.flatMap { person in
                let sql = "SELECT * FROM session_sessions WHERE state = 'running' AND person = ? ORDER BY id"
                let running = try reading.store.rows(sql, person.person).map { try StoredSession($0).entry }
                return try running.flatMap { session in
                    try nextPass(session, setting(of: session, reading))
                        .map { AgendaItem(.now, person: person.person, device: session.device, $0) }
                        + find(.mayStop, person.setting, ["session": session.session])
                        .map { AgendaItem(.open, person: person.person, $0) }
                }
            }
        }
    }
}
