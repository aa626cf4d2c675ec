import Foundation
import MneedleTestKit
import MneedleWire
import Testing

@Suite("Events")
struct EventTests {
    /// A row so large that it is sent before the listing ends.
    private static let large = 60_000

    @Test("subscribe answers the newest number, and from then on exactly what is newer")
    func fromNowOn() throws {
        let daemon = try trialDaemon()
        let client = try daemon.connect()
        // The change before it in the pipeline is not news any more.
        try client.send("trial.add name=a\n#s subscribe topics=trial.*\ntrial.add name=b\nping\n")
        #expect(try client.line().hasPrefix("OK {\"id\":1"))
        #expect(try client.line() == "#s OK {\"seq\":1}")
        #expect(try client.line().hasPrefix("OK {\"id\":2"))
        let rest = try [client.line(), client.line()].sorted()
        #expect(rest == [#"#s EVENT 2 trial.added {"id":2,"name":"b"}"#, "OK {}"])
    }

    @Test("a client that comes back again and again misses nothing and sees nothing twice, across restarts")
    func acrossRestarts() throws {
        let daemon = try trialDaemon()
        var since: Int64 = 0
        var told: [Int64] = []
        for round in 0..<4 {
            let writer = try daemon.connect()
            try writer.send((0..<150).map { "trial.add name=r\(round)-\($0)\n" }.joined())
            for _ in 0..<75 { _ = try writer.line() }
            // Comes in while changes are being made, and leaves before all of it has come.
            let subscriber = try daemon.connect()
            #expect(try subscriber.ask("subscribe topics=trial.added since=\(since)").hasPrefix("OK {\"seq\":"))
            for _ in 0..<100 {
                let event = try subscriber.line()
                since = try #require(Int64(event.split(separator: " ")[1]))
                told.append(since)
            }
            for _ in 75..<150 { #expect(try writer.line().hasPrefix("OK ")) }
            if round % 2 == 0 { daemon.killNow() } else { daemon.terminate() }
            try daemon.start()
        }
        #expect(told == Array(1...400))
    }

    @Test("numbers rise with every event of the ledger; those that the topics do not name are gaps")
    func gaps() throws {
        let daemon = try trialDaemon()
        let client = try daemon.connect()
        _ = try client.ok("subscribe topics=trial.burst")
        for name in ["a", "b"] {
            _ = try client.ok("trial.add name=\(name)")
            #expect(try client.ask("trial.burst count=1 bytes=3") == "OK {}")
            #expect(try client.line() == "EVENT \(name == "a" ? 2 : 4) trial.burst {\"text\":\"xxx\"}")
        }
        _ = try client.ok("#p subscribe topics=trial.added,nothing.* since=0")
        #expect(try client.line().hasPrefix("#p EVENT 1 trial.added "))
        #expect(try client.line().hasPrefix("#p EVENT 3 trial.added "))
        _ = try client.ok("#none subscribe topics=tri.*,trial since=0")
        #expect(try client.ask("ping") == "OK {}")
    }

    @Test("an event waits until the reply that is under way has ended")
    func betweenRows() throws {
        let daemon = try trialDaemon()
        let (client, other) = (try daemon.connect(), try daemon.connect())
        let gate = try Gate(in: daemon)
        _ = try client.ok("#s subscribe topics=trial.*")
        try client.send("#l trial.list count=2 bytes=\(Self.large) pipe=\(gate.path)\n")
        #expect(try client.line().hasPrefix("#l ROW {\"n\":0"))
        _ = try other.ok("trial.add name=a")
        #expect(try other.ask("trial.shout text=first") == "OK {}")
        #expect(try other.ask("trial.shout text=second") == "OK {}")
        try gate.open()
        #expect(try client.line().hasPrefix("#l ROW {\"n\":1"))
        #expect(try client.line().hasPrefix("#l OK "))
        // Live values may be thinned to the newest; that one comes.
        let told = try (0..<2).map { _ in try client.line() }.sorted()
        #expect(told == [#"#s EVENT - trial.shout {"text":"second"}"#, #"#s EVENT 1 trial.added {"id":1,"name":"a"}"#])
    }

    @Test("after unsubscribe is answered nothing comes any more, not even what had happened before")
    func unsubscribed() throws {
        let daemon = try trialDaemon()
        let (client, other) = (try daemon.connect(), try daemon.connect())
        let gate = try Gate(in: daemon)
        _ = try client.ok("#s subscribe topics=trial.*")
        try client.send("#l trial.list count=2 bytes=\(Self.large) pipe=\(gate.path)\n#u unsubscribe tag=s\n")
        _ = try client.line()
        _ = try other.ok("trial.add name=a")
        try gate.open()
        _ = try client.line()
        _ = try client.line()
        #expect(try client.line() == "#u OK {}")
        for _ in 0..<3 { #expect(try client.ask("trial.count") == "OK {\"count\":1}") }
        #expect(try client.refused("unsubscribe tag=s").code == "not-found")
    }

    @Test("several subscriptions of one connection each get what they asked for")
    func several() throws {
        let client = try trialDaemon().connect()
        _ = try client.ok("#a subscribe topics=trial.added")
        _ = try client.ok("#b subscribe topics=*")
        _ = try client.ok("trial.add name=a")
        let told = try (0..<2).map { _ in try client.line() }.sorted()
        #expect(told[0].hasPrefix("#a EVENT 1 ") && told[1].hasPrefix("#b EVENT 1 "))
        let refused = try client.refused("#a subscribe topics=*")
        #expect(refused.code == "conflict" && refused.members["state"]?.string == "subscribed")
        _ = try client.ok("subscribe topics=trial.added")
        _ = try client.ok("unsubscribe")
        for number in 3...64 { _ = try client.ok("#s\(number) subscribe topics=none") }
        let busy = try client.refused("#s65 subscribe topics=none")
        #expect(
            busy.code == "busy" && busy.members["limit"]?.integer == 64 && busy.members["retry_after"]?.string != nil)
    }

    @Test("topics are names, prefixes or *, nothing else")
    func topics() throws {
        let client = try trialDaemon().connect()
        for topics in ["reminder", "reminder.*", "*", "a,b.*"] {
            _ = try client.ok("#t subscribe topics=\(topics)"); _ = try client.ok("unsubscribe tag=t")
        }
        for topics in ["Reminder", "a*", "*.a", ".*", "a.*.b", "a,,b"] {
            #expect(
                try client.refused("subscribe topics=\(topics)").members["argument"]?.string == "topics", "\(topics)")
        }
        #expect(try client.refused("subscribe topics=* since=1").members["argument"]?.string == "since")
    }

    @Test(
        "what is not kept any more is not found, and the oldest is named",
        .enabled(if: Machine.has("python3"), "needs python3"))
    func tooOld() throws {
        let daemon = try trialDaemon()
        // Of so many entries the ledger keeps the root over the first ones: without them it can still tell its head.
        #expect(try daemon.connect().ask("trial.burst count=300 bytes=10") == "OK {}")
        daemon.terminate()
        try run(
            "python3", "-c",
            "import sqlite3,sys; d=sqlite3.connect(sys.argv[1]); d.execute('DELETE FROM mneedle_ledger WHERE seq<3'); d.commit()",
            daemon.folder + "/state/mneedle.sqlite")
        try daemon.start()
        let client = try daemon.connect()
        let refused = try client.refused("subscribe topics=* since=1")
        #expect(refused.code == "not-found" && refused.members["oldest"]?.integer == 3)
        _ = try client.ok("subscribe topics=* since=2")
        #expect(try client.line().hasPrefix("EVENT 3 "))
    }

    @Test("up to the limit a subscriber may leave unread what it likes")
    func withinBacklog() throws {
        let daemon = try trialDaemon("[limits]\nmax_backlog_bytes = 16777216\n")
        let subscriber = try daemon.connect()
        _ = try subscriber.ok("subscribe topics=*")
        let client = try daemon.connect()
        for _ in 0..<80 { #expect(try client.ask("trial.burst count=1 bytes=50000") == "OK {}") }
        for number in 1...80 { #expect(try subscriber.line().hasPrefix("EVENT \(number) ")) }
        #expect(try subscriber.ask("ping") == "OK {}")
    }

    @Test("over the limit ERR slow-consumer is the last line, whatever else was asked, and others notice nothing")
    func slowConsumer() throws {
        let daemon = try trialDaemon("[limits]\nmax_backlog_bytes = 65536\n")
        let (slow, other, client) = (try daemon.connect(), try daemon.connect(), try daemon.connect())
        for each in [slow, other] { _ = try each.ok("subscribe topics=*") }
        for number in 1...30 {
            #expect(try client.ask("trial.burst count=1 bytes=50000") == "OK {}")
            while try !other.line().contains(" trial.burst ") {}
            // Something of its own is under way when it is given up.
            if number == 2 { try slow.send("#w trial.stream\npoint a\n.\n#w trial.stream\n") }
        }
        let lines = try slow.rest()
        #expect(lines.last?.hasPrefix("ERR slow-consumer {") == true, "\(lines.last?.prefix(80) ?? "")")
        #expect(lines.count { $0.hasPrefix("ERR") } == 1)
        let numbers = lines.compactMap { $0.hasPrefix("EVENT") ? Int($0.split(separator: " ")[1]) : nil }
        #expect(numbers == Array(1...numbers.count))
        #expect(try client.ask("ping") == "OK {}")
    }
}
