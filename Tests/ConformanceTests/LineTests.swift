import Foundation
import MneedleRandom
import MneedleTestKit
import MneedleWire
import Testing

@Suite("Lines")
struct LineTests {
    @Test(
        "a line of exactly the limit is served, one byte more is too long, in one packet or many",
        arguments: [true, false])
    func exactLimit(inOnePacket: Bool) throws {
        let client = try trialDaemon().connect()
        for (length, isServed) in [(65_535, true), (65_536, false), (65_537, false), (200_000, false)] {
            let line = "trial.echo text=" + String(repeating: "a", count: length - 16) + "\n"
            if inOnePacket {
                try client.send(line)
            } else {
                try client.send(String(line.dropLast()))
                // Answered, so everything before it has been read.
                if !isServed { #expect(try client.line().hasPrefix("ERR line-too-long ")) }
                try client.send("\n")
            }
            try client.send("ping\n")
            // The text itself is longer than that argument may be.
            if isServed { #expect(try client.line().hasPrefix("ERR invalid-argument ")) }
            if !isServed && inOnePacket { #expect(try client.line().hasPrefix("ERR line-too-long {")) }
            #expect(try client.line() == "OK {}")
        }
    }

    @Test("the limit is configurable, reported, and named in the error")
    func configuredLimit() throws {
        let client = try trialDaemon("[limits]\nmax_line_bytes = 1024\n").connect()
        #expect(try client.ok("status")["limits"]?["max_line_bytes"]?.integer == 1024)
        let refused = try client.refused(String(repeating: "a", count: 1024))
        #expect(refused.code == "line-too-long" && refused.members["limit_bytes"]?.integer == 1024)
    }

    @Test("one CR before LF is dropped, any other is a bad line")
    func carriageReturns() throws {
        let client = try trialDaemon().connect()
        try client.send("ping\r\n\r\nping\r\r\npi\rng\n#t ping\r\n")
        #expect(try client.line() == "OK {}")
        #expect(try client.line().hasPrefix("ERR bad-line {"))
        #expect(try client.line().hasPrefix("ERR bad-line {"))
        #expect(try client.line() == "#t OK {}")
    }

    @Test("LF ends a line within quotes and within JSON")
    func lineFeedsInQuotes() throws {
        let client = try trialDaemon().connect()
        try client.send("trial.echo text=\"a\nping\ntrial.echo {\"text\":\"a\nping\n")
        #expect(try client.line().hasPrefix("ERR bad-line {"))
        #expect(try client.line() == "OK {}")
        #expect(try client.line().hasPrefix("ERR bad-line {"))
        #expect(try client.line() == "OK {}")
    }

    @Test("control characters and invalid UTF-8 are bad lines with their column; TAB is a blank")
    func badBytes() throws {
        let client = try trialDaemon().connect()
        let cases: [([UInt8], Int)] = [
            ([0], 1), ([1], 1), ([0x1B], 1), ([0x7F], 1), ([0xC2, 0x85], 1), ([0xC0, 0x80], 1),
            ([0xED, 0xA0, 0x80], 1),
            ([0xF4, 0x90, 0x80, 0x80], 1), ([0xFF], 1), ([0xE2, 0x82], 1), (Array("ping ".utf8) + [0], 6),
        ]
        for (bytes, column) in cases {
            try client.send(bytes + [10])
            let line = try client.line()
            #expect(line.hasPrefix("ERR bad-line {"), "\(bytes)")
            #expect(try JSON(endOf: line)["column"]?.integer == Int64(column), "\(bytes)")
        }
        #expect(try client.ask("#t\ttrial.echo\ttext=a\t \tcount=1\t") == #"#t OK {"text":"a","count":1}"#)
        #expect(try client.ask("trial.echo text=héllo🧴") == #"OK {"text":"héllo🧴"}"#)
    }

    @Test(
        "after a half-close every reply comes, however much it is and however late it is read",
        arguments: ["help", "trial.list count=1 bytes=1000"])
    func halfCloseUnderLoad(request: String) throws {
        let client = try trialDaemon().connect()
        // All of it is in the daemon's hands before anything is read: the replies are far over every limit of buffering.
        let bytes = Array(String(repeating: request + "\n", count: 5000).utf8)
        #expect(client.sendUnread(bytes, within: 30) == bytes.count)
        client.halfClose()
        let replies = try client.rest().filter { $0.hasPrefix("OK ") }
        #expect(replies.count == 5000)
    }

    @Test("half-close right after connecting closes at once, without a complaint")
    func emptyHalfClose() throws {
        let client = try trialDaemon().connect()
        client.halfClose()
        #expect(try client.rest().isEmpty)
    }

    @Test("the same bytes give the same replies however they are cut, bulk lines included", arguments: 1...8)
    func anyCut(seed: Int) throws {
        var dice = SeededGenerator(seed: UInt64(seed))
        let script = CutScript(&dice).bytes
        let whole = try CutScript.replies(to: script, pieces: [script.count])
        var pieces: [Int] = []
        while pieces.reduce(0, +) < script.count {
            pieces.append(
                Bool.random(using: &dice) ? .random(in: 1...60, using: &dice) : .random(in: 1...30_000, using: &dice))
        }
        let cut = try CutScript.replies(to: script, pieces: pieces)
        #expect(cut.count == whole.count)
        if let (one, other) = zip(cut, whole).first(where: { $0 != $1 }) {
            Issue.record("in pieces: \(one.prefix(200)), at once: \(other.prefix(200))")
        }
    }
}

/// A random conversation that says everything without waiting for anything.
private struct CutScript {
    var bytes: [UInt8] = []

    init(_ dice: inout SeededGenerator) {
        var names = 0
        for _ in 0..<40 {
            switch Int.random(in: 0..<10, using: &dice) {
            case 0: add("ping\r")
            case 1: add("#t\(names) trial.add name=n\(names % 7)"); names += 1
            case 2: add("trial.items")
            case 3: add("trial.count \"")
            case 4: add(String(repeating: "z", count: .random(in: 65_500...65_600, using: &dice)))
            case 5: add("")
            case 6: add("trial.list count=\(Int.random(in: 0..<2000, using: &dice))")
            case 7: add("#e trial.echo {\"text\":\"\\u00e9\",\"count\":7}")
            default: stream(&dice, &names)
            }
        }
        bytes += Array("trial.add name=unfinished".utf8)
    }

    private mutating func stream(_ dice: inout SeededGenerator, _ names: inout Int) {
        add("#s\(names) trial.stream")
        for _ in 0..<Int.random(in: 0..<6, using: &dice) {
            switch Int.random(in: 0..<5, using: &dice) {
            case 0: add("nonsense .")
            // Around the limit: with its LF, 65 536 bytes are a line and one more is not.
            case 1: add("point q\(names) " + String(repeating: "y", count: .random(in: 65_520...65_540, using: &dice)))
            case 2: add("..")
            case 3: add("")
            default: add("point p\(names)")
            }
            names += 1
        }
        add(Bool.random(using: &dice) ? "." : ".\r")
    }

    private mutating func add(_ line: String) { bytes += Array(line.utf8) + [10] }

    static func replies(to script: [UInt8], pieces: [Int]) throws -> [String] {
        let client = try trialDaemon().connect()
        var rest = script[...]
        for piece in pieces {
            try client.send(Array(rest.prefix(piece)))
            rest = rest.dropFirst(piece)
        }
        client.halfClose()
        // How often progress is told depends on time, not on bytes.
        return try client.rest().filter { !$0.contains("ACK {") }
    }
}
