import Glibc
import MneedleKit
import MneedleTestKit
import Testing

@testable import MneedleDaemon

@Suite("The bench runs a module as the daemon would")
struct BenchTests {
    static let notes = ModuleDefinition(
        manifest: Manifest(name: "notes", version: "1", summary: "Keeps notes.", records: ["note.*"]),
        migrations: [
            Migration(1, "notes", [.table("notes_note", [.id, .text("text").unique()])])
        ]
    ) { _ in
        Module(commands: [
            Command(
                "add", "Adds a note.", role: .operator, parameters: [.required("text", .text(), "")],
                example: "notes.add text=x",
                .writes { request, transaction in
                    let text = try request.arguments.requiredText("text")
                    let id = try transaction.insert("INSERT INTO notes_note (text) VALUES (?)", text)
                    try transaction.record(
                        Entry("note.added", subject: "note/\(id)", body: ["note": id, "text": text]))
                    if text == "bad" { throw ModuleError.conflict("bad", state: "bad") }
                    return ["note": id]
                }),
            Command(
                "list", "Lists notes.", role: .reader, example: "notes.list",
                .lists { _, reading, sink in
                    try reading.forEach("SELECT * FROM notes_note ORDER BY id", []) { row in
                        try sink(["note": row.integer("id"), "text": row.text("text")])
                    }
                    return [:]
                }),
        ])
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
