import MneedleClient
import MneedleWire
import Testing

struct ConnectionTests {
    private func failure(_ body: () throws(ClientError) -> some Any) -> ClientError? {
        do { _ = try body(); return nil } catch { return error }
    }

    @Test("the greeting says who the daemon takes us to be")
    func greeting() throws {
        let daemon = try ScriptedDaemon { $0.send(ScriptedDaemon.greeting) }
        let connection = try daemon.connect()
        #expect(connection.greeting.user == "anna")
        #expect(connection.greeting.role == "operator")
        #expect(connection.greeting.version == "0.1.0")
        #expect(connection.greeting.modules == ["records"])
    }

    @Test("rows come one by one, then the reply's object")
    func rows() throws {
        let daemon = try ScriptedDaemon { line in "#r ROW {\"n\":1}\n#r ROW {\"n\":2}\n#r OK {\"count\":2}" }
        let connection = try daemon.connect()
        var rows: [JSON] = []
        let end = try connection.request("records.list-people", ["state": "a \"b\""], tag: "r") { rows.append($0) }
        #expect(rows == [["n": 1], ["n": 2]])
        #expect(end == ["count": 2])
        #expect(daemon.lines == [#"#r records.list-people {"state":"a \"b\""}"#])
    }

    @Test("a refusal carries the daemon's code, message and details")
    func refusal() throws {
        let daemon = try ScriptedDaemon { _ in #"ERR not-found {"message":"no person 'ana'","suggestions":["anna"]}"# }
        let connection = try daemon.connect()
        let error = failure { () throws(ClientError) in try connection.request("records.show-person", ["person": "ana"])
        }
        #expect(error?.kind == .refused(code: "not-found"))
        #expect(error?.message == "no person 'ana'")
        #expect(error?.details["suggestions"]?.strings == ["anna"])
        #expect(failure { () throws(ClientError) in try connection.request("ping") } == error, "the connection goes on")
    }

    @Test("a daemon that refuses instead of greeting is heard")
    func refusedAtTheDoor() throws {
        let daemon = try ScriptedDaemon { $0.send(#"ERR forbidden {"message":"no role is mapped to you"}"#) }
        let error = failure { () throws(ClientError) in try daemon.connect() }
        #expect(error?.kind == .refused(code: "forbidden"))
        #expect(error?.message == "no role is mapped to you")
    }

    @Test(
        "another protocol, or another version of it, is named",
        arguments: [
            "MNEEDLE 2 {\"version\":\"9.0\"}", "OK MPD 0.23.5", "220 smtp ready", "ROW {}", "\u{1b}[2J",
        ])
    func incompatible(_ greeting: String) throws {
        let daemon = try ScriptedDaemon { $0.send(greeting) }
        let error = failure { () throws(ClientError) in try daemon.connect() }
        #expect(error?.kind == .incompatible)
    }

    @Test("a missing, dead or forbidden socket is told apart")
    func noDaemon() throws {
        let daemon = try ScriptedDaemon { $0.send(ScriptedDaemon.greeting) }
        let missing = daemon.folder + "/other.sock"
        let error = failure { () throws(ClientError) in try Connection(path: missing) }
        #expect(error?.kind == .noDaemon)
        #expect(error?.message.contains(missing) == true)
        #expect(error?.advice != nil)
        let tooLong = failure { () throws(ClientError) in try Connection(path: "/" + String(repeating: "x", count: 200))
        }
        #expect(tooLong?.kind == .noDaemon)
        #expect(
            try withExtendedLifetime(daemon) { try Connection(firstOf: [missing, daemon.path]).path } == daemon.path)
    }

    @Test("a daemon that goes away is noticed")
    func closed() throws {
        let daemon = try ScriptedDaemon { peer in
            peer.send(ScriptedDaemon.greeting)
            _ = peer.receive()
        }
        let connection = try daemon.connect()
        let error = failure { () throws(ClientError) in try connection.request("ping") }
        #expect(error?.kind == .closed)
    }

    @Test("a silent daemon is not waited for beyond the timeout")
    func timeout() throws {
        let daemon = try ScriptedDaemon { peer in
            peer.send(ScriptedDaemon.greeting)
            while peer.receive() != nil {}
        }
        // From here on: the greeting takes the time that it takes.
        let connection = try daemon.connect()
        connection.timeout = .milliseconds(50)
        let error = failure { () throws(ClientError) in try connection.request("ping") }
        #expect(error?.kind == .timedOut)
    }

    @Test("replies to many requests at once come in their order, however much is sent before one reads")
    func pipelining() throws {
        let daemon = try ScriptedDaemon { line in
            let filler = String(repeating: "x", count: 1_000)
            return line.prefix { $0 != " " } + " OK {\"filler\":\"\(filler)\"}"
        }
        let connection = try daemon.connect()
        for number in 0..<2_000 { try connection.send(RequestLine(tag: "\(number)", verb: "ping")) }
        for number in 0..<2_000 {
            guard case .ok(let tag, _) = try connection.receive() else { Issue.record("no OK"); return }
            #expect(tag == "\(number)")
        }
    }

    @Test("events that come during a request are kept, in order")
    func events() throws {
        let daemon = try ScriptedDaemon { line in
            line.hasPrefix("subscribe")
                ? "OK {\"seq\":16}\nEVENT 17 reminder.due {\"reminder\":1}"
                : "EVENT - telemetry.sample {\"depth_mm\":0.5}\nOK {}\nEVENT 18 reminder.closed {}"
        }
        let connection = try daemon.connect()
        #expect(try connection.subscribe(topics: ["reminder.*"], since: 3) == 16)
        try connection.request("scheduling.done", ["reminder": 1])
        #expect(try connection.nextEvent() == Event(tag: nil, seq: 17, topic: "reminder.due", body: ["reminder": 1]))
        #expect(try connection.nextEvent()?.seq == nil)
        #expect(try connection.nextEvent()?.topic == "reminder.closed")
        #expect(try connection.nextEvent(within: .zero) == nil)
        #expect(daemon.lines[0] == #"subscribe {"topics":["reminder.*"],"since":3}"#)
    }

    @Test("a last word of the daemon is heard even when it no longer takes what we send")
    func lastWord() throws {
        let daemon = try ScriptedDaemon { peer in
            peer.send(ScriptedDaemon.greeting)
            peer.send(#"ERR slow-consumer {"message":"too slow"}"#)
        }
        let connection = try daemon.connect()
        let large = JSON.string(String(repeating: "x", count: 4 << 20))
        let error = failure { () throws(ClientError) in try connection.request("ping", ["filler": large]) }
        #expect(error?.kind == .refused(code: "slow-consumer"))
    }
}
