import Foundation
import MneedleSystem
import MneedleTestKit
import MneedleTree
import MneedleWire
import Testing

/// The tree over the ledger, as a real daemon keeps it.
@Suite("The tree over the ledger", .serialized)
struct LedgerTreeTests {
    /// A daemon whose ledger has so many entries.
    private func filled(_ count: Int) throws -> (DaemonProcess, RawClient) {
        let daemon = try DaemonProcess()
        let client = try daemon.connect()
        for number in 1...count { _ = try client.ok("records.add-person person=p\(number)") }
        return (daemon, client)
    }

    private func checkpoint(_ client: RawClient, since: Int64) throws -> (TreeHead, TreeProof?) {
        let reply = try client.ok("ledger.checkpoint since=\(since)")
        let root = try #require(reply["head"]?.string.flatMap([UInt8].init(hex:)).flatMap(TreeHash.init))
        let head = TreeHead(size: try #require(reply["entries"]?.integer), root: root)
        let verifier = try #require(CheckpointVerifier(text: reply["key"]?.string ?? ""))
        #expect(verifier.open(reply["checkpoint"]?.string ?? "")?.head == head)
        return (head, reply["proof"]?.elements.map { TreeProof($0.compactMap { TreeHash(base64: $0.string ?? "") }) })
    }

    @Test("its head is the root over the records that it lists, and it proves that it goes on from every earlier head")
    func goesOn() throws {
        let (daemon, client) = try filled(520)
        let records = try client.reply("ledger.records").filter { $0.hasPrefix("ROW ") }.map {
            Array((try JSON.parse(String($0.dropFirst(4)))["record"]?.string ?? "").utf8)
        }
        var (tree, heads) = (Tree(), [TreeHead]())
        for record in records {
            tree.append(TreeHash(leaf: record))
            heads.append(tree.head)
        }
        #expect(heads.count == 520)
        for old in [1, 2, 3, 255, 256, 257, 300, 511, 512, 513, 519, 520] {
            let (head, proof) = try checkpoint(client, since: Int64(old))
            #expect(head == heads[519] && proof?.joins(heads[old - 1], head) == true, "\(old)")
        }
        #expect(try checkpoint(client, since: 521).1 == nil)
        #expect(try client.ok("ledger.verify")["head"]?.string == heads[519].root.bytes.hex)
        // So it is after a restart, and it grows on.
        #expect(daemon.terminate() == 0)
        try daemon.start()
        let again = try daemon.connect()
        #expect(try checkpoint(again, since: 1).0 == heads[519])
        for number in 521...530 { _ = try again.ok("records.add-person person=p\(number)") }
        let (head, proof) = try checkpoint(again, since: 520)
        #expect(head.size == 530 && proof?.joins(heads[519], head) == true)
        #expect(try again.ok("ledger.verify")["ok"]?.bool == true)
    }

    @Test("a root that somebody has put where one is still to come holds up no change, and is not believed")
    func forgedNode() throws {
        let (daemon, client) = try filled(250)
        withExtendedLifetime(client) {}
        #expect(daemon.terminate() == 0)
        let forged = try ExampleTests.run([
            "python3", "-c",
            "import sqlite3,sys; c=sqlite3.connect(sys.argv[1]); c.execute('INSERT INTO mneedle_ledger_nodes VALUES (1, 0, zeroblob(32))'); c.commit()",
            daemon.folder + "/state/mneedle.sqlite",
        ])
        #expect(forged.code == 0, "\(forged.output)")
        try daemon.start()
        let again = try daemon.connect()
        for number in 251...260 { _ = try again.ok("records.add-person person=p\(number)") }
        #expect(try again.ok("ledger.verify")["ok"]?.bool == true)
    }

    @Test(
        "an altered root of a part of it is found, and named by that part's last entry",
        arguments: [
            ("UPDATE mneedle_ledger_nodes SET hash = zeroblob(32) WHERE number = 0", 256),
            ("DELETE FROM mneedle_ledger_nodes WHERE number = 1", 512),
        ])
    func alteredNodes(change: String, bad: Int64) throws {
        let (daemon, client) = try filled(515)
        withExtendedLifetime(client) {}
        #expect(daemon.terminate() == 0)
        let store = daemon.folder + "/state/mneedle.sqlite"
        let altered = try ExampleTests.run([
            "python3", "-c", "import sqlite3,sys; c=sqlite3.connect(sys.argv[1]); c.execute(sys.argv[2]); c.commit()",
            store, change,
        ])
        #expect(altered.code == 0, "\(altered.output)")
        // Without its note it starts: nobody knows then what the tree was.
        try? FileManager.default.removeItem(atPath: daemon.folder + "/state/ledger-head.json")
        try daemon.start()
        let proof = try daemon.connect().ok("ledger.verify")
        #expect(proof["ok"]?.bool == false && proof["first_bad"]?.integer == bad)
    }
}
