import Foundation
import Glibc
import MneedleSystem
import MneedleTestKit
import MneedleWire
import Testing

/// Every way by which points reach a real daemon.
@Suite("Telemetry sources", .serialized)
struct TelemetrySourceTests {
    /// A daemon with Anna's roller in a running session, and a client that is told of samples and alarms.
    static func running(_ config: (_ folder: String) -> String = { _ in "" }) throws -> (
        DaemonProcess, RawClient, Int64
    ) {
        let daemon = try DaemonProcess(start: false)
        try daemon.configure(config(daemon.folder))
        try daemon.start()
        let client = try daemon.connect()
        _ = try client.ok("records.add-person person=anna setting=home goal=collagen fitzpatrick=3")
        _ = try client.ok("records.add-device device=roller kind=roller needle_mm=0.3 owner=anna material=titanium")
        _ = try client.ok("screening.assess person=anna areas=cheeks \(TreatmentTests.answersNo)")
        _ = try client.ok(
            "sterilization.soak device=roller agent=isopropyl-alcohol concentration_percent=70 minutes=5 hands_washed=yes clean_surface=yes"
        )
        let session = try client.ok("session.start person=anna device=roller areas=cheeks depth_mm=0.3")
        _ = try client.ok("subscribe topics=telemetry.*")
        return (daemon, client, try #require(session["session"]?.integer))
    }

    /// The next event of that topic.
    static func event(_ topic: String, _ client: RawClient) throws -> String {
        while true {
            let line = try client.line()
            if line.contains(" \(topic) ") { return line }
        }
    }

    /// Sends one datagram as any collector would.
    static func send(_ text: String, to path: String) throws {
        let socket = try Descriptor(socket: SOCK_DGRAM)
        let bytes = Array(text.utf8)
        let sent = try UnixAddress(path).withPointer { sendto(socket.number, bytes, bytes.count, 0, $0, $1) }
        try #require(sent == bytes.count, "\(SystemError.last)")
    }

    @Test("datagrams of whole lines reach the running session, also when the last line has no LF")
    func datagrams() throws {
        let (daemon, client, session) = try Self.running()
        let path = daemon.folder + "/run/telemetry-datagram.sock"
        try Self.send("roller,device=roller depth_mm=0.21\nroller,device=roller depth_mm=0.22", to: path)
        #expect(try Self.event("telemetry.sample", client).contains("\"depth_mm\":0.22"))
        try Self.send("nonsense", to: path)
        try Self.send("roller,device=roller depth_mm=0.23\n", to: path)
        #expect(try Self.event("telemetry.sample", client).contains("\"depth_mm\":0.23"))
        let other = try daemon.connect()
        #expect(try other.ok("telemetry.summary session=\(session)")["points"]?.integer == 3)
        var status = stat()
        #expect(lstat(path, &status) == 0 && status.st_mode & 0o777 == 0o600)
        #expect(daemon.terminate() == 0)
    }

    @Test("the same lines by telemetry.stream, by it again and by telemetry.sock are stored once")
    func sentTwice() throws {
        let (daemon, client, session) = try Self.running()
        let now = Int64(Date().timeIntervalSince1970) * 1_000_000_000
        let lines = (0..<300).map { "roller,device=roller depth_mm=0.2\($0 % 7) \(now + Int64($0) * 1_000_000)\n" }
            .joined()
        let sender = try daemon.connect()
        var once: [JSON] = []
        for _ in 0..<2 {
            try sender.send("telemetry.stream session=\(session)\n\(lines).\n")
            var line = try sender.line()
            while !line.hasPrefix("OK ") { line = try sender.line() }
            #expect(try JSON.parse(String(line.dropFirst(3)))["accepted"]?.integer == 300)
            once.append(try sender.ok("telemetry.summary session=\(session)"))
        }
        #expect(once[0] == once[1] && once[0]["points"]?.integer == 300)
        // What comes last says that all before it is stored.
        try daemon.connect("telemetry").send(lines + "roller,device=roller depth_mm=0.29 \(now + 1_000_000_000)\n")
        while !(try Self.event("telemetry.sample", client).contains("\"depth_mm\":0.29")) {}
        #expect(try sender.ok("telemetry.summary session=\(session)")["points"]?.integer == 301)
        #expect(try sender.reply("telemetry.export session=\(session)").count == 302)
        #expect(daemon.terminate() == 0)
    }

    @Test("an alarm is told at once, and when it is on disk")
    func alarm() throws {
        let (daemon, client, session) = try Self.running()
        let sender = try daemon.connect()
        try sender.send("telemetry.stream session=\(session)\nroller depth_mm=0.2\nroller depth_mm=0.41\n")
        let breach = try Self.event("telemetry.breach", client)
        #expect(breach.hasPrefix("EVENT - telemetry.breach {") && breach.contains("\"value\":0.41"))
        #expect(try Self.event("telemetry.alarm", client).contains("\"code\":\"depth-over-plan\""))
        #expect(daemon.terminate() == 0)
    }

    @Test("an alarm that the configuration names stops the session, and its stream ends with it")
    func stopping() throws {
        let (daemon, client, session) = try Self.running { _ in "[telemetry]\nstop_on = [\"depth-over-plan\"]\n" }
        let sender = try daemon.connect()
        try sender.send("telemetry.stream session=\(session)\nroller depth_mm=0.41\n")
        _ = try Self.event("telemetry.alarm", client)
        let other = try daemon.connect()
        let shown = try other.ok("session.show session=\(session)")
        #expect(shown["state"]?.string == "stopped" && shown["note"]?.string?.contains("depth-over-plan") == true)
        try sender.send("roller depth_mm=0.2\n.\n")
        #expect(try sender.line() == "READY {}")
        #expect(try sender.line() == #"ACK {"durable":1,"rejected":0}"#)
        #expect(try sender.line().hasPrefix("ERR conflict"))
        #expect(daemon.terminate() == 0)
    }

    @Test("what is sent while nothing runs waits for its session, over a kill of the daemon too")
    func unmatched() throws {
        let (daemon, client, session) = try Self.running()
        _ = try client.ok("session.finish session=\(session) passes=1")
        let time = Int64(Date().timeIntervalSince1970 * 1e9)
        let collector = try daemon.connect("telemetry")
        try collector.send("roller,device=roller depth_mm=0.4 \(time)\nroller,device=roller depth_mm=0.2 \(time + 1)\n")
        let asking = try daemon.connect()
        while try asking.reply("telemetry.unmatched").count < 2 {}
        daemon.killNow()
        try daemon.start()
        let later = try daemon.connect()
        let attached = try later.ok("telemetry.attach session=\(session)")
        #expect(attached["attached"]?.integer == 2 && attached["alarms"]?.integer == 1)
        #expect(try later.ok("ledger.verify")["ok"]?.bool == true)
        #expect(daemon.terminate() == 0)
    }

    @Test("killed at any moment of a stream, the daemon has what it acknowledged, once, and nothing that was not sent")
    func killed() throws {
        let (daemon, _, session) = try Self.running()
        var (sent, acknowledged, kept) = (0, 0, 0)
        for round in 1...6 {
            let sender = try daemon.connect()
            try sender.send("telemetry.stream session=\(session)\n")
            #expect(try sender.line() == "READY {}")
            let before = acknowledged
            // The kill comes somewhere within the next piece.
            for _ in 0..<round {
                try sender.send(
                    (0..<4000).map {
                        "roller n=\(sent + $0)i,depth_mm=0.2\($0 % 9) \(Self.now + Int64(sent + $0) * 1000)\n"
                    }
                    .joined())
                sent += 4000
                let line = try sender.line()
                let count = try JSON.parse(String(line.dropFirst("ACK ".count)))["durable"]?.integer
                acknowledged = before + Int(try #require(count))
            }
            daemon.killNow()
            while let line = try? sender.lineOrEnd() {
                guard line.hasPrefix("ACK "), let more = try JSON.parse(String(line.dropFirst(4)))["durable"]?.integer
                else { break }
                acknowledged = before + Int(more)
            }
            try daemon.start()
            let client = try daemon.connect()
            let rows = try client.reply("telemetry.query session=\(session) field=n").dropLast()
            let values = try rows.map { try JSON.parse(String($0.dropFirst("ROW ".count)))["min"]?.number }
            #expect(Set(values).count == values.count)
            #expect(values.count - kept >= acknowledged - before && values.count <= sent)
            // What was lost was not acknowledged; the device goes on behind it.
            (kept, acknowledged) = (values.count, values.count)
            #expect(try client.ok("ledger.verify")["ok"]?.bool == true)
        }
        #expect(kept > 4000 && daemon.terminate() == 0)
    }

    private static let now = Int64(Date().timeIntervalSince1970 * 1e9)
}
