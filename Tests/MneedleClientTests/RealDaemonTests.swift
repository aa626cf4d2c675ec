import Foundation
import Glibc
import Testing

/// The `mneedled` that was built beside the tests, without modules, in a folder of its own.
private final class RealDaemon {
    let socket: String
    private let folder: String
    private let process = Process()

    init() throws {
        folder = NSTemporaryDirectory() + "mneedled-" + UUID().uuidString.prefix(8)
        socket = folder + "/run/control.sock"
        for part in ["state", "run", "modules"] {
            try FileManager.default.createDirectory(atPath: "\(folder)/\(part)", withIntermediateDirectories: true)
        }
        let readiness = try Readiness(path: folder + "/notify.sock")
        process.executableURL = builtProduct("mneedled")
        let root = URL(fileURLWithPath: #filePath + "/../../..").standardized.path
        process.arguments = [
            "--state", folder + "/state", "--runtime", folder + "/run", "--modules", folder + "/modules",
            "--knowledge", root + "/Config/knowledge",
        ]
        process.environment = ["NOTIFY_SOCKET": folder + "/notify.sock", "PATH": "/usr/bin:/bin"]
        process.standardError = FileHandle.nullDevice
        process.standardOutput = FileHandle.nullDevice
        try process.run()
        try readiness.wait()
    }

    /// Ends it as systemd would; answers its exit code.
    func stop() -> Int32 {
        process.terminate()
        process.waitUntilExit()
        return process.terminationStatus
    }

    deinit {
        if process.isRunning { _ = stop() }
        try? FileManager.default.removeItem(atPath: folder)
    }
}

/// The socket on which a service tells that it is ready, as systemd has it.
private final class Readiness {
    struct NotReady: Error {}

    private let descriptor = Glibc.socket(AF_UNIX, CInt(SOCK_DGRAM.rawValue), 0)

    init(path: String) throws {
        guard withAddress(path, { bind(descriptor, $0, $1) }) == 0 else { throw NotReady() }
    }

    func wait() throws {
        var entry = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        while poll(&entry, 1, 20_000) > 0 {
            var message = [UInt8](repeating: 0, count: 4_096)
            let count = recv(descriptor, &message, message.count, 0)
            if String(decoding: message.prefix(max(count, 0)), as: UTF8.self).contains("READY=1") { return }
        }
        throw NotReady()
    }

    deinit { close(descriptor) }
}

struct RealDaemonTests {
    @Test("mneedlectl and mneedled understand each other")
    func together() throws {
        let daemon = try RealDaemon()
        func run(_ arguments: String...) throws -> ToolRun { try mneedlectl(arguments, socket: daemon.socket) }

        #expect(try run("ping").output == "ok\n")
        #expect(try run().output.contains("ledger verify"))
        #expect(try run("status", "--json").output.hasPrefix("{\"version\":"))
        #expect(try run("ledger", "verify").output.hasPrefix("ok:       yes\n"))
        let wrong = try run("ledger", "tail", "--count", "many")
        #expect(wrong.exitCode == 2)
        #expect(wrong.errors.contains("got:       many"))
        #expect(try run("unsubscribe", "--tag", "x").exitCode == 5)

        let described = try run("describe", "--json").output.split(separator: "\n")
        #expect(described.count > 8)
        for line in described {
            let verb = line.dropFirst(#"{"verb":""#.count).prefix { $0 != "\"" }
            // What 'help' says is mneedlectl's own.
            guard verb != "help" else { continue }
            let help = try run("help", String(verb))
            #expect(help.exitCode == 0)
            #expect(help.output.contains("Usage: mneedlectl \(verb.replacing(".", with: " "))"))
        }
        #expect(daemon.stop() == 0)
        #expect(try run("ping").exitCode == 3)
    }
}
