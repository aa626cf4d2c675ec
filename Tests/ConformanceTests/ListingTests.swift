import Foundation
import MneedleTestKit
import MneedleWire
import Testing

@Suite("Listings")
struct ListingTests {
    @Test("an endless listing is not built in memory, stops while the client does not read, and holds up nobody")
    func endless() throws {
        let daemon = try trialDaemon()
        let client = try daemon.connect()
        _ = try client.reply("trial.list count=20000 bytes=1000")
        let before = try daemon.residentBytes()
        try client.send("trial.list count=1000000000 bytes=1000\n")
        for number in 0..<100 { #expect(try client.line().hasPrefix("ROW {\"n\":\(number),")) }
        let other = try daemon.connect()
        for _ in 0..<20 { #expect(try other.reply("trial.list count=2000 bytes=1000").count == 2001) }
        #expect(try daemon.residentBytes() - before < 24 << 20)
        for number in 100..<20_000 { #expect(try client.line().hasPrefix("ROW {\"n\":\(number),")) }
    }

    @Test("clients that do not take their listings keep nobody from reading")
    func stalledReaders() throws {
        let daemon = try trialDaemon()
        let stalled = try (0..<24).map { _ in try daemon.connect() }
        for client in stalled {
            try client.send("trial.list count=1000000000 bytes=1000\n")
            _ = try client.line()
        }
        let other = try daemon.connect()
        other.patience = 20
        #expect(try other.ok("trial.count")["count"]?.integer == 0)
        #expect(try other.ask("trial.add name=a").hasPrefix("OK "))
        #expect(try other.ok("status")["state"]?.string == "ok")
    }

    @Test("a client that leaves in the middle of a listing is no incident")
    func leaving() throws {
        let daemon = try trialDaemon()
        for _ in 0..<12 {
            let client = try daemon.connect()
            try client.send("trial.list count=1000000000 bytes=1000\n")
            _ = try client.line()
            client.leave()
        }
        let client = try daemon.connect()
        #expect(try client.reply("trial.list count=5").count == 6)
        #expect(daemon.terminate() == 0)
        #expect(!daemon.errorOutput.contains("incident"))
    }

    @Test("a listing is one consistent snapshot")
    func snapshot() throws {
        let daemon = try trialDaemon()
        let client = try daemon.connect()
        try client.send((0..<3000).map { "trial.add name=n\($0)\n" }.joined())
        for _ in 0..<3000 { _ = try client.line() }
        try client.send("trial.items\n")
        _ = try client.line()
        let other = try daemon.connect()
        #expect(try other.ask("trial.add name=late").hasPrefix("OK "))
        var rows = 1
        while try client.line().hasPrefix("ROW ") { rows += 1 }
        #expect(rows >= 3000)
        #expect(try client.reply("trial.items").count == 3002)
    }

    @Test("connections that come and go leave neither memory nor descriptors behind")
    func comingAndGoing() throws {
        let daemon = try trialDaemon()
        func round() throws {
            for _ in 0..<500 {
                let client = try daemon.connect()
                try client.send("trial.count\nhelp\n")
                client.halfClose()
                #expect(try client.rest().count == 2)
            }
        }
        func descriptors() throws -> Int {
            try FileManager.default.contentsOfDirectory(atPath: "/proc/\(daemon.process.processIdentifier)/fd").count
        }
        try round()
        let before = try daemon.residentBytes()
        // Those of tests that run beside this one may be among them.
        let descriptorsBefore = try descriptors()
        for _ in 0..<3 { try round() }
        let more = try daemon.residentBytes() - before
        #expect(more < 3 << 20, "\(more >> 10) KiB more")
        let status = try daemon.status()
        #expect(status["connections"]?.integer == 1)
        #expect(try descriptors() <= descriptorsBefore + 1)
    }
}
