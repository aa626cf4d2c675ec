import MneedleWire
import Testing

struct ReplyLineTests {
    @Test(
        "every kind of line is read",
        arguments: [
            (#"MNEEDLE 1 {"version":"0.1.0"}"#, ReplyLine.greeting(major: 1, ["version": "0.1.0"])),
            ("ROW {}", .row(tag: nil, [:])),
            ("#a OK {\"x\":1}", .ok(tag: "a", ["x": 1])),
            ("#a ERR not-found {\"message\":\"no\"}", .err(tag: "a", code: "not-found", ["message": "no"])),
            ("EVENT 17 reminder.due {}", .event(tag: nil, seq: 17, topic: "reminder.due", [:])),
            ("#s EVENT - telemetry.sample {}", .event(tag: "s", seq: nil, topic: "telemetry.sample", [:])),
            ("READY {}", .ready(tag: nil, [:])),
            ("#b ACK {\"durable\":3,\"rejected\":0}", .ack(tag: "b", ["durable": 3, "rejected": 0])),
        ] as [(String, ReplyLine)])
    func reads(_ line: String, _ reply: ReplyLine) throws {
        #expect(try ReplyLine.parse(line) == reply)
    }

    @Test(
        "a line of another protocol is refused with its column",
        arguments: [
            ("", 1), ("OK MPD 0.23.0", 4), ("HTTP/1.1 400 Bad Request", 1), ("ROW", 4), ("OK [1]", 4), ("OK {} x", 7),
            ("MNEEDLE x {}", 9), ("EVENT x topic {}", 7), ("ERR not-found", 14), ("#a ROW {\"x\":}", 13),
        ])
    func refusals(_ line: String, _ column: Int) {
        #expect(failure { () throws(LineError) in try ReplyLine.parse(line) }?.column == column)
    }
}
