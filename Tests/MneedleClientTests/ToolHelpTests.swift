import MneedleWire
import Testing

struct ToolHelpTests {
    private func run(_ arguments: [String], status: String = #"OK {"state":"ok","problems":[]}"#) throws -> ToolRun {
        try mneedlectl(arguments, daemon: try ScriptedDaemon.describing(status))
    }

    @Test("without a command one sees how the daemon is, what there is to do and the way on")
    func overview() throws {
        let run = try run(
            [], status: #"OK {"state":"degraded","problems":["the disk is full"]}"#)
        #expect(run.exitCode == 0)
        #expect(
            run.output.hasSuffix(
                """
                degraded. You are anna, operator.
                Problem: the disk is full

                There is nothing to do.

                'mneedlectl guide' leads through it, 'mneedlectl help' lists all commands.

                """))
    }

    @Test("help names every command, option and exit code, even without a daemon")
    func help() throws {
        for arguments in [["help"], ["--help"], ["-h"], ["help", "watch"], ["help", "ledger", "witness"]] {
            let run = try run(arguments)
            #expect(run.exitCode == 0)
            for text in [
                "garden plant", "weather stream", "watch [TOPIC", "--socket PATH", "  8   a safety finding forbids it",
            ] {
                #expect(run.output.contains(text), "\(text)")
            }
        }
        let alone = try mneedlectl(["help"], daemon: nil)
        #expect(alone.exitCode == 0)
        #expect(alone.output.contains("No daemon answers"))
        #expect(alone.output.contains("--socket PATH"))
    }

    @Test(
        "help of a command comes from the daemon's description",
        arguments: [
            ["help", "garden", "plant"], ["help", "garden.plant"], ["garden", "plant", "--help"],
            ["-h", "garden.plant", "--bed", "x"],
        ])
    func command(_ arguments: [String]) throws {
        #expect(
            try run(arguments).output == """
                Plants something.

                Usage: mneedlectl garden plant [--bed] TEXT --depth-mm NUMBER [ARGUMENT…]

                Arguments:
                  --bed TEXT                 Where. (required)
                  --depth-mm NUMBER          How deep. (0 to 3 mm, required)
                  --season spring|autumn     When. (default spring)
                  --watered yes|no           Whether it was watered.
                  --kinds rose|leek,…        What.
                  --answers.soil-wet yes|no  Is the soil wet?

                The reply has:
                  plant  its number

                Changes records; needs the role operator.
                May answer with: not-found, conflict.

                Example:
                  mneedlectl garden.plant bed=b1 depth_mm=2

                """)
    }

    @Test("a module's name lists its commands")
    func group() throws {
        let run = try run(["garden"])
        #expect(run.exitCode == 0)
        #expect(run.output.hasPrefix("  garden plant  Plants something.\n  garden list   Lists plants.\n"))
        #expect(try self.run(["help", "garden"]).output == run.output)
        #expect(try self.run(["help", "nothing"]).exitCode == 2)
    }

    @Test(
        "completion follows the description",
        arguments: [
            (
                [""],
                [
                    "ping", "subscribe", "garden", "weather", "help", "guide", "watch", "completion", "calendar", "on",
                    "forward", "top",
                ]
            ),
            (["ga"], ["garden"]),
            (["garden", ""], ["plant", "list", "burn"]), (["garden", "plant", "--s"], ["--season"]),
            (["garden", "plant", "--season", ""], ["spring", "autumn"]),
            (["garden.plant", "season=a"], ["season=autumn"]),
            (["garden", "plant", "--bed", "x", "--b"], []), (["--json", "garden", "l"], ["list"]),
            (["garden", "plant", "--watered", "--an"], ["--answers.soil-wet"]), (["help", "garden", "b"], ["burn"]),
            (["completion", "z"], ["zsh"]), (["nothing", ""], []),
        ])
    func candidates(_ words: [String], _ expected: [String]) throws {
        let run = try run(["__complete"] + words)
        #expect(run.exitCode == 0)
        #expect(run.errors.isEmpty)
        #expect(run.output.split(separator: "\n").map { String($0.prefix { $0 != "\t" }) } == expected)
    }

    @Test("each shell has a script, and needs no daemon for it", arguments: ["bash", "zsh", "fish"])
    func scripts(_ shell: String) throws {
        let run = try mneedlectl(["completion", shell], daemon: nil)
        #expect(run.exitCode == 0)
        #expect(run.output.contains("mneedlectl __complete"))
    }

    @Test("the version names the protocol's as well")
    func version() throws {
        #expect(try mneedlectl(["--version"], daemon: nil).output == "mneedlectl \(mneedleVersion) (protocol 1)\n")
    }
}
