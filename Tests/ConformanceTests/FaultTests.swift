import Foundation
import Glibc
import MneedleTestKit
import MneedleWire
import Testing

@Suite("Faults of the disk")
struct FaultTests {
    /// strace, attached to a running daemon, that has system calls fail.
    private final class Fault {
        private let process: ChildProcess
        /// Open as long as strace runs, which tells of each new thread there and ends where nobody listens.
        private let messages: FileHandle

        /// - Parameter path: The file that the calls are about; all by default.
        init(_ daemon: DaemonProcess, _ calls: String, _ error: String, path: String? = nil) throws {
            let ends = try connectedPair()
            messages = FileHandle(fileDescriptor: ends[0], closeOnDealloc: true)
            process = try ChildProcess(
                [
                    "strace", "-f", "-o", "/dev/null", "-e", "trace=\(calls)", "-e", "inject=\(calls):error=\(error)",
                    "-p",
                    String(daemon.process.processIdentifier),
                ] + (path.map { ["-P", $0] } ?? []), output: ends[1])
            close(ends[1])
            var said = ""
            while !said.contains(" attached") {
                let data = messages.availableData
                guard !data.isEmpty else { throw ToolFailed(description: "strace: \(said)") }
                said += String(decoding: data, as: UTF8.self)
            }
        }

        func end() {
            process.signal(SIGTERM)
            process.wait()
        }

        deinit { end() }
    }

    @Test(
        "a disk that fails refuses the change with storage, changes nothing, and all goes on when it works again",
        .enabled(if: Machine.canTrace, "needs strace"),
        arguments: [("fsync,fdatasync", "EIO"), ("pwrite64", "ENOSPC"), ("pwrite64", "EIO")])
    func failingDisk(calls: String, error: String) throws {
        let daemon = try trialDaemon()
        let client = try daemon.connect()
        _ = try client.ok("trial.add name=before idempotency_key=k")
        let fault = try Fault(daemon, calls, error)
        let refused = try client.refused("trial.add name=lost")
        #expect(refused.code == "storage" && refused.members["detail"]?.string?.isEmpty == false)
        try client.send((0..<40).map { "trial.add name=lost\($0)\n" }.joined())
        for _ in 0..<40 { #expect(try client.line().hasPrefix("ERR storage {")) }
        #expect(try client.ok("trial.count")["count"]?.integer == 1)
        #expect(try client.ask("ping") == "OK {}")
        // Whoever looks is told: by status, by systemd's line and by the log, which says it once.
        let status = try client.ok("status")
        #expect(status["state"]?.string == "degraded")
        #expect(
            status["problems"]?.elements?.count == 1
                && status["problems"]?.strings.first?.hasPrefix("the disk ") == true)
        while try !daemon.notification().contains("DEGRADED: store-disk") {}
        #expect(daemon.errorOutput.components(separatedBy: "changes are refused").count == 2)
        fault.end()
        #expect(try client.ask("trial.add name=after") == #"OK {"id":2,"name":"after"}"#)
        #expect(try client.ok("status")["state"]?.string == "ok")
        var line = try daemon.notification()
        while line.contains("DEGRADED") { line = try daemon.notification() }
        #expect(line == "STATUS=1 modules, 2 ledger entries")
        #expect(try client.ask("trial.add name=before idempotency_key=k") == #"OK {"id":1,"name":"before"}"#)
        let proof = try client.ok("ledger.verify")
        #expect(proof["ok"]?.bool == true && proof["entries"]?.integer == 2)
        daemon.killNow()
        try daemon.start()
        #expect(try daemon.connect().reply("trial.items").count == 3)
    }

    @Test(
        "a file system that does not answer for a moment refuses changes, and what it kept is told once it answers",
        .enabled(if: Machine.canTrace, "needs strace"), arguments: ["stat,lstat,newfstatat", "statx,fstat"])
    func silentFileSystem(calls: String) throws {
        let daemon = try trialDaemon()
        let client = try daemon.connect()
        _ = try client.ok("trial.add name=before idempotency_key=k")
        let fault = try Fault(daemon, calls, "EIO")
        for number in 0..<10 {
            let answer = try client.ask("trial.add name=during\(number) idempotency_key=\(number)")
            #expect(answer.hasPrefix("OK {") || answer.hasPrefix("ERR storage {"), "\(answer)")
        }
        fault.end()
        // Asked again with its key each is done once, whether it had been kept or not.
        for number in 0..<10 { _ = try client.ok("trial.add name=during\(number) idempotency_key=\(number)") }
        #expect(try client.ok("trial.count")["count"]?.integer == 11)
        #expect(try client.ok("status")["state"]?.string == "ok")
        #expect(try client.ok("ledger.verify")["entries"]?.integer == 11)
        daemon.killNow()
        try daemon.start()
        #expect(try daemon.connect().ok("trial.count")["count"]?.integer == 11)
    }

    @Test(
        "whichever call fails while the head's note is replaced, the old note stays, whole, and the next start takes it",
        .enabled(if: Machine.canTrace, "needs strace"),
        arguments: ["openat", "write", "fchmod", "fsync", "rename,renameat,renameat2"])
    func headNote(calls: String) throws {
        let daemon = try trialDaemon()
        _ = try daemon.connect().ok("trial.add name=before")
        let note = daemon.folder + "/state/ledger-head.json"
        func text() throws -> String { try String(contentsOfFile: note, encoding: .utf8) }
        let before = try text()
        let fault = try Fault(daemon, calls, "EIO", path: note + ".new")
        // The note is written when the service stops.
        #expect(daemon.terminate() == 0)
        fault.end()
        #expect(try text() == before)
        try daemon.start()
        #expect(try daemon.connect().ok("trial.count")["count"]?.integer == 1)
        #expect(daemon.terminate() == 0)
        #expect(try text() != before)
    }

    @Test(
        "while the system gives no threads a read is refused as busy, the rest goes on, and so do reads afterwards",
        .enabled(if: Machine.canTrace, "needs strace"))
    func noThreads() throws {
        let daemon = try trialDaemon()
        let client = try daemon.connect()
        let fault = try Fault(daemon, "clone,clone3", "EAGAIN")
        let refused = try client.refused("trial.count")
        #expect(refused.code == "busy", "\(refused)")
        #expect(refused.members["message"]?.string?.contains("cannot start the thread 'reader'") == true)
        for name in ["a", "b"] { _ = try client.ok("trial.add name=\(name)") }
        for _ in 0..<20 { #expect(try client.refused("trial.count").code == "busy") }
        fault.end()
        #expect(try client.ok("trial.count")["count"]?.integer == 2)
        #expect(try client.ok("status")["state"]?.string == "ok")
        #expect(daemon.terminate() == 0)
    }

    @Test(
        "a full disk refuses changes with storage, is read from all the same, and takes changes again when there is room",
        .enabled(if: Machine.canMount, "needs root"))
    func fullDisk() throws {
        let daemon = try trialDaemon(start: false)
        let state = daemon.folder + "/state"
        try FileManager.default.createDirectory(atPath: state, withIntermediateDirectories: true)
        try run("mount", "-t", "tmpfs", "-o", "size=1m,mode=700", "tmpfs", state)
        defer {
            daemon.killNow()
            _ = try? run("umount", state)
        }
        try daemon.start()
        let client = try daemon.connect()
        var kept = 0
        var line = ""
        while kept < 1000 {
            line = try client.ask("trial.burst count=1 bytes=20000")
            guard line == "OK {}" else { break }
            kept += 1
        }
        #expect(line.hasPrefix("ERR storage {") && kept > 5)
        #expect(try client.ok("ledger.verify")["entries"]?.integer == Int64(kept))
        #expect(try client.ok("status")["store"]?["entries"]?.integer == Int64(kept))
        try run("mount", "-o", "remount,size=8m", state)
        #expect(try client.ask("trial.burst count=1 bytes=20000") == "OK {}")
        let proof = try client.ok("ledger.verify")
        #expect(proof["ok"]?.bool == true && proof["entries"]?.integer == Int64(kept + 1))
    }
}
