import Glibc
import MneedleKit
import MneedleTestKit
import Testing

@testable import MneedleDaemon

@Suite("The bench runs a module as the daemon would")
struct BenchTests {
    private struct Note: Reply {
        var note: Int64?
        var text: String?

        static let members: [Member<Note>] = [Member("note", "its number", \.note), Member("text", "it", \.text)]
    }

    /// Says that it is a text, and is none.
    private struct Crooked: ReplyValue {
        static let schema: Object = ["type": "string"]
        static let isOptional = false
        var member: Value? { .integer(1) }
    }

    private struct Lie: Reply {
        static let members: [Member<Lie>] = [Member("text", "a text") { _ in Crooked() }]
    }

    private struct Unfilled: Reply {
        var findings = [
            Finding(
                code: "wait", severity: .caution, message: "Wait until {until}.", advice: "", sources: [],
                module: "notes")
        ]
        static let members: [Member<Unfilled>] = [Member("findings", "what was found", \.findings)]
    }

    static let notes = ModuleDefinition(
        manifest: Manifest(name: "notes", version: "1", summary: "Keeps notes.", records: ["note.*"]),
        migrations: [
            Migration(1, "notes", [.table("notes_note", [.id, .text("text").unique()])])
        ]
    ) { _ in
        Module(commands: [
            Command(
                "add", "Adds a note.", role: .operator, takes: Parameter.required("text", .text(), "What."),
                gives: Note.self, example: "notes.add text=x",
                writes: { transaction, text in
                    let id = try transaction.store.insert("INSERT INTO notes_note (text) VALUES (?)", text)
                    try transaction.record(
                        Entry("note.added", subject: "note/\(id)", body: ["note": id, "text": text]))
                    if text == "bad" { throw ModuleError.conflict("bad", state: "bad") }
                    return Note(note: id)
                }),
            Command(
                "list", "Lists notes.", role: .reader, gives: Note.self, example: "notes.list",
                lists: { reading, send in
                    try reading.store.forEach("SELECT * FROM notes_note ORDER BY id", []) { row in
                        try send(Note(note: row.integer("id"), text: row.text("text")))
                    }
                }),
            Command(
                "lie", "Answers what it does not declare.", role: .reader, gives: Lie.self, example: "notes.lie",
                reads: { _ in Lie() }),
            Command(
                "wait", "Answers words that nothing fills in.", role: .reader, gives: Unfilled.self,
                example: "notes.wait", reads: { _ in Unfilled() }),
        ])
    }

    @Test("an answer that is not as its command declares it is an error")
    func declared() throws {
        let bench = try Bench(Self.notes)
        #expect {
            try bench.call("notes.lie")
        } throws: {
            ($0 as? ModuleError)?.message == "not as declared: notes.lie.text: no string: 1"
        }
    }

    @Test("a finding with a name in braces that nothing filled in is an error")
    func unfilled() throws {
        let bench = try Bench(Self.notes)
        #expect {
            try bench.call("notes.wait")
        } throws: {
            ($0 as? ModuleError)?.message
                == "not as declared: notes.wait.findings[0]: nothing fills in {until}: Wait until {until}. "
        }
    }

    @Test("a request that throws leaves nothing behind, not even in the ledger")
    func rollsBack() throws {
        let bench = try Bench(Self.notes)
        try bench.call("notes.add", ["text": "one"])
        #expect(throws: ModuleError.self) { try bench.call("notes.add", ["text": "bad"]) }
        #expect(throws: ModuleError.self) { try bench.call("notes.add", ["text": "one"]) }
        try bench.call("notes.add", ["text": "two"])
        #expect(try bench.rows("notes.list").map { $0.string("text") } == ["one", "two"])
        #expect(try bench.ledger().map(\.subject) == ["note/1", "note/2"])
    }
}

@Suite("The harness starts programs")
struct ChildProcessTests {
    @Test("a program has none of the descriptors that tests beside this one have open")
    func descriptors() throws {
        // As Foundation opens files for writing: without O_CLOEXEC.
        let open = Glibc.open("/dev/null", O_WRONLY)
        defer { close(open) }
        #expect(try ChildProcess(["sh", "-c", "[ -e /proc/$$/fd/1 ] && [ ! -e /proc/$$/fd/\(open) ]"]).wait() == 0)
    }
}
