import Foundation
import Glibc
import MneedleTestKit
import MneedleWire
import Testing

@Suite("Modules that guard sessions")
struct GuardTests {
    /// How a guard can be gone.
    enum Absence: String, CaseIterable {
        case missing, disabled, failed, quarantined

        /// Has the trial module gone at the next start, or back.
        func set(_ isGone: Bool, _ practice: Practice) throws {
            let config: [Absence: String] = [
                .disabled: "[modules]\ndisabled = [\"trial\"]\n", .failed: "[trial]\nstart = \"throw\"\n",
                .quarantined: "[trial]\nstart = \"trap\"\n",
            ]
            let (daemon, folder) = (practice.daemon, practice.folder)
            if daemon.process.isRunning { daemon.terminate() }
            try daemon.configure(ConformanceTests.practice(isGone ? config[self] ?? "" : ""))
            if self == .missing { try folder.moveTrial(away: isGone) }
            guard self == .quarantined else { return try daemon.start() }
            if isGone {
                for _ in 0..<3 { #expect(throws: DaemonProcess.Failed.self) { try daemon.start() } }
            } else {
                // As after ten minutes.
                try FileManager.default.removeItem(atPath: daemon.folder + "/state/crashes.json")
            }
            try daemon.start()
        }
    }

    /// A daemon with all modules and the trial module, a person and a pen.
    final class Practice {
        let folder: ModulesFolder
        let daemon: DaemonProcess

        init(_ config: String = "", guards: Bool = true) throws {
            folder = try ModulesFolder(
                real: ["Records", "Session", "Sterilization", "Scheduling", "Aftercare", "Screening"], guards: guards)
            daemon = try trialDaemon(config, modules: folder)
            try GuardTests.furnish(daemon.connect())
        }

        func restart() throws {
            daemon.terminate()
            try daemon.start()
        }

        /// How `modules.list` shows the trial module.
        func state() throws -> String? {
            let rows = try daemon.connect().reply("modules.list").dropLast().map { try JSON(endOf: $0) }
            return rows.first { $0["name"]?.string == "trial" }?["state"]?.string
        }

        /// What is found about the trial module before a session.
        func findings() throws -> [JSON] {
            try daemon.connect().ok("session.check \(GuardTests.plan)")["findings"]?.elements?.filter {
                $0["message"]?.string?.contains("'trial'") == true
            } ?? []
        }

        func codes() throws -> [String?] { try findings().map { $0["code"]?.string } }

        /// What `status` has to say about the trial module.
        func problems() throws -> [String] {
            try daemon.connect().ok("status")["problems"]?.strings.filter { $0.contains("'trial'") } ?? []
        }

        @discardableResult
        func retire() throws -> JSON {
            try daemon.connect().ok("modules.retire-guard module=trial reason=\"\(GuardTests.reason)\"")
        }
    }

    private static let plan = "person=anna device=pen areas=chin depth_mm=0.2"
    private static let reason = "nobody tries the host here any more"

    private static func furnish(_ client: RawClient) throws {
        _ = try client.ok("records.add-person person=anna")
        _ = try client.ok(
            "records.add-device device=pen kind=pen max_depth_mm=2.5 cartridges=no cartridges_reason=head-is-fixed")
    }

    @Test(
        "while a guard is gone no session starts and the service is degraded, until it is retired; when it comes back it guards again",
        arguments: Absence.allCases)
    func gone(how absence: Absence) throws {
        let practice = try Practice()
        #expect(try practice.codes().isEmpty && practice.problems().isEmpty)
        try absence.set(true, practice)
        #expect(try practice.state() == absence.rawValue)
        let found = try #require(practice.findings().first)
        #expect(found["code"]?.string == "module-unavailable" && found["severity"]?.string == "contraindicated")
        #expect(found["advice"]?.string?.contains("modules.retire-guard") == true)
        let client = try practice.daemon.connect()
        #expect(try client.refused("session.start \(Self.plan)").members.text.contains("module-unavailable"))
        #expect(try client.ok("status")["state"]?.string == "degraded")
        #expect(try practice.problems().first?.contains("no session starts until") == true)

        try practice.retire()
        for _ in 0..<2 {
            // One that fails all the same is said to, as any module is.
            let fails = absence == .failed || absence == .quarantined
            #expect(try practice.codes() == (fails ? ["module-missing"] : []))
            #expect(try practice.problems().contains { $0.contains("no session starts") } == false)
            #expect(try practice.problems().isEmpty == !fails)
            if absence == .missing { #expect(try practice.state() == "retired") }
            try practice.restart()
        }

        try absence.set(false, practice)
        #expect(try practice.state() == "running" && practice.problems().isEmpty)
        try absence.set(true, practice)
        #expect(try practice.codes() == ["module-unavailable"])
    }

    @Test("a guard is retired with a reason of ten letters in any script, which the ledger keeps")
    func reason() throws {
        let practice = try Practice()
        try Absence.missing.set(true, practice)
        let client = try practice.daemon.connect()
        #expect(try client.refused("modules.retire-guard module=trial").code == "invalid-argument")
        for reason in ["gone", "          ", "1234567890", "nine.lett"] {
            let refused = try client.refused("modules.retire-guard module=trial reason=\"\(reason)\"")
            #expect(refused.code == "invalid-argument" && refused.members["argument"]?.string == "reason")
        }
        #expect(try client.refused("modules.retire-guard module=nothing reason=\"\(Self.reason)\"").code == "not-found")
        #expect(try practice.codes() == ["module-unavailable"])
        let retired = try client.ok("modules.retire-guard module=trial reason=\"больше не нужен\"")
        #expect(retired["module"]?.string == "trial")
        let entry = try JSON(endOf: client.reply("ledger.tail kind=mneedled.guard-retired")[0])
        #expect(entry["subject"]?.string == "module/trial" && entry["actor"]?.string?.isEmpty == false)
        #expect(entry["body"]?["reason"]?.string == "больше не нужен")
        #expect(try client.refused("modules.retire-guard module=trial reason=\"\(Self.reason)\"").code == "not-found")
        #expect(try client.ok("ledger.verify")["ok"]?.bool == true)
        #expect(!practice.daemon.errorOutput.contains("больше"))
    }

    @Test("a guard that runs cannot be retired")
    func running() throws {
        let practice = try Practice()
        let refused = try practice.daemon.connect().refused(
            "modules.retire-guard module=trial reason=\"\(Self.reason)\"")
        #expect(refused.code == "conflict" && refused.members["state"]?.string == "running")
    }

    @Test(
        "only an administrator retires a guard", .enabled(if: Machine.canBeOthers, "needs root"),
        arguments: ["reader", "operator", "practitioner"])
    func roles(role: String) throws {
        let practice = try Practice("[roles.\(role)]\nusers = [\"nobody\"]\ngroups = []\n")
        practice.daemon.terminate()
        try practice.folder.moveTrial(away: true)
        try practice.daemon.start()
        let client = try practice.daemon.connect(as: "nobody")
        #expect(try client.refused("modules.retire-guard module=trial reason=\"\(Self.reason)\"").code == "forbidden")
        #expect(try practice.codes() == ["module-unavailable"])
    }

    @Test("a module that guarded sessions and runs without guarding them is missed too")
    func stopsGuarding() throws {
        let practice = try Practice()
        for _ in 0..<2 {
            practice.daemon.terminate()
            try practice.folder.makeTrial(says: false, guards: false)
            try practice.daemon.start()
            #expect(try practice.state() == "running" && practice.codes() == ["module-unavailable"])
        }
        try practice.retire()
        #expect(try practice.codes().isEmpty && practice.problems().isEmpty)
        try practice.restart()
        #expect(try practice.codes().isEmpty && practice.problems().isEmpty)
    }

    @Test("a module that guards nothing and whose library goes is said to be missing, and blocks no session")
    func bystander() throws {
        let practice = try Practice(guards: false)
        try Absence.missing.set(true, practice)
        #expect(try practice.state() == "missing" && practice.codes() == ["module-missing"])
        #expect(try practice.problems().count == 1)
        try Absence.missing.set(false, practice)
        try Absence.disabled.set(true, practice)
        #expect(try practice.codes().isEmpty && practice.problems().isEmpty)
    }

    @Test(
        "a module that guards and does not say so, or says so and does not, is not taken in, and the reason says what to do",
        arguments: [(false, true, "add it"), (true, false, "take 'guards' out")])
    func undeclared(says: Bool, guards: Bool, remedy: String) throws {
        let folder = try ModulesFolder()
        try folder.makeTrial(says: says, guards: guards)
        let client = try trialDaemon(modules: folder).connect()
        let row = try JSON(endOf: client.reply("modules.list")[0])
        #expect(row["name"]?.string == "trial" && row["state"]?.string == "failed")
        let reason = row["reason"]?.string ?? ""
        #expect(reason.contains("'guards: true'") && reason.contains(remedy), "\(reason)")
        #expect(try client.ok("status")["problems"]?.strings.first?.contains("no session starts") == true)
    }

    @Test("a guard that was retired while it did not answer guards again once a reload has it run")
    func revived() throws {
        let practice = try Practice("[limits]\nreading_time = \"3s\"\n")
        let gate = try Gate(in: practice.daemon)
        let lost = try practice.daemon.connect()
        try lost.send("trial.wait pipe=\(gate.path)\n")
        #expect(try lost.line().hasPrefix("ERR module-failed {"))
        #expect(try practice.state() == "failed" && practice.codes() == ["module-unavailable"])
        try practice.retire()
        #expect(try practice.codes() == ["module-missing"])
        practice.daemon.signal(SIGHUP)
        while try !practice.daemon.notification().contains("; reloaded") {}
        #expect(try practice.state() == "running" && practice.codes().isEmpty)
        practice.daemon.killNow()
        try practice.folder.moveTrial(away: true)
        try practice.daemon.start()
        #expect(try practice.codes() == ["module-unavailable"])
    }

    // MARK: A new store

    private static let plugins = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent().appendingPathComponent("Plugins").path

    /// The modules that ship, by their folders, and whether their manifests say that they guard sessions.
    private static let shipped: [String: Bool] = {
        var shipped: [String: Bool] = [:]
        for module in (try? FileManager.default.contentsOfDirectory(atPath: plugins)) ?? [] {
            let path = "\(plugins)/\(module)/Sources/\(module).swift"
            guard let text = try? String(contentsOfFile: path, encoding: .utf8) else { continue }
            shipped[module] = text.contains("guards: true")
        }
        return shipped
    }()

    @Test(
        "on a new store no session starts while a shipped guard's library is missing",
        arguments: shipped.filter(\.value).keys.sorted())
    func newStore(module: String) throws {
        #expect(Self.shipped.count >= 7 && Self.shipped.values.count { $0 } >= 5)
        let folder = try ModulesFolder(real: Self.shipped.keys.filter { $0 != module })
        let client = try DaemonProcess(modules: folder.path).connect()
        try Self.furnish(client)
        let refused = try client.refused("session.start \(Self.plan)")
        if module == "Session" {
            #expect(refused.code == "module-failed")
        } else {
            let found = refused.members["findings"]?.elements?.filter { $0["code"]?.string == "module-unavailable" }
            #expect(found?.count == 1 && found?.first?["message"]?.string?.contains("'\(module.lowercased())'") == true)
        }
        #expect(
            try client.ok("status")["problems"]?.strings.contains { $0.contains("'\(module.lowercased())'") } == true)
    }

    @Test("what the knowledge expects anew at a reload is missed from then on, and a retired guard stays retired")
    func reload() throws {
        let practice = try Practice()
        try Absence.missing.set(true, practice)
        try practice.retire()
        try "expected = [\"records\", \"trial\", \"oracle\"]\n".write(
            toFile: practice.folder.knowledge + "/modules.toml", atomically: true, encoding: .utf8)
        let events = try practice.daemon.connect()
        practice.daemon.signal(SIGHUP)
        while try !practice.daemon.notification().contains("; reloaded") {}
        let status = try events.ok("status")
        #expect(status["modules"]?["oracle"]?.string == "missing" && status["modules"]?["trial"]?.string == "retired")
        #expect(try events.refused("session.start \(Self.plan)").members.text.contains("'oracle'"))
    }

    @Test("a list of expected modules that is missing or wrong ends the start with the file's name")
    func badList() throws {
        for text in [nil, "", "expected = [\"No Module\"]\n", "expected = []\nguards = []\n"] as [String?] {
            let folder = try ModulesFolder()
            let path = folder.knowledge + "/modules.toml"
            try FileManager.default.removeItem(atPath: path)
            try text?.write(toFile: path, atomically: true, encoding: .utf8)
            let failure = #expect(throws: DaemonProcess.Failed.self) { try trialDaemon(modules: folder) }
            #expect(failure?.description.contains("modules.toml:") == true)
        }
    }
}
