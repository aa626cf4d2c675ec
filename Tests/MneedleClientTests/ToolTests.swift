import Foundation
import Glibc
import MneedleTestKit
import Testing

struct ToolTests {
    /// Runs against a daemon that answers `reply`, and gives the line that it got after `describe`.
    private func run(_ arguments: String..., reply: String) throws -> (run: ToolRun, asked: String?) {
        let daemon = try ScriptedDaemon.describing(reply)
        let run = try mneedlectl(arguments, daemon: daemon)
        return (run, daemon.lines.dropFirst().first)
    }

    @Test(
        "every way to write a command asks for the same",
        arguments: [
            ["garden", "plant", "--bed", "b1", "--depth-mm", "2", "--answers.soil-wet", "no"],
            ["garden.plant", "bed=b1", "depth_mm=2", "answers.soil-wet=no"],
            ["garden", "plant", "--bed=b1", "--depth_mm=2", "--no-answers.soil-wet"],
            ["--quiet", "garden.plant", "--bed", "b1", "depth-mm=2", "--answers.soil_wet=no"],
        ])
    func forms(_ words: [String]) throws {
        let daemon = try ScriptedDaemon.describing("OK {}")
        let run = try mneedlectl(words, daemon: daemon)
        #expect(run.exitCode == 0, "\(run.errors)")
        #expect(daemon.lines.last == "garden.plant bed=b1 depth_mm=2 answers.soil-wet=no")
    }

    @Test(
        "values are sent as they are, flags as yes and no, lists joined",
        arguments: [
            (["--watered"], "watered=yes"), (["--watered", "no"], "watered=no"), (["--no-watered"], "watered=no"),
            (["--watered", "--bed", "b"], "watered=yes bed=b"),
            (["--kinds", "rose", "--kinds=leek"], "kinds=rose,leek"),
            (["--bed", "a \"b\"\n"], #"bed="a \"b\"\n""#), (["bed="], "bed=\"\""), (["--bed", "-1"], "bed=-1"),
            (["--bed", "--watered"], "bed=--watered"), (["bed=a=b"], "bed=a=b"),
            ([#"{"bed":"b 1","depth_mm":2}"#], #"{"bed":"b 1","depth_mm":2}"#),
        ])
    func values(_ words: [String], _ sent: String) throws {
        let daemon = try ScriptedDaemon.describing("OK {}")
        let run = try mneedlectl(["garden", "plant"] + words, daemon: daemon)
        #expect(run.exitCode == 0, "\(run.errors)")
        #expect(daemon.lines.last == "garden.plant \(sent)")
    }

    @Test(
        "a mistake on the command line sends nothing and shows the way on",
        arguments: [
            (["gardn", "plant"], "did you mean: garden"), (["garden", "plnt"], "garden plant"),
            (["garden.plnt"], "garden plant"), (["garden", "plant", "--bedd", "1"], "--bed"),
            (["garden", "plant", "--bed"], "--bed needs a value: TEXT"),
            (["garden", "plant", "b1", "2"], "--depth-mm 2"),
            (["garden", "plant", "b1", "spring"], "--season spring"),
            (["garden", "plant", "--no-bed"], "no argument 'no-bed'"),
            (["garden", "plant", "--bed", "1", "bed=2"], "'bed' is given twice, as '1' and '2'; give it once"),
            (["garden", "plant", "{\"a\":}"], "column 6"),
            (["ping", "x=1"], "'ping' takes nothing"),
            (["garden", "plant", "--watered", "maybe"], "--watered: expected yes or no, got 'maybe'"),
            (
                ["garden", "plant", "--answers.soil-wet", "maybe"],
                "--answers.soil-wet: expected yes or no, got 'maybe'"
            ), (["watch", "--sinc", "1"], "mneedlectl watch [TOPIC"),
            (["--timeout", "0", "ping"], "--timeout: expected more than 0 and at most 86400 seconds, got '0.0'"),
            (["--timeout", "x", "ping"], "'x' is invalid for '--timeout <timeout>': expected a number of seconds"),
            (["watch", "--since", "x"], "expected an event's number"), (["completion"], "completion bash"),
        ])
    func mistakes(_ words: [String], _ hint: String) throws {
        let daemon = try ScriptedDaemon.describing("OK {}")
        let run = try mneedlectl(words, daemon: daemon)
        #expect(run.exitCode == 2)
        #expect(run.errors.contains(hint), "\(run.errors)")
        #expect(run.output.isEmpty)
        #expect(daemon.lines.allSatisfy { $0 == "describe" })
    }

    @Test("an answer that cannot be written is an error with a code of its own, and says that the command was done")
    func unwritten() throws {
        let daemon = try ScriptedDaemon.describing("OK {\"plant\":1}")
        let run = try withExtendedLifetime(daemon) {
            try ChildProcess.run(
                ["sh", "-c", "exec \(mneedlectlPath) garden plant b1 --depth-mm 2 > /dev/full"],
                environment: ["MNEEDLE_SOCKET": daemon.path, "PATH": "/usr/bin:/bin"])
        }
        #expect(run.exitCode == 10 && run.errors.contains("do not send it again"), "\(run.errors)")
    }

    @Test("a calendar replaces a calendar, and nothing else that is there; - is standard output")
    func calendars() throws {
        let daemon = try ScriptedDaemon.describing("OK {\"ics\":\"BEGIN:VCALENDAR\\r\\nEND:VCALENDAR\\r\\n\"}")
        let folder = try TemporaryFolder()
        defer { withExtendedLifetime(folder) {} }
        let (letter, calendar) = (folder.path + "/letter.txt", folder.path + "/mine.ics")
        try "Dear Nora".write(toFile: letter, atomically: true, encoding: .utf8)
        let run = try mneedlectl(["calendar", "--output", letter], daemon: daemon)
        #expect(run.exitCode == 1 && run.errors.contains("is no calendar"), "\(run.errors)")
        #expect(try String(contentsOfFile: letter, encoding: .utf8) == "Dear Nora")
        #expect(try mneedlectl(["calendar", "--output", folder.path], daemon: daemon).exitCode == 1)
        for _ in 1...2 {
            #expect(try mneedlectl(["calendar", "--output", calendar], daemon: daemon).exitCode == 0)
            #expect(try String(contentsOfFile: calendar, encoding: .utf8).hasPrefix("BEGIN:VCALENDAR"))
        }
        #expect(try mneedlectl(["calendar", "--output", "-"], daemon: daemon).output.hasPrefix("BEGIN:VCALENDAR"))
        #expect(try mneedlectl(["--yes", "calendar", "--output", letter], daemon: daemon).exitCode == 0)
    }

    @Test(
        "each refusal has its exit code",
        arguments: [
            ("conflict", 1), ("busy", 1), ("storage", 1), ("module-failed", 1), ("internal", 1), ("new-code", 1),
            ("bad-line", 2), ("line-too-long", 2), ("unknown-command", 2), ("invalid-argument", 2), ("forbidden", 4),
            ("not-found", 5), ("blocked", 8),
        ] as [(String, Int32)])
    func exitCodes(_ code: String, _ exitCode: Int32) throws {
        let refusal = "ERR \(code) {\"message\":\"because\",\"kind\":\"bed\"}"
        let (run, _) = try run("garden", "list", reply: refusal)
        #expect(run.exitCode == exitCode)
        #expect(run.errors.hasPrefix("mneedlectl: because\n  kind:  bed\n"))
        #expect(run.output.isEmpty)
        let (json, _) = try self.run("garden", "list", "--json", reply: refusal)
        #expect(json.exitCode == exitCode)
        #expect(json.output.hasPrefix("{\"code\":\"\(code)\",\"message\":\"because\",\"kind\":\"bed\""))
        #expect(json.errors.isEmpty)
    }

    @Test("a blocked command tells every finding, its advice, its end and its source")
    func blocked() throws {
        let finding =
            #"{"code":"too-wet","severity":"defer","message":"The soil is wet.","advice":"Wait.","until":"2026-11-24","sources":["[1]"],"module":"garden"}"#
        let (run, _) = try run(
            "garden.list", reply: "ERR blocked {\"message\":\"1 finding forbids this\",\"findings\":[\(finding)]}")
        #expect(
            run.errors == """
                mneedlectl: 1 finding forbids this
                  [defer] too-wet, until 2026-11-24
                      The soil is wet.
                      Advice: Wait.
                      Sources: [1]
                  next: follow the advice of each finding, then ask again

                """)
    }

    @Test("rows become a table with aligned columns")
    func table() throws {
        let rows =
            #"ROW {"plant":1,"name":"rose"}\#nROW {"plant":20,"name":"leek","note":["a","b"],"dead":true}\#nOK {}"#
        let (run, asked) = try run("garden", "list", reply: rows)
        #expect(asked == "garden.list")
        #expect(
            run.output == """
                PLANT  NAME  NOTE  DEAD
                1      rose
                20     leek  a, b  yes

                """)
        #expect(try self.run("garden", "list", "--no-header", reply: rows).run.output.hasPrefix("1 "))
        #expect(try self.run("garden", "list", "--quiet", reply: rows).run.output.isEmpty)
        #expect(
            try self.run("garden", "list", "--json", reply: rows).run.output == """
                {"plant":1,"name":"rose"}
                {"plant":20,"name":"leek","note":["a","b"],"dead":true}

                """)
    }

    @Test("a long listing is printed whole")
    func longTable() throws {
        let rows = (1...1_000).map { "ROW {\"plant\":\($0)\($0 == 999 ? ",\"late\":true" : "")}" }.joined(
            separator: "\n")
        let (run, _) = try run("garden", "list", reply: rows + "\nOK {}")
        #expect(run.output.split(separator: "\n").count == 1_001)
        #expect(run.output.contains("\n999    late=yes\n"))
    }

    @Test("a reply becomes names and values, a text becomes itself")
    func reply() throws {
        let reply =
            #"OK {"plant":7,"empty":[],"window":{"opens":"2026-12-01","best":null},"findings":[{"code":"dry","severity":"info","message":"It is dry."}],"steps":[{"at":1,"text":"dig"}],"problems":["The well has been dry for three weeks.","No rain."]}"#
        #expect(
            try run("ping", reply: reply).run.output == """
                plant:  7
                empty:  none
                window:
                  opens:  2026-12-01
                  best:   -
                findings:
                  [info] dry
                      It is dry.
                steps:
                  AT  TEXT
                  1   dig
                problems:
                  - The well has been dry for three weeks.
                  - No rain.

                """)
        #expect(try run("ping", reply: "OK {}").run.output == "ok\n")
        #expect(try run("ping", reply: #"OK {"ics":"BEGIN\r\nEND\r\n"}"#).run.output == "BEGIN\r\nEND\r\n")
        #expect(try run("ping", "--json", reply: reply).run.output == reply.dropFirst(3) + "\n")
    }

    @Test("lines of text are a file: printed as they are, and what is said of them apart")
    func text() throws {
        let reply = "ROW {\"text\":\"a\\tb\"}\nROW {\"text\":\"c,d\"}\nOK {\"points\":2}"
        let (run, _) = try run("garden", "list", reply: reply)
        #expect(run.output == "a\tb\nc,d\n" && run.errors == "mneedlectl: points: 2\n")
    }

    @Test("what the daemon sends cannot command the terminal")
    func terminal() throws {
        let (run, _) = try run("ping", reply: #"OK {"name":"a\u001b[2Jb\u009bc\nd","x\u001b":{"y":"\u0007"}}"#)
        #expect(!run.output.unicodeScalars.contains { $0.properties.generalCategory == .control && $0 != "\n" })
        let (refused, _) = try self.run("ping", reply: #"ERR conflict {"message":"a\u001b[2J"}"#)
        #expect(!refused.errors.contains("\u{1b}"))
    }

    @Test("standard input flows to a bulk command")
    func bulk() throws {
        let daemon = try ScriptedDaemon { peer in
            peer.send(ScriptedDaemon.greeting)
            _ = peer.receive()
            peer.send(ScriptedDaemon.description)
            _ = peer.receive()
            peer.send("READY {}")
            var count = 0
            while let line = peer.receive(), line != "." { count += 1 }
            peer.send("ACK {\"durable\":\(count),\"rejected\":0}\nOK {\"accepted\":\(count)}")
        }
        let run = try mneedlectl(["weather", "stream", "--station", "1"], daemon: daemon, input: "a 1\nb 2\n")
        #expect(run.output == "accepted:  2\n")
        #expect(daemon.lines == ["describe", "weather.stream station=1", "a 1", "b 2", "."])
    }

    @Test(
        "events are printed until the daemon goes",
        arguments: [
            (["watch", "garden.*", "weather.rain", "--since", "3"], "subscribe topics=garden.*,weather.rain since=3"),
            (["watch"], "subscribe topics=*"), (["subscribe", "--topics", "garden.*"], "subscribe topics=garden.*"),
        ])
    func watch(_ words: [String], _ asked: String) throws {
        let daemon = try ScriptedDaemon { peer in
            peer.send(ScriptedDaemon.greeting)
            while let line = peer.receive() {
                guard line != "describe" else { peer.send(ScriptedDaemon.description); continue }
                peer.send(
                    "OK {\"seq\":9}\nEVENT 4 garden.grown {\"plant\":7,\"title\":\"a b\"}\nEVENT - weather.rain {\"mm\":1.5}"
                )
                return
            }
        }
        let run = try mneedlectl(words, daemon: daemon)
        #expect(run.exitCode == 3)
        #expect(run.output == "4  garden.grown  plant=7 title=\"a b\"\n-  weather.rain  mm=1.5\n")
        #expect(daemon.lines.last == asked)
        let json = try mneedlectl(words + ["--json"], daemon: daemon)
        #expect(json.output.hasPrefix(#"{"seq":4,"topic":"garden.grown","body":{"plant":7,"title":"a b"}}"#))
    }

    /// Runs `mneedlectl ping` as somebody whose `$XDG_RUNTIME_DIR` is another user's, where nobody else can listen.
    private func pingAfterSu(_ folder: String, system: String) throws -> ToolRun {
        try FileManager.default.createDirectory(atPath: folder + "/closed/mneedle", withIntermediateDirectories: true)
        chmod(folder + "/closed", 0)
        defer { chmod(folder + "/closed", 0o700) }
        // Root may look everywhere, unless it has no capabilities.
        let script = """
            mount -t tmpfs tmpfs /run && mkdir /run/mneedle && ln -s "$1" /run/mneedle/control.sock &&
            exec setpriv --bounding-set=-all "$2" ping
            """
        return try ChildProcess.run(
            ["unshare", "--mount", "sh", "-c", script, "sh", system, mneedlectlPath],
            environment: ["XDG_RUNTIME_DIR": folder + "/closed", "PATH": "/usr/bin:/bin"])
    }

    @Test(
        "after su the runtime folder is another user's: the system's daemon is asked, and if there is none it says why",
        .enabled(if: getuid() == 0, "needs root"))
    func otherUsersFolder() throws {
        let daemon = try ScriptedDaemon { peer in
            peer.send(ScriptedDaemon.greeting)
            while let line = peer.receive() { peer.send(line == "describe" ? ScriptedDaemon.description : "OK {}") }
        }
        let served = try withExtendedLifetime(daemon) { try pingAfterSu(daemon.folder, system: daemon.path) }
        #expect(served.exitCode == 0, "\(served.errors)")
        let alone = try pingAfterSu(daemon.folder, system: daemon.folder + "/nothing")
        #expect(alone.exitCode == 4)
        #expect(alone.errors.contains("may not use the socket \(daemon.folder)/closed/mneedle/control.sock"))
    }

    @Test("no daemon, a silent one and a foreign one have their exit codes and a way on")
    func noDaemon() throws {
        let missing = try mneedlectl([], daemon: nil)
        #expect(missing.exitCode == 3)
        #expect(missing.errors.contains("next: start it with"))
        let silent = try ScriptedDaemon { peer in while peer.receive() != nil {} }
        #expect(try mneedlectl(["ping", "--timeout", "0.05"], daemon: silent).exitCode == 6)
        let foreign = try ScriptedDaemon { $0.send("MNEEDLE 2 {\"version\":\"9\"}") }
        #expect(try mneedlectl(["ping"], daemon: foreign).exitCode == 7)
        let named = try withExtendedLifetime(foreign) {
            try mneedlectl(["ping", "--socket", foreign.path], daemon: nil)
        }
        #expect(named.exitCode == 7)
        let json = try mneedlectl(["ping", "--json"], daemon: nil)
        #expect(json.output.hasPrefix(#"{"code":"no-daemon","message":"#))
    }
}
