import MneedleKit

/// Two records that are, or may be, one person or one device.
///
/// Whoever opens a second record would leave behind what the first one knows. So two that look alike count as one until
/// somebody decides that they are not.
enum TwinKind: String, Sendable { case person, device }

/// What a record is known to be, or may be.
struct Twins: Sendable {
    /// All records that count as this one, itself first.
    var records: [String]
    /// Those of them that nobody has decided about.
    var undecided: [String]

    var object: Object { ["records": records, "undecided": undecided] }
}

extension Records {
    private static let twins = [
        ReplyMember("records", "all records that count as this one, itself first"),
        ReplyMember("undecided", "those that look alike and nobody has decided about"),
    ]

    var samePerson: Command {
        Command(
            "same-person", "Lists the records that are, or may be, one person: of one name and birth date.",
            role: .reader, parameters: [.required("person", .slug, "Whose record.")], reply: Records.twins,
            errors: [.notFound], concerns: .everybody, example: "records.same-person person=anna",
            .reads { request, reading in
                let person = try requirePerson(request.arguments.requiredText("person"), reading)
                return try twins(of: person.person, .person, reading).object
            })
    }

    var sameDevice: Command {
        Command(
            "same-device", "Lists the records that are, or may be, one device: with one serial number.",
            role: .reader, parameters: [.required("device", .slug, "Which device.")], reply: Records.twins,
            errors: [.notFound], concerns: .everybody, example: "records.same-device device=pen-1",
            .reads { request, reading in
                let device = try requireDevice(request.arguments.requiredText("device"), reading)
                return try twins(of: device.device, .device, reading).object
            })
    }

    var decideTwin: Command {
        Command(
            "decide-twin", "Says whether two records of one name and birth date are the same person.",
            role: .operator,
            parameters: [
                .required("person", .slug, "One record."), .required("twin", .slug, "The other record."),
            ] + Records.decision,
            reply: Records.decided("person", "one record"), errors: [.notFound],
            concerns: .named("person", .init("twin", names: "person")),
            example: "records.decide-twin person=anna twin=anna-2 same=yes reason=\"she was registered twice\"",
            .writes { request, transaction in
                let person = try requirePerson(request.arguments.requiredText("person"), transaction).person
                let twin = try requirePerson(request.arguments.requiredText("twin"), transaction).person
                let facts = try decide(.person, person, twin, request, transaction)
                // Each of the two has the decision among its own entries.
                for (own, other) in [(person, twin), (twin, person)] {
                    var body = facts
                    body["person"] = .string(own)
                    body["twin"] = .string(other)
                    try transaction.record(
                        Entry("twin.decided", subject: "person/\(own)", person: own, body: body))
                }
                return facts
            })
    }

    var decideDeviceTwin: Command {
        Command(
            "decide-device-twin", "Says whether two records with one serial number are the same device.",
            role: .operator,
            parameters: [
                .required("device", .slug, "One record."), .required("twin", .slug, "The other record."),
            ] + Records.decision,
            reply: Records.decided("device", "one record"), errors: [.notFound],
            concerns: .named("device", .init("twin", names: "device")),
            example: "records.decide-device-twin device=pen-1 twin=pen-2 same=no reason=\"the maker uses 0001 twice\"",
            .writes { request, transaction in
                let device = try requireDevice(request.arguments.requiredText("device"), transaction)
                let twin = try requireDevice(request.arguments.requiredText("twin"), transaction)
                let facts = try decide(.device, device.device, twin.device, request, transaction)
                try transaction.record(
                    Entry(
                        "twin.device-decided", subject: "device/\(device.device)", person: device.owner ?? twin.owner,
                        body: facts))
                return facts
            })
    }

    private static let decision: [AnyParameter] = [
        .required("same", .boolean, "Whether they are the same."),
        .required("reason", .line(maximum: 500), "How that is known; kept in the ledger."),
    ]

    private static func decided(_ kind: String, _ summary: String) -> [ReplyMember] {
        [
            ReplyMember(kind, summary), ReplyMember("twin", "the other"), ReplyMember("same", "whether they are one"),
            ReplyMember("reason", "how that is known"), ReplyMember("by", "who decided it"),
            ReplyMember("at", "when"),
        ]
    }

    private func decide(
        _ kind: TwinKind, _ record: String, _ twin: String, _ request: Request, _ transaction: any Transaction
    ) throws -> Object {
        let known = try twins(of: record, kind, transaction).records + decisions(of: record, kind, transaction).keys
        guard twin != record, known.contains(twin) else {
            let sign = kind == .person ? "name and birth date" : "serial number"
            throw ModuleError.invalidArgument(
                "twin", expected: "a record with the same \(sign) as '\(record)'", got: twin)
        }
        let same = request.arguments.boolean("same") ?? true
        let reason = try knowledge.reasons.require("reason", request.arguments.requiredText("reason"))
        try transaction.execute(
            """
            INSERT INTO records_twins (kind, one, other, same, reason, decided_by, at) VALUES (?, ?, ?, ?, ?, ?, ?)
            ON CONFLICT (kind, one, other) DO UPDATE SET same = excluded.same, reason = excluded.reason,
                decided_by = excluded.decided_by, at = excluded.at
            """, kind.rawValue, min(record, twin), max(record, twin), same, reason, request.actor.user, transaction.now)
        return [
            kind.rawValue: record, "twin": twin, "same": same, "reason": reason, "by": request.actor.user,
            "at": transaction.now,
        ]
    }

    /// A record is not changed until it looks like nobody any more: what the other knows counts until it is decided.
    /// - Throws: `conflict`, which undoes the change.
    func requireStillAlike(
        _ alike: [String], _ record: String, _ kind: TwinKind, _ reading: any Reading
    ) throws {
        guard !Set(alike).isSubset(of: try twins(of: record, kind, reading).records) else { return }
        let (sign, command) =
            kind == .person ? ("name and birth date", "decide-twin") : ("serial number", "decide-device-twin")
        throw ModuleError.conflict(
            "another record has the \(sign) of '\(record)': say first whether they are the same, with records.\(command)",
            state: "twin")
    }

    /// Follows twins of twins too: three records may be one person.
    func twins(of record: String, _ kind: TwinKind, _ reading: any Reading) throws -> Twins {
        let others = try decisions(of: record, kind, reading).filter { !$0.value }.keys
        func closure(_ start: [String], withLookalikes: Bool) throws -> [String] {
            var records = start
            var next = 0
            while next < records.count {
                let decided = try decisions(of: records[next], kind, reading)
                var near = decided.filter(\.value).map(\.key)
                if withLookalikes {
                    near += try lookalikes(of: records[next], kind, reading).filter { decided[$0] != false }
                }
                for other in near.sorted() where !records.contains(other) && !others.contains(other) {
                    records.append(other)
                }
                next += 1
            }
            return records
        }
        let certain = try closure([record], withLookalikes: false)
        let all = try closure(certain, withLookalikes: true)
        return Twins(records: all, undecided: Array(all.dropFirst(certain.count)))
    }

    /// What was decided, by the other record's name.
    private func decisions(of record: String, _ kind: TwinKind, _ reading: any Reading) throws -> [String: Bool] {
        let sql = "SELECT one, other, same FROM records_twins WHERE kind = ? AND (one = ? OR other = ?)"
        return try reading.rows(sql, kind.rawValue, record, record).reduce(into: [:]) { decided, row in
            guard let one = row.text("one"), let other = row.text("other") else { return }
            decided[one == record ? other : one] = row.bool("same")
        }
    }

    private func lookalikes(of record: String, _ kind: TwinKind, _ reading: any Reading) throws -> [String] {
        switch kind {
        case .person:
            guard let own = try fetchPerson(record, reading), let birth = own.birthDate else { return [] }
            let sql = "SELECT person AS record, name AS sign FROM records_people WHERE birth_date = ?"
            return try matches(sql, [birth.sql], own.name, except: record, reading)
        case .device:
            let sql = "SELECT device AS record, serial AS sign FROM records_devices WHERE serial IS NOT NULL"
            return try matches(sql, [], fetchDevice(record, reading)?.serial, except: record, reading)
        }
    }

    private func matches(
        _ sql: String, _ values: [SQLValue], _ sign: String?, except record: String,
        _ reading: any Reading
    ) throws -> [String] {
        guard let sign = sign.map(folded) else { return [] }
        var found: [String] = []
        try reading.forEach(sql, values) { row in
            guard let name = row.text("record"), name != record, row.text("sign").map(folded) == sign else { return }
            found.append(name)
        }
        return found
    }

    /// Without case and blanks, by which two people write one name or number differently.
    private func folded(_ text: String) -> String { text.lowercased().filter { !$0.isWhitespace } }
}
