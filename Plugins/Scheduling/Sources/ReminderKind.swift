import MneedleKit

enum Urgency: String, CaseIterable, ReplyValue { case low, normal, critical }

/// Something that people are reminded of: one `[[reminder]]` of `Config/knowledge/reminders.toml`.
struct ReminderKind: Sendable {
    /// The event or day that a reminder's time is counted from.
    enum Anchor: String, CaseIterable, Sendable { case event, until, planned, opens, best, closes }
    /// The subject that an entry must share with a reminder to close it.
    enum Match: String, CaseIterable, Sendable { case person, device }

    let name: String
    /// The kinds of entry that queue such a reminder.
    let on: [String]
    let anchor: Anchor
    let after: Span
    /// The number of days before a day of the window, instead of `after` it.
    let daysBefore: Int
    /// The hour of the day, where the person lives; `nil` where elapsed time counts.
    let hour: Int?
    /// Whether `hour` holds even where the person prefers another.
    let isHourFixed: Bool
    /// The number of times that a reminder comes, and the time between two of them.
    let times: Int
    let every: Span
    /// The kinds whose open reminders after the same session end when one of this kind is answered.
    let answerEnds: [String]
    /// The time after which a reminder has lost its meaning and does not come any more.
    let expiresAfter: Span?
    /// The day after which a reminder that is counted from the next session has lost its meaning.
    let expiresOn: Anchor?
    /// The title and body of a reminder that comes on a later day than it was due.
    let lateTitle: String?
    let lateBody: String?
    /// Whether a reminder permits something or looks ahead, so that it does not come while a finding without an end, such as
    /// an open reaction, forbids any session.
    let onlyWhileWell: Bool
    /// The number of a person's sessions up to which a reminder comes; `nil` where it always comes.
    let upToSession: Int?
    /// Whether a reminder comes for the first session of an accepted course only.
    let isForFirst: Bool
    /// The kind that says the same of the next window: where one of that kind is queued for the same day, this one does not come.
    let sameAs: String?
    let urgency: Urgency
    let title: String
    let body: String
    let closedBy: [String]
    let match: Match
    let replaces: Bool
    let setting: Setting?
    let sources: [Source]

    /// - Parameter course: The number of sessions in a course.
    init(_ table: Table, course: ClosedRange<Int>) {
        name = table.string("kind")
        on = table.strings("on")
        anchor = table.choice("anchor", standIn: .event)
        after = table.span("after", default: Span())
        let before = table.optionalSpan("before")
        daysBefore = before?.days ?? 0
        hour = table.optionalInteger("hour", in: 0...23)
        isHourFixed = table.bool("hour_is_fixed", default: false)
        times = table.integer("times", in: 1...100, default: 1)
        every = table.span("every", default: Span())
        answerEnds = table.strings("answer_ends", default: [])
        expiresAfter = table.optionalSpan("expires_after")
        expiresOn = table.optionalChoice("expires_on")
        lateTitle = table.optionalString("late_title", placeholders: ReminderKind.placeholders)
        lateBody = table.optionalString("late_body", placeholders: ReminderKind.placeholders)
        onlyWhileWell = table.bool("only_while_well", default: false)
        upToSession = table.bool("only_in_course", default: false) ? course.upperBound : nil
        isForFirst = table.bool("only_first", default: false)
        sameAs = table.optionalString("same_as")
        urgency = table.choice("urgency", default: .normal)
        let known = ReminderKind.placeholders + ["course"]
        title = ReminderKind.named(course, in: table.string("title", placeholders: known))
        body = ReminderKind.named(course, in: table.string("body", placeholders: known))
        closedBy = table.strings("closed_by", default: [])
        match = table.choice("match", default: .person)
        replaces = table.bool("replaces", default: true)
        setting = table.optionalChoice("setting")
        sources = table.sources()
        reportMistakes(table)
        if let before { reportMistakes(in: before, table) }
    }

    private func reportMistakes(in before: Span, _ table: Table) {
        if before.milliseconds != 0 || before.days == 0 { table.report("before", "only whole days are counted") }
        if anchor == .event { table.report("before", "nothing can come before what has just happened") }
        if table.has("after") { table.report("before", "give either 'before' or 'after'") }
    }

    private func reportMistakes(_ table: Table) {
        if (times > 1) != table.has("every") { table.report("every", "give 'times' (over 1) and 'every' together") }
        if times > 1 && every == Span() { table.report("every", "expected a time over zero") }
        if hour != nil && every.milliseconds != 0 { table.report("every", "with 'hour', only days are counted") }
        if hour == nil && isHourFixed { table.report("hour_is_fixed", "there is no 'hour'") }
        if let expiresAfter, expiresAfter.days != 0 { table.report("expires_after", "expected hours or minutes") }
        if let expiresOn {
            let isOfWindow = [.opens, .best, .closes].contains(anchor) && [.opens, .best, .closes].contains(expiresOn)
            if !isOfWindow && !(anchor == .planned && expiresOn == .planned) {
                table.report("expires_on", "expected a day of the window that 'anchor' is of, or planned for both")
            }
        }
        if (lateTitle ?? lateBody) != nil && !invites {
            table.report("late_title", "only for what is counted from the next session: 'anchor' is \(anchor.rawValue)")
        }
        if isForFirst && anchor != .planned {
            table.report("only_first", "only for each session of a course: 'anchor' is \(anchor.rawValue)")
        }
        if sameAs != nil && anchor != .planned {
            table.report("same_as", "only for each session of a course: 'anchor' is \(anchor.rawValue)")
        }
        if on.isEmpty && table.has("on") && anchor != .planned {
            table.report("on", "names no entry, so it is never queued")
        }
        if anchor != .event && hour == nil { table.report("hour", "missing: '\(anchor.rawValue)' is a whole day") }
        if hour != nil && after.milliseconds != 0 { table.report("after", "with 'hour', only days are counted") }
        if table.has("match") && closedBy.isEmpty { table.report("match", "give it only with 'closed_by'") }
        if name == ReminderKind.own { table.report("kind", "'\(name)' is what people queue themselves") }
        // A reminder that queues reminders would never end.
        for kind in on + closedBy where kind.hasPrefix("reminder.") {
            table.report("on", "'\(kind)' is an entry of this module")
        }
    }

    /// The kind of reminders that `scheduling.remind` queues.
    static let own = "custom"

    static let placeholders = [
        "person", "name", "device", "session", "sessions", "goal", "last", "opens", "best", "closes", "until", "what",
        "at",
    ]

    /// The text with `{course}` filled in at once, for it is the same for everybody.
    private static func named(_ course: ClosedRange<Int>, in text: String) -> String {
        filled(text, ["course": "\(course.lowerBound) to \(course.upperBound)"])
    }

    static func all(_ file: Table, course: ClosedRange<Int>) -> [ReminderKind] {
        var tables: [Table] = []
        let kinds = file.list("reminder", name: "kind", names: { [$0.name] }) { table in
            tables.append(table)
            return ReminderKind(table, course: course)
        }
        let names = Set(kinds.map(\.name))
        for (kind, table) in zip(kinds, tables) {
            for name in kind.answerEnds where !names.contains(name) {
                table.report("answer_ends", "no reminder is of the kind '\(name)'")
            }
            if let name = kind.sameAs, !names.contains(name) {
                table.report("same_as", "no reminder is of the kind '\(name)'")
            }
        }
        return kinds
    }
}
