import MneedleKit

extension Records {
    private static let reply = [
        ReplyMember("clearance", "its number"), ReplyMember("person", "whom it concerns"),
        ReplyMember("finding", "the finding that it lifts"), ReplyMember("by", "who cleared it"),
        ReplyMember("at", "when it was recorded"), ReplyMember("until", "the last day on which it counts"),
        ReplyMember("note", "a note"),
    ]

    var clear: Command {
        Command(
            "clear", "Records that a physician has cleared a finding for a person, which lifts it.",
            role: .practitioner,
            parameters: [
                .required("person", .slug, "Whom it concerns."),
                .required("finding", .slug, "The finding's code, for example pregnancy; screening.rules lists them."),
                .required("by", .line(maximum: 200), "The physician's name."),
                .required("until", .date, "The last day on which it counts."),
                .optional("note", .text(maximum: 2000), "A note."),
            ],
            reply: Records.reply, errors: [.notFound, .moduleFailed],
            concerns: .named("person"),
            example: "records.clear person=anna finding=pregnancy by=\"Dr. Lee\" until=2027-01-31",
            .writes { request, transaction in
                let person = try requirePerson(request.arguments.requiredText("person"), transaction)
                let slug = person.person
                let finding = try request.arguments.requiredText("finding")
                try requireLiftable(finding, of: person, transaction)
                let by = try person.requirePhysician("by", request.arguments.requiredText("by"))
                let until = try end(request.arguments, finding, today: transaction.today(of: person))
                let note = request.arguments.text("note")
                let id = try transaction.insert(
                    "INSERT INTO records_clearances (person, finding, cleared_by, at, until, note) VALUES (?, ?, ?, ?, ?, ?)",
                    slug, finding, by, transaction.now, until, note)
                let body: Object = [
                    "clearance": id, "person": slug, "finding": finding, "by": by, "at": transaction.now,
                    "until": until,
                    "note": note,
                ]
                try transaction.record(
                    Entry("clearance.recorded", subject: "person/\(slug)", person: slug, body: body))
                return body
            })
    }

    /// Which findings a clearance lifts is what screening knows; while it does not answer, nothing is cleared.
    private func requireLiftable(_ code: String, of person: Person, _ reading: any Reading) throws {
        let rules = try reading.list("screening.rules", [:])
        let liftable = rules.filter { $0.bool("liftable") == true }
        let here = Set(
            liftable.filter { $0.strings("settings").contains(person.setting.rawValue) }.compactMap {
                $0.string("code")
            })
        guard !here.contains(code) else { return }
        let text: String
        if liftable.contains(where: { $0.string("code") == code }) {
            text = "a clearance does not lift '\(code)' in the setting \(person.setting.rawValue)"
        } else if rules.contains(where: { $0.string("code") == code }) {
            text = "no clearance lifts '\(code)'"
        } else {
            text = "there is no finding '\(code)'"
        }
        let near = suggestions(for: code, in: here.sorted())
        let hint = near.isEmpty ? "" : "; did you mean '\(near[0])'?"
        var error = ModuleError.invalidArgument(
            "finding", expected: here.sorted().joined(separator: ", "), got: code,
            "argument 'finding': \(text)\(hint); screening.rules shows which are liftable")
        error.members["suggestions"] = near.value
        throw error
    }

    private func end(_ arguments: Arguments, _ finding: String, today: CivilDate) throws -> CivilDate {
        guard let until = arguments.date("until") else {
            throw ModuleError.internal("argument 'until' is declared as required")
        }
        let latest = today.adding(months: knowledge.clearances.months(for: finding))
        guard until >= today, until <= latest else {
            throw ModuleError.invalidArgument(
                "until", expected: "a day from today, \(today), to \(latest)", got: until.description)
        }
        return until
    }

    var clearances: Command {
        Command(
            "clearances", "Lists a person's clearances, the newest first, those that have ended too.", role: .reader,
            parameters: [.required("person", .slug, "Whose clearances.")], reply: Records.reply, errors: [.notFound],
            concerns: .named("person", rows: ["person"]), example: "records.clearances person=anna",
            .lists { request, reading, sink in
                let slug = try requirePerson(request.arguments.requiredText("person"), reading).person
                let sql = "SELECT * FROM records_clearances WHERE person = ? ORDER BY id DESC"
                try reading.forEach(sql, [slug.sql]) { row in
                    try sink([
                        "clearance": row.integer("id"), "person": slug, "finding": row.text("finding"),
                        "by": row.text("cleared_by"), "at": row.instant("at"), "until": row.date("until"),
                        "note": row.text("note"),
                    ])
                }
                return [:]
            })
    }
}

/// `Config/knowledge/clearances.toml`: for how long a clearance may count.
struct ClearanceLimits: Sendable {
    private let general: Int
    private let special: [String: Int]

    init(_ file: Table, _ sources: SourceCatalogue) {
        let table = file.table("clearance")
        if table == nil { file.report("clearance", "missing") }
        _ = table.map { sources.sources(of: $0) }
        general = table?.integer("months", in: ClearanceLimits.range) ?? 1
        var special: [String: Int] = [:]
        for limit in file.tables("limit") {
            let code = limit.string("code")
            _ = sources.sources(of: limit)
            if special.updateValue(limit.integer("months", in: ClearanceLimits.range), forKey: code) != nil {
                limit.report("code", "'\(code)' is described twice")
            }
        }
        self.special = special
    }

    private static let range = 1...120

    func months(for finding: String) -> Int { special[finding] ?? general }
}
