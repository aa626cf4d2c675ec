import Foundation
import Glibc
import MneedleKit
import MneedleSystem
import MneedleWire

/// A real `mneedled` of this build in a temporary folder, with the modules of this build.
///
///     let daemon = try DaemonProcess()
///     let client = try daemon.connect()
///     #expect(try client.ask("ping") == "OK {}")
///
/// The process ends and its folder is removed with the value.
public final class DaemonProcess: @unchecked Sendable {  // used by one test at a time
    /// The error for a daemon that could not be started, or did not do its task in time, with its log.
    public struct Failed: Error, CustomStringConvertible {
        public let description: String
    }

    /// The folder of the state, the sockets and the configuration.
    public let folder: String
    /// The process, once it has been launched.
    public private(set) var process: ChildProcess!
    private let arguments: [String]
    private let environment: [String: String]
    private var notify: NotifySocket!
    private var starts = 0
    /// Objects that have to live as long as the daemon, such as its folder of modules.
    public var companions: [AnyObject] = []

    /// Starts the daemon and waits until it says that it is ready.
    /// - Parameters:
    ///   - config: The text of its configuration.
    ///   - wrapper: A command that runs the daemon, for example `["strace", "-f", …]`.
    /// - Throws: ``Failed`` with its log when the daemon ends instead.
    public init(
        config: String = "", modules: String? = nil, knowledge: String? = nil, wrapper: [String] = [],
        environment: [String: String] = [:], start: Bool = true
    ) throws {
        folder = FileManager.default.temporaryDirectory.appendingPathComponent("mn-\(UUID().uuidString.prefix(8))").path
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        try config.write(toFile: folder + "/mneedled.toml", atomically: true, encoding: .utf8)
        arguments =
            (wrapper.isEmpty ? DaemonProcess.usualWrapper : wrapper) + [
                DaemonProcess.products + "/mneedled", "--config", folder + "/mneedled.toml", "--state",
                folder + "/state",
                "--runtime", folder + "/run", "--modules", modules ?? DaemonProcess.products,
                "--knowledge", knowledge ?? Bench.projectKnowledge,
            ]
        self.environment = environment
        if start { try self.start() }
    }

    /// Starts another daemon on the same state folder.
    /// - Throws: ``Failed``, for the second daemon has to refuse to start.
    public init(sharing other: DaemonProcess) throws {
        let own = other.folder + "/second"
        try FileManager.default.createDirectory(atPath: own, withIntermediateDirectories: true)
        folder = own
        arguments = other.arguments.map { $0 == other.folder + "/run" ? own + "/run" : $0 }
        environment = other.environment
        try start()
    }

    deinit {
        if process?.isRunning == true { killNow() }
        try? FileManager.default.removeItem(atPath: folder)
    }

    /// Replaces the configuration, for the next start.
    public func configure(_ config: String) throws {
        try config.write(toFile: folder + "/mneedled.toml", atomically: true, encoding: .utf8)
    }

    /// The command that runs every daemon of a test run, from `MNEEDLE_TEST_WRAPPER`: see `Tests/Booted/system-calls`.
    private static let usualWrapper =
        ProcessInfo.processInfo.environment["MNEEDLE_TEST_WRAPPER"]?.split(separator: " ").map(String.init) ?? []

    /// The folder of the products that were built with the running tests.
    public static var products: String {
        let path = (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? ""
        return (path as NSString).deletingLastPathComponent
    }

    // MARK: Life

    /// Starts the daemon, again after it has ended, and waits until it is ready.
    public func start() throws {
        try launch()
        while let message = notify.receive(within: DaemonProcess.patience) {
            if message.contains("READY=1") { return }
            if message == NotifySocket.ended {
                throw Failed(description: "mneedled ended with \(process.wait()): \(errorOutput)")
            }
        }
        throw Failed(description: "mneedled does not become ready: \(errorOutput)")
    }

    /// Starts the daemon and does not wait.
    public func launch() throws {
        starts += 1
        let notify = try NotifySocket("\(folder)/notify\(starts)")
        self.notify = notify
        var variables = ProcessInfo.processInfo.environment
        variables["NOTIFY_SOCKET"] = notify.path
        variables.merge(environment) { $1 }
        let log = open(folder + "/log", O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o600)
        defer { close(log) }
        process = try ChildProcess(arguments, environment: variables, output: log) { notify.tell(NotifySocket.ended) }
    }

    /// The next message of the daemon to systemd.
    public func notification() throws -> String {
        guard let message = notify.receive(within: DaemonProcess.patience) else {
            throw Failed(description: "mneedled tells systemd nothing")
        }
        return message
    }

    /// The next message of the daemon to systemd; `nil` when none comes in time.
    public func notification(within seconds: Double) -> String? { notify.receive(within: seconds) }

    /// The longest time to wait for anything, in seconds: far more than it takes.
    static let patience = 60.0

    /// The daemon's log so far, which is its standard error.
    public var errorOutput: String { (try? String(contentsOfFile: folder + "/log", encoding: .utf8)) ?? "" }

    /// Asks the daemon to finish and waits for its end.
    /// - Returns: The exit code.
    @discardableResult
    public func terminate() -> Int32 {
        signal(SIGTERM)
        return process.wait()
    }

    /// Ends the daemon between two instructions.
    public func killNow() {
        signal(SIGKILL)
        process.wait()
    }

    /// Sends a signal to the daemon.
    public func signal(_ number: Int32) { process.signal(number) }

    /// Waits until the daemon has ended by itself.
    /// - Returns: The exit code, or the number of the signal that ended the daemon as a negative number.
    public func ending() throws -> Int32 {
        while process.isRunning, try notification() != NotifySocket.ended {}
        return process.wait()
    }

    /// The memory that the daemon uses, in bytes, without files, of which the kernel keeps as much mapped as it likes.
    public func residentBytes() throws -> Int {
        let status = try String(contentsOfFile: "/proc/\(process.processIdentifier)/status", encoding: .utf8)
        guard let kibibytes = status.firstMatch(of: #/RssAnon:\s+([0-9]+) kB/#).flatMap({ Int($0.1) }) else {
            throw Failed(description: "the kernel does not say how much memory mneedled has: \(status)")
        }
        return kibibytes << 10
    }

    // MARK: Talking

    /// Connects to one of the daemon's sockets.
    public func connect(_ socket: String = "control") throws -> RawClient {
        let client = try RawClient(path: folder + "/run/\(socket).sock", greets: socket == "control")
        client.daemon = self
        return client
    }
}

/// A socket that receives a service's messages to systemd.
public final class NotifySocket: Sendable {
    /// The message that a harness itself sends here when the process has ended.
    public static let ended = "ENDED"
    /// The path of the socket, for `NOTIFY_SOCKET`.
    public let path: String
    private let address: UnixAddress
    private let socket: Descriptor

    /// Listens at a path where no file is yet.
    public init(_ path: String) throws {
        self.path = path
        address = try UnixAddress(path)
        socket = try Descriptor(socket: SOCK_DGRAM)
        try address.bind(socket)
    }

    deinit { unlink(path) }

    /// Sends a message here as a service would.
    public func tell(_ message: String) {
        let bytes = Array(message.utf8)
        _ = address.withPointer { sendto(socket.number, bytes, bytes.count, Int32(MSG_DONTWAIT), $0, $1) }
    }

    /// The next message; `nil` if none comes in time.
    public func receive(within seconds: Double) -> String? {
        var poller = pollfd(fd: socket.number, events: Int16(POLLIN), revents: 0)
        guard poll(&poller, 1, Int32(seconds * 1000)) > 0 else { return nil }
        var buffer = [UInt8](repeating: 0, count: 4096)
        let count = recv(socket.number, &buffer, buffer.count, 0)
        return String(decoding: buffer.prefix(max(0, count)), as: UTF8.self)
    }
}
