import Foundation
import Glibc
import MneedleTestKit
import MneedleWire
import Testing

@Suite("A program is run for each reminder", .serialized)
struct HookTests {
    /// A daemon whose hook is a shell script; what the script writes into `$1`, a named pipe, a test reads.
    final class Practice {
        let folder: String
        let daemon: DaemonProcess
        private(set) var client: RawClient
        private let pipe: Int32

        init(script: String, _ more: String = "") throws {
            folder = FileManager.default.temporaryDirectory.appendingPathComponent("hook-\(UUID().uuidString)").path
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
            try "#!/bin/sh\n\(script)\n".write(toFile: "\(folder)/hook", atomically: true, encoding: .utf8)
            chmod("\(folder)/hook", 0o755)
            mkfifo("\(folder)/pipe", 0o600)
            // Open at both ends, so that neither side waits for the other to come or go.
            pipe = open("\(folder)/pipe", O_RDWR | O_CLOEXEC)
            let command = #"["\#(folder)/hook", "\#(folder)/pipe", "$(touch \#(folder)/shell) *"]"#
            daemon = try DaemonProcess(config: "[reminders.hooks]\ncommand = \(command)\n\(more)")
            client = try daemon.connect()
            _ = try client.ok("records.add-person person=anna")
        }

        deinit {
            close(pipe)
            try? FileManager.default.removeItem(atPath: folder)
        }

        func remind(_ title: String, in seconds: Double = 1) throws {
            let at = Date(timeIntervalSinceNow: seconds).formatted(.iso8601)
            _ = try client.ok("scheduling.remind person=anna at=\(at) title=\(title)")
        }

        func restart() throws {
            try daemon.start()
            client = try daemon.connect()
        }

        /// The next line that the hook writes; a test waits for it for a minute at most.
        func line() throws -> String {
            var bytes: [UInt8] = []
            while bytes.last != 10 {
                var ready = pollfd(fd: pipe, events: Int16(POLLIN), revents: 0)
                try #require(poll(&ready, 1, 60_000) == 1, "the hook has said nothing; \(daemon.errorOutput)")
                var byte: UInt8 = 0
                try #require(read(pipe, &byte, 1) == 1)
                bytes.append(byte)
            }
            return String(decoding: bytes.dropLast(), as: UTF8.self)
        }
    }

    @Test("it gets the reminder as one JSON object, its arguments as they are written, and no descriptor of the daemon")
    func input() throws {
        let practice = try Practice(
            script: #"{ cat; printf '%s|' "$2"; readlink /proc/$$/fd/* | tr '\n' '|'; echo; } >"$1""#)
        try practice.remind("Soak")
        let json = try JSON.parse(practice.line())
        #expect(json["event"]?.string == "reminder.due" && json["person"]?.string == "anna")
        #expect(json["title"]?.string == "Soak" && json["reminder"]?.integer == 1)
        #expect(
            try practice.client.reply("ledger.tail kind=reminder.due").first?.contains(
                "\"seq\":\(json["seq"]?.integer ?? 0),") == true)
        let parts = try practice.line().split(separator: "|")
        #expect(parts.first == "$(touch \(practice.folder)/shell) *")
        #expect(parts.contains("/memfd:input (deleted)") && parts.count > 3)
        #expect(!parts.contains { $0.contains("sqlite") || $0.contains("socket:") || $0.contains("event") })
        #expect(!FileManager.default.fileExists(atPath: practice.folder + "/shell"))
    }

    @Test("one that fails is told in the log without the reminder's words, and repeated before the next one")
    func failing() throws {
        let practice = try Practice(
            script: #"""
                echo run >"$1"
                [ -e "$1.second" ] || { touch "$1.second"; exit 3; }
                grep -o '"title":"[a-z]*"' >"$1"
                """#, "retry_after = \"1s\"\n")
        try practice.remind("first", in: 1)
        try practice.remind("second", in: 1)
        #expect(try practice.line() == "run")
        // Nobody waits for it.
        #expect(try practice.client.ask("ping") == "OK {}")
        let said = try (0..<4).map { _ in try practice.line() }
        #expect(said == ["run", #""title":"first""#, "run", #""title":"second""#])
        let log = practice.daemon.errorOutput
        #expect(log.contains("ended with status 3; attempt 1 of 10"))
        #expect(!log.contains("first") && !log.contains("anna"))
    }

    @Test("one that takes too long is ended with all that it started, and given up after the last attempt")
    func hanging() throws {
        let practice = try Practice(
            script: #"""
                grep -q '"title":"stuck"' || { echo next >"$1"; exit; }
                tail -f /dev/null & echo $! >"$1"
                wait
                """#, "retry_after = \"1s\"\ntime_limit = \"1s\"\nattempts = 2\n")
        try practice.remind("stuck", in: 1)
        try practice.remind("fine", in: 1)
        let children = [try practice.line(), try practice.line()].compactMap { pid_t($0) }
        #expect(try practice.line() == "next")
        // A process that is gone, or waits only for its parent to take note of it.
        #expect(children.count == 2 && children.allSatisfy { kill($0, 0) != 0 || isOver($0) })
        #expect(practice.daemon.errorOutput.contains("took longer than PT1S; given up after 2 attempts"))
    }

    private func isOver(_ process: pid_t) -> Bool {
        let state = try? String(contentsOfFile: "/proc/\(process)/stat", encoding: .utf8)
        return state?.split(separator: ")").last?.hasPrefix(" Z") ?? true
    }

    @Test("what became due while the service was down is told once it is up, and nothing twice")
    func restarts() throws {
        let practice = try Practice(script: #"grep -o '"title":"[a-z]*"' >"$1""#)
        try practice.remind("before", in: 1)
        #expect(try practice.line() == #""title":"before""#)
        try practice.remind("meanwhile", in: 1)
        practice.daemon.killNow()
        try practice.restart()
        // Killed before it has noted that the program has ended, it runs it once more: `seq` tells.
        var line = try practice.line()
        if line == #""title":"before""# { line = try practice.line() }
        #expect(line == #""title":"meanwhile""#)
        #expect(practice.daemon.terminate() == 0)
        try practice.restart()
        try practice.remind("after", in: 1)
        #expect(try practice.line() == #""title":"after""#)
    }

    @Test("the service stops at once while a program runs, and runs it again at the next start")
    func stopping() throws {
        let practice = try Practice(script: #"echo run >"$1"; [ -e "$1.go" ] || tail -f /dev/null"#)
        try practice.remind("held", in: 1)
        #expect(try practice.line() == "run")
        #expect(practice.daemon.terminate() == 0)
        FileManager.default.createFile(atPath: practice.folder + "/pipe.go", contents: nil)
        try practice.restart()
        #expect(try practice.line() == "run")
    }

    @Test("a program that is not there is refused with the configuration")
    func missing() throws {
        #expect(throws: (any Error).self) {
            _ = try DaemonProcess(config: "[reminders.hooks]\ncommand = [\"/no/such/program\"]\n")
        }
        #expect(throws: (any Error).self) {
            _ = try DaemonProcess(config: "[reminders.hooks]\ncommand = [\"notify\"]\n")
        }
    }
}
