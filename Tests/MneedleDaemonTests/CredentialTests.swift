import Foundation
import Logging
import MneedleKit
import Testing

@testable import MneedleDaemon

@Suite("Secrets come from systemd alone")
struct CredentialTests {
    private func read(_ content: Data?) throws -> (key: [UInt8]?, problems: [Problem]) {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("credentials-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        try content?.write(to: folder.appendingPathComponent("mneedle.store-key"))
        let problems = Problems()
        let credentials = Credentials(folder: folder.path, problems: problems)
        return (credentials.storeKey?.bytes, problems.found)
    }

    private let bytes = (0..<32).map { UInt8($0 * 7 + 1 & 0xFF) }

    @Test("a key is 32 bytes, or as many in hexadecimal; without one there is none")
    func forms() throws {
        #expect(try read(Data(bytes)).key == bytes)
        #expect(try read(Data((bytes.hex + "\n").utf8)).key == bytes)
        #expect(try read(Data(bytes.hex.uppercased().utf8)).key == bytes)
        let none = try read(nil)
        #expect(none.key == nil && none.problems.isEmpty)
        #expect(Credentials(folder: nil, problems: Problems()).storeKey == nil)
    }

    @Test("anything else is refused with what was expected, and never shown", arguments: ["", "secret", "g"])
    func refused(text: String) throws {
        let content = text == "g" ? String(repeating: "g", count: 64) : text
        let result = try read(Data(content.utf8))
        #expect(result.key == nil && result.problems.count == 1)
        let said = result.problems.map(\.description).joined()
        #expect(said.contains("expected 32 bytes") && said.contains("got \(content.utf8.count) bytes"))
        #expect(content.isEmpty || !said.contains(content))
    }

    @Test("a key does not show in its description")
    func hidden() {
        let key = Credentials.StoreKey(bytes: bytes)
        #expect("\(key)" == "a key of 32 bytes")
    }

    @Test("the configuration has no place for a key")
    func notInConfiguration() throws {
        let file = FileManager.default.temporaryDirectory.appendingPathComponent("\(UUID().uuidString).toml")
        try "[store]\nkey = \"00\"\n".write(to: file, atomically: true, encoding: .utf8)
        defer { try? FileManager.default.removeItem(at: file) }
        let problems = Problems()
        let settings = Settings(Places(config: file.path), problems: problems)
        // A section of a module that there is not: the loader refuses it.
        #expect(settings.moduleSections.contains("store"))
        _ = Loader(
            settings: settings, logger: .init(label: "test"), isQuarantined: { _ in false }, migrate: { _ in }
        ).remake(House(), problems: problems)
        #expect(problems.found.contains { $0.key == "store" && $0.reason.contains("unknown section") })
    }
}
