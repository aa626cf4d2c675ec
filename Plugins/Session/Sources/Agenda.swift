import MneedleKit

extension Sessions {
    /// The way out of a session that runs, beside its end, which the person's standing names.
    var agenda: Agenda {
        Agenda("Which sessions run?") { scope, reading in
            try scope.people.flatMap { person in
                let sql = "SELECT id FROM session_sessions WHERE state = 'running' AND person = ? ORDER BY id"
                return try reading.store.rows(sql, person.person).flatMap { row in
                    try find(.mayStop, person.setting, ["session": row.integer("id") ?? 0])
                        .map { AgendaItem(.open, person: person.person, $0) }
                }
            }
        }
    }
}
