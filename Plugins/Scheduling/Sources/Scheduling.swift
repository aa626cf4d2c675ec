import MneedleKit

let lateMinutesKey = Parameter.optional(
    "late_minutes", .integer(0...1440),
    "Minutes after which a reminder that was delivered late, after downtime, is marked as late.", default: 5)
let digestFromKey = Parameter.optional(
    "digest_from", .integer(2...10_000), "So many late reminders of one person come as one digest.", default: 5)

/// The symbol that the host looks up in this library.
@_cdecl("mneedle_module_scheduling")
public func mneedleModuleScheduling() -> UnsafeMutableRawPointer { definition.export() }

/// Knows when the skin may be needled again, and reminds people of that, of aftercare and of cleaning.
let definition = ModuleDefinition(
    manifest: Manifest(
        name: "scheduling", version: "0.1.0",
        summary: "Says when the next session may be, blocks one that comes too soon, and keeps reminders.",
        guards: true,
        configuration: .of(lateMinutesKey, digestFromKey),
        knowledge: ["intervals", "reminders"],
        records: ["reminder.*", "plan.*", "preferences.*"]),
    migrations: migrations
) { setup in
    let scheduling = Scheduling(try SchedulingKnowledge(setup))
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
        agenda: [scheduling.agenda],
        reactions: scheduling.reactions,
        timers: [scheduling.delivery],
        figures: [scheduling.openReminders],
        possessions: [.numbered("reminder", "SELECT person FROM scheduling_reminders WHERE id = ?")])
}

let migrations = [
    Migration(
        1, "past sessions, reminders, how people want them, and accepted courses",
        [
            .table(
                "scheduling_sessions",
                [
                    .integer("session").primaryKey(), .person(), .time("ended_at"), .text("goal").optional().sealed(),
                    .text("setting").optional(), .text("aim").optional().sealed(),
                ]),
            .index("scheduling_sessions_person", on: "scheduling_sessions", ["person", "ended_at"]),
            .table(
                "scheduling_reminders",
                [
                    .id, .person(), .text("kind"), .text("title").sealed(), .text("body").optional().sealed(),
                    .text("urgency"),
                    .text("state"), .time("due_at"), .time("planned_at"), .time("created_at"), .time("changed_at"),
                    .integer("session").optional(), .text("device").optional(), .text("closed_because").optional(),
                ]),
            .index("scheduling_reminders_person", on: "scheduling_reminders", ["person", "due_at"]),
            // The timer asks for the earliest reminder after every change; closed ones must not slow that down.
            .index(
                "scheduling_reminders_waiting", on: "scheduling_reminders", ["due_at", "id"],
                where: "state IN ('pending', 'snoozed')"),
            .index(
                "scheduling_reminders_device", on: "scheduling_reminders", ["device", "kind"],
                where: "device IS NOT NULL"),
            .index("scheduling_reminders_due", on: "scheduling_reminders", ["due_at", "id"], where: "state = 'due'"),
            // Reminders that people queue themselves are left out: the command that is called most does not pay for it.
            .index(
                "scheduling_reminders_kind", on: "scheduling_reminders", ["person", "kind"], where: "kind <> 'custom'"),
            .table(
                "scheduling_preferences",
                [
                    .person().primaryKey(), .integer("hour").optional(), .integer("quiet_from").optional(),
                    .integer("quiet_to").optional(), .text("kinds_off").sealed(), .text("moved").sealed(),
                ]),
            .table("scheduling_plans", [.person().primaryKey(), .text("plan").sealed()]),
        ])
]

/// The module at work: its knowledge, and one command or judgement in each file of this folder.
struct Scheduling: Sendable {
    let knowledge: SchedulingKnowledge

    init(_ knowledge: SchedulingKnowledge) { self.knowledge = knowledge }
}
