import Foundation
import MneedleTestKit
import MneedleWire
import Testing

/// What somebody learns who has the store, and not the keys.
@Suite("A stolen disk", .serialized)
struct StolenDiskTests {
    /// Words that people have given, each of which says something about one.
    private static let words = ["zanzibar", "Ottilie", "Quastenflosser", "Kaktusfeige", "olderwort"]

    private static func filled() throws -> (DaemonProcess, RawClient) {
        let daemon = try DaemonProcess()
        let client = try daemon.connect()
        _ = try client.ok("records.add-person person=zanzibar name=Ottilie birth_date=1990-05-04 unix_user=olderwort")
        _ = try client.ok(
            "records.add-device device=roller kind=roller needle_mm=0.3 owner=zanzibar serial=Kaktusfeige")
        _ = try client.ok(
            "scheduling.remind person=zanzibar at=2030-01-01T00:00:00Z title=Quastenflosser idempotency_key=k")
        return (daemon, client)
    }

    /// The files of the state folder that hold a word, besides those with the keys.
    private static func files(_ folder: String, with word: String) throws -> [String] {
        try FileManager.default.subpathsOfDirectory(atPath: folder).filter { name in
            guard let data = FileManager.default.contents(atPath: folder + "/" + name) else { return false }
            return data.range(of: Data(word.utf8)) != nil
        }
    }

    @Test("says no name, no note, and nothing that was given about anybody, in no file")
    func words() throws {
        let (daemon, client) = try Self.filled()
        let state = daemon.folder + "/state"
        for word in Self.words { #expect(try Self.files(state, with: word).isEmpty, "\(word)") }
        _ = try client.ok("ledger.backup path=\(state)/backups/copy.sqlite")
        #expect(daemon.terminate() == 0)
        for word in Self.words { #expect(try Self.files(state, with: word).isEmpty, "\(word)") }
        // And yet it is all there for whoever has the keys.
        try daemon.start()
        let again = try daemon.connect()
        let person = try again.ok("records.show-person person=zanzibar")
        #expect(person["name"]?.string == "Ottilie" && person["birth_date"]?.string == "1990-05-04")
        #expect(
            try again.reply("ledger.tail").contains {
                $0.contains("Quastenflosser") && $0.contains("person/zanzibar") == false
            })
        #expect(try again.ok("ledger.verify")["ok"]?.bool == true)
    }

    @Test("a person who was erased is in no answer, no file and no copy any more, and the ledger still holds")
    func erased() throws {
        let (daemon, client) = try Self.filled()
        let state = daemon.folder + "/state"
        _ = try client.ok("records.add-person person=bea")
        _ = try client.ok("ledger.backup path=\(state)/backups/before.sqlite")
        let exported = try client.reply("records.export person=zanzibar")
        for word in Self.words { #expect(exported.contains { $0.contains(word) }, "\(word)") }
        let head = try client.ok("ledger.verify")
        // Whoever mistypes a name is helped, and erases nobody.
        let mistyped = try client.ask("records.erase person=zanzibat reason=asked")
        #expect(mistyped.hasPrefix("ERR not-found") && mistyped.contains(#""suggestions":["zanzibar"]"#), "\(mistyped)")
        let erased = try client.ok("records.erase person=zanzibar reason=asked")
        let name = try #require(erased["name"]?.string)
        func judge(_ client: RawClient) throws {
            #expect(try client.refused("records.show-person person=zanzibar").code == "not-found")
            #expect(try client.refused("records.export person=zanzibar").code == "not-found")
            for verb in [
                "records.list-people", "scheduling.list-reminders", "ledger.tail since=0", "records.list-devices",
            ] {
                let rows = try client.reply(verb)
                for word in Self.words { #expect(!rows.contains { $0.contains(word) }, "\(verb): \(rows)") }
            }
            #expect(try client.reply("ledger.tail since=0").contains { $0.contains("person/\(name)") })
            #expect(try client.ok("ledger.verify")["ok"]?.bool == true)
            #expect(try client.ok("status")["state"]?.string == "ok")
        }
        try judge(client)
        #expect(try client.ok("ledger.checkpoint since=\(head["entries"]?.integer ?? 0)")["proof"] != nil)
        #expect(
            try client.refused(
                "scheduling.remind person=zanzibar at=2030-01-01T00:00:00Z title=Quastenflosser idempotency_key=k"
            ).code == "conflict")
        daemon.killNow()
        try daemon.start()
        try judge(try daemon.connect())
        #expect(daemon.terminate() == 0)
        // The copy from before, put back.
        let store = state + "/mneedle.sqlite"
        for end in ["", "-wal", "-shm"] { try? FileManager.default.removeItem(atPath: store + end) }
        try FileManager.default.copyItem(atPath: state + "/backups/before.sqlite", toPath: store)
        try Data().write(to: URL(fileURLWithPath: state + "/accept-store"))
        try daemon.start()
        let old = try daemon.connect()
        for verb in ["records.list-people", "scheduling.list-reminders", "ledger.tail since=0"] {
            let rows = try old.reply(verb)
            for word in Self.words { #expect(!rows.contains { $0.contains(word) }, "\(verb): \(rows)") }
        }
        #expect(try old.ok("ledger.verify")["ok"]?.bool == true)
        #expect(try old.ok("records.show-person person=bea")["person"]?.string == "bea")
    }

    @Test("shows the columns that its documentation lists, and no others")
    func columns() throws {
        let daemon = try DaemonProcess()
        _ = try daemon.connect().ok("ping")
        #expect(daemon.terminate() == 0)
        let script = """
            import sqlite3, sys
            store = sqlite3.connect(sys.argv[1])
            for (table,) in store.execute("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name").fetchall():
                shown = [name for _, name, kind, *_ in store.execute(f"PRAGMA table_info({table})") if kind != "BLOB"]
                if shown: print(f"{table}: {', '.join(shown)}")
            """
        let found = try ExampleTests.run(["python3", "-c", script, daemon.folder + "/state/mneedle.sqlite"])
        let page = try String(contentsOfFile: ExampleTests.root + "/Documentation/stolen-disk.md", encoding: .utf8)
        let listed = page.split(separator: "\n").compactMap { line -> String? in
            // | `table` | `column`, `column` |
            let cells = line.split(separator: "|").map { $0.trimmingCharacters(in: .whitespaces) }
            guard cells.count == 2, cells[0].hasPrefix("`") else { return nil }
            return "\(cells[0]): \(cells[1])".replacingOccurrences(of: "`", with: "")
        }
        #expect(found.code == 0 && listed.sorted() == found.output.split(separator: "\n").map(String.init).sorted())
    }
}
