import MneedleKit

/// Answers that were given once, for a person, a setting and areas.
struct Assessment: AboutAssessment {
    let id: Int64
    let person: String
    let at: Instant
    let setting: Setting
    /// The areas that the answers are meant for; empty for any area.
    let areas: [String]
    let answers: Object

    /// Whether the assessment was made for all of these areas.
    func covers(_ planned: [String]) -> Bool { areas.isEmpty || Set(planned).isSubset(of: areas) }

    var assessment: Assessment { self }
    static let members: [Member<Assessment>] =
        aboutAssessment + [Member("answers", "what was answered", \.answers)]
}

/// A reply that begins with the members of an assessment.
protocol AboutAssessment: Reply {
    var assessment: Assessment { get }
}

extension AboutAssessment {
    static var aboutAssessment: [Member<Self>] {
        [
            Member("assessment", "its number") { $0.assessment.id },
            Member("person", "whom it concerns") { $0.assessment.person },
            Member("at", "when it was made") { $0.assessment.at },
            Member("setting", "where") { $0.assessment.setting },
            Member("areas", "for what; absent for any area") {
                $0.assessment.areas.isEmpty ? nil : $0.assessment.areas
            },
        ]
    }
}

/// An assessment as it was judged at the time.
struct PastAssessment: AboutAssessment {
    let assessment: Assessment
    let decision: Judgement.Decision
    let until: CivilDate?
    let findings: [PastFinding]
    let missing: [String]
    let missingOptional: [String]
    let validUntil: Instant?
    let isValid: Bool

    // The answers are last, for people who read the reply as a table.
    static let members: [Member<PastAssessment>] =
        aboutAssessment + [
            Member("decision", "what came out", \.decision), Member("until", "for defer: until when", \.until),
            Member(
                "valid_until", "until when it lets sessions start; absent for one that is incomplete", \.validUntil),
            Member("valid", "whether that time is not over yet", \.isValid),
            Member("findings", "what was found", \.findings), Member("missing", "what was not answered", \.missing),
            Member("missing_optional", "what was not answered and need not be", \.missingOptional),
            Member("answers", "what was answered", \.assessment.answers),
        ]
}

/// A finding as it was kept, even if it would be another today.
struct PastFinding: ReplyValue {
    let kept: Value

    static var schema: Object { Finding.schema }
    static var isOptional: Bool { false }
    var member: Value? { kept }
}

/// A row of `screening_assessments`.
struct AssessmentRow {
    private let row: Row
    private let reading: any Reading
    static let damaged = ModuleError.internal("a row of screening_assessments cannot be read")

    init(_ row: Row, _ reading: any Reading) { (self.row, self.reading) = (row, reading) }

    func assessment() throws -> Assessment {
        guard let id = row.integer("id"), let person = row.text("person"), let at = row.instant("assessed_at"),
            let setting = row.text("setting").flatMap(Setting.init),
            case .object(let answers) = try value("answers")
        else { throw AssessmentRow.damaged }
        return Assessment(
            id: id, person: person, at: at, setting: setting, areas: try texts("areas"), answers: answers)
    }

    func missing() throws -> [String] { try texts("missing") }

    func judged(_ validity: Validity, _ zone: Zone) throws -> PastAssessment {
        let assessment = try assessment()
        guard let decision = row.text("decision").flatMap(Judgement.Decision.init) else { throw AssessmentRow.damaged }
        let isComplete = decision != .incomplete
        return PastAssessment(
            assessment: assessment, decision: decision, until: row.date("until_day"),
            findings: try list("findings").map(PastFinding.init), missing: try missing(),
            missingOptional: try texts("missing_optional"),
            validUntil: isComplete ? validity.end(of: assessment, zone) : nil,
            isValid: isComplete && validity.holds(assessment, at: reading.now, zone))
    }

    private func value(_ column: String) throws -> Value {
        guard let json = row.text(column) else { throw AssessmentRow.damaged }
        return try reading.store.value(json: json)
    }

    private func list(_ column: String) throws -> [Value] {
        guard case .list(let list) = try value(column) else { throw AssessmentRow.damaged }
        return list
    }

    private func texts(_ column: String) throws -> [String] {
        try list(column).map {
            guard case .string(let text) = $0 else { throw AssessmentRow.damaged }
            return text
        }
    }
}

/// The time for which an assessment lets sessions start.
struct Validity: Sendable {
    private let span: Span

    init(_ setup: Setup) throws {
        span = try setup[assessmentValidForKey]
        if span.days < 0 || span.milliseconds < 0 || span == Span() {
            setup.report(
                assessmentValidForKey, "expected a duration over zero such as \"24h\", got \"\(span)\"")
        }
    }

    func end(of assessment: Assessment, _ zone: Zone) -> Instant { zone.adding(span, to: assessment.at) }

    /// Whether an assessment counts at `instant`. One from a later time, made before the clock was set back, does not, nor does
    /// one that is over.
    func holds(_ assessment: Assessment, at instant: Instant, _ zone: Zone) -> Bool {
        assessment.at <= instant && instant < end(of: assessment, zone)
    }
}

extension Screening {
    /// The person whose past is asked for.
    static let whose = Parameter.required("person", .slug, "Whose.")

    var history: Command {
        Command(
            "history", "Lists a person's assessments, the newest first, as they were judged at the time.",
            role: .reader, takes: Screening.whose, gives: PastAssessment.self, errors: [.notFound],
            concerns: .named("person", rows: ["person"]), example: "screening.history person=anna",
            lists: { reading, send, name in
                let person = try reading.person(name)
                let zone = reading.zone(of: person)
                try eachAssessment(of: person.person, reading) { try send($0.judged(validity, zone)) }
            })
    }

    /// Calls `body` with a person's assessments, newest first.
    func eachAssessment(
        of person: String, newest count: Int = .max, _ reading: any Reading, _ body: (AssessmentRow) throws -> Void
    ) throws {
        let sql = "SELECT * FROM screening_assessments WHERE person = ? ORDER BY id DESC LIMIT ?"
        try reading.store.forEach(sql, [person.sql, count.sql]) { row in try body(AssessmentRow(row, reading)) }
    }
}
