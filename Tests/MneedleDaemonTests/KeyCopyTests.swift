import Crypto
import Foundation
import MneedleTestKit
import Testing

@testable import MneedleDaemon

@Suite("A copy of the people's keys, and another master key")
struct KeyCopyTests {
    private static func entry(_ name: String, _ id: PersonID = .random()) -> KeyFile.KeyedPerson {
        KeyFile.KeyedPerson(id: id, name: name, key: SymmetricKey(size: .bits256))
    }

    private static func gone(_ id: PersonID) -> KeyFile.KeyedPerson { KeyFile.KeyedPerson(id: id, name: "", key: nil) }

    private static func text(_ entries: [KeyFile.KeyedPerson]) -> String {
        KeyCopy.lines(entries).joined(separator: "\n") + "\n"
    }

    @Test("it has every person with key and name, and who was erased")
    func roundTrip() throws {
        let (nobody, anna, bea) = (Self.entry("", .nobody), Self.entry("anna"), Self.gone(.random()))
        let copy = try #require(KeyCopy.read(Self.text([nobody, anna, bea])))
        #expect(copy.count == 3)
        let found = try #require(copy.first { $0.id == anna.id })
        #expect(found.name == "anna" && found.key == anna.key)
        #expect(copy.first { $0.id == bea.id }?.key == .some(nil))
    }

    @Test("half of one, and any other text, is refused")
    func refuses() {
        let text = Self.text([Self.entry("", .nobody), Self.entry("anna")])
        #expect(KeyCopy.read(text) != nil)
        for other in [
            "", "age-encryption.org/v1\n", String(text.dropFirst()), KeyCopy.heading + "\n",
            text.replacingOccurrences(of: "anna", with: "").replacingOccurrences(of: " \n", with: "\n"),
            Self.text([Self.entry("anna")]),
        ] { #expect(KeyCopy.read(other) == nil, "\(other)") }
    }

    @Test("whoever is erased in one of the two stays erased, and the key in use stands")
    func merges() {
        let id = PersonID.random()
        let (old, new, erased) = (Self.entry("anna", id), Self.entry("anna", id), Self.gone(id))
        #expect(KeyCopy.merged([old], into: [new]).map(\.key) == [new.key])
        #expect(KeyCopy.merged([old], into: []).map(\.key) == [old.key])
        #expect(KeyCopy.merged([old], into: [erased]).map(\.key) == [nil])
        #expect(KeyCopy.merged([erased], into: [new]).map(\.key) == [nil])
    }

    private static func file(_ folder: TemporaryFolder, _ credentials: String? = nil) throws -> KeyFile {
        try KeyFile(folder: folder.path, credentials: credentials)
    }

    @Test(
        "a change of the master key that is cut short leaves keys that can be read, whichever step was the last",
        arguments: 0...3)
    func cutShort(steps: Int) throws {
        let folder = try TemporaryFolder()
        let (own, next) = (folder.path + "/master-key", folder.path + "/master-key.next")
        let entries = [Self.entry("", .nobody), Self.entry("anna")]
        try Self.file(folder).write(entries)
        let old = try String(contentsOfFile: own, encoding: .utf8)
        let new = String(repeating: "cd", count: 32) + "\n"
        if steps > 0 { try Data(new.utf8).write(to: URL(fileURLWithPath: next)) }
        if steps > 1 {
            try KeyFile(folder: folder.path, master: SymmetricKey(data: [UInt8](repeating: 0xcd, count: 32)))
                .write(entries)
        }
        if steps > 2 { try Data(new.utf8).write(to: URL(fileURLWithPath: own)) }
        #expect(try Self.file(folder).read().entries.map(\.name).sorted() == ["", "anna"])
        #expect(!FileManager.default.fileExists(atPath: next))
        #expect(try String(contentsOfFile: own, encoding: .utf8) == (steps > 1 ? new : old))
        #expect(try Self.file(folder).read().entries.count == 2)
    }

    @Test("after a change of the master key the old one opens nothing, and the people's keys are the same")
    func changes() throws {
        let folder = try TemporaryFolder()
        let entries = [Self.entry("", .nobody), Self.entry("anna")]
        try Self.file(folder).write(entries)
        let old = try #require(try KeyFile.master(in: folder.path + "/master-key"))
        _ = try KeyFile.changeMaster(in: folder.path, of: entries, credentials: nil)
        #expect(Set(try Self.file(folder).read().entries.map { $0.key?.bytes }) == Set(entries.map { $0.key?.bytes }))
        #expect(throws: HeadNote.Refused.self) {
            try KeyFile(folder: folder.path, master: old).read()
        }
        // From the file to a credential of systemd: the file goes.
        let credentials = try TemporaryFolder()
        func give(_ name: String, _ digits: String) throws {
            try Data(String(repeating: digits, count: 32).utf8).write(
                to: URL(fileURLWithPath: credentials.path + "/" + name))
        }
        try give("mneedle-master-key-new", "ef")
        _ = try KeyFile.changeMaster(in: folder.path, of: entries, credentials: credentials.path)
        #expect(!FileManager.default.fileExists(atPath: folder.path + "/master-key"))
        try FileManager.default.removeItem(atPath: credentials.path + "/mneedle-master-key-new")
        try give("mneedle-master-key", "ef")
        #expect(try Self.file(folder, credentials.path).read().entries.count == 2)
        // Without a new credential nothing would be left to give the service.
        #expect(throws: (any Error).self) {
            try KeyFile.changeMaster(in: folder.path, of: entries, credentials: credentials.path)
        }
        #expect(try Self.file(folder, credentials.path).read().entries.count == 2)
    }
}
