import Foundation
import MneedleTestKit
import Testing

@Suite("Pictures in the terminal", .serialized)
struct TelemetryPictureTests {
    /// A session whose roller has reported for half a minute: half of the plan, then over it for a moment, and nothing in between.
    private static func measured() throws -> (DaemonProcess, RawClient) {
        let (daemon, client) = try TopTests.prepared()
        try TopTests.start(client)
        let begin = Int64(Date().timeIntervalSince1970)
        let lines = (0..<300).filter { !(100..<150).contains($0) }.map { place in
            let depth = (200..<210).contains(place) ? 0.31 : 0.15
            return "roller,device=roller depth_mm=\(depth),battery_percent=\(90 - place / 50)i,note=\"x\" "
                + "\((begin * 10 + Int64(place)) * 100_000_000)\n"
        }
        let stream = try daemon.connect()
        try stream.send("telemetry.stream session=1\n")
        #expect(try stream.line().hasPrefix("READY"))
        try stream.send(lines.joined() + ".\n")
        while true {
            let line = try stream.line()
            if line.hasPrefix("OK") { break }
            try #require(line.hasPrefix("ACK"), "\(line)")
        }
        return (daemon, client)
    }

    @Test(
        "telemetry show draws the depth over the session's time, with its limit and what is beyond",
        arguments: TopTests.sizes)
    func chart(width: Int, height: Int) throws {
        let (daemon, client) = try Self.measured()
        _ = try client.ok("session.finish session=1 passes=1")
        let terminal = try Tmux(width, 60, daemon)
        try terminal.type("clear; \(mneedlectlPath) telemetry show 1; echo \"exit $?\"")
        let shown = try terminal.wait(for: "exit 0")
        let lines = shown.split(separator: "\n").map(String.init)
        #expect(lines.allSatisfy { $0.count <= width }, "\(shown)")
        #expect(
            shown.contains("depth_mm in session 1, ")
                && shown.contains("╌ the limit: at most 0.3 (depth-over-plan); ▲ beyond it"))
        let limit = try #require(lines.first { $0.contains("0.3 ┤") })
        #expect(limit.contains("╌╌╌╌"))
        // Where it is beyond stands below it, about two thirds of the way; where nothing was reported there is a gap.
        let axis = try #require(lines.first { $0.contains("└") })
        let marks = axis.dropFirst(9).enumerated().filter { $0.element == "▲" }.map(\.offset)
        let columns = width - 10
        #expect(!marks.isEmpty && marks.allSatisfy { columns * 6 / 10 < $0 && $0 < columns * 8 / 10 }, "\(shown)")
        let gap = #/[\u{2801}-\u{28FF}]{5,} {5,}[\u{2801}-\u{28FF}]{5,}/#
        #expect(lines.contains { $0.contains(gap) }, "\(shown)")
        #expect(shown.contains(#/trend: +[▁-█]+ +[▁-█]+/#), "\(shown)")
    }

    @Test("another field can be drawn, and one that is not there is named with those that are")
    func fields() throws {
        let (daemon, _) = try Self.measured()
        let terminal = try Tmux(100, 60, daemon)
        try terminal.type("clear; \(mneedlectlPath) telemetry show 1 --field battery_percent; echo \"exit $?\"")
        try terminal.wait(for: "exit 0", "battery_percent in session 1, ", "at least 15 (battery-low)")
        try terminal.type("clear; \(mneedlectlPath) telemetry show 1 --field depth; echo \"exit $?\"")
        try terminal.wait(for: "exit 5", "depth_mm?")
        try terminal.type("clear; \(mneedlectlPath) telemetry show; echo \"exit $?\"")
        try terminal.wait(for: "session:")
        try terminal.type("1")
        try terminal.wait(for: "exit 0", "depth_mm in session 1")
    }

    @Test("a summary on a terminal has a sparkline for each field; off a terminal and as JSON nothing is drawn")
    func summaries() throws {
        let (daemon, _) = try Self.measured()
        let terminal = try Tmux(80, 60, daemon)
        try terminal.type("clear; \(mneedlectlPath) telemetry summary 1; echo \"exit $?\"")
        let shown = try terminal.wait(for: "exit 0")
        #expect(shown.ranges(of: "trend:").count == 2 && !shown.contains("in session 1"))
        let socket = daemon.folder + "/run/control.sock"
        for flag in [[], ["--json"]] {
            let plain = try mneedlectl(["telemetry", "summary", "1"] + flag, socket: socket)
            let show = try mneedlectl(["telemetry", "show", "1"] + flag, socket: socket)
            #expect(plain.exitCode == 0 && plain.output == show.output && !plain.output.contains("trend"))
        }
        #expect(try mneedlectl(["telemetry", "show", "9"], socket: socket).exitCode == 5)
    }

    @Test("a session of which nothing was reported has no picture, and says so by its figures")
    func nothing() throws {
        let (daemon, client) = try TopTests.prepared()
        try TopTests.start(client)
        let terminal = try Tmux(80, 24, daemon)
        try terminal.type("clear; \(mneedlectlPath) telemetry show 1; echo \"exit $?\"")
        let shown = try terminal.wait(for: "exit 0")
        #expect(shown.contains(#/points: +0/#) && !shown.contains("┤"))
    }

    @Test(
        "watch tells events by the time here and in words, those of before by their own time", arguments: TopTests.sizes
    )
    func watches(width: Int, height: Int) throws {
        let (daemon, client) = try TopTests.prepared()
        // What was told as session.started is the fifth entry or so: its time is that of the ledger, not of being read.
        try TopTests.start(client)
        let terminal = try Tmux(width, height, daemon, ["TZ": "Asia/Kolkata"])
        try terminal.type("clear; \(mneedlectlPath) watch 'session.*' --since 0")
        let old = try terminal.wait(for: "session.started", "depth_mm 0.3")
        let at = try #require(
            try client.reply("ledger.tail kind=session.started").first?.firstMatch(
                of: #/"at":"[^T]*T(\d\d):(\d\d):(\d\d)/#))
        let minutes = (Int(at.1)! * 60 + Int(at.2)! + 330) % 1440
        let clock = String(format: "%02d:%02d:%@", minutes / 60, minutes % 60, String(at.3))
        #expect(old.contains("\(clock)  session.started  #"), "\(old)")
        #expect(old.split(separator: "\n").allSatisfy { $0.count <= width } && !old.contains("null"))
        _ = try client.ok("session.pass session=1")
        try terminal.wait { $0.contains(#/\d\d:\d\d:\d\d  session\.passed  #\d+/#) }
        // In a pipe it is as it was.
        try terminal.press("C-c")
        try terminal.type("clear; \(mneedlectlPath) watch 'session.*' --since 0 | head -n 1")
        try terminal.wait { $0.contains(#/\d+  session\.started  session=1 person=anna/#) }
    }

    @Test("whoever waits sees that it waits, and nothing of it afterwards")
    func waits() throws {
        let daemon = try DaemonProcess()
        let terminal = try Tmux(80, 24, daemon)
        try terminal.type("clear")
        daemon.signal(SIGSTOP)
        try terminal.type("\(mneedlectlPath) ping; echo \"exit $?\"")
        // The greeting is waited for as well as the reply.
        try terminal.wait(for: "waiting for the daemon, ")
        daemon.signal(SIGCONT)
        #expect(try !terminal.wait(for: "exit 0", "ok").contains("waiting"))
    }

    @Test("a file that is sent has a bar, and leaves the counts alone behind")
    func transfers() throws {
        let (daemon, client) = try TopTests.prepared()
        try TopTests.start(client)
        let begin = Int64(Date().timeIntervalSince1970) * 1_000_000_000
        let lines = (0..<20_000).map { "roller,device=roller depth_mm=0.1 \(begin + Int64($0) * 1000)\n" }
        let file = daemon.folder + "/points.lp"
        try lines.joined().write(toFile: file, atomically: true, encoding: .utf8)
        let terminal = try Tmux(80, 24, daemon)
        try terminal.type("clear; \(mneedlectlPath) telemetry stream --session 1 <\(file); echo \"exit $?\"")
        let shown = try terminal.wait(for: "exit 0")
        #expect(shown.contains(#/accepted: +20000/#) && !shown.contains("░") && !shown.contains(" %"))
        #expect(try terminal.sent().contains(#/[█░]{10,} \d+ %  durable=\d+/#))
    }
}
