import Foundation
import MneedleTestKit
import MneedleWire
import Testing

@Suite("Fairness")
struct FairnessTests {
    // MARK: Reads that take long

    @Test(
        "a read that takes longer than it may is ended and says what to do, and the connection goes on",
        arguments: ["trial.grind", "trial.take-for-an-answer"])
    func endless(request: String) throws {
        let daemon = try trialDaemon("[limits]\nreading_time = \"1s\"\n")
        let client = try daemon.connect()
        let refused = try client.refused(request)
        #expect(refused.code == "busy" && refused.members["limit"]?.string == "PT1S")
        #expect(refused.members["message"]?.string?.contains("ask for less") == true)
        #expect(try client.ok("trial.count")["count"]?.integer == 0)
        #expect(try client.ok("status")["state"]?.string == "ok")
    }

    @Test("status and short reads are answered while one user's endless reads have all the threads that they may have")
    func status() throws {
        let daemon = try trialDaemon("[limits]\nreading_time = \"10m\"\n")
        let grinding = try (0..<24).map { _ in try daemon.connect() }
        for client in grinding { try client.send("trial.grind\n") }
        let other = try daemon.connect()
        for round in 0..<3 {
            #expect(try other.ok("status")["state"]?.string == "ok")
            #expect(try other.ok("trial.count")["count"]?.integer == Int64(round))
            #expect(try other.ask("trial.add name=n\(round)").hasPrefix("OK "))
            _ = try daemon.connect().ok("ledger.verify")
        }
        // As none of them can have ended, all that was answered was answered beside them.
        daemon.killNow()
    }

    @Test("a module whose code never comes back loses its threads and its place, and everything else goes on")
    func lost() throws {
        let daemon = try trialDaemon("[limits]\nreading_time = \"1s\"\n")
        let gate = try Gate(in: daemon)
        let sleeping = try (0..<6).map { _ in try daemon.connect() }
        for client in sleeping { try client.send("trial.wait pipe=\(gate.path)\n") }
        for client in sleeping {
            let answer = try client.line()
            #expect(answer.hasPrefix("ERR module-failed {"), "\(answer)")
        }
        let other = try daemon.connect()
        let status = try other.ok("status")
        #expect(status["state"]?.string == "degraded")
        #expect(status["modules"]?["trial"]?.string == "failed")
        #expect(status["problems"]?.strings.first?.contains("does not stop") == true)
        #expect(try other.refused("trial.count").code == "module-failed")
        for _ in 0..<20 { #expect(try daemon.connect().ok("ledger.verify")["ok"]?.bool == true) }
        #expect(daemon.errorOutput.contains("did not answer 'trial.wait'"))
        #expect(daemon.terminate() == 0)
    }

    // MARK: Snapshots

    @Test("a listing that is taken slowly does not let the store's log grow without end")
    func logBound() throws {
        let daemon = try trialDaemon("[limits]\nmax_log_bytes = 50331648\n")
        let slow = try daemon.connect()
        try slow.send("trial.list count=1000000000 bytes=1000\n")
        _ = try slow.line()
        let writer = try daemon.connect()
        var largest = 0
        var last = "ROW "
        // Twice what the log may hold.
        for _ in 0..<24 {
            // Taken slowly, but taken.
            for _ in 0..<300 where last.hasPrefix("ROW ") { last = try slow.line() }
            #expect(try writer.ask("trial.burst count=40 bytes=100000") == "OK {}")
            let log = daemon.folder + "/state/mneedle.sqlite-wal"
            largest = max(largest, try FileManager.default.attributesOfItem(atPath: log)[.size] as? Int ?? 0)
        }
        #expect(largest < 72 << 20, "\(largest >> 20) MiB")
        // It is told so after the rows, and may go on.
        while last.hasPrefix("ROW ") { last = try slow.line() }
        #expect(last.hasPrefix("ERR busy {") && last.contains("since"), "\(last.prefix(200))")
        #expect(try slow.ask("ping") == "OK {}")
    }

    @Test("proofs that are asked for again and again do not let the store's log grow without end")
    func proofs() throws {
        let daemon = try trialDaemon("[limits]\nmax_log_bytes = 50331648\n")
        let writer = try daemon.connect()
        #expect(try writer.ask("trial.burst count=5000 bytes=1000") == "OK {}")
        // Each has another proof waiting when one ends.
        let asking = try (0..<3).map { _ in try daemon.connect() }
        for client in asking { try client.send(String(repeating: "ledger.verify\n", count: 3)) }
        var (largest, proved) = (Int64(0), 0)
        for _ in 0..<40 {
            #expect(try writer.ask("trial.burst count=40 bytes=100000") == "OK {}")
            largest = max(largest, try writer.ok("status")["store"]?["log_bytes"]?.integer ?? .max)
            let client = asking[proved % asking.count]
            #expect(try client.line().hasPrefix(#"OK {"ok":true,"#))
            proved += 1
            try client.send("ledger.verify\n")
        }
        #expect(largest < 72 << 20, "\(largest >> 20) MiB")
    }

    @Test("a subscriber that catches up slowly while much is written misses nothing")
    func slowReplay() throws {
        let daemon = try trialDaemon()
        let writer = try daemon.connect()
        #expect(try writer.ask("trial.burst count=12000 bytes=200") == "OK {}")
        let subscriber = try daemon.connect()
        _ = try subscriber.ok("subscribe topics=trial.* since=0")
        #expect(try subscriber.line().hasPrefix("EVENT 1 "))
        #expect(try writer.ask("trial.burst count=3000 bytes=200") == "OK {}")
        for number in 2...15_000 { #expect(try subscriber.line().hasPrefix("EVENT \(number) ")) }
    }

    // MARK: Memory

    @Test("connections that ask and never read have a bounded part of the memory, and others are answered")
    func budget() throws {
        let daemon = try trialDaemon("[limits]\nmax_backlog_total_bytes = 8388608\n")
        let other = try daemon.connect()
        for _ in 0..<3 { _ = try other.reply("describe") }
        let before = try daemon.residentBytes()
        let asking = try (0..<50).map { _ in try daemon.connect() }
        let requests = Array(String(repeating: "describe\n", count: 400).utf8)
        for client in asking { _ = client.sendUnread(requests, within: 1) }
        for _ in 0..<20 { #expect(try other.reply("describe").last == "OK {}") }
        let more = try daemon.residentBytes() - before
        #expect(more < 32 << 20, "\(more >> 20) MiB")
        // Nobody was given up: whoever reads is answered in full.
        var ends = 0
        while ends < 400 { if try asking[0].line() == "OK {}" { ends += 1 } }
    }

    @Test("a subscription has 64 topics at most")
    func topics() throws {
        let client = try trialDaemon().connect()
        let topics = (0..<64).map { "trial.\(["a", "b"][$0 % 2])\(String(repeating: "x", count: $0)).*" }
        let refused = try client.refused("subscribe topics=\((topics + ["more"]).joined(separator: ","))")
        #expect(refused.code == "invalid-argument" && refused.members["argument"]?.string == "topics")
        #expect(try client.ok("subscribe topics=trial.a.*,trial.added")["seq"]?.integer == 0)
    }
}
