import Foundation
import Glibc
import MneedleTestKit
import MneedleWire
import Testing

@Suite("Modules that mean harm")
struct MisdeedTests {
    private static let impatient = "[modules]\ntime_limit = \"1s\"\n"

    @Test(
        "a change that never ends ends the service, which loses nothing; the third time that change is refused, and the rest serves",
        arguments: ["trial.spin", "trial.sleep"])
    func endless(request: String) throws {
        let daemon = try trialDaemon(Self.impatient)
        for round in 1...3 {
            let other = try daemon.connect()
            #expect(try other.ok("trial.add name=before\(round)")["id"]?.integer == Int64(round))
            try daemon.connect().send(request + "\n")
            #expect(try daemon.ending() != 0)
            // Whoever waits meanwhile is not left hanging.
            try? other.send("trial.count\n")
            #expect((try? other.lineOrEnd()) ?? nil == nil)
            #expect(daemon.errorOutput.contains("module 'trial' does not finish for the request '\(request)'"))
            try daemon.start()
        }
        let client = try daemon.connect()
        #expect(try client.refused(request).code == "module-failed")
        #expect(try client.ok("trial.count")["count"]?.integer == 3)
        #expect(try client.ok("trial.add name=after")["id"]?.integer == 4)
        #expect(try client.ok("ledger.verify")["ok"]?.bool == true)
    }

    @Test("a change whose SQL never ends fails with a clear error, changes nothing, and the service goes on")
    func endlessSQL() throws {
        let daemon = try trialDaemon("[modules]\ntime_limit = \"2s\"\n")
        let client = try daemon.connect()
        let other = try daemon.connect()
        try client.send("trial.crunch name=lost\n")
        try other.send("trial.add name=kept\n")
        let line = try client.line()
        #expect(line.hasPrefix("ERR module-failed {") && line.contains("took too long"), "\(line)")
        #expect(try other.line().hasPrefix("OK {"))
        #expect(try client.ok("trial.count")["count"]?.integer == 1)
        #expect(try client.ok("ledger.verify")["entries"]?.integer == 1)
    }

    @Test("exit() called by a module is its crash and not the service's end")
    func leaves() throws {
        let daemon = try trialDaemon()
        try daemon.connect().send("trial.leave\n")
        #expect(try daemon.ending() == 70)
        #expect(daemon.errorOutput.contains("module 'trial' called exit for the request 'trial.leave'"))
        try daemon.start()
        #expect(daemon.errorOutput.contains("ended by a call of exit() while module trial ran"))
        #expect(daemon.terminate() == 0)
    }

    @Test("SIGTERM ends it although a read and a change sleep for ever, and the log says who does")
    func stops() throws {
        let daemon = try trialDaemon("[modules]\ntime_limit = \"5m\"\n")
        let gate = try Gate(in: daemon)
        try daemon.connect().send("trial.wait pipe=\(gate.path)\n")
        // It waits now.
        try gate.open()
        let never = try Gate(in: daemon)
        let reader = try daemon.connect()
        try reader.send("trial.wait pipe=\(never.path)\n")
        let writer = try daemon.connect()
        try writer.send("trial.add-then-wait name=a pipe=\(never.path)\n")
        _ = try daemon.connect().ask("ping")
        daemon.signal(SIGTERM)
        #expect(try daemon.ending() == 70)
        #expect(daemon.errorOutput.contains("still running: trial"))
        try daemon.start()
        #expect(try daemon.connect().ok("trial.count")["count"]?.integer == 0)
    }

    @Test(
        "a module records its own kinds alone: no other's, none of the service's, and nothing that is no kind",
        arguments: [
            "session.started", "mneedled.started", "trial", "trialed.it", "Trial.it", "trial.\\nEVENT", "trial. it",
        ])
    func foreignEntry(kind: String) throws {
        let daemon = try trialDaemon()
        let subscriber = try daemon.connect()
        _ = try subscriber.ok("subscribe topics=*")
        let client = try daemon.connect()
        #expect(try client.refused("trial.record kind=\"\(kind)\"").code == "internal")
        #expect(try client.refused("trial.tell topic=\"\(kind)\" name=a").code == "internal")
        #expect(try client.ok("trial.count")["count"]?.integer == 0)
        #expect(try client.ok("ledger.verify")["entries"]?.integer == 0)
        #expect(daemon.errorOutput.contains("a defect in module trial"))
        // Nothing came before the answer to this.
        #expect(try subscriber.ask("ping") == "OK {}")
        #expect(try client.ask("trial.record kind=trial.recorded") == "OK {}")
        #expect(try subscriber.line().hasPrefix("EVENT 1 trial.recorded {"))
    }

    @Test("a command that changes its module's tables and records nothing is refused, and changes nothing")
    func silentChange() throws {
        let daemon = try trialDaemon()
        let client = try daemon.connect()
        #expect(try client.refused("trial.tell topic=trial.told name=a").code == "internal")
        #expect(daemon.errorOutput.contains("changed its tables for 'trial.tell' and recorded nothing"))
        #expect(try client.ok("trial.count")["count"]?.integer == 0)
    }

    @Test("an entry larger than the limit is refused before it is hashed, and one below it is recorded")
    func largeEntry() throws {
        let daemon = try trialDaemon()
        let client = try daemon.connect()
        for bytes in [262_144, 30_000_000] {
            #expect(try client.refused("trial.record kind=trial.big bytes=\(bytes)").code == "internal")
        }
        let subject = String(repeating: "s", count: 300)
        #expect(try client.refused("trial.record kind=trial.big subject=\(subject)").code == "internal")
        #expect(daemon.errorOutput.contains("the body of 'trial.big' is larger than 262144 bytes"))
        #expect(try client.ask("trial.record kind=trial.big bytes=250000") == "OK {}")
        #expect(try client.ok("ledger.verify")["entries"]?.integer == 1)
    }

    @Test("what a bulk transfer tells live is the module's own, or is dropped: no topic makes a line of its own")
    func forgedLive() throws {
        let daemon = try trialDaemon()
        let subscriber = try daemon.connect()
        _ = try subscriber.ok("subscribe topics=*")
        let client = try daemon.connect()
        try client.send("trial.stream\nforge\n")
        #expect(try subscriber.line() == "EVENT - trial.told {}")
        #expect(daemon.errorOutput.contains("a live event is dropped"))
    }

    @Test(
        "lines that end the service three times are refused to whom they come from, as requests are; the module runs on",
        arguments: [true, false])
    func trappingLines(hasVerb: Bool) throws {
        let daemon = try trialDaemon()
        for _ in 0..<3 {
            let client = try daemon.connect(hasVerb ? "control" : "trial")
            try client.send((hasVerb ? "trial.stream\n" : "") + "trap\n")
            #expect(try daemon.ending() != 0)
            try daemon.start()
        }
        let client = try daemon.connect()
        if hasVerb {
            #expect(try client.refused("trial.stream").code == "module-failed")
        } else {
            let collector = try daemon.connect("trial")
            try? collector.send("point lost\n")
            #expect(try collector.lineOrEnd() == nil)
        }
        #expect(try client.ok("trial.add name=a")["name"]?.string == "a")
        #expect(try client.ok("trial.count")["count"]?.integer == 1)
    }
}
