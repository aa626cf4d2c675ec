import MneedleKit

let assessmentValidForKey = Parameter.optional(
    "assessment_valid_for", .duration, "How long an assessment allows sessions to start.", default: .hours(24))
let washOutDaysKey = Parameter.optional(
    "wash_out_days", .object(WashOut.parameters),
    "The practice's own waiting days in place of the knowledge file's practice defaults.", default: Arguments())

/// The symbol that the host looks up in this library.
@_cdecl("mneedle_module_screening")
public func mneedleModuleScreening() -> UnsafeMutableRawPointer { definition.export() }

/// Asks the questions that come before a session, and judges the answers by the rules of the knowledge file.
let definition = ModuleDefinition(
    manifest: Manifest(
        name: "screening", version: "0.1.0",
        summary: "Asks what has to be known before a session and says what speaks against it, with sources.",
        guards: true,
        configuration: .of(assessmentValidForKey, washOutDaysKey),
        knowledge: ["screening", "areas", "devices", "intervals", "reasons"]),
    migrations: migrations
) { setup in
    let screening = Screening(try ScreeningKnowledge(setup), try Validity(setup))
    return Module(
        commands: [
            screening.questions, screening.assess, screening.history, screening.rules, screening.remembered,
            screening.correct, screening.lastNeedled,
        ],
        checks: [screening.check],
        standing: [screening.standing],
        agenda: [screening.agenda],
        reactions: [screening.whenReactionOpened, screening.whenReactionResolved])
}

let migrations = [
    Migration(
        1, "assessments, and answers that stay true",
        [
            .table(
                "screening_assessments",
                [
                    .id, .person(), .time("assessed_at"), .text("setting"), .text("areas").sealed(),
                    .text("answers").sealed(), .text("decision").sealed(), .date("until_day").optional(),
                    .text("findings").sealed(), .text("missing").sealed(), .text("missing_optional").sealed(),
                ]),
            .index("screening_assessments_person", on: "screening_assessments", ["person", "id"]),
            .table(
                "screening_remembered",
                [
                    .person(), .text("question").matched(), .time("remembered_at"), .text("because").sealed(),
                    .date("day").optional(),
                ], primaryKey: ["person", "question"]),
        ])
]

/// The module at work: its knowledge, and one command or judgement in each file of this folder.
struct Screening: Sendable {
    let knowledge: ScreeningKnowledge
    let validity: Validity

    init(_ knowledge: ScreeningKnowledge, _ validity: Validity) {
        self.knowledge = knowledge
        self.validity = validity
    }
}
