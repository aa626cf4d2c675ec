import Foundation
import MneedleTestKit
import MneedleWire
import Testing

@Suite("Hostile lines")
struct HostileLineTests {
    /// Lines of just under 64 KB that cost the most to read or to refuse.
    static let lines: [(String, String)] = {
        let room = 65_000
        func repeated(_ piece: (Int) -> String, _ separator: String, in bytes: Int = room) -> String {
            var (text, index) = ("", 0)
            while text.utf8.count < bytes - 100 {
                text += (index == 0 ? "" : separator) + piece(index)
                index += 1
            }
            return text
        }
        let marks = String(repeating: "\u{301}\u{316}", count: room / 4)
        let half = String(repeating: "\u{301}\u{316}", count: room / 9)
        return [
            ("members in words", "status " + repeated({ "a.\($0)=1" }, " ")),
            ("members of an argument in words", "trial.echo " + repeated({ "answers.\($0)=1" }, " ")),
            ("words", "trial.echo " + repeated({ "a\($0)=1" }, " ")),
            ("words of an unknown verb", "trial.ecko " + repeated({ "a\($0)=1" }, " ")),
            ("members", "trial.echo {" + repeated({ "\"\($0)\":1" }, ",") + "}"),
            ("members of a member", "trial.echo {\"answers\":{" + repeated({ "\"\($0)\":1" }, ",") + "}}"),
            ("an array", "trial.echo {\"counts\":[" + repeated({ _ in "1" }, ",") + "]}"),
            ("arrays", "trial.echo {\"counts\":[" + repeated({ _ in "[]" }, ",") + "]}"),
            ("a list in words", "trial.echo counts=" + repeated({ _ in "1" }, ",")),
            ("a list of nothing", "trial.echo counts=" + String(repeating: ",", count: room)),
            ("nesting", "trial.echo {\"a\":" + String(repeating: "[", count: room)),
            ("escapes", "trial.echo {\"text\":\"" + String(repeating: "\\u0041", count: room / 6) + "\"}"),
            ("surrogates", "trial.echo text=\"" + String(repeating: "\\ud83d\\ude00", count: room / 12) + "\""),
            ("digits", "trial.echo count=" + String(repeating: "9", count: room)),
            ("digits of a fraction", "trial.echo {\"depth_mm\":0." + String(repeating: "1", count: room) + "}"),
            ("combining marks as a text", "trial.echo text=\"\(marks)\""),
            ("combining marks as a choice", "trial.echo setting=\(marks)"),
            ("combining marks as a slug", "trial.echo slug=\(marks)"),
            ("combining marks as a time", "trial.echo at=\(marks)"),
            ("combining marks as a duration", "trial.echo length=P\(marks)"),
            ("combining marks as a list", "trial.echo words=\(marks)"),
            ("combining marks as a name", "trial.echo \(marks)=1"),
            ("combining marks as a member", "trial.echo {\"\(half)\":1,\"\(half)a\":1}"),
            ("combining marks as a topic", "subscribe topics=\(marks)"),
            ("topics", "subscribe topics=" + repeated({ "a\($0 % 10).*" }, ",")),
            ("a verb", String(repeating: "a", count: room)),
            ("a verb of a module", "trial." + String(repeating: "a", count: room)),
            ("a tag", "#" + String(repeating: "a", count: room) + " ping"),
            ("blanks", "trial.echo" + String(repeating: " ", count: room) + "count=1"),
        ]
    }()

    @Test("no line of 64 KB holds up another connection for long, and none is echoed")
    func freezing() throws {
        let daemon = try trialDaemon()
        for (name, line) in HostileLineTests.lines {
            #expect(line.utf8.count < 65_536, "\(name)")
            let (attacker, other) = (try daemon.connect(), try daemon.connect())
            _ = try other.ask("ping")
            let answer = try attacker.ask(line)
            // A line of the same length that is just text is the measure, whatever the machine is doing.
            let plain = try HostileLineTests.delay(
                of: "trial.echo text=" + String(repeating: "x", count: 64_900), daemon)
            let hostile = try HostileLineTests.delay(of: line, daemon)
            #expect(hostile < plain * 25 + 0.25, "\(name): \(hostile) s, a plain line \(plain) s")
            #expect(answer.utf8.count < 4096, "\(name): \(answer.prefix(200))")
            #expect(answer.hasPrefix("OK ") || answer.hasPrefix("ERR "), "\(name)")
        }
    }

    /// How long a ping of another connection takes at most that comes while the line is dealt with.
    private static func delay(of line: String, _ daemon: DaemonProcess) throws -> Double {
        let (attacker, other) = (try daemon.connect(), try daemon.connect())
        var fastest = Double.infinity
        for _ in 0..<3 {
            try attacker.send(line + "\n")
            let began = DispatchTime.now().uptimeNanoseconds
            _ = try other.ask("ping")
            _ = try attacker.line()
            fastest = min(fastest, Double(DispatchTime.now().uptimeNanoseconds - began) / 1e9)
        }
        return fastest
    }

    @Test("a flood of short lines leaves others their turns")
    func flood() throws {
        let daemon = try trialDaemon()
        let (flooding, other) = (try daemon.connect(), try daemon.connect())
        let count = 60_000
        // The other thread's alone from here on.
        nonisolated(unsafe) let sending = flooding
        let flood = Array(String(repeating: "x y=1\n", count: count).utf8)
        let sender = Thread {
            try? sending.send(flood)
        }
        sender.start()
        var pings = 0
        // Replies that nobody reads end the flood's turn at its backlog; until then both are served.
        while !sender.isFinished, pings < 200 {
            #expect(try other.ask("ping") == "OK {}")
            pings += 1
        }
        #expect(pings == 200 || sender.isFinished)
    }

    @Test("unknown names are refused before members are looked at, and the errors are short")
    func unknownFirst() throws {
        let client = try trialDaemon().connect()
        let refused = try client.refused("status a.0=1 a.1=1 b=2")
        #expect(refused.code == "invalid-argument" && refused.members["argument"]?.string == "a")
        let twice = try client.refused("trial.echo answers.name=a answers={}")
        #expect(twice.code == "invalid-argument" && twice.members["argument"]?.string == "answers")
        let many = try client.refused("trial.echo " + (0..<1025).map { "answers.a\($0)=1" }.joined(separator: " "))
        #expect(many.code == "invalid-argument" && many.members["argument"]?.string == "arguments")
        let long = try client.refused("trial.echo setting=" + String(repeating: "x", count: 5000))
        #expect(long.members["got"]?.string?.hasSuffix("x…") == true)
    }
}
