import MneedleTestKit
import Testing

@Suite("The client leads through what there is to do")
struct GuideTests {
    /// What a person sees who types these lines at a terminal of 80 columns.
    private func typed(_ lines: [String], _ words: String = "", _ daemon: DaemonProcess) throws -> String {
        try ChildProcess.run(
            ["script", "-qec", "stty cols 80 -echo; \(mneedlectlPath) \(words); echo \"exit $?\"", "/dev/null"],
            environment: [
                "MNEEDLE_SOCKET": daemon.folder + "/run/control.sock", "PATH": "/usr/bin:/bin", "SHELL": "/bin/sh",
            ],
            input: lines.map { $0 + "\n" }.joined()
        ).output.replacing("\r\n", with: "\n")
    }

    private func told(_ words: [String], _ daemon: DaemonProcess) throws -> String {
        try mneedlectl(words, socket: daemon.folder + "/run/control.sock").output
    }

    /// The answers of somebody whom nothing keeps from needling, in the order of the questions.
    private static let healthy =
        ["1990-04-28", "never"] + Array(repeating: "n", count: 8) + ["never"] + Array(repeating: "n", count: 5) + ["y"]
    private static let person = ["", "nora"]
    private static let soaked = [
        "sterilization.soak", "device=roller", "agent=isopropyl-alcohol", "concentration_percent=70", "minutes=10",
        "hands_washed=yes", "clean_surface=yes",
    ]
    private static let device = ["", "roller", "roller", "0.25"]

    @Test("one command and the answers lead from nothing to the first session, and Enter is all else that is typed")
    func fromNothing() throws {
        let daemon = try DaemonProcess()
        // The soak lasts, and is waited for; Enter goes back to the list meanwhile.
        let soak = ["", "isopropyl-alcohol", "70", "y", "y", "", ""]
        let shown = try typed(Self.person + Self.device + [""] + Self.healthy + soak + ["q"], "", daemon)
        #expect(shown.contains("5:00 left; Enter goes back"), "\(shown)")
        _ = try told(Self.soaked, daemon)
        let session = try typed(["", "roller", "cheeks", "0.25", "", "", "", "q"], "guide nora", daemon)
        for words in ["Nobody is on record yet.", "No device is on record yet.", "nora has no screening", "decision:"] {
            #expect(shown.contains(words), "\(words): \(shown)")
        }
        #expect(shown.contains("exit 0") && session.contains("exit 0"), "\(shown)\(session)")
        #expect(session.contains("Pass 3 of 3"), "\(session)")
        // A prompt is not echoed here, so what follows stands on its line.
        let lines = shown.split(separator: "\n").filter { !$0.contains("< back: ") && !$0.contains("q ends: ") }
        #expect(lines.allSatisfy { $0.count <= 80 }, "\(lines.filter { $0.count > 80 })")
        #expect(try told(["session", "show", "1"], daemon).contains("passes:      3"), "\(session)")
    }

    @Test("a stop is one word; why, and the cleaning, are asked for afterwards")
    func stops() throws {
        let daemon = try DaemonProcess()
        _ = try typed(Self.person + Self.device + ["q"], "", daemon)
        _ = try typed(Self.healthy, "screening assess nora", daemon)
        _ = try told(Self.soaked, daemon)
        _ = try typed(["roller", "cheeks", "0.25"], "start nora", daemon)
        let shown = try typed(["", "pain", "q"], "stop", daemon)
        #expect(shown.contains("state:    stopped") && shown.contains("stopped-pain"), "\(shown)")
        #expect(shown.contains("roller was not cleaned after its last use"), "\(shown)")
        #expect(try told(["session", "show", "1"], daemon).contains("reason:      pain"))
    }

    @Test("it goes on where it was, at another terminal, and a wrong word does nothing")
    func resumes() throws {
        let daemon = try DaemonProcess()
        let first = try typed(Self.person, "", daemon)
        #expect(first.contains("No device is on record yet."), "\(first)")
        let second = try typed(["9", "nonsense"] + Self.device + ["q"], "guide nora", daemon)
        #expect(second.contains("'9' is none of them") && second.contains("'nonsense' is none of them"), "\(second)")
        #expect(!second.contains("Nobody is on record") && second.contains("device:      roller"), "\(second)")
    }

    @Test("a step that is refused for something that can be settled leads there first, and is sent again")
    func settles() throws {
        let daemon = try DaemonProcess()
        _ = try typed(Self.person + Self.device + ["q"], "", daemon)
        _ = try typed(Self.healthy, "screening assess nora", daemon)
        // The second step is the session; the soak is what is missing.
        let steps = ["2", "roller", "cheeks", "0.25", "", "isopropyl-alcohol", "70", "y", "y", "q"]
        let shown = try typed(steps, "guide nora", daemon)
        #expect(shown.contains("What can be done about it:"), "\(shown)")
        // It was sent again, and refused for the soak that is under way now.
        #expect(shown.contains("roller has lain in the alcohol since"), "\(shown)")
    }

    @Test("without a terminal nothing is asked, and what there is to do is listed")
    func listed() throws {
        let daemon = try DaemonProcess()
        let alone = try told([], daemon)
        #expect(alone.contains(" 1  Nobody is on record yet.\n      mneedlectl records add-person\n"), "\(alone)")
        let run = try mneedlectl(["guide"], socket: daemon.folder + "/run/control.sock")
        #expect(run.exitCode == 2 && run.errors.contains("'mneedlectl today' lists what there is to do"))
        #expect(try told(["today"], daemon).hasPrefix("Before the next session:\n 1  Nobody is on record"))
        #expect(try told(["today", "--json"], daemon).contains(#""code":"nobody-on-record""#))
    }
}
