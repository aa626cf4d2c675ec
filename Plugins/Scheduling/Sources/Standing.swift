import MneedleKit

extension Scheduling {
    /// The check that finds the day before which a person with such a past is not needled again.
    var standing: StandingCheck {
        StandingCheck("Has the skin had the time that the last session asks for?") { person, reading in
            try knowledge.intervals.standing(
                of: person, PastSessions(of: person.person, in: reading), day: reading.today(of: person),
                reading.zone(of: person))
        }
    }
}

extension Intervals {
    /// The stricter of the last session's setting and the person's: changing the setting does not get around a clinic's minimum.
    /// Of a session on record whose setting cannot be read nobody can say that it was at home.
    func strictestSetting(of person: Person, after last: PastSession) -> Setting {
        let isUnreadable = last.setting == nil && last.session != nil
        return last.setting == .clinic || isUnreadable ? .clinic : person.setting
    }

    /// The goal whose interval the skin has to have had: the last session's own. For a session on record whose goal cannot be
    /// read it is the one that asks for the longest wait; for needling elsewhere the person's.
    func strictestGoal(of person: Person, after last: PastSession) -> Goal {
        last.goal ?? (last.session == nil ? person.goal : slowest ?? person.goal)
    }

    /// The findings that block a session because of the last one, by that one's own goal, whatever the next is to be for.
    func standing(of person: Person, _ past: PastSessions, day: CivilDate, _ zone: Zone) throws -> [Finding] {
        guard let last = past.latest else { return [] }
        return try findings(
            strictestGoal(of: person, after: last), strictestSetting(of: person, after: last),
            last: zone.date(of: last.ended),
            day: day, isBeginner: false, in: zone
        ).filter(\.blocks)
    }

    /// The first day that is not too soon after the last session.
    func floor(of person: Person, after last: PastSession, _ zone: Zone) throws -> CivilDate {
        let day = zone.date(of: last.ended)
        guard strictestSetting(of: person, after: last) == .clinic else { return day.adding(days: floorDays) }
        let own = try interval(for: strictestGoal(of: person, after: last)).window(after: day).opens
        // In a clinic the minimum of the next session's goal holds as well.
        return person.setting == .clinic ? max(own, try window(of: person, after: last, zone).opens) : own
    }

    /// The window after the last session: for its own goal, or for the person's if that was changed since.
    func window(of person: Person, after last: PastSession, _ zone: Zone) throws -> SessionWindow {
        try interval(for: last.aim ?? last.goal ?? person.goal).window(after: zone.date(of: last.ended))
    }
}
