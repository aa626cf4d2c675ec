import Foundation
import Glibc
import MneedleSystem
import MneedleWire

/// A connection without any help: it sends bytes as given, and returns lines as they come.
public final class RawClient {
    /// The error for a daemon that was silent for too long, closed, or sent a line that it must not.
    public struct Silent: Error, CustomStringConvertible {
        public let description: String
    }

    private let socket: Descriptor
    private var descriptor: Int32 { socket.number }
    private var buffer: [UInt8] = []
    /// The place where the unread part of `buffer` starts.
    private var start = 0
    /// The daemon, which is kept running as long as this connection to it.
    public internal(set) var daemon: DaemonProcess?
    /// The first line that the daemon sent.
    public private(set) var greeting = ""
    /// The longest time to wait for a line, in seconds: far more than it takes.
    public var patience = 30.0

    /// Connects to the socket at `path` and reads the greeting.
    /// - Parameter greets: Whether the socket greets; a collector's does not.
    /// - Throws: ``Silent`` if nobody listens there, or no greeting comes.
    public init(path: String, greets: Bool = true) throws {
        // Children must not inherit the socket: while one of them holds it open, the end of the connection is never seen.
        do {
            socket = try Descriptor(socket: SOCK_STREAM)
            try UnixAddress(path).connect(socket)
        } catch {
            throw Silent(description: "cannot connect to \(path): \(error)")
        }
        if greets { greeting = try line() }
    }

    /// Uses a socket that is connected already.
    public init(_ socket: Descriptor, greets: Bool = true) throws {
        self.socket = socket
        if greets { greeting = try line() }
    }

    /// Sends text as it is, without an end of line.
    /// - Throws: ``Silent`` when the daemon has closed.
    public func send(_ text: String) throws { try send(Array(text.utf8)) }

    /// Sends bytes, and takes those that come meanwhile, so that neither side waits for the other for ever.
    /// - Throws: ``Silent`` when the peer has closed.
    public func send(_ bytes: [UInt8]) throws {
        var offset = 0
        while offset < bytes.count {
            guard let events = waitFor(Int16(POLLOUT | POLLIN)) else {
                throw Silent(description: "nothing could be sent for \(patience) s")
            }
            if events & Int16(POLLOUT) == 0 {
                guard take() else { throw Silent(description: "the daemon has closed") }
                continue
            }
            let count = bytes.withUnsafeBytes {
                Glibc.send(
                    descriptor, $0.baseAddress! + offset, bytes.count - offset, Int32(MSG_NOSIGNAL | MSG_DONTWAIT))
            }
            guard count > 0 || errno == EAGAIN else {
                throw Silent(description: "cannot send: \(SystemError.last)")
            }
            offset += max(0, count)
        }
    }

    /// Sends as much as the daemon takes without reading anything.
    /// - Returns: The number of bytes that the daemon took.
    public func sendUnread(_ bytes: [UInt8], within seconds: Double) -> Int {
        var offset = 0
        while offset < bytes.count, let events = waitFor(Int16(POLLOUT), within: seconds), events & Int16(POLLOUT) != 0
        {
            let count = bytes.withUnsafeBytes {
                Glibc.send(
                    descriptor, $0.baseAddress! + offset, bytes.count - offset, Int32(MSG_NOSIGNAL | MSG_DONTWAIT))
            }
            guard count > 0 else { break }
            offset += count
        }
        return offset
    }

    private func waitFor(_ events: Int16, within seconds: Double? = nil) -> Int16? {
        var poller = pollfd(fd: descriptor, events: events, revents: 0)
        guard poll(&poller, 1, Int32((seconds ?? patience) * 1000)) > 0 else { return nil }
        return poller.revents
    }

    /// - Returns: Whether anything came before the end.
    private func take() -> Bool {
        var chunk = [UInt8](repeating: 0, count: 65_536)
        let count = recv(descriptor, &chunk, chunk.count, 0)
        guard count > 0 else { return false }
        if start > 0 {
            buffer.removeSubrange(..<start)
            start = 0
        }
        buffer.append(contentsOf: chunk[..<count])
        return true
    }

    /// Closes the sending side: nothing more will be sent.
    public func halfClose() { shutdown(descriptor, Int32(SHUT_WR)) }

    /// Leaves without a word: bytes under way in either direction are lost.
    public func leave() { shutdown(descriptor, Int32(SHUT_RDWR)) }

    /// The next line, without its end.
    /// - Throws: ``Silent`` when the daemon closes or is silent for too long.
    public func line() throws -> String {
        guard let line = try lineOrEnd() else { throw Silent(description: "the daemon has closed") }
        return line
    }

    /// The next line; `nil` at the end.
    public func lineOrEnd() throws -> String? {
        var searched = start
        while true {
            if let end = buffer[searched...].firstIndex(of: 10) {
                defer { start = end + 1 }
                return String(decoding: buffer[start..<end], as: UTF8.self)
            }
            searched = buffer.count - start
            guard waitFor(Int16(POLLIN)) != nil else { throw Silent(description: "nothing came for \(patience) s") }
            guard take() else { return nil }
        }
    }

    /// Every line up to the end.
    public func rest() throws -> [String] {
        var lines: [String] = []
        while let line = try lineOrEnd() { lines.append(line) }
        return lines
    }

    /// Sends a request and returns its final line.
    @discardableResult
    public func ask(_ request: String) throws -> String { try reply(request).last! }

    /// Sends a request and returns all lines of its reply.
    /// - Throws: ``Silent`` also when the reply is not as `describe` declares it.
    public func reply(_ request: String) throws -> [String] {
        try send(request + "\n")
        var lines: [String] = []
        repeat { lines.append(try line()) } while !RawClient.isFinal(lines.last!)
        let verb = String(RawClient.untagged(request).prefix { $0 != " " })
        let faults = DeclaredReplies.faults(verb, lines.map(RawClient.untagged))
        guard faults.isEmpty else {
            throw Silent(description: "\(request) is not answered as declared: \(faults.joined(separator: "; "))")
        }
        return lines
    }

    /// Sends a request that must succeed and returns its reply.
    public func ok(_ request: String) throws -> JSON {
        let line = RawClient.untagged(try ask(request))
        guard line.hasPrefix("OK ") else { throw Silent(description: "\(request) → \(line)") }
        return try JSON.parse(String(line.dropFirst(3)))
    }

    /// Sends a request that must be refused and returns the code and the members beside it.
    public func refused(_ request: String) throws -> (code: String, members: JSON) {
        let line = RawClient.untagged(try ask(request))
        let parts = line.split(separator: " ", maxSplits: 2).map(String.init)
        guard parts.count == 3, parts[0] == "ERR" else { throw Silent(description: "\(request) → \(line)") }
        return (parts[1], try JSON.parse(parts[2]))
    }

    private static func isFinal(_ line: String) -> Bool {
        let word = untagged(line)
        return word.hasPrefix("OK ") || word.hasPrefix("ERR ")
    }

    private static func untagged(_ line: String) -> String {
        line.hasPrefix("#") ? String(line.drop { $0 != " " }.dropFirst()) : line
    }
}
