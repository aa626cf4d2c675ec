import Glibc
import MneedleTestKit
import MneedleWire
import Testing

@Suite("Reactions that fail")
struct ReactionTests {
    @Test(
        "a failing module never holds up the end of a session: it is noted, sessions are blocked, and a reload mends it",
        arguments: ["stop session=1 reason=pain", "finish session=1"])
    func neverHeldUp(end: String) throws {
        let modules = try ModulesFolder(real: ["Records", "Session"])
        let daemon = try trialDaemon("[trial]\nreaction = \"throw\"\n", modules: modules)
        let client = try daemon.connect()
        _ = try client.ok("records.add-person person=anna")
        _ = try client.ok(
            "records.add-device device=pen kind=pen max_depth_mm=2.5 material=titanium cartridges=no cartridges_reason=head-is-fixed"
        )
        let start = "session.start person=anna device=pen areas=chin depth_mm=0.2"
        _ = try client.ok(start)
        // With neighbours in its group that succeed, and one that fails.
        try client.send("trial.add name=a\nsession.\(end)\ntrial.add-then-throw name=b\ntrial.add name=c\n")
        let replies = try (0..<4).map { _ in try client.line() }
        #expect(replies.map { $0.hasPrefix("OK ") } == [true, true, false, true], "\(replies)")
        #expect(try client.ok("trial.count")["count"]?.integer == 2)
        let refused = try client.refused(start)
        #expect(refused.code == "blocked")
        #expect(refused.members["findings"]?.elements?.compactMap { $0["code"]?.string } == ["reaction-failed"])
        let status = try client.ok("status")
        #expect(status["state"]?.string == "degraded" && status["problems"]?.elements?.count == 1)
        #expect(daemon.errorOutput.contains("module trial: its reaction to 'session."))

        let events = try daemon.connect()
        _ = try events.ok("subscribe topics=mneedled.reaction-done")
        try daemon.configure(practice(""))
        daemon.signal(SIGHUP)
        #expect(try events.line().contains(" mneedled.reaction-done "))
        #expect(try client.ok("trial.count")["count"]?.integer == 3)
        #expect(try client.ok("status")["state"]?.string == "ok")
        _ = try client.ok(start)
        #expect(try client.ok("ledger.verify")["ok"]?.bool == true)
    }

    @Test("a start has modules take in what they had failed at")
    func retriedAtStart() throws {
        let modules = try ModulesFolder(real: ["Records", "Session"])
        let daemon = try trialDaemon("[trial]\nreaction = \"throw\"\n", modules: modules)
        let client = try daemon.connect()
        _ = try client.ok("records.add-person person=anna")
        _ = try client.ok(
            "records.add-device device=pen kind=pen max_depth_mm=2.5 material=titanium cartridges=no cartridges_reason=head-is-fixed"
        )
        _ = try client.ok("session.start person=anna device=pen areas=chin depth_mm=0.2")
        _ = try client.ok("session.stop session=1 reason=pain")
        daemon.killNow()
        try daemon.configure(practice(""))
        try daemon.start()
        let events = try daemon.connect()
        _ = try events.ok("subscribe topics=mneedled.reaction-done since=0")
        #expect(try events.line().contains(" mneedled.reaction-done "))
        #expect(try events.ok("status")["state"]?.string == "ok")
    }
}
