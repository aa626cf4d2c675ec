import Foundation
import MneedleRandom
import MneedleTestKit
import MneedleWire
import Testing

/// `Documentation/protocol.md`, sentence by sentence, on a real daemon.
@Suite("The protocol")
struct ProtocolTests {
    static func daemonWithAnna(config: String = "") throws -> RawClient {
        let client = try DaemonProcess(config: config).connect()
        _ = try client.ok("records.add-person person=anna")
        return client
    }

    // MARK: Lines

    @Test("the daemon greets first, with its version, the peer's role and the modules")
    func greets() throws {
        let client = try DaemonProcess().connect()
        #expect(client.greeting.hasPrefix("MNEEDLE 1 {"))
        let greeting = try JSON.parse(String(client.greeting.dropFirst(10)))
        #expect(greeting["role"]?.string == "admin" && greeting["modules"]?.strings.contains("records") == true)
    }

    @Test("CR before LF is dropped and empty lines are ignored")
    func endings() throws {
        let client = try DaemonProcess().connect()
        try client.send("\n\r\nping\r\n\n")
        #expect(try client.line() == "OK {}")
    }

    @Test("bad lines get their error and the next line is served")
    func badLines() throws {
        let client = try DaemonProcess().connect()
        let cases: [([UInt8], String)] = [
            (Array(repeating: 97, count: 65_537) + [10], "line-too-long"), (Array("status x=\"\n".utf8), "bad-line"),
            ([112, 0, 10], "bad-line"), ([0xC3, 0x28, 10], "bad-line"), (Array("pi\u{7}ng\n".utf8), "bad-line"),
            (Array("screning.asess\n".utf8), "unknown-command"),
            (Array("status {\"a\":1,\"a\":2}\n".utf8), "invalid-argument"),
            (
                Array(
                    ("status {\"a\":" + String(repeating: "{\"a\":", count: 33) + "1"
                        + String(repeating: "}", count: 34) + "\n").utf8), "invalid-argument"
            ),
        ]
        for (bytes, code) in cases {
            try client.send(bytes + Array("ping\n".utf8))
            #expect(try client.line().hasPrefix("ERR \(code) "))
            #expect(try client.line() == "OK {}")
        }
    }

    @Test("a line over the limit is answered before it ends, and its rest is dropped as it arrives")
    func overlong() throws {
        let client = try DaemonProcess().connect()
        try client.send([UInt8](repeating: 97, count: 65_537))
        #expect(try client.line().hasPrefix("ERR line-too-long {"))
        for _ in 0..<64 { try client.send([UInt8](repeating: 98, count: 65_536)) }
        try client.send("\nping\n")
        #expect(try client.line() == "OK {}")
    }

    @Test("after a half-close every reply comes, and a last line without LF is not executed")
    func halfClose() throws {
        let client = try DaemonProcess().connect()
        try client.send(
            "records.add-person person=a\nrecords.add-person person=b\nrecords.list-people\nrecords.add-person person=c"
        )
        client.halfClose()
        let lines = try client.rest()
        #expect(lines.count == 5 && lines.last == "OK {}")
        #expect(lines[2].contains("\"a\"") && lines[3].contains("\"b\""))
    }

    @Test("the same bytes give the same replies however they are cut", arguments: 0..<6)
    func anyCut(seed: Int) throws {
        var generator = SeededGenerator(seed: UInt64(seed) &+ 1)
        let script = """
            #1 records.add-person person=anna
            ping
            #2 records.show-person person=anna
            #3 records.add-person person=anna
            bad "line
            #4 records.list-people
            records.change-person {"person":"anna","goal":"maintenance"}
            #5 records.show-person person=anna
            nonsense.verb
            #6 records.add-device device=d kind=pen owner=anna
            #7 records.list-devices

            """
        func replies(_ cuts: Bool) throws -> [String] {
            let client = try DaemonProcess().connect()
            var rest = Array(script.utf8)[...]
            while !rest.isEmpty {
                let count = cuts ? Int.random(in: 1...40, using: &generator) : rest.count
                try client.send(Array(rest.prefix(count)))
                rest = rest.dropFirst(count)
            }
            client.halfClose()
            return try client.rest()
        }
        #expect(try replies(true) == replies(false))
    }

    // MARK: Requests

    @Test("words and JSON mean the same request")
    func wordsAndJSON() throws {
        let client = try Self.daemonWithAnna()
        let words = try client.ok(
            "records.add-device device=a kind=pen max_depth_mm=1.5 cartridges=yes areas=scalp,neck model=\"X 1\"")
        let json = try client.ok(
            #"records.add-device {"device":"b","kind":"pen","max_depth_mm":1.5,"cartridges":true,"areas":["scalp","neck"],"model":"X 1"}"#
        )
        #expect(words.text.replacingOccurrences(of: "\"a\"", with: "\"b\"") == json.text)
    }

    @Test("every wrong argument is named with what was expected and what came")
    func wrongArguments() throws {
        let client = try Self.daemonWithAnna()
        for (request, argument) in [
            ("records.show-person", "person"), ("records.show-person persn=anna", "persn"),
            ("records.show-person person=anna person=anna", "person"), ("records.show-person {\"person\":7}", "person"),
            ("records.show-person person=An+na", "person"),
            ("records.add-person person=x fitzpatrick=7", "fitzpatrick"),
            ("records.add-person person=x fitzpatrick=3.5", "fitzpatrick"),
            ("records.add-person person=x first_time=perhaps", "first_time"),
            ("records.add-person person=x setting=spa", "setting"),
            ("records.clear person=anna finding=x by=y until=2026-02-30", "until"),
            ("records.add-device device=x kind=pen needle_mm=0x1p3", "needle_mm"),
            ("records.add-device device=x kind=pen needle_mm=nan", "needle_mm"),
        ] {
            let refused = try client.refused(request)
            #expect(refused.code == "invalid-argument", "\(request)")
            #expect(refused.members["argument"]?.string == argument, "\(request)")
            #expect(
                refused.members["expected"]?.string?.isEmpty == false
                    && refused.members["message"]?.string?.isEmpty == false)
        }
    }

    @Test("a tag stands in front of every line of its reply")
    func tags() throws {
        let client = try Self.daemonWithAnna()
        #expect(try client.reply("#My.tag_1- records.list-people").allSatisfy { $0.hasPrefix("#My.tag_1- ") })
        #expect(try client.ask("#t no.such").hasPrefix("#t ERR unknown-command "))
        #expect(try client.ask("#t status x=\"").hasPrefix("#t ERR bad-line "))
    }

    @Test("replies come in the order of the requests, and each request sees those before it")
    func order() throws {
        let client = try DaemonProcess().connect()
        var requests = ""
        for number in 0..<200 {
            requests +=
                "#a\(number) records.add-person person=p\(number)\n#b\(number) records.show-person person=p\(number)\n#c\(number) ping\n"
        }
        try client.send(requests)
        for number in 0..<200 {
            #expect(try client.line().hasPrefix("#a\(number) OK {\"person\":\"p\(number)\""))
            #expect(try client.line().hasPrefix("#b\(number) OK {\"person\":\"p\(number)\""))
            #expect(try client.line() == "#c\(number) OK {}")
        }
    }

    @Test("a failed change leaves its neighbours in the pipeline alone")
    func neighbours() throws {
        let client = try DaemonProcess().connect()
        try client.send((0..<50).map { "records.add-person person=p\($0 % 10)\n" }.joined())
        var accepted = 0
        for _ in 0..<50 where try client.line().hasPrefix("OK ") { accepted += 1 }
        #expect(accepted == 10)
        #expect(try client.ok("ledger.verify")["entries"]?.integer == 10)
    }

    @Test("an idempotency key repeats the first reply and changes nothing; with another request it is a conflict")
    func idempotency() throws {
        let client = try DaemonProcess().connect()
        let request = "records.add-person person=anna idempotency_key=\"key 1\""
        let first = try client.ask(request)
        #expect(try first.hasPrefix("OK ") && client.ask(request) == first)
        #expect(try client.refused("records.add-person person=ben idempotency_key=\"key 1\"").code == "conflict")
        #expect(try client.ok("ledger.verify")["entries"]?.integer == 1)
    }

    // MARK: Events

    @Test("a subscriber that comes back with since misses nothing and sees nothing twice")
    func replays() throws {
        let client = try DaemonProcess().connect()
        for number in 1...300 { _ = try client.ok("records.add-person person=p\(number)") }
        let other = try client.daemon!.connect()
        #expect(try other.ok("subscribe topics=person.* since=100")["seq"]?.integer == 300)
        for number in 301...320 { try client.send("records.add-person person=p\(number)\n") }
        for number in 101...320 { #expect(try other.line().hasPrefix("EVENT \(number) person.added {")) }
    }

    @Test("events never stand between the rows of a reply and its end")
    func notBetween() throws {
        let client = try DaemonProcess().connect()
        try client.send(
            (0..<800).map { "records.add-person person=p\($0) name=\"\(String(repeating: "x", count: 150))\"\n" }
                .joined())
        for _ in 0..<800 { _ = try client.line() }
        let other = try client.daemon!.connect()
        _ = try other.ask("#s subscribe topics=*")
        for number in 0..<20 {
            try other.send("#l records.list-people\n")
            try client.send("records.add-person person=q\(number)\n")
        }
        var (lists, events, isInside) = (0, Set<String>(), false)
        while lists < 20 || events.count < 20 {
            let line = try other.line()
            if line.hasPrefix("#s EVENT") {
                #expect(!isInside)
                events.insert(line)
            } else {
                isInside = line.hasPrefix("#l ROW")
                if line.hasPrefix("#l OK") { lists += 1 }
            }
        }
    }

    @Test("a subscriber that does not read is told so and closed, and nobody else notices")
    func slowConsumer() throws {
        let client = try DaemonProcess(config: "[limits]\nmax_backlog_bytes = 65536\n").connect()
        let slow = try client.daemon!.connect()
        _ = try slow.ok("subscribe topics=*")
        let note = String(repeating: "n", count: 180)
        // Several times the limit and what the kernel takes, and no more: once given up, it has ten seconds to read that.
        for round in 0..<10 {
            try client.send((0..<200).map { "records.add-person person=r\(round)-\($0) name=\(note)\n" }.joined())
            for _ in 0..<200 { #expect(try client.line().hasPrefix("OK ")) }
        }
        let lines = try slow.rest()
        #expect(lines.last?.hasPrefix("ERR slow-consumer {") == true)
        #expect(try client.ask("ping") == "OK {}")
    }

    // MARK: Introspection, roles, limits

    @Test("describe tells every command with schema, reply and example, and every example can be parsed")
    func describes() throws {
        let client = try DaemonProcess().connect()
        let rows = try client.reply("describe").dropLast().map { try JSON.parse(String($0.dropFirst(4))) }
        #expect(rows.count > 20)
        for row in rows {
            let verb = try #require(row["verb"]?.string)
            #expect(row["summary"]?.string?.isEmpty == false, "\(verb)")
            #expect(row["parameters"]?["type"]?.string == "object" && row["allowed"]?.bool == true, "\(verb)")
            let example = try #require(row["example"]?.string)
            #expect(try RequestLine.parse(example).verb == verb, "\(example)")
        }
        #expect(try client.ok("help verb=records.clear")["text"]?.string?.contains("physician") == true)
        #expect(
            try client.refused("describe verb=records.cler").members["suggestions"]?.strings.first == "records.clear")
    }

    @Test("at the limit of connections a further one is told so and closed")
    func connectionLimit() throws {
        let daemon = try DaemonProcess(config: "[limits]\nmax_connections_per_uid = 3\nreserved_connections = 0\n")
        let clients = try (0..<3).map { _ in try daemon.connect() }
        #expect(try daemon.connect().greeting.hasPrefix("ERR busy {"))
        #expect(try clients[0].ask("ping") == "OK {}")
    }

    @Test("an idle connection is closed, a subscribed one is not")
    func idle() throws {
        let daemon = try DaemonProcess(config: "[limits]\nidle_timeout = \"1s\"\n")
        let subscribed = try daemon.connect()
        _ = try subscribed.ok("subscribe topics=*")
        #expect(try daemon.connect().rest().isEmpty)
        #expect(try subscribed.ask("ping") == "OK {}")
    }

    @Test("peers that close early harm nobody")
    func earlyClose() throws {
        let daemon = try DaemonProcess()
        for _ in 0..<50 {
            let client = try daemon.connect()
            try client.send("records.list-people\ndescribe\ndescribe\nstatus\n")
        }
        #expect(try daemon.connect().ask("ping") == "OK {}")
    }

    @Test("a termination under load finishes what was asked and exits 0")
    func drains() throws {
        let daemon = try DaemonProcess()
        let client = try daemon.connect()
        try client.send((0..<500).map { "records.add-person person=p\($0)\n" }.joined())
        _ = try client.line()
        #expect(daemon.terminate() == 0)
        let replies = try client.rest().filter { $0.hasPrefix("OK ") }.count + 1
        try daemon.start()
        #expect(try daemon.connect().reply("records.list-people").count - 1 >= replies)
        #expect(daemon.errorOutput.contains("ledger head at"))
    }

    @Test("a stale socket file is replaced, a served one never")
    func staleSocket() throws {
        let daemon = try DaemonProcess()
        daemon.killNow()
        #expect(FileManager.default.fileExists(atPath: daemon.folder + "/run/control.sock"))
        try daemon.start()
        #expect(try daemon.connect().ask("ping") == "OK {}")
    }

    @Test("wrong configuration and knowledge are all named at once and the service does not start")
    func badFiles() throws {
        let error = #expect(throws: DaemonProcess.Failed.self) {
            try DaemonProcess(
                config:
                    "[limits]\nmax_line_byte = 1\nmax_nesting = \"deep\"\n[log]\nlevel = \"loud\"\n[records]\ndefault_setting = \"spa\"\n[nonsense]\nx = 1\n"
            )
        }
        let said = try #require(error?.description)
        for part in ["ended with 78", "limits.max_line_byte", "limits.max_nesting", "log.level"] {
            #expect(said.contains(part), "\(part) in \(said)")
        }
    }
}
