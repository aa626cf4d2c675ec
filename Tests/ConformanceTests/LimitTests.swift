import Foundation
import Glibc
import MneedleTestKit
import MneedleWire
import Testing

@Suite("Limits")
struct LimitTests {
    @Test("status reports every limit in force")
    func reported() throws {
        let limits = try #require(trialDaemon().status()["limits"])
        #expect(
            limits == [
                "max_line_bytes": 65_536, "max_nesting": 32, "max_values": 1024, "max_connections": 1024,
                "max_connections_per_uid": 64, "connects_per_second": 256, "reserved_connections": 8,
                "max_in_flight": 1024, "max_subscriptions": 64, "max_topics": 64, "max_backlog_bytes": 1_048_576,
                "max_backlog_total_bytes": 67_108_864, "idle_timeout": "PT5M", "reading_time": "PT30S",
                "listing_time": "PT5M", "max_log_bytes": 67_108_864,
            ])
    }

    @Test("a place is free again when its connection has closed")
    func freed() throws {
        let daemon = try trialDaemon("[limits]\nmax_connections = 2\nreserved_connections = 0\n")
        let first = try daemon.connect()
        for _ in 0..<20 {
            let second = try daemon.connect()
            #expect(second.greeting.hasPrefix("MNEEDLE "))
            #expect(try daemon.connect().greeting.hasPrefix("ERR busy {"))
            second.halfClose()
            #expect(try second.rest().isEmpty)
        }
        #expect(try first.ask("ping") == "OK {}")
    }

    @Test("collectors count as connections too")
    func collectorsCount() throws {
        let daemon = try trialDaemon("[limits]\nmax_connections_per_uid = 3\nreserved_connections = 0\n")
        let client = try daemon.connect()
        let collectors = try (0..<2).map { _ in try daemon.connect("trial") }
        for collector in collectors { try collector.send("nonsense\n") }
        _ = try client.ok("subscribe topics=trial.streamed")
        let third = try daemon.connect("trial")
        #expect(try third.rest().count <= 1)
        #expect(try daemon.connect().greeting.hasPrefix("ERR busy {"))
        collectors[0].halfClose()
        #expect(try collectors[0].rest().isEmpty)
        #expect(try client.line().hasPrefix("EVENT 1 trial.streamed"))
        #expect(try daemon.connect().greeting.hasPrefix("MNEEDLE "))
    }

    @Test("the default limit of connections can be reached under a shell's limit of descriptors")
    func descriptors() throws {
        let daemon = try trialDaemon(
            "[limits]\nmax_connections_per_uid = 2000\n", wrapper: ["sh", "-c", "ulimit -Sn 256; exec \"$@\"", "sh"])
        let clients = try (0..<400).map { _ in try daemon.connect() }
        for client in clients { #expect(try client.ask("ping") == "OK {}") }
    }

    @Test("idle connections are closed; what waits for an answer, subscribes or streams is not idle")
    func idle() throws {
        let daemon = try trialDaemon("[limits]\nidle_timeout = \"1s\"\n")
        let gate = try Gate(in: daemon)
        let (subscriber, streamer, waiter) = (try daemon.connect(), try daemon.connect(), try daemon.connect())
        _ = try subscriber.ok("subscribe topics=*")
        try streamer.send("trial.stream\n")
        #expect(try streamer.line() == "READY {}")
        try waiter.send("trial.add-then-wait name=a pipe=\(gate.path)\n")
        // Four that have nothing to do, one after the other: more than four seconds for the others.
        for _ in 0..<4 { #expect(try daemon.connect().rest().isEmpty) }
        try gate.open()
        #expect(try waiter.line() == #"OK {"id":1,"name":"a"}"#)
        try streamer.send(".\n")
        #expect(try streamer.line().hasPrefix("OK {"))
        #expect(try subscriber.line().hasPrefix("EVENT 1 "))
    }

    @Test("peers that vanish while they are being written to do not end the process")
    func brokenPipes() throws {
        let daemon = try trialDaemon()
        for round in 0..<40 {
            let client = try daemon.connect()
            try client.send(round % 2 == 0 ? "describe\ndescribe\n" : "subscribe topics=*\ntrial.add name=n\(round)\n")
            client.leave()
        }
        #expect(try daemon.connect().ask("ping") == "OK {}")
        #expect(daemon.terminate() == 0)
    }
}
