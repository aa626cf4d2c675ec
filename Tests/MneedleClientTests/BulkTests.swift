import Glibc
import MneedleClient
import MneedleWire
import Testing

struct BulkTests {
    private let request = RequestLine(verb: "telemetry.stream", arguments: .words([.init("session", .bare("17"))]))

    /// A daemon that takes bulk lines and acknowledges every one.
    private func collector() throws -> ScriptedDaemon {
        try ScriptedDaemon { peer in
            peer.send(ScriptedDaemon.greeting)
            _ = peer.receive()
            peer.send("READY {}")
            var count = 0
            while let line = peer.receive(), line != ".", line != ".\r" {
                count += 1
                peer.send("ACK {\"durable\":\(count),\"rejected\":0}")
            }
            peer.send("OK {\"accepted\":\(count)}")
            while peer.receive() != nil { peer.send("OK {}") }
        }
    }

    /// A descriptor from which a text can be read.
    private func input(_ text: String) throws -> CInt {
        let file = tmpfile()
        fputs(text, file)
        rewind(file)
        return fileno(file)
    }

    @Test(
        "lines are passed on to the end of the input, and ended once",
        arguments: [
            ("a 1\nb 2\n", ["a 1", "b 2", "."]),
            ("a 1\nb 2", ["a 1", "b 2", "."]),
            ("", ["."]),
            ("a 1\n.", ["a 1", "."]),
            ("a 1\r\n.\r\nscreening.rules\n", ["a 1\r", ".\r"]),
            ("..\n. \n.a\n", ["..", ". ", ".a", "."]),
        ])
    func ends(_ text: String, _ expected: [String]) throws {
        let daemon = try collector()
        let connection = try daemon.connect()
        var acknowledged: [JSON] = []
        let end = try connection.stream(request, from: try input(text)) { acknowledged.append($0) }
        #expect(end["accepted"]?.integer == Int64(expected.count - 1))
        #expect(acknowledged.count == expected.count - 1)
        #expect(Array(daemon.lines.dropFirst().prefix(expected.count)) == expected)
    }

    @Test("what follows the final '.' never becomes a request, even in the same chunk")
    func nothingAfterTheEnd() throws {
        let daemon = try collector()
        let connection = try daemon.connect()
        try connection.stream(request, from: try input("a 1\n.\nledger.backup path=x\n"))
        try connection.request("ping")
        #expect(daemon.lines.dropFirst() == ["a 1", ".", "ping"])
    }

    @Test("megabytes flow while acknowledgements come back")
    func large() throws {
        let daemon = try collector()
        let connection = try daemon.connect()
        let lines = (0..<20_000).map { "pen,session=17 depth_mm=0.5 \($0)\n" }.joined()
        #expect(try connection.stream(request, from: try input(lines))["accepted"]?.integer == 20_000)
    }

    @Test("a refused stream ends before a line is sent")
    func refused() throws {
        let daemon = try ScriptedDaemon { _ in #"ERR conflict {"message":"the session has ended","state":"finished"}"# }
        let connection = try daemon.connect()
        do throws(ClientError) {
            // A temporary file can be made, or nothing can be tested.
            try connection.stream(request, from: try! input("a 1\n"))
            Issue.record("not refused")
        } catch {
            #expect(error.kind == .refused(code: "conflict"))
        }
        #expect(daemon.lines == ["telemetry.stream session=17"])
    }

    @Test("a stream that the daemon ends is over although the input goes on")
    func endedByTheDaemon() throws {
        let daemon = try ScriptedDaemon { peer in
            peer.send(ScriptedDaemon.greeting)
            _ = peer.receive()
            peer.send("READY {}\nERR storage {\"message\":\"disk full\"}")
            while peer.receive() != nil {}
        }
        let connection = try daemon.connect()
        var ends: [CInt] = [0, 0]
        #expect(pipe(&ends) == 0)
        do throws(ClientError) {
            try connection.stream(request, from: ends[0])
            Issue.record("not ended")
        } catch {
            #expect(error.kind == .refused(code: "storage"))
        }
        close(ends[0])
        close(ends[1])
    }
}
