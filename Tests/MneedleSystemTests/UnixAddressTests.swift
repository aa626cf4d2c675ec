import Foundation
import MneedleSystem
import Testing

struct UnixAddressTests {
    @Test("a path has 1 to 107 bytes and no NUL; the error says which path and how long it is")
    func length() throws {
        let longest = String(repeating: "ä", count: 53) + "x"
        _ = try UnixAddress(longest)
        for path in [longest + "x", "", "/run/a\0b"] {
            let error = #expect(throws: UnixAddress.Invalid.self) { try UnixAddress(path) }
            #expect(error?.path == path)
            #expect(error?.description.contains("it has \(path.utf8.count) bytes, expected 1 to 107") == true)
        }
    }

    @Test("what is sent to an address arrives at the socket that has it, with the longest path too")
    func arrives() throws {
        let folder = NSTemporaryDirectory() + "/a-\(UUID().uuidString.prefix(8))"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: false)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let room = UnixAddress.longestPath - folder.utf8.count - 1
        let address = try UnixAddress(folder + "/" + String(repeating: "s", count: room))
        let (server, client) = (try Descriptor(socket: SOCK_STREAM), try Descriptor(socket: SOCK_STREAM))
        #expect(throws: SystemError(ENOENT)) { try address.connect(client) }
        try address.bind(server)
        #expect(throws: SystemError(ECONNREFUSED)) { try address.connect(client) }
        #expect(listen(server.number, 1) == 0)
        try address.connect(client)
        let peer = try #require(Descriptor(accept(server.number, nil, nil)))
        try client.write(Array("hello".utf8))
        #expect(try peer.read(limit: 5) == Array("hello".utf8))
        #expect(throws: SystemError(EADDRINUSE)) { try address.bind(Descriptor(socket: SOCK_STREAM)) }
    }
}
