import MneedleKit

/// How a person wants to be reminded: at which hour, when not, of what not.
struct Preferences: Sendable, Equatable {
    let person: String
    /// The hour of the day for what comes on a day rather than at a time.
    var hour: Int?
    /// From this hour on nothing comes until `quietTo`, but what is critical; equal hours for never.
    var quietFrom: Int
    var quietTo: Int
    /// Kinds that do not come at all.
    var off: Set<String> = []
    /// Kinds that come at an hour of their own.
    var moved: [String: Int] = [:]

    init(of person: String, _ defaults: ReminderDefaults, in reading: any Reading) throws {
        self.person = person
        (hour, quietFrom, quietTo) = (nil, defaults.quietFrom, defaults.quietTo)
        let sql = "SELECT hour, quiet_from, quiet_to, kinds_off, moved FROM scheduling_preferences WHERE person = ?"
        guard let row = try reading.row(sql, person) else { return }
        hour = Preferences.hour(row.integer("hour"))
        quietFrom = Preferences.hour(row.integer("quiet_from")) ?? quietFrom
        quietTo = Preferences.hour(row.integer("quiet_to")) ?? quietTo
        if case .list(let kinds) = try reading.value(json: row.text("kinds_off") ?? "[]") {
            off = Set(kinds.compactMap { if case .string(let kind) = $0 { kind } else { nil } })
        }
        if case .object(let hours) = try reading.value(json: row.text("moved") ?? "{}") {
            for member in hours.members {
                if case .integer(let hour) = member.value { moved[member.name] = Preferences.hour(hour) }
            }
        }
    }

    /// A stored hour; `nil` for one that no clock shows.
    private static func hour(_ stored: Int64?) -> Int? { stored.flatMap { 0...23 ~= $0 ? Int($0) : nil } }

    /// The hour at which a kind that has one comes.
    func hour(for kind: ReminderKind) -> Int? {
        guard let usual = kind.hour else { return nil }
        return moved[kind.name] ?? (kind.isHourFixed ? usual : hour ?? usual)
    }

    /// `due`, or the end of the quiet hours where it lies in them.
    func outOfQuiet(_ due: Instant, _ kind: ReminderKind, _ zone: Zone) -> Instant {
        outOfQuiet(due, kind.urgency, zone)
    }

    func outOfQuiet(_ due: Instant, _ urgency: Urgency, _ zone: Zone) -> Instant {
        guard urgency != .critical, quietFrom != quietTo else { return due }
        let minute = zone.minuteOfDay(of: due)
        let (from, to) = (quietFrom * 60, quietTo * 60)
        let isQuiet = from < to ? minute >= from && minute < to : minute >= from || minute < to
        guard isQuiet else { return due }
        // Past midnight the quiet hours end on the same day, before it on the next.
        let day = zone.date(of: due).adding(days: minute >= from && from > to ? 1 : 0)
        return zone.instant(of: day, minuteOfDay: to)
    }

    var object: Object {
        [
            "person": person, "hour": hour, "quiet_from": quietFrom, "quiet_to": quietTo, "off": off.sorted(),
            "moved": Object(
                uniqueMembers: moved.sorted { $0.key < $1.key }.map { .init($0.key, .integer(Int64($0.value))) }),
        ]
    }

    func write(_ transaction: any Transaction) throws {
        let shown = object
        try transaction.execute(
            """
            INSERT INTO scheduling_preferences (person, hour, quiet_from, quiet_to, kinds_off, moved)
            VALUES (?, ?, ?, ?, ?, ?)
            ON CONFLICT (person) DO UPDATE SET hour = excluded.hour, quiet_from = excluded.quiet_from,
                quiet_to = excluded.quiet_to, kinds_off = excluded.kinds_off, moved = excluded.moved
            """, person, hour, quietFrom, quietTo, transaction.json(shown["off"] ?? .list([])),
            transaction.json(shown["moved"] ?? .object([:])))
    }
}

/// What holds for people who have not said how they want to be reminded: `[people]` of `reminders.toml`.
struct ReminderDefaults: Sendable {
    let quietFrom: Int
    let quietTo: Int
    /// What a reminder that comes late says beside its text: {due}.
    let late: String

    init(_ file: Table) {
        let table = file.table("people")
        if table == nil { file.report("people", "missing: the quiet hours of people who have set none") }
        quietFrom = table?.integer("quiet_from", in: 0...23) ?? 0
        quietTo = table?.integer("quiet_to", in: 0...23) ?? 0
        late = table?.string("late") ?? ""
    }
}

extension Scheduling {
    private static let reply = [
        ReplyMember("person", "whose"), ReplyMember("hour", "the preferred hour of the day, if one is set"),
        ReplyMember("quiet_from", "from this hour on nothing comes but what is critical"),
        ReplyMember("quiet_to", "until this hour; the same as quiet_from for no quiet hours"),
        ReplyMember("off", "kinds that do not come"), ReplyMember("moved", "kinds with an hour of their own"),
    ]

    var showPreferences: Command {
        Command(
            "show-preferences", "Shows how a person wants to be reminded.", role: .reader,
            parameters: [.required("person", .slug, "Whose.")], reply: Scheduling.reply, errors: [.notFound],
            concerns: .named("person"), example: "scheduling.show-preferences person=anna",
            .reads { request, reading in
                let person = try reading.person(request.arguments.requiredText("person")).person
                return try Preferences(of: person, knowledge.defaults, in: reading).object
            })
    }

    var setPreferences: Command {
        Command(
            "set-preferences", "Sets how a person wants to be reminded; what is left out stays. Plans what waits anew.",
            role: .operator,
            parameters: [
                .required("person", .slug, "Whose."),
                .optional("hour", .integer(0...23), "The hour of the day for what comes on a day."),
                .optional("quiet_from", .integer(0...23), "From this hour on nothing comes but what is critical."),
                .optional("quiet_to", .integer(0...23), "Until this hour; the same as quiet_from for no quiet hours."),
                .optional("off", .list(.slug), "Kinds that shall not come; see scheduling.kinds."),
                .optional("on", .list(.slug), "Kinds that shall come again."),
                .optional(
                    "move", .list(.line(maximum: 80)),
                    "Kinds with an hour of their own: KIND:HOUR, or KIND: for the usual one."),
            ],
            reply: Scheduling.reply, errors: [.notFound],
            concerns: .named("person"),
            example: "scheduling.set-preferences person=anna hour=18 quiet_from=21 quiet_to=8 off=window-opens",
            .writes { request, transaction in
                let arguments = request.arguments
                let person = try transaction.person(arguments.requiredText("person"))
                let before = try Preferences(of: person.person, knowledge.defaults, in: transaction)
                var after = before
                if let hour = arguments.integer("hour") { after.hour = Int(hour) }
                if let hour = arguments.integer("quiet_from") { after.quietFrom = Int(hour) }
                if let hour = arguments.integer("quiet_to") { after.quietTo = Int(hour) }
                for name in arguments.texts("off") ?? [] {
                    guard try known(name, "off").urgency != .critical else {
                        throw ModuleError.invalidArgument(
                            "off", expected: "a kind that is not critical", got: name,
                            "'\(name)' is critical and cannot be switched off; answer it when it comes")
                    }
                    after.off.insert(name)
                }
                for name in arguments.texts("on") ?? [] { after.off.remove(try known(name, "on").name) }
                for text in arguments.texts("move") ?? [] { try move(text, in: &after) }
                guard after != before else { return after.object }
                try after.write(transaction)
                try transaction.record(
                    Entry(
                        "preferences.changed", subject: "person/\(person.person)", person: person.person,
                        body: after.object))
                return after.object
            })
    }

    private func move(_ text: String, in preferences: inout Preferences) throws {
        let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
        let kind = try known(String(parts[0]), "move")
        guard parts.count == 2, kind.hour != nil, parts[1].isEmpty || (Int(parts[1]).map { 0...23 ~= $0 } ?? false)
        else {
            throw ModuleError.invalidArgument(
                "move", expected: "KIND:HOUR for a kind that comes at an hour, with an hour from 0 to 23", got: text)
        }
        preferences.moved[kind.name] = Int(parts[1])
    }

    private func known(_ name: String, _ argument: String) throws -> ReminderKind {
        if let kind = knowledge.kind(named: name) { return kind }
        let names = knowledge.kinds.map(\.name)
        var error = ModuleError.invalidArgument(
            argument, expected: "one of \(names.joined(separator: ", "))", got: name,
            "there is no kind of reminder '\(name)'; scheduling.kinds lists them")
        error.members["suggestions"] = suggestions(for: name, in: names).value
        throw error
    }

    var kinds: Command {
        Command(
            "kinds", "Lists what people are reminded of, when and on which sources.", role: .reader,
            reply: [
                ReplyMember("kind", "its name"), ReplyMember("title", "what it says"),
                ReplyMember("when", "when it comes"), ReplyMember("urgency", "low, normal or critical"),
                ReplyMember("sources", "what it rests on"),
            ],
            concerns: .nobody, example: "scheduling.kinds",
            .lists { _, _, send in
                for kind in knowledge.kinds {
                    try send([
                        "kind": kind.name, "title": kind.title, "when": kind.timing, "urgency": kind.urgency.rawValue,
                        "sources": kind.sources,
                    ])
                }
                return [:]
            })
    }
}

extension ReminderKind {
    /// When it comes, in words: `3 days before the best day for the next session, at 9 o'clock`.
    var timing: String {
        let point =
            switch anchor {
            case .event: "it"
            case .until: "the last day"
            case .planned: "each session of the plan"
            case .opens: "the day on which the window for the next session opens"
            case .best: "the best day for the next session"
            case .closes: "the day on which the window for the next session closes"
            }
        let distance =
            if daysBefore > 0 {
                "\(daysBefore) \(daysBefore == 1 ? "day" : "days") before \(point)"
            } else if after == Span() {
                anchor == .event ? "at once" : "on \(point)"
            } else {
                "\(after.words) after \(point)"
            }
        let again = times > 1 ? ", \(times) times, \(every.words) apart" : ""
        return distance + (hour.map { ", at \($0) o'clock" } ?? "") + again
    }
}

extension Span {
    /// `3 days`, `72 hours`, `30 minutes`.
    fileprivate var words: String {
        func counted(_ number: Int64, _ unit: String) -> String { "\(number) \(unit)\(number == 1 ? "" : "s")" }
        var parts: [String] = []
        if days != 0 { parts.append(counted(Int64(days), "day")) }
        let (hours, rest) = milliseconds.quotientAndRemainder(dividingBy: 3_600_000)
        if hours != 0 { parts.append(counted(hours, "hour")) }
        if rest != 0 { parts.append(counted(rest / 60_000, "minute")) }
        return parts.joined(separator: " and ")
    }
}
