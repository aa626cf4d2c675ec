import Foundation
import MneedleKit
import Testing

@testable import MneedleDaemon

@Suite("What the store remembers of modules")
struct KnownModulesTests {
    private func withStore(_ body: (any Store) throws -> Void) throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("known-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let store = try Stores.open(path: folder.appendingPathComponent("test.sqlite").path)
        try body(store)
        try store.close()
    }

    @Test("who has guarded is a guard for ever, unless it is retired; then until it guards again")
    func remembers() throws {
        try withStore { store in
            #expect(try store.knownModules().isEmpty)
            try store.remember(["a": true, "b": false])
            #expect(try store.knownModules() == ["a": .guarding, "b": .bystander])
            // One is gone, and one does not guard any more.
            try store.remember(["b": true])
            try store.remember(["b": false])
            #expect(try store.knownModules() == ["a": .guarding, "b": .guarding])
            try store.execute(["UPDATE mneedle_modules SET guards = 2"])
            #expect(try store.knownModules() == ["a": .retired, "b": .retired])
            try store.remember(["a": true, "b": false])
            #expect(try store.knownModules() == ["a": .guarding, "b": .bystander])
        }
    }

    @Test("what is damaged is taken for a guard", arguments: ["'no'", "x'00'", "7", "-1", "1.5", "''"])
    func damaged(value: String) throws {
        try withStore { store in
            try store.execute(["INSERT INTO mneedle_modules (name, guards) VALUES ('a', \(value))"])
            #expect(try store.knownModules() == ["a": .guarding])
        }
    }
}
