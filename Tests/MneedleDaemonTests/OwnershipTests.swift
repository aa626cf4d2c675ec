import MneedleKit
import Testing

@testable import MneedleDaemon

@Suite("Who may record what")
struct OwnershipTests {
    private static func manifest(_ name: String, _ records: [String] = []) -> Manifest {
        Manifest(name: name, version: "1", summary: "", records: records)
    }

    private static let records = {
        var ownership = Ownership()
        ownership.take(manifest("records", ["person.*", "device.added"]))
        return ownership
    }()

    @Test(
        "two modules cannot claim one kind, and none the service's",
        arguments: [
            manifest("person"), manifest("other", ["person.added"]), manifest("other", ["device.*"]),
            manifest("other", ["device.added"]), manifest("other", ["records.*"]), manifest("other", ["mneedled.*"]),
            manifest("other", ["person.head.*"]), manifest("device"),
        ])
    func conflicts(manifest: Manifest) {
        #expect(throws: ModuleFile.Unusable.self) { try Self.records.check(manifest) }
    }

    @Test(
        "what is nobody's can be claimed",
        arguments: [
            manifest("other", ["device.cleaned", "personal.*"]), manifest("other", ["device.added-late"]),
            manifest("record"), manifest("records", ["person.*", "device.added"]),
        ])
    func free(manifest: Manifest) throws {
        try Self.records.check(manifest)
    }

    @Test(
        "what is no kind and no name is refused",
        arguments: [
            manifest(""), manifest("Upper"), manifest("a.b"), manifest("mneedled"), manifest("../x"), manifest("a\nb"),
            manifest(String(repeating: "a", count: 65)), manifest("other", ["*"]), manifest("other", [".*"]),
            manifest("other", ["visit"]), manifest("other", ["visit.*.began"]), manifest("other", ["visit.a\nb"]),
        ])
    func noNames(manifest: Manifest) {
        #expect(throws: ModuleFile.Unusable.self) { try Ownership().check(manifest) }
    }

    @Test("a module may record what begins with its name and what it claims, and nothing else")
    func own() throws {
        for kind in ["records.read", "person.added", "person.a.b", "device.added"] {
            try Self.records.check(kind, of: "records")
        }
        for kind in ["device.cleaned", "persona.added", "records", "recordsx.a", "person.", "mneedled.x"] {
            #expect(throws: ModuleError.self, "\(kind)") { try Self.records.check(kind, of: "records") }
        }
        #expect(throws: ModuleError.self) { try Self.records.check("person.added", of: "session") }
    }
}

@Suite("How much a module may say")
struct SizesTests {
    private func fits(_ object: Object, _ limit: Int) -> Bool {
        (try? Sizes.check(object, atMost: limit, "it")) != nil
    }

    @Test("what is over the limit is refused, wherever it is in the object")
    func sizes() {
        let text = String(repeating: "x", count: 1000)
        let list = Value.list(Array(repeating: .integer(1), count: 1000))
        for object: Object in [
            ["a": text], [text: 1], ["a": ["b": text] as Object], ["a": Value.list([.string(text)])], ["a": list],
        ] {
            #expect(!fits(object, 900) && fits(object, 6000))
        }
        #expect(fits([:], 0))
    }

    @Test("what is nested so deep that it could use up a stack is refused")
    func depth() {
        func nested(_ depth: Int) -> Object {
            ["a": (0..<depth).reduce(Value.integer(1)) { value, _ in .list([value]) }]
        }
        #expect(fits(nested(60), 10_000) && !fits(nested(100), 10_000))
    }
}
