import Foundation
import MneedleTestKit
import Testing

@Suite("A store that another version wrote", .serialized)
struct UpgradeTests {
    /// Everything in the store, as SQL.
    private static func content(of store: String) throws -> String {
        try ExampleTests.run([
            "python3", "-c", "import sqlite3, sys; print(*sqlite3.connect(sys.argv[1]).iterdump())", store,
        ]).output
    }

    /// Leaves the store as another version would have.
    private static func change(_ store: String, _ sql: String, _ values: String...) throws {
        let script =
            "import sqlite3, sys; c = sqlite3.connect(sys.argv[1]); c.execute(sys.argv[2], sys.argv[3:]); c.commit()"
        let changed = try ExampleTests.run(["python3", "-c", script, store, sql] + values)
        try #require(changed.code == 0, "\(changed.output)")
    }

    @Test(
        "an older version does not start on it, says why and what to do, and changes nothing in it",
        arguments: ["screening", "mneedled"])
    func refusesNewer(whose: String) throws {
        let daemon = try DaemonProcess()
        _ = try daemon.connect().ok("records.add-person person=anna")
        #expect(daemon.terminate() == 0)
        let store = daemon.folder + "/state/mneedle.sqlite"
        try Self.change(store, "INSERT INTO mneedle_schema VALUES (?, 99, 'from the future')", whose)
        let before = try Self.content(of: store)
        try daemon.launch()
        var status = ""
        while let message = daemon.notification(within: 30), message != "ENDED" {
            #expect(!message.contains("READY=1"))
            status += message
        }
        #expect(try daemon.ending() == 78, "bad for good: systemd does not try again")
        for words in ["version 99", "'\(whose)'", "install the newer build again"] {
            #expect(status.contains(words) && daemon.errorOutput.contains(words), "\(status)")
        }
        #expect(before.contains("INSERT INTO \"records_people\""))
        #expect(try Self.content(of: store) == before)
    }

    @Test("a roller whose needle length is not in the store starts nothing until it is given")
    func rollerWithoutLength() throws {
        let daemon = try DaemonProcess()
        let before = try daemon.connect()
        _ = try before.ok("records.add-person person=anna first_time=no fitzpatrick=3")
        _ = try before.ok("records.add-device device=roller kind=roller needle_mm=1.5 material=titanium owner=anna")
        _ = try before.ok(
            "sterilization.soak device=roller agent=isopropyl-alcohol concentration_percent=70 minutes=10 hands_washed=yes clean_surface=yes"
        )
        try before.screen("anna")
        #expect(daemon.terminate() == 0)
        try Self.change(daemon.folder + "/state/mneedle.sqlite", "UPDATE records_devices SET needle_mm = NULL")
        // An administrator says that the row is meant so.
        try Data().write(to: URL(fileURLWithPath: daemon.folder + "/state/accept-store"))
        try daemon.start()
        let client = try daemon.connect()
        let refused = try client.refused("session.start person=anna device=roller areas=cheeks depth_mm=0.3")
        let codes = (refused.members["findings"]?.elements ?? []).compactMap { $0["code"]?.string }
        #expect(refused.code == "blocked" && codes.contains("needle-length-unknown"), "\(refused)")
        // What is given where nothing was known is no correction.
        _ = try client.ok("records.change-device device=roller needle_mm=0.3")
        _ = try client.ok("session.start person=anna device=roller areas=cheeks depth_mm=0.3")
    }

    @Test("a store that is no file ends the start with the file's name, on systemd's status line too")
    func namesTheStore() throws {
        let daemon = try DaemonProcess(start: false)
        let store = daemon.folder + "/state/mneedle.sqlite"
        try FileManager.default.createDirectory(atPath: store, withIntermediateDirectories: true)
        try daemon.launch()
        var status = ""
        while let message = daemon.notification(within: 30), message != "ENDED" { status += message }
        #expect(try daemon.ending() == 1)
        #expect(status.contains("STATUS=a place is not trusted: '\(store)' is no regular file"), "\(status)")
    }
}
