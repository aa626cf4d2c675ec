import Foundation
import MneedleSystem
import Testing

struct DescriptorTests {
    private let folder: String
    private var path: String { folder + "/file" }

    init() throws {
        folder = FileManager.default.temporaryDirectory.appendingPathComponent("descriptor-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: false)
    }

    @Test("a file is closed with its last user, and no program inherits it")
    func closed() throws {
        defer { try? FileManager.default.removeItem(atPath: folder) }
        var file: Descriptor? = try Descriptor(opening: path, O_RDWR | O_CREAT)
        let number = try #require(file?.number)
        let link = "/proc/self/fd/\(number)"
        #expect(try FileManager.default.destinationOfSymbolicLink(atPath: link) == path)
        #expect(fcntl(number, F_GETFD) & FD_CLOEXEC != 0)
        file = nil
        #expect((try? FileManager.default.destinationOfSymbolicLink(atPath: link)) != path)
    }

    @Test("what is written is read, from here on and as far as the limit")
    func readAndWritten() throws {
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let bytes = (0..<200_000).map { UInt8(truncatingIfNeeded: $0) }
        try Descriptor(opening: path, O_WRONLY | O_CREAT).write(bytes)
        let file = try Descriptor(opening: path)
        #expect(try file.read(limit: 70_000) == Array(bytes[..<70_000]))
        #expect(try file.read() == Array(bytes[70_000...]))
        #expect(try file.read().isEmpty)
    }

    @Test("what cannot be opened or read says why")
    func refused() throws {
        defer { try? FileManager.default.removeItem(atPath: folder) }
        #expect(throws: SystemError(ENOENT)) { try Descriptor(opening: path) }
        #expect(throws: SystemError(EISDIR)) { try Descriptor(opening: folder).read() }
        #expect(Descriptor(-1) == nil)
        #expect("\(SystemError(ENOENT))" == "No such file or directory")
    }

    @Test("a lock is one holder's, until it is closed or let go of")
    func locked() throws {
        defer { try? FileManager.default.removeItem(atPath: folder) }
        var first: Descriptor? = try Descriptor(opening: path, O_RDWR | O_CREAT)
        let second = try Descriptor(opening: path, O_RDWR)
        #expect(first?.lock() == true)
        #expect(!second.lock())
        first = nil
        #expect(second.lock())
        let third = try Descriptor(opening: path, O_RDWR)
        #expect(!third.lock())
        second.unlock()
        #expect(third.lock())
    }
}
