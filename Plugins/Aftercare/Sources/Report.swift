import MneedleKit

/// A symptom as a person tells it.
private struct Complaint {
    let person: Person
    let said: Said
    let degree: Degree
    let isWorsening: Bool
    /// The time that the symptom has lasted, where that was said.
    let since: Span?
    let note: String?
    /// The last session on record.
    let course: PastCourse?
    let at: Instant

    var symptom: Symptom { said.symptom }

    /// The healing at the time of the report. It counts the longer of the time that was said and the time since the
    /// session, for a symptom that begins weeks after a session is no more part of healing than one that lasts for weeks.
    /// A session that is running counts as needled now.
    func healing(_ knowledge: AftercareKnowledge) -> Healing {
        let over = course?.ended.map { max(0, at.milliseconds(since: $0)) }
        let lasted = since?.totalMilliseconds ?? 0
        return Healing(
            elapsed: max(lasted, over ?? 0), began: over.map { $0 - lasted },
            ofFace: course?.areas.contains { knowledge.face.contains($0) } ?? false)
    }
}

/// The outcome of taking one symptom down.
private struct Outcome {
    let report: Int64
    let reaction: Int64?
    let action: Action
    let findings: [Finding]
}

/// A report as the request gives it.
private struct Told: Sendable {
    let person: String
    let symptom: String
    let also: [String]?
    let since: Span?
    let degree: Degree
    let isWorsening: Bool
    let note: String?
}

/// The reply of `aftercare.report`.
private struct Reported: Reply {
    let atOnce: String?
    let report: Int64
    let person: String
    let symptom: String
    let reaction: Int64?
    let action: Action
    let suggestions: [String]
    let findings: [Finding]

    static let members: [Member<Reported>] = [
        Member("at_once", "what to do before anything else is read; absent where nothing is urgent", \.atOnce),
        Member("report", "the report's number", \.report), Member("person", "who has it", \.person),
        Member("symptom", "what; other where no symptom has that name", \.symptom),
        Member("reaction", "the open reaction, if it blocks further sessions", \.reaction),
        Member("action", "expected, watch, call, urgent or emergency", \.action),
        Member("suggestions", "names that may have been meant, where the word is not known") {
            $0.suggestions.isEmpty ? nil : $0.suggestions
        },
        Member("findings", "what it means and what to do", \.findings),
    ]
}

extension Aftercare {
    private static let who = Parameter.required("person", .slug, "Who has it.")
    private static let symptom = Parameter.required(
        "symptom", .line(maximum: 100), "What, in your own words: see aftercare.symptoms.")
    private static let also = Parameter.optional(
        "also", .list(.line(maximum: 100)), "What else is there at the same time, for example fever.")
    private static let since = Parameter.optional(
        "since", .duration, "For how long by now, for example 1d or 5d; default since the last session.")
    private static let degree = Parameter.optional(
        "severity", .choice(Degree.self), "How bad it is.", default: .mild)
    private static let isWorsening = Parameter.optional(
        "worsening", .boolean, "Whether it becomes worse.", default: false)
    private static let note = Parameter.optional("note", .text(), "What else was said.")

    private static let told = Parameter.group(
        who, symptom, also, since, degree, isWorsening, note, as: Told.init)

    var report: Command {
        Command(
            "report", "Takes a symptom and says what to do; a red flag blocks further sessions until it is resolved.",
            role: .operator, takes: Aftercare.told, gives: Reported.self, errors: [.notFound],
            concerns: .named("person"),
            example: "aftercare.report person=anna symptom=redness since=1d severity=mild",
            writes: { transaction, told in try takeReport(told, transaction) })
    }

    private func takeReport(_ told: Told, _ transaction: any Transaction) throws -> Reported {
        let person = try transaction.person(told.person)
        let first = try knowledge.symptom(saidAs: told.symptom)
        let others = try (told.also ?? []).map(knowledge.symptom(saidAs:))
        let course = try lastCourse(of: person.person, transaction)
        let present = Set(([first] + others).map(\.symptom.name))
        // The request's degree and duration are said of the first symptom.
        let main = try take(
            Complaint(
                person: person, said: first, degree: max(first.degree, told.degree),
                isWorsening: first.isWorsening || told.isWorsening, since: told.since, note: told.note,
                course: course, at: transaction.now), with: present, transaction)
        let rest = try others.map { said in
            try take(
                Complaint(
                    person: person, said: said, degree: said.degree, isWorsening: said.isWorsening, since: nil,
                    note: told.note, course: course, at: transaction.now), with: present, transaction)
        }
        let action = rest.map(\.action).reduce(main.action, max)
        return Reported(
            atOnce: knowledge.atOnce[action], report: main.report, person: person.person, symptom: first.symptom.name,
            reaction: main.reaction ?? rest.compactMap(\.reaction).first,
            action: action,
            suggestions: first.unknown.map(knowledge.symptomsNear) ?? [],
            findings: main.findings + rest.flatMap(\.findings))
    }

    /// Reports the symptom that a session was stopped for: pain, bleeding or a rash. The entry's own time counts, for it may
    /// be told late.
    func reportStop(_ session: SessionEntry, _ transaction: any Transaction) throws {
        guard let reason = session.reason,
            let symptom = knowledge.symptoms.first(where: { $0.stopReason == reason })
        else { return }
        let said = Said(symptom: symptom, degree: .mild, isWorsening: false, unknown: nil)
        let complaint = try Complaint(
            person: transaction.person(session.person), said: said, degree: .mild, isWorsening: false, since: nil,
            note: nil,
            course: lastCourse(of: session.person, transaction), at: session.ended ?? transaction.now)
        _ = try take(complaint, with: [symptom.name], transaction)
    }

    private func take(
        _ complaint: Complaint, with present: Set<String>, _ transaction: any Transaction
    ) throws -> Outcome {
        let (person, symptom) = (complaint.person, complaint.symptom)
        let action = try action(on: complaint, with: present, transaction)
        let blocks = action >= .urgent || symptom.isRedFlag && action >= .call
        let open = blocks ? try openReaction(symptom, of: person, action, at: complaint.at, transaction) : nil
        let report = try transaction.store.insert(
            """
            INSERT INTO aftercare_reports (person, symptom, severity, action, reported_at, session, reaction, note, said)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
            """,
            person.person, symptom.name, complaint.degree.rawValue, action.rawValue, complaint.at,
            complaint.course?.session, open?.reaction, complaint.note, complaint.said.unknown)
        try transaction.record(
            Entry(
                "symptom.reported", subject: "report/\(report)", person: person.person,
                body: [
                    "report": report, "person": person.person, "symptom": symptom.name,
                    "said": complaint.said.unknown, "since": complaint.since, "severity": complaint.degree.rawValue,
                    "worsening": complaint.isWorsening ? true : nil, "action": action.rawValue,
                    "session": complaint.course?.session, "reaction": open?.reaction, "note": complaint.note,
                ], stands: true))
        if let open, open.isNew {
            try transaction.record(
                Entry(
                    .reactionOpened, subject: "reaction/\(open.reaction)", person: person.person,
                    body: ReactionOpened(
                        reaction: open.reaction, person: person.person, symptom: symptom.name,
                        action: action.rawValue, session: complaint.course?.session, sets: symptom.sets)))
        }
        return Outcome(
            report: report, reaction: open?.reaction, action: action,
            findings: try findings(on: complaint, action, open?.reaction, transaction))
    }

    /// The action on a symptom: by itself, by the symptoms beside it, and by whether it was less bad before.
    private func action(
        on complaint: Complaint, with present: Set<String>, _ reading: any Reading
    ) throws -> Action {
        let (person, symptom) = (complaint.person, complaint.symptom)
        var action = symptom.action(
            complaint.healing(knowledge), complaint.degree, person.setting, knowledge.escalation)
        if try complaint.isWorsening || hasWorsened(complaint, reading) {
            action = max(action, knowledge.escalation.worseningAtLeast)
        }
        let others = try present.union(openReactions(of: person.person, reading).map(\.symptom))
            .compactMap(knowledge.symptom(named:))
        let isEmergency = others.contains {
            symptom.emergencyWith.contains($0.name) || $0.emergencyWith.contains(symptom.name)
        }
        return isEmergency ? .emergency : action
    }

    /// Whether the symptom was reported as less bad before, after the same session.
    private func hasWorsened(_ complaint: Complaint, _ reading: any Reading) throws -> Bool {
        guard let session = complaint.course?.session, complaint.symptom.name != Symptom.unknown else { return false }
        return try reading.store.rows(
            "SELECT severity FROM aftercare_reports WHERE person = ? AND symptom = ? AND session = ?",
            complaint.person.person, complaint.symptom.name, session
        ).contains { row in
            guard let before = row.text("severity").flatMap(Degree.init) else {
                throw ModuleError.internal("a row of aftercare_reports cannot be read")
            }
            return before < complaint.degree
        }
    }

    private func findings(
        on complaint: Complaint, _ action: Action, _ reaction: Int64?, _ reading: any Reading
    ) throws -> [Finding] {
        let (person, symptom) = (complaint.person, complaint.symptom)
        let zone = reading.zone(of: person)
        // A symptom that is more than mild, or becomes worse, is never told to be a part of healing.
        let isHealing =
            action <= .watch && !symptom.normal.isEmpty && complaint.degree == .mild && !complaint.isWorsening
        var until: Deadline?
        if isHealing, let expected = symptom.expectedFor, let ended = complaint.course?.ended {
            until = .instant(zone.adding(expected, to: ended))
        }
        var found = try knowledge.findings.find(
            action.code, person.setting, in: zone, until: until, sources: symptom.sources,
            [
                "symptom": symptom.text, "what": isHealing ? symptom.normal : symptom.concern,
                "advice": symptom.advice, "number": knowledge.emergencyNumber,
            ])
        if let word = complaint.said.unknown {
            let near = knowledge.symptomsNear(word)
            let meant = near.isEmpty ? "" : " Perhaps \(near.joined(separator: " or ")) is meant."
            found += try knowledge.findings.find(
                .symptomUnknown, person.setting, in: zone,
                ["word": word, "taken": symptom.text, "suggestions": meant])
        }
        if let course = complaint.course, course.ended == nil, symptom.stopsSession || action > .expected {
            found += try knowledge.findings.find(.stopSession, person.setting, in: zone, ["session": course.session])
        }
        if let reaction {
            found += try openReactions(of: person.person, reading).filter { $0.reaction == reaction }
                .flatMap { try findings(for: $0, person.setting, zone) }
        }
        return found
    }
}
