import Foundation
import MneedleWire
import Testing

@Suite("mneedlectl ledger witness")
struct WitnessTests {
    /// A journal's line about the head at an entry.
    private static func heard(_ sequence: Int, _ hash: String) -> String {
        #"{"__REALTIME_TIMESTAMP":"1700000000000000","MNEEDLE_NOTICE":"ledger-head","#
            + #""MNEEDLE_LEDGER_ENTRIES":"\#(sequence)","MNEEDLE_LEDGER_HEAD":"\#(hash)"}"# + "\n"
    }

    /// A daemon whose ledger has three entries with the hashes h1, h2 and h3.
    private static func ledger(ok: Bool = true) throws -> ScriptedDaemon {
        try ScriptedDaemon { line in
            if line == "ledger.verify" {
                return ok
                    ? #"OK {"ok":true,"entries":3,"head":"h3","first_bad":null}"#
                    : #"OK {"ok":false,"entries":3,"head":"h3","first_bad":2}"#
            }
            guard let since = line.split(separator: "\"since\":").last.flatMap({ Int($0.prefix { $0.isNumber }) }),
                since < 3
            else { return "OK {}" }
            return #"ROW {"seq":\#(since + 1),"hash":"h\#(since + 1)"}"# + "\nOK {}"
        }
    }

    private func run(_ journal: String, ok: Bool = true) throws -> ToolRun {
        try mneedlectl(
            ["--json", "ledger", "witness", "--journal", "-"], daemon: Self.ledger(ok: ok), input: journal)
    }

    @Test("says how many heads of the journal stand in the ledger, each counted once")
    func fits() throws {
        let run = try run(
            Self.heard(0, "00") + Self.heard(1, "h1") + Self.heard(3, "h3") + Self.heard(3, "h3")
                + "{\"MESSAGE\":\"x\"}\n")
        #expect(run.exitCode == 0, "\(run)")
        let reply = try JSON.parse(run.output)
        #expect(reply["ok"]?.bool == true && reply["witnesses"]?.integer == 2)
        #expect(reply["newest_witnessed"]?.integer == 3)
    }

    @Test("an entry written anew, one that is gone, and a broken chain are told, with the entry and an exit code")
    func altered() throws {
        for (journal, ok, words) in [
            (Self.heard(1, "h1") + Self.heard(2, "other"), true, "entry 2 is another one"),
            (Self.heard(1, "h1") + Self.heard(4, "h4"), true, "entry 4, witnessed at @1700000000, is not there"),
            (Self.heard(1, "h1"), false, "the chain breaks at entry 2"),
        ] {
            let run = try run(journal, ok: ok)
            #expect(run.exitCode == 1 && run.output.contains(words), "\(run)")
            #expect(run.output.contains("\"altered\""))
        }
    }

    @Test("a journal without any head is no proof, and says what to do")
    func empty() throws {
        let run = try run("{\"MESSAGE\":\"x\"}\nno json\n")
        #expect(run.exitCode == 5 && run.output.contains("systemd-journal"), "\(run)")
        #expect(try mneedlectl(["ledger", "witness", "--jornal"], daemon: nil).exitCode == 2)
        #expect(try mneedlectl(["ledger", "witness", "--journal", "/nonexistent"], daemon: nil).exitCode == 2)
    }
}
