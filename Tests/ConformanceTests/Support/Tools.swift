import Foundation
import Glibc
import MneedleSystem
import MneedleTestKit
import MneedleWire
import Testing

struct ToolFailed: Error, CustomStringConvertible {
    let description: String
}

/// Two sockets that are connected with one another, one of them for a child.
func connectedPair() throws -> [Int32] {
    var pair: [Int32] = [-1, -1]
    guard socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0, &pair) == 0 else {
        throw ToolFailed(description: "socketpair: \(SystemError.last)")
    }
    return pair
}

/// Runs a program to its end.
/// - Returns: What it printed.
@discardableResult
func run(_ command: String...) throws -> String {
    let ends = try connectedPair()
    let output = FileHandle(fileDescriptor: ends[0], closeOnDealloc: true)
    defer { try? output.close() }
    let child = try ChildProcess(command, output: ends[1])
    close(ends[1])
    let text = String(decoding: output.readDataToEndOfFile(), as: UTF8.self)
    guard child.wait() == 0 else { throw ToolFailed(description: "\(command): \(text)") }
    return text
}

/// What a test needs of the machine. A test that is skipped for it says so.
enum Machine {
    static let isRoot = getuid() == 0
    static func has(_ program: String) -> Bool {
        (ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin").split(separator: ":").contains {
            FileManager.default.isExecutableFile(atPath: "\($0)/\(program)")
        }
    }
    /// Whether connections of another user can be made.
    static let canBeOthers = isRoot && has("setpriv") && has("socat")
    static let canMount = isRoot && (try? run("unshare", "-m", "true")) != nil
    static let canTrace = has("strace") && (try? run("strace", "-qq", "-o", "/dev/null", "true")) != nil
}

/// A named pipe on which a handler of the trial module waits.
final class Gate {
    let path: String

    init(in daemon: DaemonProcess) throws {
        path = daemon.folder + "/gate-\(UUID().uuidString.prefix(8))"
        guard mkfifo(path, 0o600) == 0 else { throw ToolFailed(description: "mkfifo \(path)") }
    }

    /// Returns when a handler waits, and lets it go on.
    func open() throws {
        let path = path
        let opened = DispatchSemaphore(value: 0)
        // Opening blocks until somebody reads.
        Thread.detachNewThread {
            let descriptor = Glibc.open(path, O_WRONLY | O_CLOEXEC)
            if descriptor >= 0 { close(descriptor) }
            opened.signal()
        }
        guard opened.wait(timeout: .now() + 30) == .success else {
            throw ToolFailed(description: "nobody waits at the gate")
        }
    }
}

extension DaemonProcess {
    /// Connects as another user. The folders on the way are opened for it.
    func connect(as user: String, groups: String? = nil, socket: String = "control") throws -> RawClient {
        for path in [folder, folder + "/run"] { chmod(path, 0o755) }
        chmod(folder + "/run/\(socket).sock", 0o666)
        let pair = try connectedPair()
        let command =
            ["setpriv", "--reuid", user, "--regid", "65534"]
            + (groups.map { ["--groups", $0] } ?? ["--clear-groups"])
            + ["socat", "-t", "60", "FD:0,shut-down", "UNIX-CONNECT:\(folder)/run/\(socket).sock"]
        companions.append(Child(try ChildProcess(command, input: pair[1], output: pair[1])))
        close(pair[1])
        return try RawClient(#require(Descriptor(pair[0])), greets: socket == "control")
    }

    func status() throws -> JSON { try connect().ok("status") }
}

/// Ends a child process with the test.
final class Child {
    private let process: ChildProcess
    init(_ process: ChildProcess) { self.process = process }
    deinit {
        process.signal(SIGKILL)
        process.wait()
    }
}

extension JSON {
    /// The document at the end of a line: `#a OK {…}`.
    init(endOf line: String) throws {
        guard let start = line.firstIndex(of: "{") else { throw ToolFailed(description: "no object in '\(line)'") }
        self = try JSON.parse(String(line[start...]))
    }
}
