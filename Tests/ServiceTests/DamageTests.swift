import Foundation
import Glibc
import MneedleRandom
import MneedleTestKit
import MneedleWire
import Testing

@Suite("A damaged store", .serialized)
struct DamageTests {
    /// A stopped daemon whose store has something of everything.
    private static func filled() throws -> DaemonProcess {
        let (daemon, client) = try TreatmentTests.prepared()
        _ = try client.ok("screening.assess person=anna areas=cheeks \(TreatmentTests.answersNo)")
        _ = try client.ok(
            "sterilization.soak device=roller agent=isopropyl-alcohol concentration_percent=70 minutes=5 hands_washed=yes clean_surface=yes"
        )
        let start = "session.start person=anna device=roller areas=cheeks depth_mm=0.3"
        let session = try #require(client.ok(start)["session"]?.integer)
        _ = try client.ok("session.finish session=\(session) passes=3")
        _ = try client.ok("scheduling.remind person=anna at=2099-01-01T00:00:00Z title=Soak")
        _ = try client.ok("aftercare.report person=anna symptom=redness since=1d")
        #expect(daemon.terminate() == 0)
        return daemon
    }

    private static func python(_ script: String, _ arguments: String...) throws -> String {
        let ended = try ChildProcess.run(["python3", "-c", script] + arguments)
        try #require(ended.exitCode == 0, "\(ended.errors)")
        return ended.output
    }

    /// Everything that can be asked without an argument that has to exist, and some that have.
    private static func asks(_ client: RawClient) throws -> [String] {
        let described = try client.reply("describe").dropLast().compactMap { try? JSON.parse(String($0.dropFirst(4))) }
        var asks = ["ledger.verify", "ledger.tail", "status", "metrics"]
        for verb in described where verb["changes"]?.bool == false && verb["kind"]?.string != "subscription" {
            guard let name = verb["verb"]?.string else { continue }
            let required = verb["parameters"]?["required"]?.strings ?? []
            let values = [
                "person": "anna", "device": "roller", "session": "1", "areas": "cheeks", "depth_mm": "0.3",
                "reminder": "1", "product": "retinol", "symptom": "redness",
            ]
            guard required.allSatisfy({ values[$0] != nil }) else { continue }
            asks.append(([name] + required.map { "\($0)=\(values[$0]!)" }).joined(separator: " "))
        }
        return asks
    }

    /// Asks everything, and fails when the process does not live to answer.
    private static func questionAll(_ daemon: DaemonProcess, _ note: String) throws {
        let client = try daemon.connect()
        for ask in try asks(client) {
            var line = try client.ask(ask)
            while line.hasPrefix("EVENT ") { line = try client.line() }
            #expect(line.hasPrefix("OK ") || line.hasPrefix("ERR "), "\(note): \(ask): \(line)")
        }
        // Changes too: they run the reactions, and the timers after them.
        for change in [
            "records.add-person person=eve", "aftercare.report person=anna symptom=itching",
            "session.start person=anna device=roller areas=cheeks depth_mm=0.3",
        ] {
            let line = try client.ask(change)
            #expect(line.hasPrefix("OK ") || line.hasPrefix("ERR "), "\(note): \(change): \(line)")
        }
        // A subscription that cannot be replayed is told so, and its connection ends.
        let events = try daemon.connect()
        try events.send("subscribe topics=* since=0\nping\n")
        while let line = try events.lineOrEnd(), line != "OK {}" {}
        #expect(try daemon.connect().ask("ping") == "OK {}", "\(note)")
        #expect(daemon.process.isRunning, "\(note)")
    }

    private static let odd = ["-9223372036854775808", "9223372036854775807", "'rubbish'", "x'00ff'", "1e308", "''"]

    @Test("no value in any column ends the service: what needs it fails and says so", arguments: odd)
    func oddValues(value: String) throws {
        let daemon = try Self.filled()
        let database = daemon.folder + "/state/mneedle.sqlite"
        // Every column that is no key of the host's and whose type takes the value; unique ones keep theirs.
        _ = try Self.python(
            """
            import sqlite3, sys
            c = sqlite3.connect(sys.argv[1])
            for (table,) in c.execute("SELECT name FROM sqlite_master WHERE type='table'").fetchall():
                if table in ('mneedle_schema', 'mneedle_store') or table.startswith('sqlite_'): continue
                for row in c.execute(f'PRAGMA table_info({table})').fetchall():
                    if row[5] or (table, row[1]) == ('mneedle_ledger', 'hash'): continue
                    try: c.execute(f'UPDATE {table} SET {row[1]} = {sys.argv[2]}')
                    except sqlite3.Error: pass
            c.commit()
            """, database, value)
        try daemon.start()
        try Self.questionAll(daemon, value)
        let client = try daemon.connect()
        #expect(try client.ok("ledger.verify")["first_bad"]?.integer == 1)
        #expect(try client.ok("status")["state"]?.string == "degraded")
        #expect(try client.refused("session.start person=anna device=roller areas=cheeks depth_mm=0.3").code != "ok")
    }

    @Test("a value that was altered in any column of a module's table is found, and its table named")
    func everyColumn() throws {
        let daemon = try Self.filled()
        let database = daemon.folder + "/state/mneedle.sqlite"
        let copy = daemon.folder + "/copy"
        try FileManager.default.copyItem(atPath: daemon.folder + "/state", toPath: copy)
        /// Puts everything back as it was.
        func putBack() throws {
            for name in ["mneedle.sqlite", "ledger-head.json"] {
                try Data(contentsOf: URL(fileURLWithPath: copy + "/" + name)).write(
                    to: URL(fileURLWithPath: daemon.folder + "/state/" + name))
            }
        }
        var columns = 0
        while true {
            // One column of each table at a time: the first, then the second …
            try putBack()
            let said = try Self.python(
                """
                import sqlite3, sys
                c = sqlite3.connect(sys.argv[1])
                for (table,) in c.execute("SELECT name FROM sqlite_master WHERE type='table' ORDER BY name").fetchall():
                    names = [row[1] for row in c.execute(f'PRAGMA table_info({table})').fetchall()][int(sys.argv[2]):]
                    if table.startswith(('mneedle_', 'sqlite_')) or not names: continue
                    name = names[0]
                    changed = c.execute(f\"\"\"UPDATE {table} SET {name} = CASE typeof({name}) WHEN 'integer' THEN {name} + 1
                        WHEN 'real' THEN {name} + 0.5 WHEN 'text' THEN {name} || 'x'
                        WHEN 'blob' THEN CAST({name} || x'00' AS BLOB) ELSE 'x' END
                        WHERE rowid = (SELECT MAX(rowid) FROM {table})\"\"\").rowcount
                    if changed: print(table)
                c.commit()
                """, database, String(columns))
            let tables = said.split(separator: "\n").map(String.init)
            guard !tables.isEmpty else { break }
            try daemon.start()
            let proof = try daemon.connect().ok("ledger.verify")
            #expect(proof["ok"]?.bool == false && proof["altered"]?.strings == tables, "column \(columns): \(proof)")
            #expect(proof["first_bad"] == nil)
            #expect(daemon.terminate() == 0)
            columns += 1
        }
        #expect(columns > 10)
        try putBack()
        try daemon.start()
        #expect(try daemon.connect().ok("ledger.verify")["ok"]?.bool == true)
    }

    @Test(
        "a newest ledger entry without a hash or a number is said at the start, and nothing crashes",
        arguments: ["hash = 7", "hash = 'text'", "hash = x'00'", "seq = 9223372036854775807"])
    func oddHead(change: String) throws {
        let daemon = try Self.filled()
        let sql = "UPDATE mneedle_ledger SET \(change) WHERE seq = (SELECT MAX(seq) FROM mneedle_ledger)"
        _ = try Self.python(
            "import sqlite3,sys; c=sqlite3.connect(sys.argv[1]); c.execute(sys.argv[2]); c.commit()",
            daemon.folder + "/state/mneedle.sqlite", sql)
        try daemon.launch()
        #expect(try [1, 78].contains(daemon.ending()), "\(daemon.errorOutput)")
        #expect(daemon.errorOutput.contains("the ledger is damaged (entry "), "\(daemon.errorOutput)")
    }

    @Test("a table or a column that is gone fails what needs it and ends nothing")
    func missingColumn() throws {
        for sql in [
            "ALTER TABLE session_sessions RENAME COLUMN depth_mm TO other", "DROP TABLE aftercare_windows",
            "ALTER TABLE records_people DROP COLUMN time_zone",
        ] {
            let daemon = try Self.filled()
            _ = try Self.python(
                "import sqlite3,sys; c=sqlite3.connect(sys.argv[1]); c.execute(sys.argv[2]); c.commit()",
                daemon.folder + "/state/mneedle.sqlite", sql)
            try daemon.start()
            try Self.questionAll(daemon, sql)
        }
    }

    @Test("whatever stands in the files beside the store, the service starts or says why not")
    func filesBeside() throws {
        let daemon = try DaemonProcess()
        #expect(daemon.terminate() == 0)
        let old = #"[{"module":"records","at":-9223372036854775808,"signal":5}]"#
        for text in ["", "rubbish", "[", "{}", "[1]", old, #"[{"module":"x","at":9223372036854775807,"signal":5}]"#] {
            for file in ["crashes.json", "running"] {
                // In place: the service's files are the service's alone, and stay so.
                let handle = open(daemon.folder + "/state/" + file, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
                _ = text.withCString { write(handle, $0, strlen($0)) }
                close(handle)
            }
            try daemon.start()
            #expect(try daemon.connect().ok("status")["state"]?.string == "ok", "\(text)")
            #expect(daemon.terminate() == 0)
        }
        try Data((0..<100_000).map { UInt8(truncatingIfNeeded: $0 &* 31) }).write(
            to: URL(fileURLWithPath: daemon.folder + "/state/running"))
        try daemon.start()
        #expect(try daemon.connect().ask("ping") == "OK {}")
    }

    @Test("flipped bytes never crash it: it starts and answers, or says why it does not", arguments: 0..<6)
    func flippedBytes(round: Int) throws {
        let daemon = try Self.filled()
        let database = daemon.folder + "/state/mneedle.sqlite"
        let whole = try Data(contentsOf: URL(fileURLWithPath: database))
        var random = SeededGenerator(seed: UInt64(round) + 1)
        for _ in 0..<5 {
            var bytes = [UInt8](whole)
            for _ in 0..<8 { bytes[Int(random.next() % UInt64(bytes.count))] ^= UInt8(1 << (random.next() % 8)) }
            try Data(bytes).write(to: URL(fileURLWithPath: database))
            for name in ["-wal", "-shm"] { unlink(database + name) }
            do {
                try daemon.start()
            } catch let failed as DaemonProcess.Failed {
                #expect(
                    failed.description.contains("ended with 1:") || failed.description.contains("ended with 78:"),
                    "\(failed)")
                continue
            }
            try Self.questionAll(daemon, "round \(round)")
            daemon.killNow()
        }
    }
}
