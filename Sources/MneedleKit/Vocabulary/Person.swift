/// The place of treatments, home or clinic; many limits differ between them.
public enum Setting: String, CaseIterable, Sendable { case home, clinic }

/// The aim of a person's plan.
public enum Goal: String, CaseIterable, Sendable {
    case collagen
    case acneScars = "acne-scars"
    case maintenance
}

/// A person's plan, as `records.show-person` answers it.
public struct Person: Hashable, Sendable {
    /// The slug that names the person.
    public var person: String
    /// The person's name, for people.
    public var name: String?
    /// The setting whose rules hold.
    public var setting: Setting
    /// The aim of the treatment.
    public var goal: Goal
    /// The person's time zone, as an IANA name.
    public var timeZone: String
    /// The Fitzpatrick skin type, 1 to 6.
    public var fitzpatrick: Int?
    /// Whether the person had never been needled when the record was made; true where the record does not say.
    public var firstTime: Bool
    /// The unix user that the record belongs to; that user's desktop shows the person's reminders.
    public var unixUser: String?
    /// The date of birth, by which, with the name, two records of one person are recognised.
    public var birthDate: CivilDate?

    /// A person with these values; the record of a real one comes from ``Reading/person(_:)``.
    public init(
        person: String, name: String? = nil, setting: Setting, goal: Goal, timeZone: String = "UTC",
        fitzpatrick: Int? = nil, firstTime: Bool = false, unixUser: String? = nil,
        birthDate: CivilDate? = nil
    ) {
        self.person = person
        self.name = name
        self.setting = setting
        self.goal = goal
        self.timeZone = timeZone
        self.fitzpatrick = fitzpatrick
        self.firstTime = firstTime
        self.unixUser = unixUser
        self.birthDate = birthDate
    }
}

extension Person: EntryBody, ValueConvertible {
    public static let members: [Member<Person>] = [
        Member("person", "the name given", \.person), Member("name", "for people to read", \.name),
        Member("setting", "home or clinic", \.setting), Member("goal", "what the plan is for", \.goal),
        Member("time_zone", "IANA name", \.timeZone), Member("fitzpatrick", "skin type 1 to 6", \.fitzpatrick),
        Member("first_time", "whether the person had never been needled", \.firstTime),
        Member("unix_user", "the user whose desktop shows this person's reminders", \.unixUser),
        Member("birth_date", "born when", \.birthDate),
    ]

    public var value: Value { .object(object) }

    public var object: Object {
        // Members are appended one by one: every module asks for people all the time, and a literal takes three times as long.
        var members: [Object.Member] = [.init("person", .string(person))]
        members.reserveCapacity(9)
        if let name { members.append(.init("name", .string(name))) }
        members.append(.init("setting", .string(setting.rawValue)))
        members.append(.init("goal", .string(goal.rawValue)))
        members.append(.init("time_zone", .string(timeZone)))
        if let fitzpatrick { members.append(.init("fitzpatrick", .integer(Int64(fitzpatrick)))) }
        members.append(.init("first_time", .bool(firstTime)))
        if let unixUser { members.append(.init("unix_user", .string(unixUser))) }
        if let birthDate { members.append(.init("birth_date", birthDate.value)) }
        return Object(uniqueMembers: members)
    }

    /// Reads a person from the reply of `records.show-person`.
    /// - Throws: `internal` when a member is missing.
    public init(_ object: Object) throws {
        guard let person = object.string("person"),
            let setting = object.string("setting").flatMap(Setting.init),
            let goal = object.string("goal").flatMap(Goal.init)
        else { throw ModuleError.internal("a person's record lacks person, setting or goal") }
        self.init(
            person: person, name: object.string("name"), setting: setting, goal: goal,
            timeZone: object.string("time_zone") ?? "UTC",
            fitzpatrick: object.integer("fitzpatrick").map(Int.init),
            firstTime: object.bool("first_time") ?? true, unixUser: object.string("unix_user"),
            birthDate: object.date("birth_date"))
    }
}

extension Reading {
    /// The person of that name.
    /// - Throws: `not-found` when there is none.
    public func person(_ slug: String) throws -> Person {
        try Person(modules.ask("records.show-person", Object(uniqueMembers: [.init("person", .string(slug))])))
    }

    /// Makes sure that there is a person of that name, in less time than asking for the person takes.
    /// - Throws: `not-found` when there is none.
    public func requirePerson(_ slug: String) throws {
        // Only the records can say why not, and which names resemble it.
        if try modules.has("person", named: slug) != true { _ = try person(slug) }
    }

    /// Whether needling is new to the skin: the person had never been needled before the record, and has finished fewer
    /// sessions since than the knowledge asks for.
    public func isBeginner(_ person: Person) throws -> Bool {
        guard person.firstTime else { return false }
        return try modules.ask("session.experience", ["person": person.person]).bool("beginner") ?? true
    }

    /// The names of all records of this person, its own first. A twin counts until somebody decides that it is another person.
    ///
    /// In a household an undecided twin that belongs to another user is left out: a user who opens a record under somebody's
    /// name must not learn from it about that person. No session starts with such a record before the twin is decided.
    public func records(of person: String) throws -> [String] {
        let twins = try modules.ask("records.same-person", ["person": person])
        let undecided = twins.strings("undecided")
        return try twins.strings("records").filter { try !undecided.contains($0) || privacy.sees($0) }
    }

    /// The civil time where the person lives; UTC if the system has lost that zone since it was recorded.
    public func zone(of person: Person) -> Zone { zones[person.timeZone] ?? .utc }

    /// Today's date where the person lives.
    public func today(of person: Person) -> CivilDate { zone(of: person).date(of: now) }
}
