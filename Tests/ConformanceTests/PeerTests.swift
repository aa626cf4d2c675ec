import Foundation
import MneedleTestKit
import MneedleWire
import Testing

@Suite("Who may do what", .enabled(if: Machine.canBeOthers, "needs root, setpriv and socat"))
struct PeerTests {
    private func role(_ config: String, as user: String = "nobody", groups: String? = nil) throws -> String? {
        let client = try trialDaemon(config).connect(as: user, groups: groups)
        return client.greeting.hasPrefix("MNEEDLE 1 ") ? try JSON(endOf: client.greeting)["role"]?.string : nil
    }

    @Test("a stranger is told that no role is mapped, and closed", arguments: ["control", "trial"])
    func strangers(socket: String) throws {
        let daemon = try trialDaemon("[roles.operator]\nusers = [\"daemon\"]\n")
        let client = try daemon.connect(as: "nobody", socket: socket)
        let lines = try ([client.greeting].filter { !$0.isEmpty } + client.rest())
        #expect(lines.count == 1 && lines[0].hasPrefix("ERR forbidden {"))
        let members = try JSON(endOf: lines[0])
        #expect(members["role"]?.string == "none" && members["needs"]?.string == "reader")
        #expect(members["message"]?.string?.contains("nobody") == true)
    }

    @Test("users and groups are mapped, supplementary ones too, everybody by *, and the highest role counts")
    func mapping() throws {
        #expect(try role("[roles.reader]\nusers = [\"nobody\"]\n") == "reader")
        #expect(try role("[roles.practitioner]\nusers = [\"*\"]\n") == "practitioner")
        #expect(try role("[roles.operator]\ngroups = [\"nogroup\"]\n") == "operator")
        #expect(try role("[roles.operator]\ngroups = [\"games\"]\n", groups: "60,12") == "operator")
        #expect(try role("[roles.operator]\ngroups = [\"games\"]\n") == nil)
        let many =
            "[roles.reader]\nusers = [\"*\"]\n[roles.admin]\ngroups = [\"games\"]\n[roles.operator]\nusers = [\"nobody\"]\n"
        #expect(try role(many) == "operator")
        #expect(try role(many, groups: "60") == "admin")
    }

    @Test("root is admin whatever the configuration says, and names that nobody has do no harm")
    func root() throws {
        let daemon = try trialDaemon(
            "[roles.reader]\nusers = [\"root\", \"no-such-user\"]\ngroups = [\"no-such-group\"]\n")
        #expect(try JSON(endOf: daemon.connect().greeting)["role"]?.string == "admin")
        #expect(daemon.errorOutput.contains("no-such-user") && daemon.errorOutput.contains("no-such-group"))
    }

    @Test("a collector's socket asks for its role")
    func collectorRole() throws {
        let daemon = try trialDaemon("[roles.reader]\nusers = [\"nobody\"]\n[roles.operator]\nusers = [\"daemon\"]\n")
        #expect(try daemon.connect(as: "nobody", socket: "trial").rest().first?.hasPrefix("ERR forbidden {") == true)
        let collector = try daemon.connect(as: "daemon", socket: "trial")
        try collector.send("point a\n")
        collector.halfClose()
        #expect(try collector.rest().isEmpty)
        let rows = try daemon.connect().reply("ledger.tail kind=trial.streamed")
        #expect(try JSON(endOf: rows[0])["actor"]?.string == "daemon")
    }

    @Test("the role is fixed when the connection is made")
    func fixed() throws {
        let daemon = try trialDaemon("[roles.operator]\nusers = [\"nobody\"]\n")
        let client = try daemon.connect(as: "nobody")
        #expect(try client.ask("trial.add name=a").hasPrefix("OK "))
        #expect(try client.refused("ledger.backup path=/nonexistent/x").members["needs"]?.string == "admin")
        #expect(try client.reply("ledger.tail").first?.contains("\"actor\":\"nobody\"") == true)
    }

    @Test("a reload gives roles by the new lists to whoever connects from then on")
    func reloaded() throws {
        let daemon = try trialDaemon("[roles.operator]\nusers = [\"nobody\"]\n")
        let early = try daemon.connect(as: "nobody")
        try daemon.configure("[access]\npeople = \"practice\"\n[roles.reader]\nusers = [\"daemon\"]\n")
        daemon.signal(SIGHUP)
        while try !daemon.notification().contains("; reloaded") {}
        #expect(try daemon.connect(as: "nobody").greeting.hasPrefix("ERR forbidden {"))
        #expect(try JSON(endOf: daemon.connect(as: "daemon").greeting)["role"]?.string == "reader")
        #expect(try early.ask("trial.add name=a").hasPrefix("OK "), "let in before")
    }

    @Test("one user's connections are limited apart from another's")
    func perUser() throws {
        let daemon = try trialDaemon(
            "[limits]\nmax_connections_per_uid = 2\nreserved_connections = 0\n[roles.reader]\nusers = [\"nobody\"]\n")
        let own = try (0..<2).map { _ in try daemon.connect() }
        let busy = try daemon.connect()
        #expect(busy.greeting.hasPrefix("ERR busy {"))
        #expect(try busy.lineOrEnd() == nil)
        let members = try JSON(endOf: busy.greeting)
        #expect(members["limit"]?.integer == 2 && members["retry_after"]?.string == "PT1S")
        #expect(try daemon.connect(as: "nobody").greeting.hasPrefix("MNEEDLE 1 "))
        #expect(try own[0].ask("ping") == "OK {}")
    }
}
