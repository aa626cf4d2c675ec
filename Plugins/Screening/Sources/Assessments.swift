import MneedleKit

/// Answers that were given once, for a person, a setting and areas.
struct Assessment: Sendable {
    let id: Int64
    let person: String
    let at: Instant
    let setting: Setting
    /// Empty for any area.
    let areas: [String]
    let answers: Object

    /// Whether it was made with all of these areas in mind.
    func covers(_ planned: [String]) -> Bool { areas.isEmpty || Set(planned).isSubset(of: areas) }

    var object: Object {
        [
            "assessment": id, "person": person, "at": at, "setting": setting.rawValue,
            "areas": areas.isEmpty ? nil : areas, "answers": answers,
        ]
    }
}

extension Assessment {
    init(_ row: Row, _ reading: any Reading) throws {
        guard let id = row.integer("id"), let person = row.text("person"), let at = row.instant("assessed_at"),
            let setting = row.text("setting").flatMap(Setting.init),
            case .list(let areas) = try reading.value(json: row.text("areas") ?? ""),
            case .object(let answers) = try reading.value(json: row.text("answers") ?? "")
        else { throw ModuleError.internal("a row of screening_assessments cannot be read") }
        self.init(
            id: id, person: person, at: at, setting: setting,
            areas: areas.compactMap { if case .string(let area) = $0 { area } else { nil } }, answers: answers)
    }
}

/// How long an assessment lets sessions start.
struct Validity: Sendable {
    private let span: Span

    init(_ setup: Setup) {
        span = setup.configuration.duration("assessment_valid_for") ?? Span(milliseconds: 86_400_000)
        if span.days < 0 || span.milliseconds < 0 || span == Span() {
            setup.problems.report(
                Problem(
                    file: "mneedled.toml", key: "screening.assessment_valid_for",
                    reason: "expected a duration over zero such as \"24h\", got \"\(span)\""))
        }
    }

    func end(of assessment: Assessment, _ zone: Zone) -> Instant { zone.adding(span, to: assessment.at) }

    /// An assessment from later than `instant`, after the clock was set back, counts as little as one that is over.
    func holds(_ assessment: Assessment, at instant: Instant, _ zone: Zone) -> Bool {
        assessment.at <= instant && instant < end(of: assessment, zone)
    }
}

extension Screening {
    var history: Command {
        Command(
            "history", "Lists a person's assessments, the newest first, as they were judged at the time.",
            role: .reader,
            parameters: [.required("person", .slug, "Whose.")],
            reply: [
                ReplyMember("assessment", "its number"), ReplyMember("person", "whom it concerns"),
                ReplyMember("at", "when"), ReplyMember("setting", "where"),
                ReplyMember("areas", "for what; absent for any area"),
                ReplyMember("decision", "what came out"), ReplyMember("until", "for defer: until when"),
                ReplyMember("valid_until", "until when it lets sessions start; absent for one that is incomplete"),
                ReplyMember("valid", "whether that time is not over yet"),
                ReplyMember("findings", "what was found"), ReplyMember("missing", "what was not answered"),
                ReplyMember("missing_optional", "what was not answered and need not be"),
                ReplyMember("answers", "what was answered"),
            ],
            errors: [.notFound], concerns: .named("person", rows: ["person"]), example: "screening.history person=anna",
            .lists(listHistory))
    }

    @Sendable private func listHistory(
        _ request: Request, _ reading: any Reading, _ send: Command.RowSink
    ) throws -> Object {
        let person = try reading.person(request.arguments.requiredText("person"))
        let zone = reading.zone(of: person)
        try eachAssessment(of: person.person, reading) { assessment, row in
            var object = assessment.object
            // Last, for those who read it as a table.
            object["answers"] = nil
            object["decision"] = row.text("decision")?.value
            object["until"] = row.date("until_day")?.value
            let isComplete = row.text("decision") != Judgement.Decision.incomplete.rawValue
            object["valid_until"] = isComplete ? validity.end(of: assessment, zone).value : nil
            object["valid"] = (isComplete && validity.holds(assessment, at: reading.now, zone)).value
            for column in ["findings", "missing", "missing_optional"] {
                object[column] = try reading.value(json: row.text(column) ?? "")
            }
            object["answers"] = assessment.answers.value
            try send(object)
        }
        return [:]
    }

    /// Calls `body` with a person's assessments, newest first.
    func eachAssessment(
        of person: String, newest count: Int = .max, _ reading: any Reading, _ body: (Assessment, Row) throws -> Void
    ) throws {
        let sql = "SELECT * FROM screening_assessments WHERE person = ? ORDER BY id DESC LIMIT ?"
        try reading.forEach(sql, [person.sql, count.sql]) { row in try body(Assessment(row, reading), row) }
    }
}
