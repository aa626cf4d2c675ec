import MneedleKit

extension Records {
    private static let whom = Parameter.required("person", .slug, "Whom.")
    private static let reason = Parameter.required(
        "reason", .line(maximum: 500), "Why; without anything about the person: it stays in the ledger.")

    var erase: Command {
        Command(
            "erase",
            "Erases everything about a person for good, in copies as well; only who was treated from which lot stays, without a name.",
            role: .admin, takes: Records.whom, Records.reason, gives: ErasedPerson.self,
            errors: [.notFound, .conflict],
            concerns: .named("person"), example: "records.erase person=anna reason=\"asked for by letter of 3 May\"",
            writes: { transaction, person, reason in
                _ = try requirePerson(person, transaction)
                let running = try transaction.modules.list("session.list", ["person": person, "state": "running"])
                guard running.isEmpty else {
                    throw ModuleError.conflict(
                        "a session of '\(person)' is running; end it first with session.finish or session.stop",
                        state: "running")
                }
                let name = try transaction.forget(person)
                try transaction.record(
                    Entry("person.erased", subject: "person/\(name)", body: ["name": name, "reason": reason]))
                return ErasedPerson(name: name)
            }
        )
        .final("What is kept about the person is lost, in every copy.")
    }

    var export: Command {
        Command(
            "export", "Gives everything that is kept about a person, table by table.", role: .reader,
            takes: Records.whom, gives: ExportedRow.self, errors: [.notFound], concerns: .named("person"),
            example: "records.export person=anna",
            lists: { reading, send, person in
                _ = try requirePerson(person, reading)
                try reading.privacy.everything(about: person) { try send(ExportedRow(table: $0, row: $1)) }
            })
    }
}

/// The reply to `records.erase`.
private struct ErasedPerson: Reply {
    var name: String

    static let members: [Member<ErasedPerson>] = [
        Member("name", "what stands from now on where the person's name stood", \.name)
    ]
}

/// A row of `records.export`.
private struct ExportedRow: Reply {
    var table: String
    var row: Object

    static let members: [Member<ExportedRow>] = [
        Member("table", "the table that has it", \.table), Member("row", "its columns", \.row),
    ]
}
