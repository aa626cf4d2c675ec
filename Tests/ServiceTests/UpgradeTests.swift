import Foundation
import MneedleTestKit
import Testing

@Suite("A store that a newer version wrote", .serialized)
struct UpgradeTests {
    /// Everything in the store, as SQL.
    private static func content(of store: String) throws -> String {
        try ExampleTests.run([
            "python3", "-c", "import sqlite3, sys; print(*sqlite3.connect(sys.argv[1]).iterdump())", store,
        ]).output
    }

    @Test("an older version does not start on it, says why and what to do, and changes nothing in it")
    func refusesNewer() throws {
        let daemon = try DaemonProcess()
        _ = try daemon.connect().ok("records.add-person person=anna")
        #expect(daemon.terminate() == 0)
        let store = daemon.folder + "/state/mneedle.sqlite"
        let newer = try ExampleTests.run([
            "python3", "-c",
            """
            import sqlite3, sys
            c = sqlite3.connect(sys.argv[1])
            c.execute("INSERT INTO mneedle_schema VALUES ('screening', 99, 'from the future')")
            c.commit()
            """, store,
        ])
        #expect(newer.code == 0, "\(newer.output)")
        let before = try Self.content(of: store)
        try daemon.launch()
        var status = ""
        while let message = daemon.notification(within: 30), message != "ENDED" {
            #expect(!message.contains("READY=1"))
            status += message
        }
        #expect(try daemon.ending() == 78, "bad for good: systemd does not try again")
        for words in ["version 99", "'screening'", "install the newer build again"] {
            #expect(status.contains(words) && daemon.errorOutput.contains(words), "\(status)")
        }
        #expect(before.contains("anna"))
        #expect(try Self.content(of: store) == before)
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
