import MneedleKit

extension Records {
    private static let reply = [
        ReplyMember("person", "the name given"), ReplyMember("name", "for people to read"),
        ReplyMember("setting", "home or clinic"), ReplyMember("goal", "what the plan is for"),
        ReplyMember("time_zone", "IANA name"), ReplyMember("fitzpatrick", "skin type 1 to 6"),
        ReplyMember("first_time", "whether the person had never been needled"), ReplyMember("birth_date", "born when"),
        ReplyMember("unix_user", "the user whose desktop shows this person's reminders"),
    ]

    private var details: [AnyParameter] {
        [
            .optional("name", .line(maximum: 200), "For people to read."),
            .optional("setting", .choice(Setting.allCases.map(\.rawValue)), "Where treatments take place."),
            .optional("goal", .choice(Goal.allCases.map(\.rawValue)), "What the plan is for."),
            .optional("time_zone", .line(maximum: 64), "Where the person lives: an IANA name such as Europe/Berlin."),
            .optional("fitzpatrick", .integer(1...6), "Skin type by Fitzpatrick."),
            .optional("first_time", .boolean, "Whether the person has never been needled; yes if nothing is said."),
            .optional(
                "birth_date", .date, "Born when: by name and birth date two records of one person are recognised."),
            .optional(
                "unix_user", .line(maximum: 64),
                "The unix user that the record belongs to: whose desktop shows this person's reminders; '-' for none."
            ),
        ]
    }

    var addPerson: Command {
        Command(
            "add-person", "Opens a person's record.", role: .operator,
            parameters: [.required("person", .slug, "A short name for the person, for example anna.")] + details,
            reply: Records.reply, errors: [.conflict],
            concerns: .nobody,
            example: "records.add-person person=anna setting=home goal=collagen time_zone=Europe/Berlin fitzpatrick=3",
            .writes { request, transaction in
                let slug = try request.arguments.requiredText("person")
                guard try fetchPerson(slug, transaction) == nil else {
                    throw alreadyThere("person", slug, "change it with records.change-person, or use another name")
                }
                let blank = Person(
                    person: slug, setting: Setting(rawValue: defaultSetting) ?? .home, goal: .collagen,
                    // Who sees only their own opens a record of their own.
                    timeZone: defaultTimeZone, firstTime: true,
                    unixUser: transaction.seesEverybody ? nil : request.actor.user)
                let person = try applied(request.arguments, to: blank, transaction)
                try allowUser(of: person, insteadOf: blank, request, transaction)
                try transaction.execute(
                    """
                    INSERT INTO records_people
                        (person, name, setting, goal, time_zone, fitzpatrick, first_time, unix_user, birth_date)
                    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
                    """, slug, person.name, person.setting.rawValue, person.goal.rawValue, person.timeZone,
                    person.fitzpatrick, person.firstTime, person.unixUser, person.birthDate)
                try transaction.record(
                    Entry("person.added", subject: "person/\(slug)", person: slug, body: person.object))
                return person.object
            })
    }

    var changePerson: Command {
        Command(
            "change-person", "Changes what is given in a person's record and leaves the rest.", role: .operator,
            parameters: [.required("person", .slug, "Whose record.")] + details + [correctionReason],
            reply: Records.reply, errors: [.notFound], concerns: .named("person"),
            example: "records.change-person person=anna goal=maintenance",
            .writes { request, transaction in
                let slug = try request.arguments.requiredText("person")
                let before = try requirePerson(slug, transaction)
                let person = try applied(request.arguments, to: before, transaction)
                try allowUser(of: person, insteadOf: before, request, transaction)
                guard person != before else { return person.object }
                // Whoever is a beginner no more has finished sessions; whoever never was one was recorded wrongly.
                let reason = try reasonToCorrect(
                    [
                        ("first_time", before.firstTime ? true : nil, person.firstTime),
                        ("birth_date", before.birthDate, person.birthDate),
                        ("fitzpatrick", before.fitzpatrick, person.fitzpatrick),
                    ], request)
                let alike = try twins(of: slug, .person, transaction).undecided
                try transaction.execute(
                    """
                    UPDATE records_people SET name = ?, setting = ?, goal = ?, time_zone = ?, fitzpatrick = ?,
                        first_time = ?, unix_user = ?, birth_date = ?
                    WHERE person = ?
                    """, person.name, person.setting.rawValue, person.goal.rawValue, person.timeZone,
                    person.fitzpatrick, person.firstTime, person.unixUser, person.birthDate, slug)
                try requireStillAlike(alike, slug, .person, transaction)
                try transaction.record(
                    Entry(
                        "person.changed", subject: "person/\(slug)", person: slug,
                        body: ["person": slug, "before": before, "after": person, "reason": reason]))
                return person.object
            })
    }

    var showPerson: Command {
        Command(
            "show-person", "Shows a person's record.", role: .reader,
            parameters: [.required("person", .slug, "Whose record.")], reply: Records.reply, errors: [.notFound],
            concerns: .named("person"), example: "records.show-person person=anna",
            .reads { request, reading in
                try requirePerson(request.arguments.requiredText("person"), reading).object
            })
    }

    var listPeople: Command {
        Command(
            "list-people", "Lists the people on record by name.", role: .reader,
            parameters: [.optional("unix_user", .line(maximum: 64), "Only those that belong to this unix user.")],
            reply: Records.reply, concerns: .named(rows: ["person"]), example: "records.list-people",
            .lists { request, reading, sink in
                let user = request.arguments.text("unix_user")
                let condition = user == nil ? "" : "WHERE unix_user = ?"
                try reading.forEach(
                    "SELECT * FROM records_people \(condition) ORDER BY person", user.map { [.text($0)] } ?? []
                ) {
                    try sink(Person(row: $0).object)
                }
                return [:]
            })
    }

    private func applied(_ arguments: Arguments, to person: Person, _ reading: any Reading) throws -> Person {
        var person = person
        if let name = arguments.text("name") { person.name = name }
        if let setting = arguments.text("setting").flatMap(Setting.init) { person.setting = setting }
        if let goal = arguments.text("goal").flatMap(Goal.init) { person.goal = goal }
        if let type = arguments.integer("fitzpatrick") { person.fitzpatrick = Int(type) }
        if let first = arguments.boolean("first_time") { person.firstTime = first }
        if let birth = arguments.date("birth_date") {
            guard birth <= reading.today(of: person) else {
                throw ModuleError.invalidArgument(
                    "birth_date", expected: "a day that is over", got: birth.description)
            }
            person.birthDate = birth
        }
        if let user = arguments.text("unix_user") { person.unixUser = user == "-" ? nil : user }
        if let zone = arguments.text("time_zone") {
            guard reading.zone(zone) != nil else {
                throw ModuleError.invalidArgument(
                    "time_zone", expected: "an IANA time zone such as Europe/Berlin", got: zone)
            }
            person.timeZone = zone
        }
        return person
    }

    /// Whose a record is decides who sees it and on whose desktop its reminders are: nobody takes or gives that alone.
    private func allowUser(
        of person: Person, insteadOf before: Person, _ request: Request, _ reading: any Reading
    ) throws {
        let needs: Role = reading.seesEverybody ? .practitioner : .admin
        guard person.unixUser != before.unixUser, request.actor.role < needs else { return }
        let role = request.actor.role.rawValue
        throw ModuleError(
            .forbidden,
            "'unix_user' says whose the record is: setting it needs the role \(needs.rawValue), you have \(role); "
                + "leave it out, or ask one",
            members: ["role": role, "needs": needs.rawValue])
    }

    func fetchPerson(_ slug: String, _ reading: any Reading) throws -> Person? {
        try reading.row("SELECT * FROM records_people WHERE person = ?", slug).map(Person.init(row:))
    }

    func requirePerson(_ slug: String, _ reading: any Reading) throws -> Person {
        if let person = try fetchPerson(slug, reading) { return person }
        let names = try reading.rows("SELECT person FROM records_people ORDER BY person").compactMap {
            $0.text("person")
        }
        throw ModuleError.notFound(
            "person", slug, suggestions: suggestions(for: slug, in: names),
            next: "records.list-people shows who is on record, records.add-person opens a record")
    }
}

extension Person {
    init(row: Row) throws {
        guard let setting = row.text("setting").flatMap(Setting.init), let goal = row.text("goal").flatMap(Goal.init),
            let person = row.text("person")
        else { throw ModuleError.internal("a row of records_people cannot be read") }
        self.init(
            person: person, name: row.text("name"), setting: setting, goal: goal,
            timeZone: row.text("time_zone") ?? "UTC",
            fitzpatrick: row.integer("fitzpatrick").map(Int.init), firstTime: row.bool("first_time"),
            unixUser: row.text("unix_user"), birthDate: row.date("birth_date"))
    }
}
