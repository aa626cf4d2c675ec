import Foundation
import Glibc
import MneedleTestKit
import MneedleWire
import Testing

@Suite("SIGHUP reads configuration and knowledge again", .serialized)
struct ReloadTests {
    /// A daemon on a copy of the project's knowledge that a test may edit.
    final class Practice {
        private let copy: TemporaryFolder
        var knowledge: String { copy.path }
        let daemon: DaemonProcess
        let client: RawClient

        init(config: String = "") throws {
            copy = try TemporaryFolder(copying: Bench.projectKnowledge)
            daemon = try DaemonProcess(config: config, knowledge: copy.path)
            client = try daemon.connect()
        }

        func edit(_ file: String, _ text: String, _ replacement: String) throws {
            let path = "\(knowledge)/\(file)"
            let before = try String(contentsOfFile: path, encoding: .utf8)
            try #require(before.contains(text))
            try before.replacingOccurrences(of: text, with: replacement)
                .write(toFile: path, atomically: true, encoding: .utf8)
        }

        /// - Returns: The status that it tells systemd afterwards.
        func reload() throws -> String {
            daemon.signal(SIGHUP)
            let begun = try daemon.notification()
            #expect(begun.hasPrefix("RELOADING=1\nMONOTONIC_USEC="), "\(begun)")
            let ended = try daemon.notification()
            #expect(ended.hasPrefix("READY=1\nSTATUS="), "\(ended)")
            return ended
        }

        /// The codes that speak against a home session of 0.45 mm.
        func codes() throws -> String {
            try client.ask("session.check person=anna device=roller areas=cheeks depth_mm=0.45")
        }
    }

    private let limit = "max_mm = 0.5                # over it: blocked"

    @Test("edited knowledge holds for open connections too, without a restart")
    func knowledge() throws {
        let practice = try Practice()
        _ = try practice.client.ok("records.add-person person=anna")
        _ = try practice.client.ok("records.add-device device=roller kind=roller needle_mm=0.45 owner=anna")
        #expect(try !practice.codes().contains("depth-over-limit"))
        try practice.edit("session.toml", limit, "max_mm = 0.4")
        #expect(try !practice.codes().contains("depth-over-limit"), "not before it is asked")
        #expect(try practice.reload().hasSuffix("; reloaded"))
        #expect(try practice.codes().contains("depth-over-limit"))
        #expect(practice.daemon.errorOutput.contains("read again and in force"))
        #expect(practice.daemon.terminate() == 0)
    }

    @Test("the knowledge in force has a digest, which sha256sum of the files gives too; refused files do not change it")
    func digest() throws {
        let practice = try Practice()
        func told() throws -> String? { try practice.client.ok("status")["knowledge"]?.string }
        func reckoned() throws -> String {
            let sum = Process()
            sum.executableURL = URL(fileURLWithPath: "/bin/sh")
            sum.arguments = ["-c", "cd '\(practice.knowledge)' && LC_ALL=C sha256sum *.toml | sha256sum | cut -c1-64"]
            let pipe = Pipe()
            sum.standardOutput = pipe
            try sum.run()
            return String(decoding: pipe.fileHandleForReading.readDataToEndOfFile().dropLast(), as: UTF8.self)
        }
        let first = try told()
        #expect(try first == reckoned())
        try practice.edit("session.toml", limit, "max_mm = \"deep\"")
        #expect(try practice.reload().contains("RELOAD REFUSED"))
        #expect(try told() == first)
        try practice.edit("session.toml", "max_mm = \"deep\"", "max_mm = 0.4")
        #expect(try practice.reload().hasSuffix("; reloaded"))
        #expect(try told() != first && told() == reckoned())
    }

    @Test("bad files change nothing, every problem is logged, and systemd's status names the first; mended, they hold")
    func badFiles() throws {
        let practice = try Practice()
        _ = try practice.client.ok("records.add-person person=anna")
        _ = try practice.client.ok("records.add-device device=roller kind=roller needle_mm=0.45 owner=anna")
        try practice.edit("session.toml", limit, "max_mm = 0.4")
        try practice.edit("screening.toml", "severity = \"caution\"", "severity = \"catuion\"")
        let status = try practice.reload()
        #expect(status.contains("RELOAD REFUSED: screening.toml:") && status.contains("more in the log"))
        #expect(practice.daemon.errorOutput.contains("not reloaded: screening.toml:"))
        #expect(practice.daemon.errorOutput.contains("what was in force stays"))
        #expect(try !practice.codes().contains("depth-over-limit"), "good files beside bad ones are not taken either")
        try practice.edit("screening.toml", "severity = \"catuion\"", "severity = \"caution\"")
        #expect(try practice.reload().hasSuffix("; reloaded"))
        #expect(try practice.codes().contains("depth-over-limit"))
    }

    @Test(
        "a bad configuration changes nothing",
        arguments: [
            "[limits]\nmax_connections = 7\nmax_line_byte = 9999\n", "[limits]\nmax_connections = 7\n[scheduling\n",
            "[limits]\nmax_connections = 7\n[nonsense]\n",
            "[limits]\nmax_connections = 7\n[scheduling]\nlate_minutes = \"x\"\n",
        ])
    func badConfiguration(text: String) throws {
        let practice = try Practice()
        try practice.daemon.configure(text)
        #expect(try practice.reload().contains("RELOAD REFUSED: mneedled.toml:"))
        #expect(try practice.client.ok("status")["limits"]?["max_connections"]?.integer == 1024)
        try FileManager.default.removeItem(atPath: practice.daemon.folder + "/mneedled.toml")
        #expect(try practice.reload().contains("RELOAD REFUSED: mneedled.toml: is not used: "))
    }

    @Test("limits and modules' sections are taken over; what is open or loaded already is named as needing a restart")
    func configuration() throws {
        let practice = try Practice()
        try practice.daemon.configure(
            "[limits]\nmax_connections = 7\n[socket]\nmode = \"0660\"\n[modules]\ndisabled = [\"telemetry\"]\n"
                + "[roles.reader]\nusers = [\"no-such-user\"]\n")
        #expect(try practice.reload().hasSuffix("; reloaded"))
        let status = try practice.client.ok("status")
        #expect(status["limits"]?["max_connections"]?.integer == 7)
        #expect(status["modules"]?["telemetry"]?.string == "running")
        let log = practice.daemon.errorOutput
        #expect(log.contains("only after a restart: socket.mode, modules.disabled"), "\(log)")
        #expect(log.contains("no-such-user"))
    }

    @Test("requests that are under way while files are read again are all answered, in their order")
    func underLoad() throws {
        let practice = try Practice()
        var requests = ""
        for number in 1...3000 {
            requests +=
                "#\(number) records.add-person person=p\(number)\n#r\(number) scheduling.next person=p\(number)\n"
        }
        try practice.client.send(requests)
        for number in 1...3000 {
            if number % 1000 == 1 { practice.daemon.signal(SIGHUP) }
            #expect(try practice.client.line().hasPrefix("#\(number) OK "))
            #expect(try practice.client.line().hasPrefix("#r\(number) OK "))
        }
        #expect(try practice.client.ok("ledger.verify")["ok"]?.bool == true)
    }

    @Test(
        "a stray bracket in a file, the configuration or the knowledge, is refused by its line, and the service goes on"
    )
    func strayBracket() throws {
        let practice = try Practice()
        let knowledge = practice.knowledge + "/session.toml"
        let good = try String(contentsOfFile: knowledge, encoding: .utf8)
        for bracket in ["[énding]]\n", "[{are", "["] {
            try (bracket + "\n" + good).write(toFile: knowledge, atomically: true, encoding: .utf8)
            #expect(try practice.reload().contains("RELOAD REFUSED: session.toml:1:2: "))
        }
        try good.write(toFile: knowledge, atomically: true, encoding: .utf8)
        try practice.daemon.configure("[log]\n[")
        #expect(try practice.reload().contains("RELOAD REFUSED: mneedled.toml:2:2: "))
        try practice.daemon.configure("")
        #expect(try practice.reload().hasSuffix("; reloaded"))
        #expect(try practice.client.ask("ping") == "OK {}")
    }

    @Test("files that others could have written since are not taken over")
    func untrusted() throws {
        let practice = try Practice()
        chmod(practice.knowledge + "/session.toml", 0o666)
        let status = try practice.reload()
        #expect(status.contains("RELOAD REFUSED: session.toml: is not used: ") && status.contains("chmod go-w"))
        chmod(practice.knowledge + "/session.toml", 0o644)
        #expect(try practice.reload().hasSuffix("; reloaded"))
    }

    @Test("a limit that closes everybody at once does not come into force; a day is 24 hours")
    func idleTimeout() throws {
        let practice = try Practice()
        for timeout in ["0s", "999ms", "2d", "999999999w", "P1M"] {
            try practice.daemon.configure("[limits]\nidle_timeout = \"\(timeout)\"\n")
            let status = try practice.reload()
            #expect(
                status.contains("RELOAD REFUSED: mneedled.toml:2: limits.idle_timeout: expected a duration"),
                "\(status)")
            #expect(status.contains("from PT1S to PT24H"), "\(status)")
        }
        try practice.daemon.configure("[limits]\nidle_timeout = \"1d\"\n")
        #expect(try practice.reload().hasSuffix("; reloaded"))
        let status = try practice.client.ok("status")
        #expect(status["limits"]?["idle_timeout"]?.string == "PT24H")
    }
}
