import Foundation
import MneedleKit

extension ProtectedTable {
    /// A value as a reply shows it; bytes in base64.
    func shown(_ value: SQLValue, in column: String) -> Value {
        switch value {
        case .null: .null
        case .integer(let number):
            times.contains(column)
                ? .string(Instant(milliseconds: number).description)
                : booleans.contains(column) ? .bool(number != 0) : .integer(number)
        case .real(let number): .number(number)
        case .text(let text): .string(text)
        case .blob(let bytes): .string(Data(bytes).base64EncodedString())
        }
    }
}

extension StoreTransaction {
    package func forget(_ person: String) throws -> String {
        guard let id = engine.sealing.keys.id(of: person), !forgotten.contains(id) else {
            throw ModuleError.notFound("person", person)
        }
        try mapped { try engine.sealing.removeRows(of: id, writing) }
        // A start that finds the key there still destroys it: the process may end before that is done, and a copy of the keys
        // may be put back.
        try mapped {
            _ = try writing.run(
                """
                INSERT INTO mneedle_people (id, erased_at) VALUES (?, ?)
                ON CONFLICT (id) DO UPDATE SET erased_at = excluded.erased_at
                """, [.blob(id.bytes), steadyNow.sql], of: Verb.host)
        }
        forgotten.append(id)
        return id.pseudonym
    }
}

extension Sealing {
    /// Removes the rows about a person, but for those that outlive them.
    func removeRows(of id: PersonID, _ connection: any WritingConnection) throws {
        for table in tables.owning {
            let condition = table.owning.map { "\($0) = ?" }.joined(separator: " OR ")
            _ = try connection.run(
                "DELETE FROM \(table.name) WHERE \(condition)", table.owning.map { _ in SealedValue.person(id) },
                of: Verb.host)
        }
    }
}

extension Engine {
    /// Destroys the keys of people whose erasing is on disk.
    func destroyKeys(of people: [PersonID]) {
        guard !people.isEmpty else { return }
        do {
            try sealing.keys.erase(people)
            health.mend("keys-left")
            // What the log and the freed pages of the database still have of their rows goes as well.
            _ = try? store.emptyLog()
        } catch {
            health.report(
                Health.Fault(
                    "keys-left",
                    "the key of a person who was erased is still there: \(describe(error)); make room, or mend the folder, and"
                        + " restart the service: it tries that again", blocksSessions: false))
        }
    }

    /// Holds the people's keys against the people whom the store knows, at a start.
    ///
    /// Whoever is erased on either side is erased on both: a copy from before may have been put back, of the one or the other.
    /// - Throws: ``HeadNote/Refused`` where keys are missing, unless an administrator has said to go on without.
    func settleKeys(goesOnWithout: Bool) throws {
        let keys = sealing.keys
        var (live, erased) = ([PersonID](), [PersonID]())
        try store.starting {
            try store.read(nil) { connection in
                try connection.forEach("SELECT id, erased_at FROM mneedle_people", [], of: Verb.host) { row in
                    guard let id = row.blob("id").flatMap(PersonID.init) else {
                        throw ModuleError(.storage, "a row of mneedle_people is damaged")
                    }
                    if row["erased_at"] == .null { live.append(id) } else { erased.append(id) }
                }
            }
        }
        let missing = live.filter { !keys.has($0) && !keys.hasErased($0) }
        guard missing.isEmpty || (goesOnWithout && !missing.contains(.nobody)) else {
            throw HeadNote.Refused(
                description:
                    "the keys of \(missing.count) of \(live.count) people are missing in '\(keys.place)':"
                    + " what the store has about them cannot be read. Put the right file back, or bring the keys back from a"
                    + " copy of them (mneedled --restore-keys)"
                    + (missing.contains(.nobody)
                        ? ""
                        : "; to go on without these people, for good, make an empty file 'accept-store' beside it and start again")
            )
        }
        try keys.makeNobody()
        let gone = live.filter { !keys.has($0) }
        let isNew = !live.contains(.nobody)
        if isNew || !gone.isEmpty {
            try store.starting {
                try store.write { connection in
                    try connection.group {
                        if isNew { try note(.nobody, erasedAt: .null, connection) }
                        for id in gone {
                            try sealing.removeRows(of: id, connection)
                            try note(id, erasedAt: clock.now().sql, connection)
                        }
                    }
                }
            }
        }
        destroyKeys(of: gone + erased.filter { !keys.hasErased($0) })
        keys.note(stored: live + [.nobody])
    }

    private func note(_ id: PersonID, erasedAt: SQLValue, _ connection: any WritingConnection) throws {
        _ = try connection.run(
            """
            INSERT INTO mneedle_people (id, erased_at) VALUES (?, ?)
            ON CONFLICT (id) DO UPDATE SET erased_at = excluded.erased_at
            """, [.blob(id.bytes), erasedAt], of: Verb.host)
    }
}
