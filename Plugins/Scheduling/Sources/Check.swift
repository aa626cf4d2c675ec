import MneedleKit

extension Scheduling {
    var check: SafetyCheck {
        SafetyCheck("Has the skin had the time it needs since the last session?") { plan, reading in
            let past = try PastSessions(of: plan.person.person, in: reading)
            guard let last = past.last else { return [] }
            let zone = reading.zone(of: plan.person)
            let day = zone.date(of: plan.at)
            let found = try knowledge.intervals.findings(
                plan.goal, plan.setting, last: zone.date(of: last), day: day,
                isBeginner: reading.isBeginner(plan.person), in: zone)
            // The strictest finding is given, and once: the person's standing has those of the last session.
            let standing = try knowledge.intervals.standing(of: plan.person, past, day: day, zone)
            guard let end = standing.compactMap(\.untilDay).max() else { return found }
            return found.filter { $0.blocks && ($0.untilDay ?? end) > end }
        }
    }
}

extension Intervals {
    /// The findings against a session on `day` when the last one ended on `last`.
    func findings(
        _ goal: Goal, _ setting: Setting, last: CivilDate, day: CivilDate, isBeginner: Bool, in zone: Zone
    ) throws -> [Finding] {
        let interval = try interval(for: goal)
        let days = day - last
        let floor = last.adding(days: floorDays)
        let opens = interval.window(after: last).opens
        let month = last.adding(months: beginnerMonths)
        func find(_ code: IntervalCode, until: CivilDate) throws -> [Finding] {
            try findings.find(
                code, setting, in: zone, until: .date(until),
                [
                    "days": days, "last": last, "goal": goal.rawValue, "weeks": interval.weeks, "opens": opens,
                    "floor": floorDays,
                ])
        }

        // A clinic waits for the goal's own minimum, and only the days over the floor can be lifted.
        if day < floor { return try find(.floor, until: setting == .clinic ? opens : floor) }
        var found: [Finding] = []
        switch setting {
        case .clinic:
            if day < opens { found += try find(.minimum, until: opens) }
        case .home where days < homeCautionDays:
            found += try find(.short, until: max(opens, last.adding(days: homeCautionDays)))
        case .home:
            if day < opens { found += try find(.early, until: opens) }
        }
        if isBeginner && day < month { found += try find(.beginner, until: month) }
        return found
    }
}

extension Finding {
    /// The day on which the finding ends; `nil` where it does not end on a day.
    fileprivate var untilDay: CivilDate? { if case .date(let day)? = until { day } else { nil } }
}
