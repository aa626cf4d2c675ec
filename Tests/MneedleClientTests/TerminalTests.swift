import MneedleTestKit
import Testing

@Suite("On a terminal of 80 columns")
struct TerminalTests {
    /// The lines that the client shows there.
    private func lines(of words: [String], reply: String) throws -> [String] {
        let daemon = try ScriptedDaemon.describing(reply)
        let command = ([mneedlectlPath] + words).map { "'\($0)'" }.joined(separator: " ")
        let run = try withExtendedLifetime(daemon) {
            try ChildProcess.run(
                ["script", "-qec", "stty cols 80; \(command)", "/dev/null"],
                environment: ["MNEEDLE_SOCKET": daemon.path, "PATH": "/usr/bin:/bin", "SHELL": "/bin/sh"])
        }
        return run.output.split(whereSeparator: \.isNewline).map(String.init)
    }

    @Test("a refusal has no longer line, whatever it has to say")
    func refusal() throws {
        let text = (1...60).map { "word\($0)" }.joined(separator: " ")
        let finding =
            #"{"code":"too-wet","severity":"defer","message":"\#(text)","advice":"\#(text)","sources":["\#(text)"]}"#
        let shown = try lines(
            of: ["--why", "garden", "list"],
            reply: #"ERR blocked {"message":"\#(text)","note":"also \#(text)","findings":[\#(finding)]}"#)
        #expect(shown.count > 25 && shown.allSatisfy { $0.count <= 80 }, "\(shown.joined(separator: "\n"))")
        // Nothing of it is lost.
        #expect(shown.joined(separator: " ").ranges(of: "word60").count == 5)
    }

    @Test("what the message says already is not said again")
    func once() throws {
        let shown = try lines(
            of: ["garden", "plant", "--bed", "b1", "--depth-mm", "9"],
            reply:
                #"ERR invalid-argument {"message":"argument 'depth_mm': expected a number from 0 to 3, got '9'","argument":"depth_mm","expected":"a number from 0 to 3","got":"9","unit":"mm","state":"refused"}"#
        )
        #expect(
            shown == [
                "mneedlectl: argument 'depth_mm': expected a number from 0 to 3, got '9'", "  unit:  mm",
                "  next: 'mneedlectl help garden.plant' explains the arguments",
            ])
    }

    @Test("a command that fits a line stays on one, so that it can be copied")
    func command() throws {
        let advice =
            "First look at the soil, and then at the sky above it; then 'mneedlectl garden plant --bed b1 --depth-mm 2' plants it."
        let shown = try lines(of: ["garden", "list"], reply: #"ERR conflict {"message":"\#(advice)"}"#)
        #expect(shown.contains { $0.contains("'mneedlectl garden plant --bed b1 --depth-mm 2'") }, "\(shown)")
        #expect(shown.allSatisfy { $0.count <= 80 })
    }

    @Test(
        "a word of any length is said back in part",
        arguments: [["WORD"], ["garden", "plant", "b1", "WORD"], ["garden", "plant", "--WORD"]])
    func longWord(words: [String]) throws {
        let long = String(repeating: "x", count: 60_000)
        let shown = try lines(of: words.map { $0.replacing("WORD", with: long) }, reply: "OK {}")
        #expect(!shown.isEmpty && shown.joined().count < 1000, "\(shown.joined().count)")
        #expect(shown.joined().contains("xxx…"))
    }
}
