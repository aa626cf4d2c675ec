import MneedleKit

/// What the host looks up in this library: `mneedle_module_` and the module's name.
@_cdecl("mneedle_module_skindiary")
public func mneedleModuleSkinDiary() -> UnsafeMutableRawPointer { definition.export() }

private let cautionAt = Parameter.optional(
    "caution_at", .integer(1...5), "A feeling up to this is a caution before a session.", default: 2)

/// A diary of how the skin feels, which speaks up before a session on a bad day.
let definition = ModuleDefinition(
    manifest: Manifest(
        name: "skindiary", version: "1.0.0", summary: "Keeps a diary of how the skin feels, 1 (bad) to 5 (good).",
        guards: true,
        configuration: .of(cautionAt)),
    migrations: [
        Migration(
            1, "the diary",
            [
                .table(
                    "skindiary_entries",
                    [.id, .person(), .time("at"), .integer("feeling").sealed(), .text("note").optional().sealed()])
            ])
    ]
) { setup in
    let diary = Diary(cautionAt: try setup[cautionAt])
    return Module(commands: [diary.add, diary.list], checks: [diary.check], reactions: [diary.afterSession])
}

/// What `skindiary.add` answers.
struct Written: Reply {
    var entry: Int64

    static let members: [Member<Written>] = [Member("entry", "its number", \.entry)]
}

/// A row of `skindiary.list`.
struct Line: Reply {
    var row: Row

    static let members: [Member<Line>] = [
        Member("at", "when") { $0.row.instant("at") },
        Member("feeling", "1 to 5") { $0.row.integer("feeling") },
        Member("note", "a note") { $0.row.text("note") },
    ]
}

struct Diary: Sendable {
    static let person = Parameter.required("person", .slug, "Whose diary.")
    static let feeling = Parameter.required("feeling", .integer(1...5), "1 (bad) to 5 (good).")
    static let note = Parameter.optional("note", .text(maximum: 500), "A note.")

    let cautionAt: Int64

    var add: Command {
        Command(
            "add", "Writes down how the skin feels today.", role: .operator,
            takes: Diary.person, Diary.feeling, Diary.note, gives: Written.self, errors: [.notFound],
            concerns: .named("person"), example: "skindiary.add person=anna feeling=4",
            writes: { transaction, person, feeling, note in
                try write(transaction.person(person).person, feeling, note, transaction)
            })
    }

    var list: Command {
        Command(
            "list", "Lists a person's diary, the newest first.", role: .reader, takes: Diary.person, gives: Line.self,
            concerns: .named("person"), example: "skindiary.list person=anna",
            lists: { reading, send, person in
                let sql = "SELECT * FROM skindiary_entries WHERE person = ? ORDER BY id DESC"
                try reading.store.forEach(sql, [person.sql]) { try send(Line(row: $0)) }
            })
    }

    /// Asked by `session.start`: what this returns, the person sees beside every other module's findings.
    var check: SafetyCheck {
        SafetyCheck("how the skin felt last") { plan, reading in
            let sql = "SELECT feeling FROM skindiary_entries WHERE person = ? ORDER BY id DESC LIMIT 1"
            guard let feeling = try reading.store.row(sql, plan.person.person)?.integer("feeling"), feeling <= cautionAt
            else { return [] }
            return [
                Finding(
                    code: "skin-feels-bad", severity: .caution, message: "The diary's last entry is \(feeling) of 5.",
                    advice: "Wait for a better day if you can.",
                    sources: [Source(id: "skindiary", title: "The person's own diary", evidence: "practice default")],
                    module: "skindiary")
            ]
        }
    }

    /// Runs in the transaction that finished the session: both happen, or neither.
    var afterSession: Reaction {
        Reaction(to: .sessionFinished) { session, _, transaction in
            _ = try write(session.person, 3, "session \(session.session) finished", transaction)
        }
    }

    private func write(_ person: String, _ feeling: Int64, _ note: String?, _ transaction: any Transaction) throws
        -> Written
    {
        let id = try transaction.store.insert(
            "INSERT INTO skindiary_entries (person, at, feeling, note) VALUES (?, ?, ?, ?)", person, transaction.now,
            feeling, note)
        try transaction.record(
            Entry(
                "skindiary.written", subject: "diary/\(id)", person: person,
                body: ["entry": id, "person": person, "feeling": feeling, "note": note]))
        return Written(entry: id)
    }
}
