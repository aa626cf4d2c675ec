import MneedleKit

/// A person's wishes for reminders: the hour, the quiet hours, and the kinds that do not come.
struct Preferences: Reply, Equatable {
    let person: String
    /// The hour of the day for reminders that come on a day rather than at a time.
    var hour: Int?
    /// The hours between which only critical reminders come; equal hours mean that there are no quiet ones.
    var quietFrom: Int
    var quietTo: Int
    /// The kinds that do not come at all.
    var off: Set<String> = []
    /// The hours of the kinds that come at an hour of their own.
    var moved: [String: Int] = [:]

    init(of person: String, _ defaults: ReminderDefaults, in reading: any Reading) throws {
        self.person = person
        (hour, quietFrom, quietTo) = (nil, defaults.quietFrom, defaults.quietTo)
        let sql = "SELECT hour, quiet_from, quiet_to, kinds_off, moved FROM scheduling_preferences WHERE person = ?"
        guard let row = try reading.store.row(sql, person) else { return }
        guard let kindsOff = row.text("kinds_off"), let hours = row.text("moved") else {
            throw ModuleError.internal("a row of scheduling_preferences is not complete")
        }
        hour = Preferences.hour(row.integer("hour"))
        quietFrom = Preferences.hour(row.integer("quiet_from")) ?? quietFrom
        quietTo = Preferences.hour(row.integer("quiet_to")) ?? quietTo
        if case .list(let kinds) = try reading.store.value(json: kindsOff) {
            off = Set(kinds.compactMap { if case .string(let kind) = $0 { kind } else { nil } })
        }
        if case .object(let hours) = try reading.store.value(json: hours) {
            for member in hours.members {
                if case .integer(let hour) = member.value { moved[member.name] = Preferences.hour(hour) }
            }
        }
    }

    /// A stored hour; `nil` for one that no clock shows.
    private static func hour(_ stored: Int64?) -> Int? { stored.flatMap { 0...23 ~= $0 ? Int($0) : nil } }

    /// The hour at which a kind comes; `nil` where elapsed time counts.
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
        // After midnight the quiet hours end on the same day, before it on the next.
        let day = zone.date(of: due).adding(days: minute >= from && from > to ? 1 : 0)
        return zone.instant(of: day, minuteOfDay: to)
    }

    static let members: [Member<Preferences>] = [
        Member("person", "whose", \.person),
        Member("hour", "the preferred hour of the day, if one is set", \.hour),
        Member("quiet_from", "from this hour on nothing comes but what is critical", \.quietFrom),
        Member("quiet_to", "until this hour; the same as quiet_from for no quiet hours", \.quietTo),
        Member("off", "kinds that do not come") { $0.off.sorted() },
        Member("moved", "kinds with an hour of their own", \.hoursByKind),
    ]

    private var hoursByKind: Object {
        Object(uniqueMembers: moved.sorted { $0.key < $1.key }.map { .init($0.key, .integer(Int64($0.value))) })
    }

    func write(_ transaction: any Transaction) throws {
        try transaction.store.execute(
            """
            INSERT INTO scheduling_preferences (person, hour, quiet_from, quiet_to, kinds_off, moved)
            VALUES (?, ?, ?, ?, ?, ?)
            ON CONFLICT (person) DO UPDATE SET hour = excluded.hour, quiet_from = excluded.quiet_from,
                quiet_to = excluded.quiet_to, kinds_off = excluded.kinds_off, moved = excluded.moved
            """, person, hour, quietFrom, quietTo, transaction.store.json(off.sorted().value),
            transaction.store.json(.object(hoursByKind)))
    }
}

/// The preferences of people who have given none: `[people]` of `reminders.toml`.
struct ReminderDefaults: Sendable {
    let quietFrom: Int
    let quietTo: Int
    /// The text that a late reminder adds to its own, with the placeholder {due}.
    let late: String

    init(_ file: Table) {
        let table = file.section("people")
        quietFrom = table.integer("quiet_from", in: 0...23)
        quietTo = table.integer("quiet_to", in: 0...23)
        late = table.string("late", placeholders: ["due"])
    }
}

extension Scheduling {
    var showPreferences: Command {
        Command(
            "show-preferences", "Shows how a person wants to be reminded.", role: .reader, takes: Scheduling.person,
            gives: Preferences.self, errors: [.notFound], concerns: .named("person"),
            example: "scheduling.show-preferences person=anna",
            reads: { reading, slug in
                try Preferences(of: reading.person(slug).person, knowledge.defaults, in: reading)
            })
    }

    private static let hour = Parameter.optional(
        "hour", .integer(0...23), "The hour of the day for what comes on a day.")
    private static let quietFrom = Parameter.optional(
        "quiet_from", .integer(0...23), "From this hour on nothing comes but what is critical.")
    private static let quietTo = Parameter.optional(
        "quiet_to", .integer(0...23), "Until this hour; the same as quiet_from for no quiet hours.")
    private static let off = Parameter.optional(
        "off", .list(.slug), "Kinds that shall not come; see scheduling.kinds.")
    private static let on = Parameter.optional("on", .list(.slug), "Kinds that shall come again.")
    private static let move = Parameter.optional(
        "move", .list(.line(maximum: 80)), "Kinds with an hour of their own: KIND:HOUR, or KIND: for the usual one.")

    var setPreferences: Command {
        Command(
            "set-preferences", "Sets how a person wants to be reminded; what is left out stays. Plans what waits anew.",
            role: .operator, takes: Scheduling.person, Scheduling.hour, Scheduling.quietFrom, Scheduling.quietTo,
            Scheduling.off, Scheduling.on, Scheduling.move, gives: Preferences.self, errors: [.notFound],
            concerns: .named("person"),
            example: "scheduling.set-preferences person=anna hour=18 quiet_from=21 quiet_to=8 off=window-opens",
            writes: { transaction, slug, hour, quietFrom, quietTo, off, on, moves in
                let person = try transaction.person(slug).person
                let before = try Preferences(of: person, knowledge.defaults, in: transaction)
                var after = before
                after.hour = hour.map(Int.init) ?? before.hour
                after.quietFrom = quietFrom.map(Int.init) ?? before.quietFrom
                after.quietTo = quietTo.map(Int.init) ?? before.quietTo
                for name in off ?? [] { try switchOff(name, in: &after) }
                for name in on ?? [] { after.off.remove(try known(name, Scheduling.on.name).name) }
                for text in moves ?? [] { try move(text, in: &after) }
                guard after != before else { return after }
                try after.write(transaction)
                try transaction.record(
                    Entry("preferences.changed", subject: "person/\(person)", person: person, body: after.object))
                return after
            })
    }

    private func switchOff(_ name: String, in preferences: inout Preferences) throws {
        guard try known(name, Scheduling.off.name).urgency != .critical else {
            throw ModuleError.invalidArgument(
                Scheduling.off.name, expected: "a kind that is not critical", got: name,
                "'\(name)' is critical and cannot be switched off; answer it when it comes")
        }
        preferences.off.insert(name)
    }

    private func move(_ text: String, in preferences: inout Preferences) throws {
        let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
        let kind = try known(String(parts[0]), Scheduling.move.name)
        guard parts.count == 2, kind.hour != nil, parts[1].isEmpty || (Int(parts[1]).map { 0...23 ~= $0 } ?? false)
        else {
            throw ModuleError.invalidArgument(
                Scheduling.move.name, expected: "KIND:HOUR for a kind that comes at an hour, with an hour from 0 to 23",
                got: text)
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
}
