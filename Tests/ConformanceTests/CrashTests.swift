import Foundation
import Glibc
import MneedleKit
import MneedleTestKit
import MneedleWire
import Testing

@Suite("Modules that fail")
struct CrashTests {
    private func module(_ name: String, _ client: RawClient) throws -> JSON {
        let rows = try client.reply("modules.list").dropLast().map { try JSON(endOf: $0) }
        return try #require(rows.first { $0["name"]?.string == name }, "\(rows)")
    }

    private func crash(_ daemon: DaemonProcess, _ request: String) throws {
        let client = try daemon.connect()
        try client.send(request + "\n")
        #expect(try client.lineOrEnd() == nil)
        #expect(try daemon.ending() != 0)
    }

    @Test(
        "a request that ends the daemon three times is refused to its peer; its module runs on and blocks no session",
        arguments: ["trial.trap", "trial.trap-writing name=a", "trial.overflow", "trial.leave"])
    func refusedRequest(request: String) throws {
        let daemon = try trialDaemon(modules: ModulesFolder(real: CrashTests.real))
        for _ in 0..<3 {
            try crash(daemon, request)
            try daemon.start()
        }
        let client = try daemon.connect()
        #expect(try module("trial", client)["state"]?.string == "running")
        let refused = try client.refused(request)
        #expect(refused.code == "module-failed")
        #expect(refused.members["message"]?.string?.contains("3 times in 10 minutes when you asked") == true)
        let status = try client.ok("status")
        #expect(status["state"]?.string == "degraded")
        #expect(status["problems"]?.strings.contains { $0.contains("of uid \(getuid()) is refused") } == true)
        #expect(try client.ok("trial.add name=b")["name"]?.string == "b")
        #expect(try findings(client).isEmpty)
    }

    @Test("what one peer's requests did is refused to nobody else", .enabled(if: Machine.canBeOthers, "needs root"))
    func refusedToOne() throws {
        let daemon = try trialDaemon("[roles.operator]\nusers = [\"nobody\"]\ngroups = []\n")
        for _ in 0..<3 {
            let peer = try daemon.connect(as: "nobody")
            try peer.send("trial.trap\n")
            #expect(try daemon.ending() != 0)
            try daemon.start()
        }
        #expect(try daemon.connect(as: "nobody").refused("trial.trap").code == "module-failed")
        #expect(try daemon.connect(as: "nobody").ok("trial.count")["count"]?.integer == 0)
        try crash(daemon, "trial.trap")
    }

    @Test(
        "a module whose reaction ends the daemon is kept out, so that what it reacts to can be done; sessions wait for it if it guards them",
        arguments: [true, false])
    func quarantine(guards: Bool) throws {
        let daemon = try trialDaemon(
            "[trial]\nreaction = \"trap\"\n", modules: ModulesFolder(real: CrashTests.real, guards: guards))
        for _ in 0..<3 {
            #expect(try module("trial", daemon.connect())["state"]?.string == "running")
            try crash(daemon, "records.add-person person=anna")
            try daemon.start()
        }
        let client = try daemon.connect()
        let row = try module("trial", client)
        #expect(row["state"]?.string == "quarantined" && row["reason"]?.string?.contains("3 times") == true)
        #expect(try client.refused("trial.count").code == "module-failed")
        #expect(try client.ok("status")["state"]?.string == "degraded")
        #expect(try findings(client) == [guards ? "module-unavailable" : "module-missing"])
        let start = try client.ask("session.start person=anna device=pen areas=chin depth_mm=0.2")
        #expect(start.contains("module-unavailable") == guards, "\(start)")
    }

    private static let real = ["Records", "Session", "Sterilization", "Scheduling", "Aftercare", "Screening"]

    /// What speaks of the trial module before a session; adds who and what it takes.
    private func findings(_ client: RawClient) throws -> [String] {
        _ = try client.ok("records.add-person person=anna")
        _ = try client.ok(
            "records.add-device device=pen kind=pen max_depth_mm=2.5 cartridges=no cartridges_reason=head-is-fixed")
        let check = try client.ok("session.check person=anna device=pen areas=chin depth_mm=0.2")
        return check["findings"]?.elements?.filter { $0["message"]?.string?.contains("trial") == true }.compactMap {
            $0["code"]?.string
        } ?? []
    }

    @Test(
        "a module whose timer traps or never ends is kept out the fourth time, and the others serve",
        arguments: ["trap", "spin"])
    func timer(trouble: String) throws {
        let config = "[modules]\ntime_limit = \"1s\"\n[trial]\ntimer = \"\(trouble)\"\n"
        let daemon = try trialDaemon(config, modules: ModulesFolder(real: ["Records"]), start: false)
        for _ in 0..<3 {
            // It may end before it is ready, or after.
            do {
                try daemon.start()
                #expect(try daemon.ending() != 0)
            } catch is DaemonProcess.Failed {}
        }
        try daemon.start()
        let client = try daemon.connect()
        #expect(try module("trial", client)["state"]?.string == "quarantined")
        #expect(try client.ok("records.add-person person=anna")["person"]?.string == "anna")
    }

    @Test("a module that traps when it starts is kept out the fourth time")
    func trapAtStart() throws {
        let daemon = try trialDaemon("[trial]\nstart = \"trap\"\n", start: false)
        for _ in 0..<3 { #expect(throws: DaemonProcess.Failed.self) { try daemon.start() } }
        try daemon.start()
        #expect(try module("trial", daemon.connect())["state"]?.string == "quarantined")
    }

    @Test("being killed from outside counts for no module")
    func killed() throws {
        let daemon = try trialDaemon()
        for _ in 0..<4 {
            let gate = try Gate(in: daemon)
            let client = try daemon.connect()
            try client.send("trial.wait pipe=\(gate.path)\n")
            try gate.open()
            try client.send("trial.wait pipe=\(gate.path)\n")
            #expect(try client.line() == "OK {}")
            daemon.killNow()
            try daemon.start()
        }
        #expect(try module("trial", daemon.connect())["state"]?.string == "running")
    }

    @Test("a change in which its module trapped did not happen")
    func trapWriting() throws {
        let daemon = try trialDaemon()
        try crash(daemon, "trial.trap-writing name=a")
        try daemon.start()
        #expect(daemon.errorOutput.contains("was ended by signal"))
        let client = try daemon.connect()
        #expect(try client.ok("trial.count")["count"]?.integer == 0)
        #expect(try client.ok("ledger.verify")["ok"]?.bool == true)
    }

    @Test("a safety check that throws speaks against the session")
    func failingCheck() throws {
        let real = ["Records", "Session", "Sterilization", "Scheduling", "Aftercare", "Screening"]
        let client = try trialDaemon("[trial]\ncheck = \"throw\"\n", modules: ModulesFolder(real: real)).connect()
        _ = try client.ok("records.add-person person=anna")
        _ = try client.ok(
            "records.add-device device=pen kind=pen max_depth_mm=2.5 cartridges=no cartridges_reason=head-is-fixed")
        let check = try client.ok("session.check person=anna device=pen areas=chin depth_mm=0.2")
        #expect(check["findings"]?.elements?.contains { $0["code"]?.string == "module-unavailable" } == true)
    }

    @Test(
        "a library for another kit, by another compiler, or that others may write is refused with the reason; the rest serves"
    )
    func refusedLibraries() throws {
        let cases: [(ModulesFolder, String)] = [
            (try ModulesFolder(real: ["Records"], kit: KitVersion.api + 1), "version \(KitVersion.api + 1) of the kit"),
            (try ModulesFolder(real: ["Records"], compiler: "Oldish Swift 5.0"), "Oldish Swift 5.0"),
            (try writable(), "may be written by everybody"),
        ]
        for (folder, reason) in cases {
            let daemon = try trialDaemon(modules: folder)
            let client = try daemon.connect()
            let row = try module("trial", client)
            #expect(row["state"]?.string == "failed" && row["reason"]?.string?.contains(reason) == true, "\(row)")
            #expect(daemon.errorOutput.contains(reason))
            #expect(try client.ask("records.add-person person=anna").hasPrefix("OK "))
        }
    }

    private func writable() throws -> ModulesFolder {
        let folder = try ModulesFolder(real: ["Records"])
        chmod(folder.path + "/libtrial.so", 0o757)
        return folder
    }

    @Test("a file that is no library is named and does no harm")
    func noLibrary() throws {
        let folder = try ModulesFolder(real: ["Records"])
        for (name, content) in [
            ("libempty.so", ""), ("libtext.so", "no library"),
            ("libcut.so", "\u{7F}ELF\u{2}\u{1}" + String(repeating: "x", count: 80)),
        ] {
            try content.write(toFile: "\(folder.path)/\(name)", atomically: true, encoding: .utf8)
        }
        let client = try trialDaemon(modules: folder).connect()
        for name in ["empty", "text", "cut"] { #expect(try module(name, client)["state"]?.string == "failed") }
        #expect(try module("records", client)["state"]?.string == "running")
    }

    @Test("a module that is disabled is said to be")
    func disabled() throws {
        let client = try trialDaemon("[modules]\ndisabled = [\"trial\"]\n").connect()
        #expect(try module("trial", client)["state"]?.string == "disabled")
        #expect(try client.refused("trial.count").code == "module-failed")
        #expect(try JSON(endOf: client.greeting)["modules"]?.strings == [])
    }
}
