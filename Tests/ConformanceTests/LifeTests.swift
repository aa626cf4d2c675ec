import Foundation
import Glibc
import MneedleTestKit
import MneedleWire
import Testing

@Suite("Start and stop")
struct LifeTests {
    @Test("a socket that is served is not taken: the second daemon says so and does not start")
    func liveSocket() throws {
        let daemon = try trialDaemon()
        let client = try daemon.connect()
        let other = try trialDaemon(start: false)
        // Another state folder, the same runtime folder.
        try FileManager.default.createSymbolicLink(
            atPath: other.folder + "/run", withDestinationPath: daemon.folder + "/run")
        let error = #expect(throws: DaemonProcess.Failed.self) { try other.start() }
        #expect(
            error?.description.contains("ended with 1") == true
                && error?.description.contains("another daemon serves on") == true)
        #expect(try client.ask("ping") == "OK {}")
        #expect(try daemon.connect().ask("ping") == "OK {}")
    }

    @Test("a file that is no socket is not removed")
    func noSocket() throws {
        let daemon = try trialDaemon(start: false)
        try FileManager.default.createDirectory(atPath: daemon.folder + "/run", withIntermediateDirectories: true)
        try "mine".write(toFile: daemon.folder + "/run/control.sock", atomically: true, encoding: .utf8)
        let error = #expect(throws: DaemonProcess.Failed.self) { try daemon.start() }
        #expect(error?.description.contains("is no socket") == true)
        #expect(try String(contentsOfFile: daemon.folder + "/run/control.sock", encoding: .utf8) == "mine")
    }

    @Test(
        "folders and files are for the daemon's user alone, the socket has the configured mode",
        arguments: [nil, "0660"])
    func modes(mode: String?) throws {
        let daemon = try trialDaemon(mode.map { "[socket]\nmode = \"\($0)\"\n" } ?? "")
        let client = try daemon.connect()
        _ = try client.ok("trial.add name=a")
        #expect(try client.ok("ledger.backup path=\(daemon.folder)/state/backups/copy.sqlite")["entries"]?.integer == 1)
        func permissions(_ path: String) throws -> Int {
            try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int ?? -1
        }
        #expect(try permissions(daemon.folder + "/state") == 0o700 && permissions(daemon.folder + "/run") == 0o700)
        for name in ["control", "trial"] {
            #expect(try permissions(daemon.folder + "/run/\(name).sock") == (mode == nil ? 0o600 : 0o660))
        }
        for name in try FileManager.default.contentsOfDirectory(atPath: daemon.folder + "/state") {
            let isFolder = name == "backups"
            #expect(try permissions(daemon.folder + "/state/" + name) == (isFolder ? 0o700 : 0o600), "\(name)")
        }
        #expect(try permissions(daemon.folder + "/state/backups/copy.sqlite") == 0o600)
    }

    @Test("it tells systemd READY with a status, and STOPPING; a change under way is finished and answered")
    func notifications() throws {
        let daemon = try trialDaemon(start: false)
        try daemon.launch()
        // Without a socket unit it made the sockets itself: they are systemd's to keep over a restart.
        #expect(try daemon.notification() == "FDSTORE=1\nFDNAME=control")
        #expect(try daemon.notification() == "FDSTORE=1\nFDNAME=trial")
        #expect(try daemon.notification() == "FDSTORE=1\nFDNAME=trial-datagram")
        let ready = try daemon.notification()
        #expect(ready.hasPrefix("READY=1\n") && ready.contains("STATUS=1 modules, 0 ledger entries"))
        let client = try daemon.connect()
        let gate = try Gate(in: daemon)
        try client.send("trial.add-then-wait name=a pipe=\(gate.path)\ntrial.count\n")
        // A later one that queues behind it is finished as well.
        let other = try daemon.connect()
        try other.send("trial.add name=b\n")
        _ = try daemon.connect().ask("ping")
        daemon.signal(SIGTERM)
        #expect(try daemon.notification().hasPrefix("STOPPING=1"))
        try gate.open()
        let replies = try client.rest()
        #expect(replies.count == 2 && replies.first == #"OK {"id":1,"name":"a"}"#)
        // The other's change may have shared the commit.
        #expect(replies.last?.hasPrefix("OK {\"count\":") == true)
        #expect(try other.rest() == [#"OK {"id":2,"name":"b"}"#])
        #expect(try daemon.ending() == 0)
        try daemon.start()
        #expect(try daemon.connect().ok("trial.count")["count"]?.integer == 2)
    }

    @Test("its threads bear names, so that whoever looks knows which one is busy")
    func threads() throws {
        let daemon = try trialDaemon()
        // What has written something has been started.
        _ = try daemon.connect().ok("trial.add name=a")
        let tasks = "/proc/\(daemon.process.processIdentifier)/task"
        // A thread that ends while the kernel lists them takes itself out of the list, or hides the one behind it.
        var names: Set<String> = []
        // Where everything is busy it takes its time to end.
        let deadline = Date().addingTimeInterval(60)
        while !names.isSuperset(of: ["mneedled\n", "writer\n"]), Date() < deadline {
            names = try Set(
                FileManager.default.contentsOfDirectory(atPath: tasks).compactMap {
                    try? String(contentsOfFile: "\(tasks)/\($0)/comm", encoding: .utf8)
                })
        }
        #expect(names.isSuperset(of: ["mneedled\n", "writer\n"]), "\(names)")
    }

    @Test("the watchdog is fed while everything moves, and not while the writer stands still")
    func watchdog() throws {
        let daemon = try trialDaemon(environment: ["WATCHDOG_USEC": "100000"])
        let client = try daemon.connect()
        for _ in 0..<3 { #expect(try daemon.notification() == "WATCHDOG=1") }
        let gate = try Gate(in: daemon)
        try client.send("trial.add-then-wait name=a pipe=\(gate.path)\n")
        // What was on its way comes; then, for ten times the interval, nothing more.
        var late = 0
        while let message = daemon.notification(within: 1), late < 100 {
            #expect(message == "WATCHDOG=1")
            late += 1
        }
        #expect(late < 100)
        // The event loop moves all the while.
        #expect(try daemon.connect().ask("ping") == "OK {}")
        try gate.open()
        #expect(try client.line().hasPrefix("OK "))
        for _ in 0..<3 { #expect(try daemon.notification() == "WATCHDOG=1") }
    }

    @Test(
        "SIGTERM ends it with 0 although clients are connected, idle, subscribed or not reading",
        arguments: [SIGTERM, SIGINT])
    func stalledClients(signal: Int32) throws {
        let daemon = try trialDaemon()
        let clients = try (0..<6).map { _ in try daemon.connect() }
        _ = try clients[1].ok("subscribe topics=*")
        for client in clients[2...3] {
            try client.send("trial.list count=1000000000 bytes=1000\n")
            _ = try client.line()
        }
        try clients[4].send("trial.stream\n")
        _ = try clients[4].line()
        daemon.signal(signal)
        #expect(try daemon.ending() == 0)
        #expect(daemon.errorOutput.contains("(stopped)"))
    }

    @Test(
        "sockets that systemd holds are taken over",
        .enabled(if: Machine.has("systemd-socket-activate"), "needs systemd-socket-activate"))
    func activation() throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("ma-\(UUID().uuidString.prefix(8))")
            .path
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let daemon = try trialDaemon(
            wrapper: [
                "systemd-socket-activate", "-l", folder + "/c", "-l", folder + "/t", "--fdname=control:trial", "-E",
                "NOTIFY_SOCKET",
            ], start: false)
        try daemon.launch()
        let client = try connectWhenThere(folder + "/c", daemon)
        #expect(try client.ask("trial.add name=a").hasPrefix("OK "))
        let collector = try RawClient(path: folder + "/t", greets: false)
        try collector.send("point b\n")
        collector.halfClose()
        #expect(try collector.rest().isEmpty)
        #expect(try client.ok("trial.count")["count"]?.integer == 2)
        #expect(!FileManager.default.fileExists(atPath: daemon.folder + "/run/control.sock"))
        daemon.signal(SIGTERM)
        #expect(try daemon.ending() == 0)
        // They are systemd's to remove.
        #expect(FileManager.default.fileExists(atPath: folder + "/c"))
    }

    /// systemd-socket-activate does not say when it listens.
    private func connectWhenThere(_ path: String, _ daemon: DaemonProcess) throws -> RawClient {
        let deadline = Date(timeIntervalSinceNow: 120)
        while true {
            if let client = try? RawClient(path: path) { return client }
            guard Date() < deadline else {
                throw ToolFailed(description: "nobody listens on \(path): \(daemon.errorOutput)")
            }
            sched_yield()
        }
    }

    @Test(
        "log fields reach the journal's socket",
        .enabled(if: Machine.canMount && Machine.has("python3"), "needs root and python3"))
    func journal() throws {
        let daemon = try trialDaemon(
            "[log]\ntarget = \"journal\"\n",
            wrapper: ["unshare", "-m", "--propagation", "private", "python3", "-c", Self.journalScript],
            environment: ["JOURNAL_COPY": "journal"], start: false)
        try daemon.launch()
        while try !daemon.notification().contains("READY=1") {}
        #expect(try daemon.connect().refused("trial.throw").code == "internal")
        // The script passes the signal on, waits, and ends as the daemon does.
        daemon.signal(SIGTERM)
        #expect(try daemon.ending() == 0)
        let fields = daemon.errorOutput
        for field in [
            "SYSLOG_IDENTIFIER=mneedled", "PRIORITY=5", "MNEEDLE_NOTICE=ledger-head", "MESSAGE_ID=",
            "MNEEDLE_LEDGER_HEAD=", "MNEEDLE_MODULE=trial",
            "MNEEDLE_INCIDENT=",
        ] {
            #expect(fields.contains(field), "\(field) in \(fields)")
        }
    }

    /// Plays the journal in a mount namespace of its own: prints every datagram.
    private static let journalScript = """
        import os, signal, socket, subprocess, sys, threading
        subprocess.check_call(["mount", "-t", "tmpfs", "tmpfs", "/run"])
        os.makedirs("/run/systemd/journal")
        journal = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        journal.bind("/run/systemd/journal/socket")
        child = subprocess.Popen(sys.argv[1:])
        signal.signal(signal.SIGTERM, lambda *_: child.send_signal(signal.SIGTERM))
        def copy():
            while True:
                data = journal.recv(65536)
                if data == b"end": return
                sys.stderr.write(data.decode("utf-8", "replace") + "\\n")
                sys.stderr.flush()
        copier = threading.Thread(target=copy)
        copier.start()
        code = child.wait()
        journal.sendto(b"end", "/run/systemd/journal/socket")
        copier.join()
        sys.exit(code)
        """
}
