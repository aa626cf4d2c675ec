import Foundation
import MneedleSystem
import Testing

struct AtomicFileTests {
    private let folder: String
    private var path: String { folder + "/file" }

    init() throws {
        folder = FileManager.default.temporaryDirectory.appendingPathComponent("private-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: false)
    }

    private func mode(_ path: String) throws -> Int? {
        try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int
    }

    @Test("it is replaced as a whole, its owner's alone, whatever has been left in its place")
    func replaced() throws {
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try AtomicFile.replace(path, with: Array("one".utf8))
        try "a killed program's".write(toFile: path + ".new", atomically: false, encoding: .utf8)
        try FileManager.default.setAttributes([.posixPermissions: 0o644], ofItemAtPath: path + ".new")
        try AtomicFile.replace(path, with: Array("two".utf8))
        #expect(try String(contentsOfFile: path, encoding: .utf8) == "two")
        #expect(try mode(path) == 0o600)
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder) == ["file"])
    }

    @Test("it is everybody's to read only where that is said, whatever its mode was before")
    func readable() throws {
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try AtomicFile.replace(path, with: [], mode: 0o644)
        #expect(try mode(path) == 0o644)
        try AtomicFile.replace(path, with: [])
        #expect(try mode(path) == 0o600)
    }

    @Test("a link that lies there is not followed")
    func links() throws {
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try "not to be touched".write(toFile: folder + "/other", atomically: false, encoding: .utf8)
        try FileManager.default.createSymbolicLink(
            atPath: path + ".new", withDestinationPath: folder + "/other")
        try AtomicFile.replace(path, with: Array("new".utf8))
        #expect(try String(contentsOfFile: folder + "/other", encoding: .utf8) == "not to be touched")
        #expect(try String(contentsOfFile: path, encoding: .utf8) == "new")
    }

    @Test("when it cannot be, the reason is told and the old one is as it was")
    func failing() throws {
        defer { try? FileManager.default.removeItem(atPath: folder) }
        #expect(throws: SystemError(ENOENT)) { try AtomicFile.replace(folder + "/none/file", with: []) }
        // A folder cannot be replaced by a file.
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: false)
        #expect(throws: SystemError(EISDIR)) { try AtomicFile.replace(path, with: Array("new".utf8)) }
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder) == ["file"])
    }
}
