import MneedleKit

/// The details of a person that a request gives; those that it leaves out are `nil`.
struct PersonDetails: Sendable {
    var name: String?
    var setting: Setting?
    var goal: Goal?
    var timeZone: String?
    var fitzpatrick: Int64?
    var firstTime: Bool?
    var birthDate: CivilDate?
    var unixUser: String?
}

extension Records {
    private static let name = Parameter.optional("name", .line(maximum: 200), "For people to read.")
    private static let setting = Parameter.optional(
        "setting", .choice(Setting.self), "Where treatments take place.")
    private static let goal = Parameter.optional("goal", .choice(Goal.self), "What the plan is for.")
    private static let timeZone = Parameter.optional(
        "time_zone", .line(maximum: 64), "Where the person lives: an IANA name such as Europe/Berlin, or its city.")
    private static let fitzpatrick = Parameter.optional(
        "fitzpatrick", .integer(1...6), "Skin type by Fitzpatrick, 1 to 6 or I to VI.")
    private static let firstTime = Parameter.optional(
        "first_time", .boolean, "Whether the person has never been needled; yes if nothing is said.")
    private static let birthDate = Parameter.optional(
        "birth_date", .date, "Born when: by name and birth date two records of one person are recognised.")
    private static let unixUser = Parameter.optional(
        "unix_user", .line(maximum: 64),
        "The unix user that the record belongs to: whose desktop shows this person's reminders; '-' for none.")

    private static let personDetails = Parameter.group(
        name, setting, goal, timeZone, fitzpatrick, firstTime, birthDate, unixUser, as: PersonDetails.init)

    private static let newPerson = Parameter.required(
        "person", .name, "The person's name; a short one is made of it: Anna Müller becomes anna-mueller.")

    var addPerson: Command {
        Command(
            "add-person", "Opens a person's record.", role: .operator,
            takes: Records.newPerson, Records.personDetails, gives: Person.self, errors: [.conflict],
            concerns: .nobody,
            example: "records.add-person person=anna setting=home goal=collagen time_zone=Europe/Berlin fitzpatrick=3",
            writes: { transaction, given, details in
                let slug = given.slug
                guard try fetchPerson(slug, transaction) == nil else {
                    let free =
                        try (2...).lazy.map { "\(slug.prefix(60))-\($0)" }
                        .first { try fetchPerson($0, transaction) == nil } ?? "\(slug)-2"
                    throw alreadyThere(
                        "person", slug,
                        "change it with records.change-person, or give somebody else another name, such as \(free)")
                }
                var details = details
                details.name = details.name ?? given.text
                let blank = Person(
                    person: slug, setting: defaultSetting, goal: .collagen,
                    timeZone: defaultTimeZone ?? transaction.zones.here.identifier, firstTime: true,
                    // A user who sees only their own records opens a record of their own.
                    unixUser: transaction.privacy.seesEverybody ? nil : transaction.actor.user)
                let person = try applied(details, to: blank, transaction)
                try allowUser(of: person, insteadOf: blank, transaction)
                try transaction.store.execute(
                    """
                    INSERT INTO records_people
                        (person, name, setting, goal, time_zone, fitzpatrick, first_time, unix_user, unix_user_match,
                        birth_date, birth_date_match)
                    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
                    """, slug, person.name, person.setting.rawValue, person.goal.rawValue, person.timeZone,
                    person.fitzpatrick, person.firstTime, person.unixUser, person.unixUser, person.birthDate,
                    person.birthDate)
                try transaction.record(
                    Entry("person.added", subject: "person/\(slug)", person: slug, body: person.object))
                return person
            })
    }

    static let whosePerson = Parameter.required("person", .slug, "Whose record.")

    var changePerson: Command {
        Command(
            "change-person", "Changes what is given in a person's record and leaves the rest.", role: .operator,
            takes: Records.whosePerson, Records.personDetails, correctionReason, gives: Person.self,
            errors: [.notFound], concerns: .named("person"),
            example: "records.change-person person=anna goal=maintenance",
            writes: { transaction, slug, details, reason in
                let before = try requirePerson(slug, transaction)
                let person = try applied(details, to: before, transaction)
                try allowUser(of: person, insteadOf: before, transaction)
                guard person != before else { return person }
                // A person stops being a beginner by finishing sessions; one who never was a beginner was recorded wrongly.
                let reason = try reasonToCorrect(
                    [
                        (Records.firstTime.name, before.firstTime ? true : nil, person.firstTime),
                        (Records.birthDate.name, before.birthDate, person.birthDate),
                        (Records.fitzpatrick.name, before.fitzpatrick, person.fitzpatrick),
                    ], reason)
                let alike = try twins(of: slug, .person, transaction).undecided
                try transaction.store.execute(
                    """
                    UPDATE records_people SET name = ?, setting = ?, goal = ?, time_zone = ?, fitzpatrick = ?,
                        first_time = ?, unix_user = ?, unix_user_match = ?, birth_date = ?, birth_date_match = ?
                    WHERE person = ?
                    """, person.name, person.setting.rawValue, person.goal.rawValue, person.timeZone,
                    person.fitzpatrick, person.firstTime, person.unixUser, person.unixUser, person.birthDate,
                    person.birthDate, slug)
                try requireStillAlike(alike, slug, .person, transaction)
                try transaction.record(
                    Entry(
                        .personChanged, subject: "person/\(slug)", person: slug,
                        body: PersonChange(before: before, after: person, reason: reason)))
                return person
            })
    }

    var showPerson: Command {
        Command(
            "show-person", "Shows a person's record.", role: .reader, takes: Records.whosePerson, gives: Person.self,
            errors: [.notFound], concerns: .named("person"), example: "records.show-person person=anna",
            reads: { reading, slug in try requirePerson(slug, reading) })
    }

    private static let ofUser = Parameter.optional(
        "unix_user", .line(maximum: 64), "Only those that belong to this unix user.")

    var listPeople: Command {
        Command(
            "list-people", "Lists the people on record by name.", role: .reader, takes: Records.ofUser,
            gives: Person.self, concerns: .named(rows: ["person"]), example: "records.list-people",
            lists: { reading, send, user in
                let condition = user == nil ? "" : "WHERE unix_user_match = ?"
                var people: [Person] = []
                try reading.store.forEach(
                    "SELECT * FROM records_people \(condition)", user.map { [.text($0)] } ?? []
                ) {
                    people.append(try Person(row: $0))
                }
                // The store has no names to sort by.
                for person in people.sorted(by: { $0.person < $1.person }) { try send(person) }
            }
        )
        .catalogue(of: "person")
    }

    private func applied(_ details: PersonDetails, to person: Person, _ reading: any Reading) throws -> Person {
        var person = person
        if let name = details.name { person.name = name }
        if let setting = details.setting { person.setting = setting }
        if let goal = details.goal { person.goal = goal }
        if let type = details.fitzpatrick { person.fitzpatrick = Int(type) }
        if let first = details.firstTime { person.firstTime = first }
        if let birth = details.birthDate {
            guard birth <= reading.today(of: person) else {
                throw ModuleError.invalidArgument(
                    Records.birthDate.name, expected: "a day that is over", got: birth.description)
            }
            person.birthDate = birth
        }
        if let user = details.unixUser { person.unixUser = user == "-" ? nil : user }
        if let zone = details.timeZone {
            guard let place = reading.zones.place(zone) else {
                throw ModuleError.invalidArgument(
                    Records.timeZone.name, expected: "an IANA time zone such as Europe/Berlin, or its city", got: zone)
            }
            person.timeZone = place.identifier
        }
        return person
    }

    /// The user of a record decides who sees it and on whose desktop its reminders are: nobody takes or gives that alone.
    private func allowUser(of person: Person, insteadOf before: Person, _ reading: any Reading) throws {
        let needs: Role = reading.privacy.seesEverybody ? .practitioner : .admin
        guard person.unixUser != before.unixUser, reading.actor.role < needs else { return }
        let role = reading.actor.role.rawValue
        throw ModuleError(
            .forbidden,
            "'\(Records.unixUser.name)' says whose the record is: setting it needs the role \(needs.rawValue), you have \(role); "
                + "leave it out, or ask one",
            members: ["role": role, "needs": needs.rawValue])
    }

    /// A person's record is the person's own.
    var people: Possession {
        Possession(of: "person") { argument, reading in
            guard case .text(let slug) = argument,
                try reading.store.row("SELECT 1 AS there FROM records_people WHERE person = ?", slug) != nil
            else { return .unknown }
            return .person(slug)
        }
    }

    func fetchPerson(_ slug: String, _ reading: any Reading) throws -> Person? {
        try reading.store.row("SELECT * FROM records_people WHERE person = ?", slug).map(Person.init(row:))
    }

    func requirePerson(_ slug: String, _ reading: any Reading) throws -> Person {
        if let person = try fetchPerson(slug, reading) { return person }
        let names = try reading.store.rows("SELECT person FROM records_people").compactMap { $0.text("person") }
        throw ModuleError.notFound(
            "person", slug, suggestions: suggestions(for: slug, in: names.sorted()),
            next: "records.list-people shows who is on record, records.add-person opens a record")
    }
}

extension Person {
    init(row: Row) throws {
        guard let setting = row.text("setting").flatMap(Setting.init), let goal = row.text("goal").flatMap(Goal.init),
            let person = row.text("person"), let zone = row.text("time_zone")
        else { throw ModuleError.internal("a row of records_people cannot be read") }
        self.init(
            person: person, name: row.text("name"), setting: setting, goal: goal, timeZone: zone,
            fitzpatrick: row.integer("fitzpatrick").map(Int.init), firstTime: row.bool("first_time"),
            unixUser: row.text("unix_user"), birthDate: row.date("birth_date"))
    }
}
