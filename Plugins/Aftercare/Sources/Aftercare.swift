import MneedleKit

let activesHoursKey = Parameter.optional(
    "actives_hours", .integer(1...720),
    "Hours after a session without active products; at home not under 48, in a clinic not under 72.", default: 72)

let emergencyNumberKey = Parameter.optional(
    "emergency_number", .line(maximum: 20), "The number to call in an emergency, in the country of this service.",
    default: "112")

/// The symbol that the host looks up in this library.
@_cdecl("mneedle_module_aftercare")
public func mneedleModuleAftercare() -> UnsafeMutableRawPointer { definition.export() }

/// Looks after the skin from the first needle on. It says what to avoid and for how long, which symptoms are normal,
/// and what to do about the others. A red flag blocks further sessions until somebody has closed it.
let definition = ModuleDefinition(
    manifest: Manifest(
        name: "aftercare", version: "0.1.0",
        summary: "Says what the skin needs after a session, which products may touch it, and what a symptom means.",
        guards: true,
        configuration: .of(activesHoursKey, emergencyNumberKey),
        knowledge: ["aftercare", "areas"],
        records: ["symptom.*", "reaction.*"]),
    migrations: migrations
) { setup in
    let aftercare = Aftercare(try AftercareKnowledge(setup))
    return Module(
        commands: [
            aftercare.plan, aftercare.until, aftercare.mayUse, aftercare.report, aftercare.resolve,
            aftercare.reactions, aftercare.symptoms, aftercare.products, aftercare.guidance,
        ],
        standing: [aftercare.standing],
        agenda: [aftercare.agenda],
        reactions: [aftercare.whenStarted, aftercare.whenFinished, aftercare.whenStopped, aftercare.whenExplained],
        possessions: [.numbered("reaction", "SELECT person FROM aftercare_reactions WHERE id = ?")],
        events: [.init(.reactionOpened), .init(.reactionResolved)])
}

let migrations = [
    Migration(
        1, "courses of aftercare with their windows, reports and reactions",
        [
            .table(
                "aftercare_courses",
                [
                    .id, .integer("session").unique(), .person(), .time("began_at"),
                    .time("ended_at").optional(), .text("areas").sealed(),
                ]),
            .index("aftercare_courses_person", on: "aftercare_courses", ["person", "began_at"]),
            .table(
                "aftercare_windows",
                [
                    .id, .integer("session"), .person(), .text("code"), .text("kind"), .time("starts_at"),
                    .time("ends_at"), .text("text").sealed(), .text("sources").sealed(),
                ], unique: ["session", "code"]),
            .index("aftercare_windows_person", on: "aftercare_windows", ["person", "ends_at"]),
            .table(
                "aftercare_reactions",
                [
                    .id, .person(), .text("setting"), .text("symptom").matched(), .text("action").sealed(),
                    .time("opened_at"), .time("closed_at").optional(), .text("closed_by").optional().sealed(),
                    .text("physician").optional().sealed(), .date("judged_on").optional().sealed(),
                    .text("allergy").optional().sealed(), .text("note").optional().sealed(),
                ]),
            // A symptom has one open reaction: a second report of it joins the first.
            .index(
                "aftercare_reactions_open", on: "aftercare_reactions", ["person", "symptom"], isUnique: true,
                where: "closed_at IS NULL"),
            .table(
                "aftercare_reports",
                [
                    .id, .person(), .text("symptom").matched(), .text("severity").sealed(), .text("action").sealed(),
                    .time("reported_at"), .integer("session").optional(), .integer("reaction").optional(),
                    .text("said").optional().sealed(), .text("note").optional().sealed(),
                ]),
            .index("aftercare_reports_person", on: "aftercare_reports", ["person", "reported_at"]),
        ])
]

/// The module at work: its knowledge, and one command or judgement in each file of this folder.
struct Aftercare: Sendable {
    let knowledge: AftercareKnowledge

    init(_ knowledge: AftercareKnowledge) { self.knowledge = knowledge }
}
