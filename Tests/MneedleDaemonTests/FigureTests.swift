import Foundation
import MneedleKit
import MneedleTestKit
import Synchronization
import Testing

@testable import MneedleDaemon

@Suite("A module's figures")
struct FigureTests {
    static func definition(_ figures: [Figure], name: String = "notes") -> ModuleDefinition {
        ModuleDefinition(
            manifest: Manifest(name: name, version: "1", summary: "Keeps notes."),
            migrations: [Migration(1, "notes", [.table("\(name)_note", [.id, .text("text").optional()])])]
        ) { _ in Module(figures: figures) }
    }

    static let good = Figure("pages", .gauge, "Pages.") { reading in
        [FigureValue(try reading.store.row("SELECT COUNT(*) AS n FROM notes_note")?.integer("n") ?? 0)]
    }
    static let states = [FigureLabel("state", ["new", "old"])]

    @Test("bear the module's name and their unit, and come from the snapshot")
    func names() throws {
        let bench = try Bench(
            Self.definition([
                Self.good, Figure("ink", .counter, unit: "bytes", "Ink.") { _ in [FigureValue(7)] },
                Figure("drafts", .gauge, "Drafts.", labels: Self.states) { _ in
                    [FigureValue(0.5, "new"), FigureValue(-1, "old")]
                },
                Figure("empty", .gauge, "Nothing to tell.") { _ in [] },
            ]))
        #expect(
            try bench.figures() == [
                "mneedle_notes_pages 0", "mneedle_notes_ink_bytes_total 7",
                #"mneedle_notes_drafts{state="new"} 0.5"#, #"mneedle_notes_drafts{state="old"} -1"#,
            ])
    }

    static let bad: [Figure] = [
        Figure("torn", .gauge, "Throws.") { reading in
            try reading.store.forEach("SELECT 1 UNION SELECT 2", []) { _ in
                throw ModuleError.conflict("torn", state: "torn")
            }
            return []
        },
        Figure("wrong", .gauge, "Asks for what is not there.") { reading in
            [FigureValue(try reading.store.row("SELECT * FROM no_such_table") == nil ? 0 : 1)]
        },
        Figure("person", .gauge, "Says a name.", labels: states) { _ in [FigureValue(1, "anna")] },
        Figure("more", .gauge, "Says more than it declared.", labels: states) { _ in [FigureValue(1, "new", "old")] },
        Figure("less", .gauge, "Says less.", labels: states) { _ in [FigureValue(1)] },
        Figure("twice", .gauge, "Says the same twice.", labels: states) { _ in
            [FigureValue(1, "new"), FigureValue(2, "new")]
        },
        Figure("nan", .gauge, "Is no number.") { _ in [FigureValue(Double.nan)] },
        Figure("negative", .counter, "Counts down.") { _ in [FigureValue(-1)] },
        Figure("Upper", .gauge, "Is misnamed.") { _ in [FigureValue(1)] },
        Figure("pages_total", .gauge, "Looks like another's sample.") { _ in [FigureValue(1)] },
        Figure("unit", .gauge, unit: "B\n", "Has an odd unit.") { _ in [FigureValue(1)] },
        Figure("label", .gauge, "Has an odd label.", labels: [FigureLabel("a b", ["x"])]) { _ in [FigureValue(1, "x")]
        },
        Figure("pages", .counter, "Is there already.") { _ in [FigureValue(1)] },
    ]

    final class Complaints: Sendable { let heard = Mutex<[String]>([]) }

    /// A store with a module that has these figures.
    final class Shelf {
        let folder: URL
        let engine: Engine
        let complaints = Complaints()

        init(_ figures: [Figure]) throws {
            folder = FileManager.default.temporaryDirectory.appendingPathComponent("figures-\(UUID().uuidString)")
            try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
            let store = try Stores.open(path: folder.appendingPathComponent("test.sqlite").path)
            let definition = FigureTests.definition(figures)
            try Migrations.apply(definition.migrations, of: "notes", to: store)
            let complaints = complaints
            var registry = ModuleRegistry { module, what, _ in
                complaints.heard.withLock { $0.append("\(module): \(what)") }
            }
            registry.add(definition, Module(figures: figures))
            engine = try Engine(store: store, registry: registry, clock: SystemClock())
        }

        deinit {
            try? engine.close()
            try? FileManager.default.removeItem(at: folder)
        }
    }

    @Test("that throw, or say what they did not declare, are left out and told; the others stand")
    func failing() throws {
        let last = Figure("last", .gauge, "Comes after them.") { _ in [FigureValue(1)] }
        let shelf = try Shelf([Self.good] + Self.bad + [last])
        var failed: [String] = []
        let families = try shelf.engine.read(actor: .service, module: "mneedled") { reading in
            reading.figures { module, figure, _ in failed.append("\(module).\(figure)") }
        }
        #expect(families.map(\.name) == ["mneedle_notes_pages", "mneedle_notes_last"])
        #expect(failed == Self.bad.map { "notes.\($0.name)" })
        for figure in Self.bad.dropLast() {
            #expect(throws: (any Error).self) { try Bench(Self.definition([figure])).figures() }
        }
    }

    @Test("that fail are counted each time and complained of once")
    func counted() throws {
        let shelf = try Shelf([Self.good] + Self.bad.prefix(2))
        let metrics = Metrics(store: shelf.engine.store, version: "1", started: shelf.engine.clock.now()) {
            ServerCounters(modules: 1)
        }
        for round in 1...3 {
            let families = try shelf.engine.read(actor: .service, module: "mneedled") { try metrics.families($0) }
            #expect(families.last?.name == "mneedle_notes_pages")
            let failures = families.first { $0.name == "mneedle_figure_failures" }
            #expect(failures?.samples == [.init(["module": "notes"], .number(Double(round * 2)))])
        }
        #expect(shelf.complaints.heard.withLock(\.count) == 2)
    }
}
