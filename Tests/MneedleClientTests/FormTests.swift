import MneedleTestKit
import Testing

@Suite("Results in the form that is asked for")
struct FormTests {
    private static let rows = [
        #"ROW {"name":"leek, early","plant":1,"beds":["a","b"]}"#, #"ROW {"plant":2,"name":"a \"rose\"\n\tby name"}"#,
        "OK {}",
    ].joined(separator: "\n")

    private func run(_ words: String..., reply: String = rows) throws -> ToolRun {
        try mneedlectl(words, daemon: try ScriptedDaemon.describing(reply))
    }

    @Test("CSV has a header, the columns of the description in their order, and quotes what needs it")
    func csv() throws {
        #expect(
            try run("garden", "list", "-o", "csv").output
                == "plant,name\r\n1,\"leek, early\"\r\n2,\"a \"\"rose\"\"\n\tby name\"\r\n")
        #expect(
            try run("garden", "list", "--format=csv", "--no-header", "--fields", "plant").output == "1\r\n2\r\n")
        #expect(try run("garden", "list", "-o", "csv", reply: "OK {}").output == "plant,name\r\n")
    }

    @Test("TSV keeps each row on one line, whatever is in a field")
    func tsv() throws {
        #expect(
            try run("garden", "list", "-o", "tsv").output
                == "plant\tname\n1\tleek, early\n2\ta \"rose\"\\n\\tby name\n")
    }

    @Test("fields are chosen, in the order that was asked for, in every form")
    func fields() throws {
        #expect(
            try run("garden", "list", "--fields", "name", "-o", "tsv").output
                == "name\nleek, early\na \"rose\"\\n\\tby name\n")
        #expect(
            try run("garden", "list", "--json", "--fields", "name,plant").output.hasPrefix(
                #"{"name":"leek, early","plant":1}"#))
        #expect(try run("garden", "list", "--fields", "plant").output == "PLANT\n1\n2\n")
        let one = try run("garden", "plant", "b1", "--depth-mm", "2", "-o", "csv", reply: #"OK {"plant":7}"#)
        #expect(one.output == "plant\r\n7\r\n")
    }

    @Test("a table has its columns in the order of the description, whichever a row names first")
    func order() throws {
        #expect(try run("garden", "list").output.hasPrefix("PLANT  NAME"))
        #expect(try run("garden", "list", "-o", "wide").output.hasPrefix("PLANT  NAME"))
    }

    @Test("on a terminal the sources of a finding are told where one asks why; in a pipe always")
    func why() throws {
        let finding =
            #"{"code":"too-soon","severity":"defer","message":"Wait.","advice":"","sources":[{"id":"S1","title":"A guide"}]}"#
        for refusal in [false, true] {
            let reply =
                refusal ? #"ERR blocked {"message":"no","findings":[\#(finding)]}"# : #"OK {"findings":[\#(finding)]}"#
            let daemon = try ScriptedDaemon.describing(reply)
            func shown(_ words: String, onTerminal: Bool) throws -> String {
                let line = "\(mneedlectlPath) garden plant b1 --depth-mm 2 \(words) 2>&1"
                let run = try ChildProcess.run(
                    onTerminal
                        ? ["script", "-qec", "stty cols 80; \(line)", "/dev/null"] : ["sh", "-c", line],
                    environment: ["MNEEDLE_SOCKET": daemon.path, "PATH": "/usr/bin:/bin", "SHELL": "/bin/sh"])
                return run.output
            }
            try withExtendedLifetime(daemon) {
                let plain = try shown("", onTerminal: true)
                #expect(plain.contains("Wait.") && !plain.contains("A guide"), "\(plain)")
                #expect(try shown("--why", onTerminal: true).contains("Sources: A guide"))
                #expect(try shown("", onTerminal: false).contains("Sources: A guide"))
            }
        }
    }

    @Test("a field that there is not is refused with what there is, and nothing is sent")
    func unknown() throws {
        let daemon = try ScriptedDaemon.describing(Self.rows)
        let run = try mneedlectl(["garden", "list", "--fields", "nam"], daemon: daemon)
        #expect(run.exitCode == 2 && run.errors.contains("did you mean: name"), "\(run.errors)")
        #expect(daemon.lines.allSatisfy { $0 == "describe" })
        for words in [["-o", "xml"], ["--fields", "a,,b"], ["--fields", "a,a"], ["--json", "-o", "csv"]] {
            #expect(try mneedlectl(["garden", "list"] + words, daemon: daemon).exitCode == 2, "\(words)")
        }
    }
}
