import MneedleKit

/// What the host looks up in this library.
@_cdecl("mneedle_module_scheduling")
public func mneedleModuleScheduling() -> UnsafeMutableRawPointer { definition.export() }

/// Knows when the skin may be needled again, and reminds people of that, of aftercare and of cleaning.
let definition = ModuleDefinition(
    manifest: Manifest(
        name: "scheduling", version: "0.1.0",
        summary: "Says when the next session may be, blocks one that comes too soon, and keeps reminders.",
        guards: true,
        configuration: [
            ConfigurationKey(
                "late_minutes", .integer(0...1440), default: 5,
                "Minutes after which a reminder that was delivered late, after downtime, is marked as late."),
            ConfigurationKey(
                "digest_from", .integer(2...10_000), default: 5,
                "So many late reminders of one person come as one digest."),
        ],
        knowledge: ["intervals", "reminders"],
        records: ["reminder.*", "plan.*", "preferences.*"]),
    migrations: migrations
) { setup in
    let scheduling = Scheduling(Knowledge(setup))
    return Module(
        commands: [
            scheduling.next, scheduling.listReminders, scheduling.showReminder, scheduling.plan, scheduling.accept,
            scheduling.showPlan, scheduling.cancelPlan, scheduling.kinds,
            scheduling.showPreferences, scheduling.setPreferences, scheduling.remind, scheduling.done,
            scheduling.snooze,
            scheduling.dismiss, scheduling.calendar, scheduling.rules,
        ],
        checks: [scheduling.check],
        standing: [scheduling.standing],
        reactions: scheduling.reactions,
        timers: [scheduling.delivery],
        figures: [scheduling.openReminders],
        possessions: [.numbered("reminder", "SELECT person FROM scheduling_reminders WHERE id = ?")])
}

let migrations = [
    Migration(
        1, "past sessions, reminders, how people want them, and accepted courses",
        [
            """
            CREATE TABLE scheduling_sessions (
                session BIGINT NOT NULL PRIMARY KEY,
                person TEXT NOT NULL,
                ended_at BIGINT NOT NULL,
                goal TEXT,
                setting TEXT,
                aim TEXT)
            """,
            "CREATE INDEX scheduling_sessions_person ON scheduling_sessions (person, ended_at)",
            """
            CREATE TABLE scheduling_reminders (
                id INTEGER PRIMARY KEY,
                person TEXT NOT NULL,
                kind TEXT NOT NULL,
                title TEXT NOT NULL,
                body TEXT,
                urgency TEXT NOT NULL,
                state TEXT NOT NULL,
                due_at BIGINT NOT NULL,
                planned_at BIGINT NOT NULL,
                created_at BIGINT NOT NULL,
                changed_at BIGINT NOT NULL,
                session BIGINT,
                device TEXT,
                closed_because TEXT)
            """,
            "CREATE INDEX scheduling_reminders_person ON scheduling_reminders (person, due_at)",
            // The timer asks for the earliest after every change; what is over must not slow that down.
            """
            CREATE INDEX scheduling_reminders_waiting ON scheduling_reminders (due_at, id)
            WHERE state IN ('pending', 'snoozed')
            """,
            """
            CREATE INDEX scheduling_reminders_device ON scheduling_reminders (device, kind)
            WHERE device IS NOT NULL
            """,
            """
            CREATE INDEX scheduling_reminders_due ON scheduling_reminders (due_at, id) WHERE state = 'due'
            """,
            // Without those that people queue themselves: the command that is called most does not pay for it.
            """
            CREATE INDEX scheduling_reminders_kind ON scheduling_reminders (person, kind) WHERE kind <> 'custom'
            """,
            """
            CREATE TABLE scheduling_preferences (
                person TEXT NOT NULL PRIMARY KEY,
                hour BIGINT,
                quiet_from BIGINT,
                quiet_to BIGINT,
                kinds_off TEXT NOT NULL,
                moved TEXT NOT NULL)
            """,
            "CREATE TABLE scheduling_plans (person TEXT NOT NULL PRIMARY KEY, plan TEXT NOT NULL)",
        ])
]

/// The module at work: its knowledge, and one command or judgement in each file of this folder.
struct Scheduling: Sendable {
    let knowledge: Knowledge

    init(_ knowledge: Knowledge) { self.knowledge = knowledge }
}
