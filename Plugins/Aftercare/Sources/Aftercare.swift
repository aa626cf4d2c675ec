import MneedleKit

/// What the host looks up in this library.
@_cdecl("mneedle_module_aftercare")
public func mneedleModuleAftercare() -> UnsafeMutableRawPointer { definition.export() }

/// Looks after the skin from the first needle on: what to avoid and for how long, what is normal,
/// and what to do about what is not. A red flag blocks further sessions until somebody has closed it.
let definition = ModuleDefinition(
    manifest: Manifest(
        name: "aftercare", version: "0.1.0",
        summary: "Says what the skin needs after a session, which products may touch it, and what a symptom means.",
        guards: true,
        configuration: [
            ConfigurationKey(
                "actives_hours", .integer(1...720), default: 72,
                "Hours after a session without active products; at home not under 48, in a clinic not under 72.")
        ],
        knowledge: ["aftercare", "areas"],
        records: ["symptom.*", "reaction.*"]),
    migrations: migrations
) { setup in
    let aftercare = Aftercare(Knowledge(setup))
    return Module(
        commands: [
            aftercare.plan, aftercare.until, aftercare.mayUse, aftercare.report, aftercare.resolve,
            aftercare.reactions, aftercare.symptoms, aftercare.products, aftercare.guidance,
        ],
        standing: [aftercare.standing],
        reactions: [aftercare.whenStarted, aftercare.whenFinished, aftercare.whenStopped],
        possessions: [.numbered("reaction", "SELECT person FROM aftercare_reactions WHERE id = ?")])
}

let migrations = [
    Migration(
        1, "courses of aftercare with their windows, reports and reactions",
        [
            """
            CREATE TABLE aftercare_courses (
                id INTEGER PRIMARY KEY,
                session BIGINT NOT NULL UNIQUE,
                person TEXT NOT NULL,
                began_at BIGINT NOT NULL,
                ended_at BIGINT,
                areas TEXT NOT NULL)
            """,
            "CREATE INDEX aftercare_courses_person ON aftercare_courses (person, began_at)",
            """
            CREATE TABLE aftercare_windows (
                id INTEGER PRIMARY KEY,
                session BIGINT NOT NULL,
                person TEXT NOT NULL,
                code TEXT NOT NULL,
                kind TEXT NOT NULL,
                starts_at BIGINT NOT NULL,
                ends_at BIGINT NOT NULL,
                text TEXT NOT NULL,
                sources TEXT NOT NULL,
                UNIQUE (session, code))
            """,
            "CREATE INDEX aftercare_windows_person ON aftercare_windows (person, ends_at)",
            """
            CREATE TABLE aftercare_reactions (
                id INTEGER PRIMARY KEY,
                person TEXT NOT NULL,
                setting TEXT NOT NULL,
                symptom TEXT NOT NULL,
                action TEXT NOT NULL,
                opened_at BIGINT NOT NULL,
                closed_at BIGINT,
                closed_by TEXT,
                physician TEXT,
                judged_on TEXT,
                allergy TEXT,
                note TEXT)
            """,
            // One open reaction a symptom: a second report of it joins the first.
            """
            CREATE UNIQUE INDEX aftercare_reactions_open ON aftercare_reactions (person, symptom)
            WHERE closed_at IS NULL
            """,
            """
            CREATE TABLE aftercare_reports (
                id INTEGER PRIMARY KEY,
                person TEXT NOT NULL,
                symptom TEXT NOT NULL,
                severity TEXT NOT NULL,
                action TEXT NOT NULL,
                reported_at BIGINT NOT NULL,
                session BIGINT,
                reaction BIGINT,
                said TEXT,
                note TEXT)
            """,
            "CREATE INDEX aftercare_reports_person ON aftercare_reports (person, reported_at)",
        ])
]

/// The module at work: its knowledge, and one command or judgement in each file of this folder.
struct Aftercare: Sendable {
    let knowledge: Knowledge

    init(_ knowledge: Knowledge) { self.knowledge = knowledge }
}
