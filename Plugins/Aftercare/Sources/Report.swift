import MneedleKit

/// A symptom as a person tells it.
private struct Complaint {
    let person: Person
    let symptom: Symptom
    let degree: Degree
    /// How long it has lasted, where that was said.
    let since: Span?
    let note: String?
    /// The last session on record.
    let course: PastCourse?

    /// The longer of what was said and the time since the session: what begins weeks after a session
    /// is no more part of healing than what lasts for weeks.
    func elapsed(_ now: Instant) -> Int64 {
        let sinceSession = course?.ended.map { max(0, now.milliseconds - $0.milliseconds) } ?? 0
        return max(since.map(length(of:)) ?? 0, sinceSession)
    }
}

extension Aftercare {
    var report: Command {
        Command(
            "report", "Takes a symptom and says what to do; a red flag blocks further sessions until it is resolved.",
            role: .operator,
            parameters: [
                .required("person", .slug, "Who has it."),
                .required("symptom", .choice(knowledge.symptoms.flatMap(\.names)), "What: see aftercare.symptoms."),
                .optional(
                    "since", .duration, "For how long by now, for example 1d or 5d; default since the last session."),
                .optional(
                    "severity", .choice(Degree.allCases.map(\.rawValue)), "How bad it is.",
                    default: Degree.mild.rawValue),
                .optional("note", .text(), "What else was said."),
            ],
            reply: [
                ReplyMember("report", "the report's number"), ReplyMember("person", "who has it"),
                ReplyMember("symptom", "what"),
                ReplyMember("reaction", "the open reaction, if it blocks further sessions"),
                ReplyMember("action", "expected, watch, call, urgent or emergency"),
                ReplyMember("findings", "what it means and what to do"),
            ],
            errors: [.notFound], concerns: .named("person"),
            example: "aftercare.report person=anna symptom=redness since=1d severity=mild",
            .writes(takeReport))
    }

    @Sendable private func takeReport(_ request: Request, _ transaction: any Transaction) throws -> Object {
        let complaint = try complaint(request.arguments, transaction)
        let (person, symptom) = (complaint.person, complaint.symptom)
        let action = symptom.action(
            after: complaint.elapsed(transaction.now), complaint.degree, person.setting, knowledge.escalation)
        let blocks = symptom.isRedFlag || action >= .urgent
        let open = blocks ? try openReaction(symptom, of: person, action, transaction) : nil
        let report = try transaction.insert(
            """
            INSERT INTO aftercare_reports (person, symptom, severity, action, reported_at, session, reaction, note)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?)
            """,
            person.person, symptom.name, complaint.degree.rawValue, action.rawValue, transaction.now,
            complaint.course?.session, open?.reaction, complaint.note)
        try transaction.record(
            Entry(
                "symptom.reported", subject: "report/\(report)", person: person.person,
                body: [
                    "report": report, "person": person.person, "symptom": symptom.name, "since": complaint.since,
                    "severity": complaint.degree.rawValue, "action": action.rawValue,
                    "session": complaint.course?.session, "reaction": open?.reaction, "note": complaint.note,
                ], stands: true))
        if let open, open.isNew {
            try transaction.record(
                Entry(
                    "reaction.opened", subject: "reaction/\(open.reaction)", person: person.person,
                    body: [
                        "reaction": open.reaction, "person": person.person, "symptom": symptom.name,
                        "action": action.rawValue, "session": complaint.course?.session,
                        "sets": symptom.sets.isEmpty ? nil : symptom.sets,
                    ], stands: true))
        }
        return [
            "report": report, "person": person.person, "symptom": symptom.name, "reaction": open?.reaction,
            "action": action.rawValue, "findings": try findings(on: complaint, action, open?.reaction, transaction),
        ]
    }

    private func complaint(_ arguments: Arguments, _ reading: any Reading) throws -> Complaint {
        let person = try reading.person(arguments.requiredText("person"))
        let word = try arguments.requiredText("symptom")
        guard let symptom = knowledge.symptom(named: word) else {
            throw ModuleError.internal("the choice '\(word)' names no symptom")
        }
        return Complaint(
            person: person, symptom: symptom,
            degree: arguments.text("severity").flatMap(Degree.init) ?? .mild, since: arguments.duration("since"),
            note: arguments.text("note"), course: try lastCourse(of: person.person, reading))
    }

    private func findings(
        on complaint: Complaint, _ action: Action, _ reaction: Int64?, _ reading: any Reading
    ) throws -> [Finding] {
        let (person, symptom) = (complaint.person, complaint.symptom)
        let zone = reading.zone(of: person)
        var until: Deadline?
        if action <= .watch, let expected = symptom.expectedFor, let ended = complaint.course?.ended {
            until = .instant(zone.adding(expected, to: ended))
        }
        var main = try knowledge.finding(
            action.code, person.setting, until: until,
            [
                "symptom": symptom.text,
                "what": action <= .watch && !symptom.normal.isEmpty ? symptom.normal : symptom.concern,
                "advice": symptom.advice,
            ])
        main?.sources = symptom.sources
        var found = [main]
        if symptom.stopsSession, let course = complaint.course, course.ended == nil {
            found.append(try knowledge.finding(.stopSession, person.setting, ["session": course.session]))
        }
        if let reaction {
            found += try openReactions(of: person.person, reading).filter { $0.reaction == reaction }
                .map { try finding(for: $0, person.setting, zone) }
        }
        return found.compactMap { $0 }
    }
}
