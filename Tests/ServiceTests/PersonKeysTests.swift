import Foundation
import MneedleTestKit
import MneedleWire
import Testing

/// The people's keys, as an administrator has to do with them.
@Suite("The people's keys", .serialized)
struct PersonKeysTests {
    private static func filled() throws -> (DaemonProcess, RawClient) {
        let daemon = try DaemonProcess()
        let client = try daemon.connect()
        _ = try client.ok("records.add-person person=anna name=Ottilie")
        _ = try client.ok("records.add-person person=bea")
        return (daemon, client)
    }

    private static func tool(_ daemon: DaemonProcess, _ words: String...) throws -> (code: Int32, output: String) {
        try ExampleTests.run(
            [DaemonProcess.products + "/mneedlectl", "--socket", daemon.folder + "/run/control.sock"] + words)
    }

    private static func offline(
        _ daemon: DaemonProcess, _ flag: String, input: String = "/dev/null"
    ) throws -> (code: Int32, output: String) {
        try ExampleTests.run([
            "sh", "-c", "exec \"$0\" --config \"$1/mneedled.toml\" --state \"$1/state\" \"$2\" < \"$3\"",
            DaemonProcess.products + "/mneedled", daemon.folder, flag, input,
        ])
    }

    /// Waits until a start is refused, and gives the reason.
    private static func refusal(_ daemon: DaemonProcess) throws -> String {
        try daemon.launch()
        while let message = daemon.notification(within: 30), message != "ENDED" {
            #expect(!message.contains("READY=1"))
        }
        #expect(try daemon.ending() == 78)
        return daemon.errorOutput
    }

    @Test(
        "a start without the keys of people on record is refused and says what to do, and with the right file it is as before",
        arguments: ["person-keys", "master-key"])
    func missing(file: String) throws {
        let (daemon, _) = try Self.filled()
        #expect(daemon.terminate() == 0)
        let path = daemon.folder + "/state/" + file
        try FileManager.default.moveItem(atPath: path, toPath: path + ".away")
        let reason = try Self.refusal(daemon)
        #expect(reason.contains("--restore-keys") && reason.contains(path), "\(reason)")
        try? FileManager.default.removeItem(atPath: path)
        try FileManager.default.moveItem(atPath: path + ".away", toPath: path)
        try daemon.start()
        #expect(try daemon.connect().ok("records.show-person person=anna")["name"]?.string == "Ottilie")
    }

    @Test("keys from before a person came are refused; an administrator may go on without that person, for good")
    func older() throws {
        let (daemon, client) = try Self.filled()
        let path = daemon.folder + "/state/person-keys"
        let old = try Data(contentsOf: URL(fileURLWithPath: path))
        _ = try client.ok("records.add-person person=cleo name=Kleopatra")
        #expect(daemon.terminate() == 0)
        try old.write(to: URL(fileURLWithPath: path))
        let reason = try Self.refusal(daemon)
        #expect(
            reason.contains("the keys of 1 of 4 people are missing") && reason.contains("accept-store"), "\(reason)")
        try Data().write(to: URL(fileURLWithPath: daemon.folder + "/state/accept-store"))
        try daemon.start()
        let again = try daemon.connect()
        #expect(try again.refused("records.show-person person=cleo").code == "not-found")
        #expect(try again.ok("records.show-person person=anna")["name"]?.string == "Ottilie")
        #expect(try again.ok("ledger.verify")["ok"]?.bool == true)
        // And she may come again.
        _ = try again.ok("records.add-person person=cleo name=Kleopatra")
        daemon.killNow()
        try daemon.start()
        #expect(try daemon.connect().ok("records.show-person person=cleo")["name"]?.string == "Kleopatra")
    }

    @Test("an encrypted copy brings everybody back but who was erased since, and nothing of it is ever in clear")
    func copy() throws {
        let (daemon, client) = try Self.filled()
        let (copy, identity) = (daemon.folder + "/keys.age", daemon.folder + "/identity")
        #expect(try ExampleTests.run(["age-keygen", "-o", identity]).code == 0)
        let recipient = try ExampleTests.run(["age-keygen", "-y", identity]).output.trimmingCharacters(
            in: .whitespacesAndNewlines)
        let made = try Self.tool(daemon, "keys", "backup", copy, "--to", recipient)
        #expect(made.code == 0 && made.output.contains("people"), "\(made)")
        #expect(try FileManager.default.attributesOfItem(atPath: copy)[.posixPermissions] as? Int == 0o600)
        let bytes = try Data(contentsOf: URL(fileURLWithPath: copy))
        #expect(bytes.range(of: Data("anna".utf8)) == nil && bytes.starts(with: Data("age-encryption.org/v1".utf8)))
        // Twice the same: nothing is written over.
        #expect(try Self.tool(daemon, "keys", "backup", copy, "--to", recipient).code != 0)
        #expect(try Data(contentsOf: URL(fileURLWithPath: copy)) == bytes)
        let wrong = try Self.tool(daemon, "keys", "backup", copy + "2", "--to", "age1nobody")
        #expect(wrong.code != 0 && !FileManager.default.fileExists(atPath: copy + "2"), "\(wrong)")
        _ = try client.ok("records.erase person=bea reason=asked")
        // Whoever runs the service meanwhile is asked to stop it.
        let running = try Self.offline(daemon, "--restore-keys")
        #expect(running.code == 1, "\(running)")
        #expect(daemon.terminate() == 0)
        let opened = daemon.folder + "/opened"
        #expect(try ExampleTests.run(["age", "-d", "-i", identity, "-o", opened, copy]).code == 0)
        for file in ["person-keys", "master-key"] {
            try FileManager.default.removeItem(atPath: daemon.folder + "/state/" + file)
        }
        let half = daemon.folder + "/half"
        try Data(try Data(contentsOf: URL(fileURLWithPath: opened)).prefix(20)).write(to: URL(fileURLWithPath: half))
        let refused = try Self.offline(daemon, "--restore-keys", input: half)
        #expect(refused.code == 1 && refused.output.contains("no whole copy"), "\(refused)")
        let restored = try Self.offline(daemon, "--restore-keys", input: opened)
        #expect(restored.code == 0 && restored.output.contains("the keys of 2 people"), "\(restored)")
        try daemon.start()
        let again = try daemon.connect()
        #expect(try again.ok("records.show-person person=anna")["name"]?.string == "Ottilie")
        #expect(try again.refused("records.show-person person=bea").code == "not-found")
        let keys = try String(contentsOfFile: daemon.folder + "/state/person-keys", encoding: .utf8)
        #expect(daemon.terminate() == 0)
        // The erased person's key went again with that start: a copy of the file from now on has it no more.
        let lines = keys.split(separator: "\n")
        #expect(lines.count == 3 && Set(lines.map(\.count)).count > 1)
    }

    @Test("another master key leaves everything as it was, and the old one opens nothing")
    func rekey() throws {
        let (daemon, _) = try Self.filled()
        let master = daemon.folder + "/state/master-key"
        let old = try String(contentsOfFile: master, encoding: .utf8)
        let running = try Self.offline(daemon, "--rekey")
        #expect(running.code == 1 && running.output.contains("is held by another mneedled"), "\(running)")
        #expect(daemon.terminate() == 0)
        let elsewhere = daemon.folder + "/elsewhere"
        let wrong = try ExampleTests.run([DaemonProcess.products + "/mneedled", "--state", elsewhere, "--rekey"])
        #expect(wrong.code == 1 && wrong.output.contains("no people's keys in '\(elsewhere)'"), "\(wrong)")
        #expect(!FileManager.default.fileExists(atPath: elsewhere))
        let both = try ExampleTests.run([
            DaemonProcess.products + "/mneedled", "--state", elsewhere, "--rekey", "--restore-keys",
        ])
        #expect(both.code == 64 && both.output.contains("give one of"), "\(both)")
        let done = try Self.offline(daemon, "--rekey")
        #expect(done.code == 0 && done.output.contains("the keys of 2 people"), "\(done)")
        let new = try String(contentsOfFile: master, encoding: .utf8)
        #expect(new != old)
        try daemon.start()
        #expect(try daemon.connect().ok("records.show-person person=anna")["name"]?.string == "Ottilie")
        #expect(daemon.terminate() == 0)
        try Data(old.utf8).write(to: URL(fileURLWithPath: master))
        #expect(try Self.refusal(daemon).contains("the master key is another one"))
    }

    @Test("the page about a person has what they gave, and nothing in it runs")
    func page() throws {
        let (daemon, client) = try Self.filled()
        _ = try client.ok("records.change-person person=anna name=\"<script>alert(1)</script> & Söhne\"")
        let path = daemon.folder + "/anna.html"
        let made = try Self.tool(daemon, "records", "page", "--person", "anna", "--output", path)
        #expect(made.code == 0, "\(made)")
        let page = try String(contentsOfFile: path, encoding: .utf8)
        #expect(page.contains("&lt;script&gt;alert(1)&lt;/script&gt; &amp; Söhne") && !page.contains("<script"))
        for words in ["<h2>Records people</h2>", "<h2>Ledger</h2>", "person.changed", "<th>time zone</th>"] {
            #expect(page.contains(words), "\(words)")
        }
        #expect(!page.contains("bea") && page.hasSuffix("</html>\n"))
        #expect(try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int == 0o600)
        let nobody = try Self.tool(daemon, "records", "page", "--person", "nobody", "--output", path + "2")
        #expect(nobody.code != 0 && !FileManager.default.fileExists(atPath: path + "2"))
    }
}
