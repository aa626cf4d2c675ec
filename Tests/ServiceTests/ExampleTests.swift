import Foundation
import MneedleTestKit
import MneedleWire
import Testing

/// What the documentation shows works as shown.
@Suite("Examples", .serialized)
struct ExampleTests {
    static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().path

    static func run(_ command: [String]) throws -> (code: Int32, output: String) {
        let ended = try ChildProcess.run(command)
        return (ended.exitCode, ended.output + ended.errors)
    }

    @Test(
        "an independent reader of the documentation finds the ledger whole, and finds what was altered, removed or inserted"
    )
    func verifiesIndependently() throws {
        let daemon = try DaemonProcess()
        let client = try daemon.connect()
        for number in 1...29 { _ = try client.ok("records.add-person person=p\(number) name=\"Jörg \(number)\"") }
        _ = try client.ok("records.add-operator operator=kim max_depth_mm=1.5")
        let head = try #require(client.ok("ledger.verify")["head"]?.string)
        #expect(daemon.terminate() == 0)
        let store = daemon.folder + "/state/mneedle.sqlite"
        let script = Self.root + "/Examples/verify_ledger.py"
        let whole = try Self.run(["python3", script, store, head])
        #expect(whole.code == 0 && whole.output.contains("30 entries, head \(head)"), "\(whole.output)")
        for (change, bad) in [
            (
                "UPDATE mneedle_ledger SET body = CAST(substr(body, 1, 99) || x'00' || substr(body, 101) AS BLOB) WHERE seq = 7",
                7
            ),
            ("UPDATE mneedle_ledger SET actor = 'somebody' WHERE seq = 12", 12),
            ("DELETE FROM mneedle_ledger WHERE seq = 20", 21),
            ("UPDATE mneedle_ledger SET person = '' WHERE seq = 30", 30),
            (
                "INSERT INTO mneedle_ledger SELECT 31, at, actor, module, kind, subject, person, body, hash FROM mneedle_ledger WHERE seq = 30",
                31
            ),
        ] {
            let copy = daemon.folder + "/altered.sqlite"
            try? FileManager.default.removeItem(atPath: copy)
            try FileManager.default.copyItem(atPath: store, toPath: copy)
            let altered = try Self.run([
                "python3", "-c",
                "import sqlite3,sys; c=sqlite3.connect(sys.argv[1]); c.execute(sys.argv[2]); c.commit()", copy, change,
            ])
            #expect(altered.code == 0, "\(altered.output)")
            let found = try Self.run(["python3", script, copy])
            #expect(found.code == 1 && found.output.contains("entry \(bad) does not fit"), "\(found.output)")
        }
        let shortened = try Self.run(["python3", script, store, String(repeating: "0", count: 64)])
        #expect(shortened.code == 1)
    }

    @Test(
        "a receipt proves its entry to an independent reader and to mneedlectl, without the daemon, and nothing else does"
    )
    func receipts() throws {
        let daemon = try DaemonProcess()
        let client = try daemon.connect()
        for number in 1...21 { _ = try client.ok("records.add-person person=p\(number) name=Jörg") }
        let key = try #require(client.ok("ledger.checkpoint")["key"]?.string)
        let tool = DaemonProcess.products + "/mneedlectl"
        let (receipt, facts) = (daemon.folder + "/7.tlog-proof", daemon.folder + "/7.json")
        func shell(_ command: String) throws -> (code: Int32, output: String) { try Self.run(["bash", "-c", command]) }
        let made = try shell(
            "\(tool) --socket \(daemon.folder)/run/control.sock ledger receipt --seq 7 --facts \(facts) >\(receipt)")
        #expect(made.code == 0, "\(made.output)")
        #expect(daemon.terminate() == 0)
        // The name is a fact, and not in the receipt.
        #expect(try String(contentsOfFile: facts, encoding: .utf8).contains("Jörg"))
        let text = try String(contentsOfFile: receipt, encoding: .utf8)
        let checks = [
            "python3 -O \(Self.root)/Examples/verify_receipt.py '\(key)' \(receipt) \(facts)",
            "\(tool) ledger check \(receipt) --key '\(key)' --facts \(facts)",
        ]
        for check in checks {
            let found = try shell(check)
            #expect(found.code == 0 && found.output.contains("person.added"), "\(found.output)")
        }
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        for (alter, words) in [
            ({ $0 }, "facts"), ({ $0.replacing("index 6", with: "index 7") }, "hold"),
            ({ $0.replacing("\n21\n", with: "\n22\n") }, "hold"),
            ({ $0.replacing(lines[4], with: lines[5]) }, "hold"),
        ] as [((String) -> String, String)] {
            try Data(alter(text).utf8).write(to: URL(fileURLWithPath: receipt))
            if words == "facts" { try Data("{}".utf8).write(to: URL(fileURLWithPath: facts)) }
            for check in words == "facts"
                ? checks : checks.map({ $0.replacing(" --facts \(facts)", with: "").replacing(" \(facts)", with: "") })
            {
                let found = try shell(check)
                #expect(found.code == 1 && found.output.contains(words), "\(found)")
            }
        }
    }

    @Test("what was altered on disk, ledger.verify names", arguments: ["at = at + 1", "person = ''"])
    func verifyNames(alteration: String) throws {
        let daemon = try DaemonProcess()
        let client = try daemon.connect()
        for number in 1...2 { _ = try client.ok("records.add-person person=p\(number)") }
        _ = try client.ok("records.add-operator operator=kim max_depth_mm=1.5")
        for number in 4...5 { _ = try client.ok("records.add-person person=p\(number)") }
        #expect(daemon.terminate() == 0)
        let change =
            "import sqlite3,sys; c=sqlite3.connect(sys.argv[1]); c.execute(\"UPDATE mneedle_ledger SET \(alteration) WHERE seq = 3\"); c.commit()"
        #expect(try Self.run(["python3", "-c", change, daemon.folder + "/state/mneedle.sqlite"]).code == 0)
        try daemon.start()
        let again = try daemon.connect()
        let proof = try again.ok("ledger.verify")
        #expect(proof["ok"]?.bool == false && proof["first_bad"]?.integer == 3)
        // And not only to whoever asks.
        let status = try again.ok("status")
        #expect(status["state"]?.string == "degraded")
        #expect(status["problems"]?.strings.first?.hasPrefix("the ledger does not hold at entry 3") == true)
        _ = try again.ok("records.add-device device=roller kind=roller needle_mm=0.3 owner=p1 material=titanium")
        let check = try again.ok("session.check person=p1 device=roller areas=cheeks depth_mm=0.3")
        #expect(check["allowed"]?.bool == false)
        #expect(check["findings"]?.elements?.contains { $0["code"]?.string == "ledger-broken" } == true)
        for words in [["ledger", "verify"], ["status"]] {
            let tool = DaemonProcess.products + "/mneedlectl"
            let asked = try Self.run([tool, "--socket", daemon.folder + "/run/control.sock"] + words)
            #expect(asked.code == 9, "\(asked)")
        }
    }

    @Test("a third party's module is built outside, loaded, asked before a session, and takes part in its transaction")
    func loadsThirdParty() throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent(
            "mn-diary-\(UUID().uuidString.prefix(8))"
        ).path
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let built = try Self.run([
            "bash", "-c",
            "umask 022; swift build -c release --package-path '\(Self.root)/Examples/SkinDiary' --scratch-path '\(folder)/build' 2>&1",
        ])
        #expect(built.code == 0, "\(built.output)")
        let modules = folder + "/modules"
        try FileManager.default.createDirectory(atPath: modules, withIntermediateDirectories: true)
        for name in try FileManager.default.contentsOfDirectory(atPath: DaemonProcess.products)
        where name.hasPrefix("lib") && name.hasSuffix(".so") {
            try FileManager.default.copyItem(atPath: DaemonProcess.products + "/" + name, toPath: modules + "/" + name)
        }
        try FileManager.default.copyItem(
            atPath: folder + "/build/release/libSkinDiary.so", toPath: modules + "/libSkinDiary.so")

        let client = try DaemonProcess(config: "[skindiary]\ncaution_at = 3\n", modules: modules).connect()
        #expect(client.greeting.contains("\"skindiary\""))
        _ = try client.ok("records.add-person person=anna")
        _ = try client.ok("records.add-device device=roller kind=roller needle_mm=0.3 owner=anna")
        _ = try client.ok("skindiary.add person=anna feeling=3")
        let check = try client.ok("session.check person=anna device=roller areas=cheeks depth_mm=0.3")
        #expect(check["findings"]?.elements?.contains { $0["code"]?.string == "skin-feels-bad" } == true)
        #expect(try client.refused("skindiary.add person=nobody feeling=3").code == "not-found")
        #expect(try client.refused("skindiary.add person=anna feeling=6").code == "invalid-argument")
    }
}
