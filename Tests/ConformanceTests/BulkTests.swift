import Foundation
import MneedleTestKit
import MneedleWire
import Testing

@Suite("Bulk lines")
struct BulkTests {
    @Test("READY, then ACK for what is on disk, then OK; the next request is served")
    func conversation() throws {
        let client = try trialDaemon().connect()
        try client.send("trial.stream\n")
        #expect(try client.line() == "READY {}")
        try client.send("point a\nnonsense\npoint b\n")
        #expect(try client.line() == #"ACK {"durable":2,"rejected":1}"#)
        #expect(try client.daemon!.connect().ok("trial.count")["count"]?.integer == 2)
        try client.send("point c\n.\nping\n")
        var lines: [String] = []
        repeat { lines.append(try client.line()) } while !lines.last!.hasPrefix("OK ")
        #expect(lines.last == #"OK {"accepted":3,"rejected":1,"bytes":21}"#)
        #expect(try client.line() == "OK {}")
    }

    @Test("what was acknowledged survives a kill at any moment", arguments: 1...3)
    func acknowledged(round: Int) throws {
        let daemon = try trialDaemon()
        let client = try daemon.connect()
        try client.send("trial.stream\n")
        _ = try client.line()
        var durable: Int64 = 0
        for piece in 0..<200 where durable < round * 40 {
            try client.send((0..<10).map { "point p\(piece * 10 + $0)\n" }.joined())
            durable = try JSON(endOf: client.line())["durable"]?.integer ?? 0
        }
        try client.send((0..<500).map { "point q\($0)\n" }.joined())
        daemon.killNow()
        while let line = try client.lineOrEnd() { durable = try JSON(endOf: line)["durable"]?.integer ?? durable }
        try daemon.start()
        let kept = try daemon.connect().ok("trial.count")["count"]?.integer ?? 0
        #expect(kept >= durable && durable >= round * 40)
    }

    @Test("an overlong line is a bad one, and the transfer goes on")
    func overlong() throws {
        let client = try trialDaemon().connect()
        try client.send("trial.stream\npoint a\npoint \(String(repeating: "x", count: 500_000))\npoint b\n.\nping\n")
        #expect(try client.line() == "READY {}")
        var line = ""
        repeat { line = try client.line() } while line.hasPrefix("ACK ")
        #expect(line == #"OK {"accepted":2,"rejected":1,"bytes":14}"#)
        #expect(try client.line() == "OK {}")
    }

    @Test("a line that only begins with a dot does not end it; closing the sending side does")
    func endings() throws {
        let client = try trialDaemon().connect()
        try client.send("trial.stream\n..\n. \npoint .\npoint cut o")
        client.halfClose()
        let lines = try client.rest()
        #expect(lines.last == #"OK {"accepted":1,"rejected":2,"bytes":7}"#)
    }

    @Test("requests behind the dot are served although the sending side closes while lines are still being stored")
    func closingEarly() throws {
        let daemon = try trialDaemon()
        let (client, other) = (try daemon.connect(), try daemon.connect())
        let gate = try Gate(in: daemon)
        try client.send("trial.stream\n")
        #expect(try client.line() == "READY {}")
        // Nothing is stored until the gate opens.
        try other.send("trial.add-then-wait name=held pipe=\(gate.path)\n")
        try client.send("point a\n")
        // The daemon reads one connection after the other: an answer here says that it has read there.
        #expect(try daemon.connect().ask("ping") == "OK {}")
        try client.send(".\n#after trial.add name=b\nping\n")
        client.halfClose()
        #expect(try daemon.connect().ask("ping") == "OK {}")
        try gate.open()
        let lines = try client.rest().filter { !$0.hasPrefix("ACK ") }
        #expect(lines == [#"OK {"accepted":1,"rejected":0,"bytes":7}"#, #"#after OK {"id":3,"name":"b"}"#, "OK {}"])
    }

    @Test("a transfer that fails is answered once, its lines are dropped up to the dot, then requests are served")
    func failing() throws {
        let client = try trialDaemon().connect()
        try client.send("trial.stream\n")
        #expect(try client.line() == "READY {}")
        try client.send("point a\nfail\n")
        #expect(try client.line().hasPrefix("ERR conflict {"))
        try client.send("point b\ntrial.add name=c\n.\nping\n")
        #expect(try client.line() == "OK {}")
        #expect(try client.ok("trial.count")["count"]?.integer == 0)
    }

    @Test("a transfer that is refused gets ERR in place of READY, and the next line is a request again")
    func refused() throws {
        let client = try trialDaemon().connect()
        #expect(try client.refused("trial.stream refuse=yes").code == "conflict")
        #expect(try client.ask("ping") == "OK {}")
    }

    @Test("a sender that leaves in the middle harms nobody, and what it sent is kept", arguments: ["control", "trial"])
    func leaving(socket: String) throws {
        let daemon = try trialDaemon()
        for round in 0..<20 {
            let client = try daemon.connect(socket)
            if socket == "control" {
                try client.send("trial.stream\n")
                _ = try client.line()
            }
            try client.send((0..<3000).map { "point r\(round)-\($0)\n" }.joined())
            if round % 2 == 0 { client.leave() }
        }
        let client = try daemon.connect()
        #expect(try client.ask("ping") == "OK {}")
        // What was sent last may still be on its way to the store; what ends first is there.
        try client.send("subscribe topics=trial.streamed since=0\n")
        while !(try client.line().hasPrefix("EVENT ")) {}
        let counter = try daemon.connect()
        #expect(try counter.ok("trial.count")["count"]?.integer ?? 0 > 0)
        #expect(daemon.terminate() == 0)
    }

    @Test("what is sent to the write-only socket is kept, though the sender is gone before its turn comes")
    func goneEarly() throws {
        let daemon = try trialDaemon()
        let events = try daemon.connect()
        _ = try events.ok("subscribe topics=trial.streamed")
        let gate = try Gate(in: daemon)
        let waiting = try daemon.connect()
        try waiting.send("trial.add-then-wait name=held pipe=\(gate.path)\n")
        let sender = try daemon.connect("trial")
        try sender.send("point a\npoint b\n")
        sender.leave()
        // Everything that the daemon heard of the sender comes before these.
        for _ in 0..<20 { _ = try events.ask("ping") }
        try gate.open()
        #expect(try events.line() == #"EVENT 2 trial.streamed {"accepted":2,"rejected":0,"bytes":14}"#)
    }

    @Test("the write-only socket takes the same lines without a verb and answers nothing")
    func collector() throws {
        let daemon = try trialDaemon()
        let events = try daemon.connect()
        _ = try events.ok("subscribe topics=trial.streamed")
        let collector = try daemon.connect("trial")
        try collector.send("point a\nnonsense\n.\npoint b\npoint cut o")
        collector.halfClose()
        #expect(try collector.rest().isEmpty)
        // The dot is no end here, only one more bad line.
        #expect(try events.line() == #"EVENT 1 trial.streamed {"accepted":2,"rejected":2,"bytes":14}"#)
    }

    @Test("what a collector had sent before SIGTERM is kept")
    func collectorDrain() throws {
        let daemon = try trialDaemon()
        let collector = try daemon.connect("trial")
        try collector.send((0..<20_000).map { "point p\($0)\n" }.joined())
        // What has arrived is stored; that the stream has ended is what only the end says.
        let client = try daemon.connect()
        let deadline = Date(timeIntervalSinceNow: 30)
        while try client.ok("trial.count")["count"]?.integer != 20_000, Date() < deadline {}
        #expect(daemon.terminate() == 0)
        try daemon.start()
        let rows = try daemon.connect().reply("ledger.tail kind=trial.streamed")
        #expect(rows.count == 2 && rows[0].contains("\"accepted\":20000"))
    }

    @Test("lines that are sent while the transfer still waits its turn are not piled up")
    func waitingTransfer() throws {
        let daemon = try trialDaemon()
        let client = try daemon.connect()
        let gate = try Gate(in: daemon)
        let before = try daemon.residentBytes()
        let point = Array(("point " + String(repeating: "x", count: 993) + "\n").utf8)
        let lines = Array((0..<64_000).map { _ in point }.joined())
        try client.send("trial.wait pipe=\(gate.path)\ntrial.stream\n")
        let sent = client.sendUnread(lines, within: 1)
        #expect(sent < lines.count, "64 MB were taken for a transfer that has not begun")
        #expect(try daemon.residentBytes() - before < 24 << 20)
        try gate.open()
        #expect(try client.line() == "OK {}")
        #expect(try client.line() == "READY {}")
        #expect(try client.daemon!.connect().ask("ping") == "OK {}")
    }
}
