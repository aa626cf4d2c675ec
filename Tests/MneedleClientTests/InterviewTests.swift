import MneedleTestKit
import Testing

@Suite("A command that lacks something asks for it on a terminal")
struct InterviewTests {
    /// What a person sees who types these lines.
    private func typed(
        _ lines: [String], _ words: String, daemon: DaemonProcess, environment: [String: String] = [:]
    ) throws -> (shown: String, exitCode: Int32) {
        let run = try ChildProcess.run(
            ["script", "-qec", "stty cols 80 -echo; \(mneedlectlPath) \(words); echo \"exit $?\"", "/dev/null"],
            environment: [
                "MNEEDLE_SOCKET": daemon.folder + "/run/control.sock", "PATH": "/usr/bin:/bin", "SHELL": "/bin/sh",
            ],
            input: lines.map { $0 + "\n" }.joined())
        let shown = run.output.replacing("\r\n", with: "\n")
        return (shown, shown.contains("exit 0") ? 0 : 1)
    }

    /// The answers of somebody whom nothing keeps from needling, in the order of the questions.
    private static let healthy =
        ["1990-04-28", "never"] + Array(repeating: "n", count: 8) + ["never"] + Array(repeating: "n", count: 5) + ["y"]

    @Test("from nothing to a screening with the answers alone, in three commands of three words")
    func firstScreening() throws {
        let daemon = try DaemonProcess()
        #expect(try typed(["nora"], "records add-person", daemon: daemon).shown.contains("person:      nora"))
        // A roller needs the length of its needles, which no pen does: the daemon says so, and it is asked for.
        let device = try typed(["roller", "1", "0.25"], "records add-device", daemon: daemon).shown
        #expect(device.contains("[1] roller  [2] pen  [3] stamp") && device.contains("needle_mm:   0.25"), "\(device)")

        let screening = try typed(["n"] + Self.healthy, "screening assess", daemon: daemon)
        #expect(screening.exitCode == 0 && screening.shown.contains("decision:          caution"), "\(screening)")
        #expect(screening.shown.contains("[1] nora") && screening.shown.contains("[17, 0 left]"))
    }

    @Test("one may go back, ask why, and mistype; what is not understood is never taken for an answer")
    func mistyped() throws {
        let daemon = try DaemonProcess()
        _ = try typed([], "records add-person nora", daemon: daemon)
        let given =
            ["?", "28.4.", "1990-04-28", "", "maybe", "never", "n", "<", "nope", "no"] + Self.healthy.dropFirst(3)
        let run = try typed(given, "screening assess nora", daemon: daemon)
        #expect(run.exitCode == 0, "\(run.shown)")
        for words in [
            "It decides on: age", "got '28.4.'", "an answer is needed", "got 'maybe'",
            "'nope' is not clear; did you mean no?",
        ] {
            #expect(run.shown.contains(words), "\(words): \(run.shown)")
        }
        #expect(run.shown.ranges(of: "[3, 14 left]").count == 2)
    }

    @Test("a yes leads to its questions, and going back takes them away")
    func follows() throws {
        let daemon = try DaemonProcess()
        _ = try typed([], "records add-person nora", daemon: daemon)
        let run = try typed(
            ["1990-04-28", "never", "y", "<", "n"] + Self.healthy.dropFirst(3), "screening assess nora", daemon: daemon)
        #expect(run.exitCode == 0 && run.shown.contains("Is there an infection of the skin today"), "\(run.shown)")
        #expect(run.shown.contains("decision:          caution"))
    }

    @Test(
        "where there is nothing yet to choose from, that is said, with the way to begin; choices are never broken at a line's end"
    )
    func nothingYet() throws {
        let daemon = try DaemonProcess()
        _ = try typed([], "records add-person nora", daemon: daemon)
        let empty = try typed(["pen"], "session start nora", daemon: daemon).shown
        #expect(
            empty.contains("'records list-devices' is empty") && empty.contains("mneedlectl help records"), "\(empty)")
        _ = try typed([], "records add-device roller --kind roller --needle-mm 0.3", daemon: daemon)
        let areas = try typed(["roller"], "session check nora", daemon: daemon).shown.split(separator: "\n")
        #expect(areas.contains { $0.hasPrefix("  [1] body  [2] cheeks") })
        #expect(areas.allSatisfy { $0.count <= 80 && !$0.hasSuffix("]") }, "\(areas)")
    }

    @Test("what cannot be undone is asked for once more, only a yes is one, and a script has to say that it means it")
    func final() throws {
        let daemon = try DaemonProcess()
        _ = try typed([], "records add-device roller --kind roller --needle-mm 0.3", daemon: daemon)
        let socket = daemon.folder + "/run/control.sock"
        func isRetired() throws -> Bool {
            try mneedlectl(["records", "show-device", "roller"], socket: socket).output.contains("retired:     yes")
        }
        for answer in [["n"], [""], ["yess"], []] {
            let run = try typed(answer, "records retire-device roller", daemon: daemon)
            #expect(run.exitCode != 0 && run.shown.contains("The device is never used again."), "\(run.shown)")
            #expect(run.shown.contains("records.retire-device device=roller"), "\(run.shown)")
        }
        let script = try mneedlectl(["records", "retire-device", "roller"], socket: socket, input: "y\n")
        #expect(script.exitCode == 2 && script.errors.contains("add --yes"), "\(script.errors)")
        #expect(try mneedlectl(["--json", "records", "retire-device", "roller"], socket: socket).exitCode == 2)
        #expect(try !isRetired())
        #expect(try typed(["y"], "records retire-device roller", daemon: daemon).exitCode == 0)
        #expect(try isRetired())
        _ = try typed([], "records add-device stamp --kind stamp --needle-mm 0.3", daemon: daemon)
        #expect(try mneedlectl(["--yes", "records", "retire-device", "stamp"], socket: socket).exitCode == 0)
    }

    @Test("who stops in the middle has changed nothing")
    func stopped() throws {
        let daemon = try DaemonProcess()
        _ = try typed([], "records add-person nora", daemon: daemon)
        let run = try typed(["1990-04-28", "never"], "screening assess nora", daemon: daemon)
        #expect(run.exitCode != 0 && run.shown.contains("nothing was changed"), "\(run.shown)")
        #expect(
            try mneedlectl(["screening", "history", "nora"], socket: daemon.folder + "/run/control.sock").output == "")
    }

    @Test(
        "without a terminal, and where one says so, nothing is asked, and everything that is missing is named at once")
    func noInput() throws {
        let daemon = try DaemonProcess()
        let missing = "arguments 'person', 'device', 'areas' and 'depth_mm' are missing"
        #expect(
            try mneedlectl(["session", "check"], socket: daemon.folder + "/run/control.sock", input: "nora\n").errors
                .contains(missing))
        #expect(try typed(["nora"], "--no-input session check", daemon: daemon).shown.contains(missing))
        #expect(try typed(["nora"], "--json session check", daemon: daemon).shown.contains(missing))
    }

    @Test("where names are numbers, a number is a name and no place in a list")
    func numbers() throws {
        let daemon = try ScriptedDaemon { line in
            switch line.prefix(while: { $0 != " " }) {
            case "describe":
                #"ROW {"verb":"garden.dig","module":"garden","summary":"Digs.","role":"operator","allowed":true,"changes":true,"parameters":{"type":"object","properties":{"bed":{"type":"integer","description":"Which.","x-values":{"listing":"garden.beds","member":"bed"}}},"required":["bed"],"additionalProperties":false},"kind":"single","reply":{},"errors":[],"example":"garden.dig bed=1"}"#
                    + "\nOK {}"
            case "garden.beds": "ROW {\"bed\":17}\nROW {\"bed\":1}\nOK {}"
            default: "OK {\"dug\":\"\(line.replacing("\"", with: ""))\"}"
            }
        }
        let run = try withExtendedLifetime(daemon) {
            try ChildProcess.run(
                ["script", "-qec", "stty cols 80 -echo; \(mneedlectlPath) garden dig", "/dev/null"],
                environment: ["MNEEDLE_SOCKET": daemon.path, "PATH": "/usr/bin:/bin", "SHELL": "/bin/sh"], input: "1\n")
        }
        #expect(run.output.contains("17  1") && run.output.contains("dug:  garden.dig bed=1"), "\(run.output)")
    }
}
