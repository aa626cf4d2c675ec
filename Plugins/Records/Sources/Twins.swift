import MneedleKit

/// Two records that are, or may be, one person or one device.
///
/// A second record would leave behind what the first one knows. So two records that look alike count as one until
/// somebody decides that they are not.
enum TwinKind: Sendable {
    case person, device

    /// The table with the decisions.
    fileprivate var table: String {
        switch self {
        case .person: "records_twins"
        case .device: "records_device_twins"
        }
    }
}

/// The records that a record is known to be one with, or may be.
struct Twins: Reply {
    /// All records that count as this one, itself first.
    var records: [String]
    /// The records among them that nobody has decided about.
    var undecided: [String]

    static let members: [Member<Twins>] = [
        Member("records", "all records that count as this one, itself first", \.records),
        Member("undecided", "those that look alike and nobody has decided about", \.undecided),
    ]
}

/// A decision whether two records are the same.
private struct Decision: Sendable {
    var record: String
    var twin: String
    var same: Bool
    var reason: String
    var by: String
    var at: Instant

    /// The same decision as seen from the other record.
    var ofTwin: Decision { Decision(record: twin, twin: record, same: same, reason: reason, by: by, at: at) }
}

/// The reply of `records.decide-twin`.
private struct PersonDecision: Reply {
    let decision: Decision

    static let members: [Member<PersonDecision>] = [
        Member("person", "one record", \.decision.record), Member("twin", "the other", \.decision.twin),
        Member("same", "whether they are one", \.decision.same),
        Member("reason", "how that is known", \.decision.reason),
        Member("by", "who decided it", \.decision.by), Member("at", "when", \.decision.at),
    ]
}

extension Records {
    var samePerson: Command {
        Command(
            "same-person", "Lists the records that are, or may be, one person: of one name and birth date.",
            role: .reader, takes: Records.whosePerson, gives: Twins.self, errors: [.notFound], concerns: .everybody,
            example: "records.same-person person=anna",
            reads: { reading, slug in try twins(of: requirePerson(slug, reading).person, .person, reading) })
    }

    var sameDevice: Command {
        Command(
            "same-device", "Lists the records that are, or may be, one device: with one serial number.",
            role: .reader, takes: Records.whichDevice, gives: Twins.self, errors: [.notFound], concerns: .everybody,
            example: "records.same-device device=pen-1",
            reads: { reading, slug in try twins(of: requireDevice(slug, reading).device, .device, reading) })
    }

    private static let onePerson = Parameter.required("person", .slug, "One record.")
    private static let oneDevice = Parameter.required("device", .slug, "One record.")
    private static let twin = Parameter.required("twin", .slug, "The other record.")
    private static let same = Parameter.required("same", .boolean, "Whether they are the same.")
    private static let reason = Parameter.required(
        "reason", .line(maximum: 500), "How that is known; kept in the ledger.")

    var decideTwin: Command {
        Command(
            "decide-twin", "Says whether two records of one name and birth date are the same person.",
            role: .operator, takes: Records.onePerson, Records.twin, Records.same, Records.reason,
            gives: PersonDecision.self, errors: [.notFound],
            concerns: .named("person", .init("twin", names: "person")),
            example: "records.decide-twin person=anna twin=anna-2 same=yes reason=\"she was registered twice\"",
            writes: { transaction, person, twin, same, reason in
                for record in [person, twin] { _ = try requirePerson(record, transaction) }
                let decision = try decide(.person, person, twin, same, reason, transaction)
                // Each of the two has the decision among its own entries.
                for own in [decision, decision.ofTwin] {
                    try transaction.record(
                        Entry(
                            "twin.decided", subject: "person/\(own.record)", person: own.record,
                            body: PersonDecision(decision: own).object))
                }
                return PersonDecision(decision: decision)
            })
    }

    var decideDeviceTwin: Command {
        Command(
            "decide-device-twin", "Says whether two records with one serial number are the same device.",
            role: .operator, takes: Records.oneDevice, Records.twin, Records.same, Records.reason,
            gives: DeviceDecision.self, errors: [.notFound],
            concerns: .named("device", .init("twin", names: "device")),
            example: "records.decide-device-twin device=pen-1 twin=pen-2 same=no reason=\"the maker uses 0001 twice\"",
            writes: { transaction, slug, twinSlug, same, reason in
                let device = try requireDevice(slug, transaction)
                let twin = try requireDevice(twinSlug, transaction)
                let decided = try decide(.device, slug, twinSlug, same, reason, transaction)
                let decision = DeviceDecision(
                    device: slug, twin: twinSlug, isSame: same, reason: decided.reason, by: decided.by, at: decided.at)
                try transaction.record(
                    Entry(
                        .deviceDecided, subject: "device/\(slug)", person: device.owner ?? twin.owner, body: decision))
                return decision
            })
    }

    private func decide(
        _ kind: TwinKind, _ record: String, _ twin: String, _ same: Bool, _ reason: String,
        _ transaction: any Transaction
    ) throws -> Decision {
        let known = try twins(of: record, kind, transaction).records + decisions(of: record, kind, transaction).keys
        guard twin != record, known.contains(twin) else {
            let sign = kind == .person ? "name and birth date" : "serial number"
            throw ModuleError.invalidArgument(
                Records.twin.name, expected: "a record with the same \(sign) as '\(record)'", got: twin)
        }
        let decision = Decision(
            record: record, twin: twin, same: same,
            reason: try knowledge.reasons.require(Records.reason.name, reason), by: transaction.actor.user,
            at: transaction.now)
        try transaction.store.execute(
            """
            INSERT INTO \(kind.table) (one, other, same, reason, decided_by, at) VALUES (?, ?, ?, ?, ?, ?)
            ON CONFLICT (one, other) DO UPDATE SET same = excluded.same, reason = excluded.reason,
                decided_by = excluded.decided_by, at = excluded.at
            """, min(record, twin), max(record, twin), decision.same, decision.reason, decision.by, decision.at)
        return decision
    }

    /// Refuses a change after which a record no longer looks like its undecided twins: what they know counts until somebody
    /// decides about them.
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

    /// The twins of a record, and their twins: three records may be one person.
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

    /// The decisions about a record, by the other record's name: `true` where both are the same.
    private func decisions(of record: String, _ kind: TwinKind, _ reading: any Reading) throws -> [String: Bool] {
        let sql = "SELECT one, other, same FROM \(kind.table) WHERE one = ? OR other = ?"
        return try reading.store.rows(sql, record, record).reduce(into: [:]) { decided, row in
            guard let one = row.text("one"), let other = row.text("other") else { return }
            decided[one == record ? other : one] = row.bool("same")
        }
    }

    private func lookalikes(of record: String, _ kind: TwinKind, _ reading: any Reading) throws -> [String] {
        switch kind {
        case .person:
            guard let own = try fetchPerson(record, reading), let birth = own.birthDate else { return [] }
            let sql = "SELECT person AS record, name AS sign FROM records_people WHERE birth_date_match = ?"
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
        try reading.store.forEach(sql, values) { row in
            guard let name = row.text("record"), name != record, row.text("sign").map(folded) == sign else { return }
            found.append(name)
        }
        return found
    }

    /// The text without case and blanks, in which two spellings of one name or number may differ.
    private func folded(_ text: String) -> String { text.lowercased().filter { !$0.isWhitespace } }
}
