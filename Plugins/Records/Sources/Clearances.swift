import MneedleKit

/// A physician's clearance, as it is kept and as it is shown.
private struct Clearance: Reply {
    let id: Int64
    let person: String
    let finding: String
    let by: String
    let at: Instant
    let until: CivilDate
    let note: String?

    static let members: [Member<Clearance>] = [
        Member("clearance", "its number", \.id), Member("person", "whom it concerns", \.person),
        Member("finding", "the finding that it lifts", \.finding), Member("by", "who cleared it", \.by),
        Member("at", "when it was recorded", \.at), Member("until", "the last day on which it counts", \.until),
        Member("note", "a note", \.note),
    ]
}

extension Clearance {
    init(row: Row) throws {
        guard let id = row.integer("id"), let person = row.text("person"), let finding = row.text("finding"),
            let by = row.text("cleared_by"), let at = row.instant("at"), let until = row.date("until")
        else { throw ModuleError.internal("a row of records_clearances cannot be read") }
        self.init(id: id, person: person, finding: finding, by: by, at: at, until: until, note: row.text("note"))
    }
}

extension Records {
    private static let cleared = Parameter.required("person", .slug, "Whom it concerns.")
    private static let finding = Parameter.required(
        "finding", .slug, "The finding's code, for example pregnancy; screening.rules lists them.")
    private static let physician = Parameter.required("by", .line(maximum: 200), "The physician's name.")
    private static let until = Parameter.required("until", .date, "The last day on which it counts.")
    private static let note = Parameter.optional("note", .text(maximum: 2000), "A note.")

    var clear: Command {
        Command(
            "clear", "Records that a physician has cleared a finding for a person, which lifts it.",
            role: .practitioner,
            takes: Records.cleared, Records.finding, Records.physician, Records.until, Records.note,
            gives: Clearance.self, errors: [.notFound, .moduleFailed], concerns: .named("person"),
            example: "records.clear person=anna finding=pregnancy by=\"Dr. Lee\" until=2027-01-31",
            writes: { transaction, slug, finding, by, until, note in
                let person = try requirePerson(slug, transaction)
                try requireLiftable(finding, of: person, transaction)
                try person.requirePhysician(Records.physician.name, by)
                try requireEnd(until, finding, today: transaction.today(of: person))
                let id = try transaction.store.insert(
                    "INSERT INTO records_clearances (person, finding, cleared_by, at, until, note) VALUES (?, ?, ?, ?, ?, ?)",
                    slug, finding, by, transaction.now, until, note)
                let clearance = Clearance(
                    id: id, person: slug, finding: finding, by: by, at: transaction.now, until: until, note: note)
                try transaction.record(
                    Entry("clearance.recorded", subject: "person/\(slug)", person: slug, body: clearance.object))
                return clearance
            })
    }

    /// Refuses a clearance of a finding that none lifts. Screening knows these findings; while it does not answer, nothing is
    /// cleared.
    private func requireLiftable(_ code: String, of person: Person, _ reading: any Reading) throws {
        let rules = try reading.modules.list("screening.rules", [:])
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
            Records.finding.name, expected: here.sorted().joined(separator: ", "), got: code,
            "argument '\(Records.finding.name)': \(text)\(hint); screening.rules shows which are liftable")
        error.members["suggestions"] = near.value
        throw error
    }

    private func requireEnd(_ until: CivilDate, _ finding: String, today: CivilDate) throws {
        let latest = today.adding(months: knowledge.clearances.months(for: finding))
        guard until >= today, until <= latest else {
            throw ModuleError.invalidArgument(
                Records.until.name, expected: "a day from today, \(today), to \(latest)", got: until.description)
        }
    }

    private static let whoseClearances = Parameter.required("person", .slug, "Whose clearances.")

    var clearances: Command {
        Command(
            "clearances", "Lists a person's clearances, the newest first, those that have ended too.", role: .reader,
            takes: Records.whoseClearances, gives: Clearance.self, errors: [.notFound],
            concerns: .named("person", rows: ["person"]), example: "records.clearances person=anna",
            lists: { reading, send, slug in
                _ = try requirePerson(slug, reading)
                let sql = "SELECT * FROM records_clearances WHERE person = ? ORDER BY id DESC"
                try reading.store.forEach(sql, [slug.sql]) { try send(Clearance(row: $0)) }
            })
    }
}

/// `Config/knowledge/clearances.toml`: the longest time that a clearance may count.
struct ClearanceLimits: Sendable {
    private let general: Int
    private let special: [String: Int]

    init(_ file: Table) {
        func months(_ table: Table) -> Int {
            table.requireSources()
            return table.integer("months", in: ClearanceLimits.range)
        }
        general = months(file.section("clearance"))
        let limits = file.list("limit", name: "code", names: { [$0.code] }) {
            (code: $0.string("code"), months: months($0))
        }
        special = Dictionary(limits.map { ($0.code, $0.months) }) { first, _ in first }
    }

    private static let range = 1...120

    func months(for finding: String) -> Int { special[finding] ?? general }
}
