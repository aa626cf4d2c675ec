import Foundation
import Glibc
import MneedleTestKit
import MneedleWire
import Testing

@Suite("'mneedlectl on' runs a program for each event", .serialized)
struct OnTests {
    /// A daemon, and `mneedlectl on` with a shell script; what the script writes into `$1`, a named pipe, a test reads.
    final class Practice {
        private let temporary: TemporaryFolder
        var folder: String { temporary.path }
        let daemon: DaemonProcess
        private(set) var client: RawClient
        private(set) var follower: ChildProcess!
        private let pipe: Int32
        private let options: [String]

        init(script: String, _ options: [String] = [], begins: [String] = ["--since", "0"]) throws {
            temporary = try TemporaryFolder()
            let folder = temporary.path
            try FileManager.default.createDirectory(atPath: folder + "/kept", withIntermediateDirectories: true)
            try "#!/bin/sh\n\(script)\n".write(toFile: "\(folder)/program", atomically: true, encoding: .utf8)
            chmod("\(folder)/program", 0o755)
            mkfifo("\(folder)/pipe", 0o600)
            // Open at both ends, so that neither side waits for the other to come or go.
            pipe = open("\(folder)/pipe", O_RDWR | O_CLOEXEC)
            self.options = options + begins
            daemon = try DaemonProcess()
            client = try daemon.connect()
            _ = try client.ok("records.add-person person=anna")
            try follow()
        }

        deinit {
            if follower?.isRunning == true { endFollower(SIGKILL) }
            close(pipe)
        }

        var state: String { folder + "/kept/state" }

        var tool: [String] {
            let socket = daemon.folder + "/run/control.sock"
            return [
                DaemonProcess.products + "/mneedlectl", "--socket", socket, "on", "reminder.due", "reminder.digest",
            ]
                + ["--state", state] + options + ["--", folder + "/program", folder + "/pipe"]
                + ["$(touch \(folder)/shell) *", "--json"]
        }

        func follow() throws {
            let log = open(folder + "/log", O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o600)
            defer { close(log) }
            follower = try ChildProcess(tool, output: log)
        }

        /// - Returns: How it ended; the number of a signal is negative.
        @discardableResult
        func endFollower(_ signal: Int32) -> Int32 {
            follower.signal(signal)
            return follower.wait()
        }

        func remind(_ title: String, in seconds: Double = 1) throws {
            // On a busy machine a moment that is near is past before the request is judged; then a later one is taken.
            for ahead in [seconds, seconds + 2, seconds + 8] {
                let at = Date(timeIntervalSinceNow: ahead).formatted(.iso8601)
                let reply = try client.ask("scheduling.remind person=anna at=\(at) title=\(title)")
                if !reply.contains("in the past") {
                    return #expect(reply.hasPrefix("OK"), "\(reply)")
                }
            }
            Issue.record("no moment was near and not past")
        }

        func restart() throws {
            try daemon.start()
            client = try daemon.connect()
        }

        /// Waits until a reminder's event is in the ledger.
        func waitForEvents(_ count: Int) throws {
            while try client.reply("ledger.tail since=0 kind=reminder.due").count - 1 < count {}
        }

        /// Waits until the newest reminder's event counts as dealt with.
        func waitUntilKept() throws {
            let rows = try client.reply("ledger.tail kind=reminder.due").dropLast()
            let newest = try JSON.parse(String(rows.last?.dropFirst("ROW ".count) ?? ""))["seq"]?.integer ?? 0
            while true {
                let kept = (try? String(contentsOfFile: state, encoding: .utf8)) ?? ""
                if kept.contains("\"seq\":\(newest),") { return }
                try #require(follower.isRunning, "\(log)")
            }
        }

        var log: String { (try? String(contentsOfFile: folder + "/log", encoding: .utf8)) ?? "" }

        /// The next line that the program writes; a test waits for it for a minute at most.
        func line() throws -> String {
            var bytes: [UInt8] = []
            while bytes.last != 10 {
                var ready = pollfd(fd: pipe, events: Int16(POLLIN), revents: 0)
                try #require(poll(&ready, 1, 60_000) == 1, "the program has said nothing; \(log)")
                var byte: UInt8 = 0
                try #require(read(pipe, &byte, 1) == 1)
                bytes.append(byte)
            }
            return String(decoding: bytes.dropLast(), as: UTF8.self)
        }
    }

    static let title = #"grep -o '"title":"[a-z]*"' >"$1""#

    @Test("it gets the event as one JSON object, its arguments as they are written, and no descriptor of the client")
    func input() throws {
        let practice = try Practice(
            script: #"""
                { cat; printf '%s|%s|%s %s|' "$2" "$3" "$MNEEDLE_EVENT" "$MNEEDLE_SEQ"
                readlink /proc/$$/fd/* | tr '\n' '|'; echo; } >"$1"
                """#)
        try practice.remind("Soak")
        let json = try JSON.parse(practice.line())
        #expect(json["event"]?.string == "reminder.due" && json["person"]?.string == "anna")
        #expect(json["title"]?.string == "Soak" && json["reminder"]?.integer == 1)
        let sequence = try #require(json["seq"]?.integer)
        let entry = try #require(try practice.client.reply("ledger.tail kind=reminder.due").first)
        #expect(entry.contains("\"seq\":\(sequence),"))
        #expect(entry.contains("\"at\":\"\(try #require(json["at"]?.string))\""))
        let parts = try practice.line().split(separator: "|")
        #expect(parts.prefix(3) == ["$(touch \(practice.folder)/shell) *", "--json", "reminder.due \(sequence)"])
        #expect(parts.contains("/memfd:input (deleted)") && parts.count > 5)
        #expect(!parts.contains { $0.contains("state") || $0.contains("socket:") || $0.contains("signalfd") })
        #expect(!FileManager.default.fileExists(atPath: practice.folder + "/shell"))
    }

    @Test("one that fails is told without the event's words, and repeated before the next one")
    func failing() throws {
        let practice = try Practice(
            script: #"""
                echo run >"$1"
                [ -e "$1.second" ] || { touch "$1.second"; exit 3; }
                grep -o '"title":"[a-z]*"' >"$1"
                """#, ["--retry-after", "1"])
        try practice.remind("first")
        try practice.remind("second")
        #expect(try practice.line() == "run")
        // Nobody waits for it.
        #expect(try practice.client.ask("ping") == "OK {}")
        let said = try (0..<4).map { _ in try practice.line() }
        #expect(said == ["run", #""title":"first""#, "run", #""title":"second""#])
        #expect(practice.log.contains("ended with status 3; attempt 1 of 10, the next in 1 s"))
        #expect(!practice.log.contains("first") && !practice.log.contains("anna"))
    }

    @Test("one that takes too long is ended with all that it started, and given up after the last attempt")
    func hanging() throws {
        let practice = try Practice(
            script: #"""
                grep -q '"title":"stuck"' || { echo next >"$1"; exit; }
                tail -f /dev/null & echo $! >"$1"
                wait
                """#, ["--retry-after=1", "--time-limit=1", "--attempts=2"])
        try practice.remind("stuck")
        try practice.remind("fine")
        let children = [try practice.line(), try practice.line()].compactMap { pid_t($0) }
        #expect(try practice.line() == "next")
        // A process that is gone, or waits only for its parent to take note of it.
        #expect(children.count == 2 && children.allSatisfy { kill($0, 0) != 0 || isOver($0) })
        #expect(practice.log.contains("took longer than 1 s; given up after 2 attempts"))
    }

    private func isOver(_ process: pid_t) -> Bool {
        let state = try? String(contentsOfFile: "/proc/\(process)/stat", encoding: .utf8)
        return state?.split(separator: ")").last?.hasPrefix(" Z") ?? true
    }

    @Test("what became due while the daemon was down is told once it is up, and nothing twice")
    func daemonRestarts() throws {
        let practice = try Practice(script: Self.title)
        try practice.remind("before")
        #expect(try practice.line() == #""title":"before""#)
        try practice.remind("meanwhile")
        practice.daemon.killNow()
        try practice.restart()
        #expect(try practice.line() == #""title":"meanwhile""#)
        #expect(practice.daemon.terminate() == 0)
        try practice.restart()
        try practice.remind("after")
        #expect(try practice.line() == #""title":"after""#)
        #expect(practice.log.contains("tried again in 1 s"))
    }

    @Test("what became due while the client was down is told once it is up, in order, and nothing twice")
    func clientRestarts() throws {
        let practice = try Practice(script: Self.title)
        try practice.remind("before")
        #expect(try practice.line() == #""title":"before""#)
        // Dealt with is what is in the file; a client that is killed before runs the program once more.
        try practice.waitUntilKept()
        #expect(practice.endFollower(SIGKILL) == -SIGKILL)
        try practice.remind("first")
        try practice.waitForEvents(2)
        try practice.remind("second")
        try practice.waitForEvents(3)
        try practice.follow()
        #expect(try practice.line() == #""title":"first""#)
        #expect(try practice.line() == #""title":"second""#)
        let mode = try FileManager.default.attributesOfItem(atPath: practice.state)[.posixPermissions] as? Int
        #expect(mode == 0o600)
    }

    @Test("a client without a file begins with what comes from then on")
    func begins() throws {
        let practice = try Practice(script: Self.title, begins: [])
        while !FileManager.default.fileExists(atPath: practice.state) {
            try #require(practice.follower.isRunning, "\(practice.log)")
        }
        practice.endFollower(SIGTERM)
        try FileManager.default.removeItem(atPath: practice.state)
        // An entry is in the ledger a moment before subscribers are told.
        let subscriber = try practice.daemon.connect()
        _ = try subscriber.ok("subscribe topics=reminder.due")
        try practice.remind("old")
        #expect(try subscriber.line().hasPrefix("EVENT "))
        try practice.follow()
        while !FileManager.default.fileExists(atPath: practice.state) {
            try #require(practice.follower.isRunning, "\(practice.log)")
        }
        try practice.remind("new")
        #expect(try practice.line() == #""title":"new""#)
    }

    @Test("the client stops at once while a program runs, and runs it again at the next start")
    func stopping() throws {
        let practice = try Practice(script: #"echo run >"$1"; [ -e "$1.go" ] || tail -f /dev/null"#)
        try practice.remind("held")
        #expect(try practice.line() == "run")
        #expect(practice.endFollower(SIGTERM) == -SIGTERM)
        #expect(FileManager.default.createFile(atPath: practice.folder + "/pipe.go", contents: nil))
        try practice.follow()
        #expect(try practice.line() == "run")
    }

    @Test("a program that ends well while the client is to stop is not run again")
    func stoppingAtTheEnd() throws {
        let practice = try Practice(script: "trap '' TERM; \(Self.title); read -r _ <\"$1.go\"")
        mkfifo(practice.folder + "/pipe.go", 0o600)
        let go = open(practice.folder + "/pipe.go", O_RDWR | O_CLOEXEC)
        defer { close(go) }
        try practice.remind("held")
        #expect(try practice.line() == #""title":"held""#)
        _ = write(go, "\n", 1)
        #expect(practice.endFollower(SIGTERM) == -SIGTERM)
        try practice.follow()
        try practice.remind("next")
        #expect(try practice.line() == #""title":"next""#)
        _ = write(go, "\n", 1)
    }

    @Test("while the file cannot be written nothing further is run, and nothing twice afterwards")
    func unwritable() throws {
        let practice = try Practice(script: Self.title)
        try practice.remind("one")
        #expect(try practice.line() == #""title":"one""#)
        try practice.waitUntilKept()
        rename(practice.folder + "/kept", practice.folder + "/away")
        try practice.remind("two")
        // It may still have been bringing the first event's file to disk: then the second has not been run yet.
        while !practice.log.contains("nothing further is run") { try #require(practice.follower.isRunning) }
        try practice.remind("three")
        try practice.waitForEvents(3)
        rename(practice.folder + "/away", practice.folder + "/kept")
        for title in ["two", "three"] { #expect(try practice.line() == "\"title\":\"\(title)\"") }
    }

    @Test("a second one with the same file is refused, and so is a ledger that the file does not know")
    func refused() throws {
        let practice = try Practice(script: Self.title)
        try practice.remind("one")
        #expect(try practice.line() == #""title":"one""#)
        let second = try ChildProcess.run(practice.tool)
        #expect(second.exitCode == 1 && second.errors.contains("another 'mneedlectl on' works with"))
        practice.endFollower(SIGTERM)
        for text in [#"{"seq":1,"hash":"00"}"#, #"{"seq":4000}"#] {
            try text.write(toFile: practice.state, atomically: true, encoding: .utf8)
            let run = try ChildProcess.run(practice.tool)
            #expect(run.exitCode == 1 && run.errors.contains("is not there or is another one"), "\(run.errors)")
        }
        try "{}".write(toFile: practice.state, atomically: true, encoding: .utf8)
        #expect(try ChildProcess.run(practice.tool).errors.contains("does not say which events are dealt with"))
    }

    @Test(
        "a command line that is not whole is refused with what is missing",
        arguments: [
            (["reminder.due", "--state", "/tmp/x"], "a program after --"),
            (["--state", "/tmp/x", "--", "true"], "events"),
            (["reminder.due", "--", "true"], "--state FILE"),
            (["reminder.due", "--state", "/tmp/x", "--", "/no/such/program"], "'/no/such/program' is not there"),
            (["reminder.due", "--state", "/tmp/x", "--", "no-such-program"], "'no-such-program' is not there"),
            (["reminder.due", "--state", "/tmp/x", "--attempts", "0", "--", "true"], "whole number from 1 to 1000"),
            (
                ["reminder.due", "--state", "/tmp/x", "--time-limit", "1h", "--", "true"],
                "'1h' is invalid for '--time-limit <seconds>': expected a number of seconds"
            ),
            (["reminder.due", "--state", "/tmp/x", "--since", "x", "--", "true"], "expected an event's number"),
            (["reminder.due", "--stat", "/tmp/x", "--", "true"], "Unknown option '--stat'. Did you mean '--state'?"),
        ])
    func mistakes(words: [String], hint: String) throws {
        let run = try ChildProcess.run([DaemonProcess.products + "/mneedlectl", "on"] + words)
        #expect(run.exitCode == 2 && run.errors.contains(hint), "\(run.errors)")
    }

    @Test("the configuration that once named such a program is refused, and says what takes its place")
    func gone() throws {
        let error = #expect(throws: DaemonProcess.Failed.self) {
            try DaemonProcess(config: "[reminders.hooks]\ncommand = [\"/usr/bin/true\"]\n")
        }
        #expect(error?.description.contains("mneedlectl on") == true, "\(error?.description ?? "")")
    }
}
