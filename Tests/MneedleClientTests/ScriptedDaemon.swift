import Foundation
import Glibc
import MneedleClient
import MneedleSystem
import Synchronization

/// A daemon for tests: listens on a socket in a folder of its own, and plays a script to each peer, one after the other.
final class ScriptedDaemon: Sendable {
    static let greeting = greeting(role: "operator")

    static func greeting(role: String) -> String {
        #"MNEEDLE 1 {"version":"0.1.0","role":"\#(role)","user":"anna","modules":["records"]}"#
    }

    let folder: String
    let path: String
    private let listener: Descriptor
    private let received = Mutex<[String]>([])

    /// Every line that peers have sent, in their order.
    var lines: [String] { received.withLock { $0 } }

    init(_ script: @escaping @Sendable (Peer) -> Void) throws {
        var template = Array("/tmp/mneedle-test-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else { throw SystemError.last }
        folder = String(decoding: template.dropLast().map(UInt8.init), as: UTF8.self)
        path = folder + "/control.sock"
        let socket = try Descriptor(socket: SOCK_STREAM)
        listener = socket
        try UnixAddress(path).bind(socket)
        guard listen(socket.number, 8) == 0 else { throw SystemError.last }
        try NamedThread("scripted").start { [weak self] in
            while let peer = Descriptor(accept(socket.number, nil, nil)) {
                script(Peer(peer) { line in self?.received.withLock { $0.append(line) } })
            }
        }
    }

    /// Greets, then answers each line with what `answer` makes of it, until the peer goes.
    convenience init(role: String = "operator", answering answer: @escaping @Sendable (String) -> String) throws {
        try self.init { peer in
            peer.send(Self.greeting(role: role))
            while let line = peer.receive() { peer.send(answer(line)) }
        }
    }

    func connect(timeout: Duration = .seconds(20)) throws(ClientError) -> Connection {
        try Connection(path: path, timeout: timeout)
    }

    deinit {
        shutdown(listener.number, CInt(SHUT_RDWR))
        try? FileManager.default.removeItem(atPath: folder)
    }
}

/// The daemon's end of one connection.
final class Peer {
    private let socket: Descriptor
    private let note: (String) -> Void
    private var buffer: [UInt8] = []

    init(_ socket: Descriptor, note: @escaping (String) -> Void) {
        self.socket = socket
        self.note = note
    }

    /// Sends lines; the last one gets its LF here.
    func send(_ text: String) {
        var rest = Array((text + "\n").utf8)[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Glibc.send(socket.number, $0.baseAddress, $0.count, CInt(MSG_NOSIGNAL)) }
            guard count > 0 else { return }
            rest = rest.dropFirst(count)
        }
    }

    /// The peer's next line; `nil` when it is gone.
    func receive() -> String? {
        while true {
            if let end = buffer.firstIndex(of: 0x0A) {
                let line = String(decoding: buffer[..<end], as: UTF8.self)
                buffer.removeSubrange(...end)
                note(line)
                return line
            }
            var chunk = [UInt8](repeating: 0, count: 4_096)
            let count = recv(socket.number, &chunk, chunk.count, 0)
            guard count > 0 else { return nil }
            buffer += chunk[..<count]
        }
    }
}
