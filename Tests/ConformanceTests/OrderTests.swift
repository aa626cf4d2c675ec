import Foundation
import MneedleRandom
import MneedleTestKit
import MneedleWire
import Testing

@Suite("Order and idempotency")
struct OrderTests {
    @Test(
        "any mixture of reads, changes and refusals is answered in order, each seeing all before it", arguments: 1...3)
    func mixture(seed: Int) throws {
        var dice = SeededGenerator(seed: UInt64(seed) * 977)
        let client = try trialDaemon().connect()
        var names: Set<Int> = []
        var requests = ""
        var expected: [String] = []
        for number in 0..<3000 {
            let tag = "#\(number)"
            switch Int.random(in: 0..<6, using: &dice) {
            case 0, 1, 2:
                let name = Int.random(in: 0..<2000, using: &dice)
                requests += "\(tag) trial.add name=n\(name)\n"
                expected.append(
                    names.insert(name).inserted
                        ? "\(tag) OK {\"id\":\(names.count),\"name\":\"n\(name)\"}" : "\(tag) ERR conflict")
            case 3:
                requests += "\(tag) trial.count\n"
                expected.append("\(tag) OK {\"count\":\(names.count)}")
            case 4:
                requests += "\(tag) ping\n"
                expected.append("\(tag) OK {}")
            default:
                requests += "\(tag) nope\n"
                expected.append("\(tag) ERR unknown-command")
            }
        }
        // More than may be in flight, and nothing is read before all is sent.
        try client.send(requests)
        for line in expected { #expect(try client.line().hasPrefix(line)) }
    }

    @Test("with few requests in flight allowed, a long pipeline is served all the same")
    func fewInFlight() throws {
        let client = try trialDaemon("[limits]\nmax_in_flight = 2\n").connect()
        try client.send((0..<500).map { "#\($0) \($0 % 2 == 0 ? "trial.count" : "trial.add name=n\($0)")\n" }.joined())
        for number in 0..<500 { #expect(try client.line().hasPrefix("#\(number) OK ")) }
    }

    @Test("replies that wait behind a slow one do not pile up over the limit")
    func repliesBehindSlowOne() throws {
        let daemon = try trialDaemon()
        let client = try daemon.connect()
        let gate = try Gate(in: daemon)
        _ = try client.reply("describe")
        let before = try daemon.residentBytes()
        // Each describe is some ten kilobytes: a thousand of them at once would be seen.
        try client.send("trial.wait pipe=\(gate.path)\n" + String(repeating: "describe\n", count: 1000))
        try gate.open()
        #expect(try client.line() == "OK {}")
        // Nothing more is read until the daemon has said what it would say.
        _ = try daemon.connect().ok("status")
        let after = try daemon.residentBytes()
        #expect(after - before < 12 << 20, "\((after - before) >> 20) MiB for a client that does not read")
        var ends = 0
        while ends < 1000 { if try client.line() == "OK {}" { ends += 1 } }
    }

    // MARK: Idempotency

    @Test("a key repeats the reply in any form of the request, after a restart too")
    func keysSurvive() throws {
        let daemon = try trialDaemon()
        let first = try daemon.connect().ask("trial.add name=a text=x idempotency_key=k")
        daemon.killNow()
        try daemon.start()
        let client = try daemon.connect()
        #expect(try client.ask("trial.add name=a text=x idempotency_key=k") == first)
        #expect(try client.ask(#"#t trial.add {"idempotency_key":"k","text":"x","name":"a"}"#) == "#t " + first)
        for other in ["trial.add name=b text=x", "trial.add name=a", "trial.shout text=x"] {
            let refused = try client.refused("\(other) idempotency_key=k")
            #expect(refused.code == "conflict" && refused.members["state"]?.string == "key-used", "\(other)")
        }
        #expect(try client.ok("ledger.verify")["entries"]?.integer == 1)
    }

    @Test("the same key many times in one pipeline changes once")
    func keysInOnePipeline() throws {
        let client = try trialDaemon().connect()
        try client.send(String(repeating: "trial.add name=a idempotency_key=k\n", count: 200))
        for _ in 0..<200 { #expect(try client.line() == #"OK {"id":1,"name":"a"}"#) }
        #expect(try client.ok("trial.count")["count"]?.integer == 1)
    }

    @Test("the same key on many connections at once changes once, for the first request alone, through kills")
    func keysOnManyConnections() throws {
        let daemon = try trialDaemon()
        for round in 1...5 {
            let clients = try (0..<24).map { _ in try daemon.connect() }
            for (number, client) in clients.enumerated() {
                try client.send(
                    "trial.add name=\(number % 2 == 0 ? "even" : "odd")\(round) idempotency_key=k\(round)\n")
            }
            if round % 2 == 0 { daemon.killNow() }
            let answers = clients.compactMap { try? $0.line() }
            if round % 2 == 0 { try daemon.start() }
            let done = Set(answers.filter { $0.hasPrefix("OK ") })
            #expect(done.count <= 1 && answers.allSatisfy { $0.hasPrefix("OK ") || $0.hasPrefix("ERR conflict {") })
            // What has been told is told again, and only one of the two is there.
            let client = try daemon.connect()
            let again = try ["even", "odd"].map {
                try client.ask("trial.add name=\($0)\(round) idempotency_key=k\(round)")
            }
            #expect(again.count { $0.hasPrefix("OK ") } == 1 && done.isSubset(of: again), "\(answers) \(again)")
            #expect(try client.ok("trial.count")["count"]?.integer == Int64(round))
        }
    }

    @Test("a request that failed has not used its key")
    func failedKeys() throws {
        let client = try trialDaemon().connect()
        #expect(try client.refused("trial.add-then-throw name=a idempotency_key=k").code == "conflict")
        #expect(try client.ask("trial.add name=a idempotency_key=k").hasPrefix("OK "))
    }

    @Test("a key is 1 to 64 printable characters")
    func keyForm() throws {
        let client = try trialDaemon().connect()
        #expect(
            try client.ask("trial.add name=a idempotency_key=\"Kéy 1/\(String(repeating: "x", count: 58))\"").hasPrefix(
                "OK "))
        for key in [String(repeating: "x", count: 65), "", #"a\nb"#, #"a\tb"#] {
            let refused = try client.refused("trial.add name=b idempotency_key=\"\(key)\"")
            #expect(
                refused.code == "invalid-argument" && refused.members["argument"]?.string == "idempotency_key", "\(key)"
            )
        }
        #expect(try client.refused("trial.count idempotency_key=k").code == "invalid-argument")
    }

    @Test("a key belongs to one user", .enabled(if: Machine.canBeOthers, "needs root, setpriv and socat"))
    func keysByUser() throws {
        let daemon = try trialDaemon("[roles.operator]\nusers = [\"nobody\"]\n")
        #expect(try daemon.connect().ask("trial.add name=a idempotency_key=k").hasPrefix("OK "))
        let other = try daemon.connect(as: "nobody")
        #expect(try other.ask("trial.add name=b idempotency_key=k") == #"OK {"id":2,"name":"b"}"#)
        let actors = try other.reply("ledger.tail").dropLast().map { try JSON(endOf: $0)["actor"]?.string }
        #expect(actors == ["root", "nobody"])
    }
}
