import Foundation
import Glibc
import MneedleKit
import MneedleWire

/// A real `mneedled` of this build on a temporary folder, with the modules of this build.
///
///     let daemon = try DaemonProcess()
///     let client = try daemon.connect()
///     #expect(try client.ask("ping") == "OK {}")
///
/// The process ends and its folder goes with the value, unless ``keepFolder`` is set.
public final class DaemonProcess: @unchecked Sendable {  // used by one test at a time
    public struct Failed: Error, CustomStringConvertible {
        public let description: String
    }

    /// Where the state, the sockets and the configuration are.
    public let folder: String
    public private(set) var process = Process()
    private let arguments: [String]
    private let environment: [String: String]

    /// Starts it and waits until it says that it is ready.
    /// - Parameters:
    ///   - config: Text of its configuration.
    ///   - wrapper: A command that runs it, for example `["strace", "-f", …]`.
    /// - Throws: ``Failed`` with what it said when it ends instead.
    public init(
        config: String = "", modules: String? = nil, knowledge: String? = nil, wrapper: [String] = [],
        environment: [String: String] = [:], start: Bool = true
    ) throws {
        folder = FileManager.default.temporaryDirectory.appendingPathComponent("mn-\(UUID().uuidString.prefix(8))").path
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        try config.write(toFile: folder + "/mneedled.toml", atomically: true, encoding: .utf8)
        arguments =
            wrapper + [
                DaemonProcess.products + "/mneedled", "--config", folder + "/mneedled.toml", "--state",
                folder + "/state",
                "--runtime", folder + "/run", "--modules", modules ?? DaemonProcess.products,
                "--knowledge", knowledge ?? Bench.projectKnowledge,
            ]
        self.environment = environment
        if start { try self.start() }
    }

    /// Another daemon on the same state folder.
    /// - Throws: ``Failed``, if it is right.
    public init(sharing other: DaemonProcess) throws {
        let own = other.folder + "/second"
        try FileManager.default.createDirectory(atPath: own, withIntermediateDirectories: true)
        folder = own
        arguments = other.arguments.map { $0 == other.folder + "/run" ? own + "/run" : $0 }
        environment = other.environment
        try start()
    }

    deinit {
        if process.isRunning { kill(process.processIdentifier, SIGKILL) }
        try? FileManager.default.removeItem(atPath: folder)
    }

    /// The folder of what was built beside the running tests.
    public static var products: String {
        let path = (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? ""
        return (path as NSString).deletingLastPathComponent
    }

    // MARK: Life

    /// Starts it, again after it has ended, and waits until it is ready.
    public func start() throws {
        let notify = try NotifySocket(folder + "/notify")
        process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = arguments
        var variables = ProcessInfo.processInfo.environment
        variables["NOTIFY_SOCKET"] = notify.path
        variables.merge(environment) { $1 }
        process.environment = variables
        FileManager.default.createFile(atPath: folder + "/log", contents: nil)
        let log = try FileHandle(forWritingTo: URL(fileURLWithPath: folder + "/log"))
        process.standardError = log
        process.standardOutput = log
        process.standardInput = FileHandle.nullDevice
        try process.run()
        while true {
            if let message = notify.receive(within: 0.1) {
                if message.contains("READY=1") { return }
            } else if !process.isRunning {
                throw Failed(description: "mneedled ended with \(process.terminationStatus): \(errorOutput)")
            }
        }
    }

    /// What it has written to standard error so far.
    public var errorOutput: String { (try? String(contentsOfFile: folder + "/log", encoding: .utf8)) ?? "" }

    /// Asks it to finish and waits for its end.
    /// - Returns: Its exit code.
    @discardableResult
    public func terminate() -> Int32 {
        process.terminate()
        process.waitUntilExit()
        return process.terminationStatus
    }

    /// Ends it between two instructions.
    public func killNow() {
        kill(process.processIdentifier, SIGKILL)
        process.waitUntilExit()
    }

    // MARK: Talking

    public func connect(_ socket: String = "control") throws -> RawClient {
        let client = try RawClient(path: folder + "/run/\(socket).sock", greets: socket == "control")
        client.daemon = self
        return client
    }
}

/// Receives what a service tells systemd.
final class NotifySocket {
    let path: String
    private let descriptor: Int32

    init(_ path: String) throws {
        self.path = path
        unlink(path)
        descriptor = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue), 0)
        guard RawClient.withAddress(path, { bind(descriptor, $0, $1) }) == 0 else {
            throw DaemonProcess.Failed(description: "cannot bind \(path)")
        }
    }

    deinit {
        close(descriptor)
        unlink(path)
    }

    func receive(within seconds: Double) -> String? {
        var poller = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        guard poll(&poller, 1, Int32(seconds * 1000)) > 0 else { return nil }
        var buffer = [UInt8](repeating: 0, count: 4096)
        let count = recv(descriptor, &buffer, buffer.count, 0)
        return String(decoding: buffer.prefix(max(0, count)), as: UTF8.self)
    }
}

/// A connection without any help: bytes out as given, lines in as they come.
public final class RawClient {
    public struct Silent: Error, CustomStringConvertible {
        public let description: String
    }

    private let descriptor: Int32
    private var buffer: [UInt8] = []
    /// Kept running as long as somebody talks to it.
    public internal(set) var daemon: DaemonProcess?
    /// The first line that the daemon sent.
    public private(set) var greeting = ""
    /// How long to wait for a line: far more than it takes.
    public var patience = 30.0

    public init(path: String, greets: Bool = true) throws {
        descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
        guard RawClient.withAddress(path, { Glibc.connect(descriptor, $0, $1) }) == 0 else {
            let reason = String(cString: strerror(errno))
            close(descriptor)
            throw Silent(description: "cannot connect to \(path): \(reason)")
        }
        if greets { greeting = try line() }
    }

    deinit { close(descriptor) }

    static func withAddress<T>(_ path: String, _ body: (UnsafePointer<sockaddr>, socklen_t) -> T) -> T {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8.prefix($0.count - 1)) }
        return withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { body($0, socklen_t(MemoryLayout<sockaddr_un>.size)) }
        }
    }

    public func send(_ text: String) throws { try send(Array(text.utf8)) }

    /// - Throws: ``Silent`` when the peer has closed.
    public func send(_ bytes: [UInt8]) throws {
        var offset = 0
        while offset < bytes.count {
            let count = bytes.withUnsafeBytes {
                Glibc.send(descriptor, $0.baseAddress! + offset, bytes.count - offset, Int32(MSG_NOSIGNAL))
            }
            guard count > 0 else { throw Silent(description: "cannot send: \(String(cString: strerror(errno)))") }
            offset += count
        }
    }

    /// Says that nothing more will be sent.
    public func halfClose() { shutdown(descriptor, Int32(SHUT_WR)) }

    /// The next line, without its end.
    /// - Throws: ``Silent`` when the daemon closes or says nothing for long.
    public func line() throws -> String {
        guard let line = try lineOrEnd() else { throw Silent(description: "the daemon has closed") }
        return line
    }

    /// The next line; `nil` at the end.
    public func lineOrEnd() throws -> String? {
        while true {
            if let end = buffer.firstIndex(of: 10) {
                let line = String(decoding: buffer[..<end], as: UTF8.self)
                buffer.removeSubrange(...end)
                return line
            }
            var poller = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
            guard poll(&poller, 1, Int32(patience * 1000)) > 0 else {
                throw Silent(description: "nothing came for \(patience) s")
            }
            var chunk = [UInt8](repeating: 0, count: 65_536)
            let count = recv(descriptor, &chunk, chunk.count, 0)
            guard count > 0 else { return nil }
            buffer.append(contentsOf: chunk[..<count])
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
    public func reply(_ request: String) throws -> [String] {
        try send(request + "\n")
        var lines: [String] = []
        repeat { lines.append(try line()) } while !RawClient.isFinal(lines.last!)
        return lines
    }

    /// Sends a request that must succeed and returns its reply.
    public func ok(_ request: String) throws -> JSON {
        let line = try ask(request)
        guard line.hasPrefix("OK ") else { throw Silent(description: "\(request) → \(line)") }
        return try JSON.parse(String(line.dropFirst(3)))
    }

    /// Sends a request that must be refused and returns the code and what stands beside it.
    public func refused(_ request: String) throws -> (code: String, members: JSON) {
        let line = try ask(request)
        let parts = line.split(separator: " ", maxSplits: 2).map(String.init)
        guard parts.count == 3, parts[0] == "ERR" else { throw Silent(description: "\(request) → \(line)") }
        return (parts[1], try JSON.parse(parts[2]))
    }

    private static func isFinal(_ line: String) -> Bool {
        let word = line.hasPrefix("#") ? line.drop { $0 != " " }.dropFirst() : line[...]
        return word.hasPrefix("OK ") || word.hasPrefix("ERR ")
    }
}
