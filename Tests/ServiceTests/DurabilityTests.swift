import Foundation
import Glibc
import MneedleTestKit
import MneedleWire
import Testing

@Suite("What was acknowledged is on disk", .serialized)
struct DurabilityTests {
    @Test(
        "killed between any two bytes of a thousand pipelined changes, it loses none and doubles none", arguments: 0..<4
    )
    func survivesKill(round: Int) throws {
        let daemon = try DaemonProcess()
        let client = try daemon.connect()
        var requests = "#p records.add-person person=anna idempotency_key=person\n"
        for number in 1...1000 {
            requests += "#\(number) records.add-device device=d\(number) kind=pen idempotency_key=k\(number)\n"
        }
        let bytes = Array(requests.utf8)
        try client.send(Array(bytes.prefix(bytes.count * (round + 1) / 5)))
        // Killed while replies are on their way: after the reply to this many changes.
        var acknowledged: Set<Int> = []
        while acknowledged.count < 40 * (round + 1) {
            let line = try client.line()
            if line.contains(" OK "), let tag = Int(line.dropFirst().prefix { $0 != " " }) { acknowledged.insert(tag) }
        }
        daemon.killNow()
        while let line = try client.lineOrEnd() {
            if line.contains(" OK "), let tag = Int(line.dropFirst().prefix { $0 != " " }) { acknowledged.insert(tag) }
        }
        try daemon.start()
        let again = try daemon.connect()
        let kept = Set(
            try again.reply("records.list-devices").dropLast().compactMap { line in
                try? JSON.parse(String(line.dropFirst(4)))["device"]?.string
            })
        #expect(acknowledged.allSatisfy { kept.contains("d\($0)") })
        // Everything once more with the same keys: what was done is not done twice.
        try again.send(bytes)
        for _ in 0...1000 { #expect(try again.line().contains(" OK ")) }
        #expect(try again.reply("records.list-devices").count == 1001)
        let proof = try again.ok("ledger.verify")
        #expect(proof["ok"]?.bool == true && proof["entries"]?.integer == 1001)
    }

    @Test("one daemon a state folder: the second says who holds it and does not start")
    func oneDaemon() throws {
        let daemon = try DaemonProcess()
        let error = #expect(throws: DaemonProcess.Failed.self) { try DaemonProcess(sharing: daemon) }
        #expect(
            error?.description.contains("held by another mneedled (pid \(daemon.process.processIdentifier))") == true)
    }

    @Test("everything that is kept is the owner's alone")
    func isPrivate() throws {
        let daemon = try DaemonProcess()
        _ = try daemon.connect().ok("records.add-person person=anna")
        for name in try FileManager.default.subpathsOfDirectory(atPath: daemon.folder + "/state") {
            let attributes = try FileManager.default.attributesOfItem(atPath: daemon.folder + "/state/" + name)
            #expect((attributes[.posixPermissions] as? Int ?? 0) & 0o077 == 0, "\(name)")
        }
    }

    @Test("a reminder that came due while the service was down is delivered once")
    func remindsAfterDowntime() throws {
        let daemon = try DaemonProcess()
        let client = try daemon.connect()
        _ = try client.ok("records.add-person person=anna")
        let soon = Date(timeIntervalSinceNow: 4).formatted(.iso8601)
        let reminder = try #require(
            client.ok("scheduling.remind person=anna at=\(soon) title=Soak")["reminder"]?.integer)
        daemon.killNow()
        // The daemon starts with what is due or soon will be; either way the event comes, once.
        try daemon.start()
        let events = try daemon.connect()
        _ = try events.ok("subscribe topics=reminder.due since=0")
        #expect(try events.line().contains("\"reminder\":\(reminder)"))
        daemon.killNow()
        try daemon.start()
        let later = try daemon.connect()
        _ = try later.ok("subscribe topics=reminder.due since=0")
        #expect(try later.line().contains("\"reminder\":\(reminder)"))
        #expect(try later.ask("ping") == "OK {}")
        #expect(try later.reply("ledger.tail kind=reminder.due").count == 2)
    }

    @Test("a snooze survives a kill, and the reminder comes again once")
    func snoozedThroughDowntime() throws {
        let daemon = try DaemonProcess()
        let client = try daemon.connect()
        _ = try client.ok("records.add-person person=anna")
        let events = try daemon.connect()
        _ = try events.ok("subscribe topics=reminder.due")
        let soon = Date(timeIntervalSinceNow: 4).formatted(.iso8601)
        let reminder = try #require(
            client.ok("scheduling.remind person=anna at=\(soon) title=Soak")["reminder"]?.integer)
        #expect(try events.line().contains("\"reminder\":\(reminder)"))
        let until = try #require(client.ok("scheduling.snooze reminder=\(reminder) for=2s")["due"]?.string)
        daemon.killNow()
        try daemon.start()
        let later = try daemon.connect()
        _ = try later.ok("subscribe topics=reminder.due since=0")
        #expect(try !later.line().contains(until))
        #expect(try later.line().contains("\"due\":\"\(until)\""))
        let again = try daemon.connect()
        #expect(try again.reply("ledger.tail kind=reminder.due").count == 3)
        #expect(try again.reply("ledger.tail kind=reminder.snoozed").count == 2)
    }

    @Test("a disk that fails changes nothing of what it failed at, and the service goes on")
    func failingDisk() throws {
        let daemon = try DaemonProcess()
        let client = try daemon.connect()
        _ = try client.ok("records.add-person person=first")
        let said = Pipe()
        let strace = try ChildProcess(
            [
                "strace", "-f", "-o", daemon.folder + "/strace", "-e", "trace=fdatasync", "-e",
                "inject=fdatasync:error=EIO:when=3+4", "-p", String(daemon.process.processIdentifier),
            ], error: said.fileHandleForWriting.fileDescriptor)
        try said.fileHandleForWriting.close()
        var attached = ""
        while !attached.contains("attached") {
            let more = said.fileHandleForReading.availableData
            try #require(!more.isEmpty, "strace cannot attach here: \(attached)")
            attached += String(decoding: more, as: UTF8.self)
        }
        var (acknowledged, failed) = (["first"], 0)
        for number in 0..<40 {
            let line = try client.ask("records.add-person person=p\(number)")
            if line.hasPrefix("OK ") { acknowledged.append("p\(number)") } else { failed += 1 }
            if !line.hasPrefix("OK ") { #expect(line.hasPrefix("ERR storage {") && line.contains("\"detail\"")) }
        }
        // An idle process's strace does not hear a polite signal; the kernel lets go of the daemon unharmed.
        strace.signal(SIGKILL)
        strace.wait()
        #expect(failed > 3)
        #expect(try client.ask("records.add-person person=last").hasPrefix("OK "))
        let names = try client.reply("records.list-people").dropLast().compactMap {
            try JSON.parse(String($0.dropFirst(4)))["person"]?.string
        }
        #expect(Set(names) == Set(acknowledged + ["last"]))
        #expect(try client.ok("ledger.verify")["ok"]?.bool == true)
    }
}
