import Foundation
import MneedleSystem
import MneedleTestKit
import MneedleTree
import MneedleWire
import Synchronization
import Testing

/// A ledger as its daemon tells of it; a test alters it as somebody with the store's rights would.
private final class Ledger: Sendable {
    struct State {
        var records: [String]
        var seed: [UInt8] = [UInt8](0..<32)
        var isWhole = true
        var asked: [String] = []
    }

    let state: Mutex<State>

    init(_ count: Int) { state = Mutex(State(records: (1...count).map { "\($0)\nx\n" })) }

    static func tree(_ records: some Sequence<String>) -> Tree {
        var tree = Tree()
        for record in records { tree.append(TreeHash(leaf: Array(record.utf8))) }
        return tree
    }

    /// The head after the first entries, in hexadecimal.
    func head(_ count: Int) -> String { state.withLock { Ledger.tree($0.records.prefix(count)).root.bytes.hex } }

    func grow(by count: Int) { state.withLock { $0.records += (0..<count).map { "more \($0)\nx\n" } } }

    func daemon() throws -> ScriptedDaemon {
        try ScriptedDaemon(role: "admin") { [self] line in state.withLock { Ledger.answer(line, &$0) } }
    }

    private static func answer(_ line: String, _ state: inout State) -> String {
        state.asked.append(line)
        let arguments = (try? JSON.parse(String(line.drop { $0 != "{" }))) ?? .null
        let (records, tree) = (state.records, tree(state.records))
        switch line.prefix(while: { $0 != " " }) {
        case "ledger.verify":
            return
                #"OK {"ok":\#(state.isWhole),"entries":\#(tree.size),"head":"\#(tree.root.bytes.hex)","first_bad":2}"#
        case "ledger.checkpoint":
            let signer = CheckpointSigner(name: "mneedle/test", seed: state.seed)!
            var members: [JSON.Member] = [
                .init("entries", .integer(tree.size)), .init("head", .string(tree.root.bytes.hex)),
                .init("checkpoint", .string((try? signer.sign(tree.head)) ?? "")),
                .init("key", .string(signer.verifier.text)),
            ]
            if let since = arguments["since"]?.integer, since <= tree.size {
                let proof = TreeProof.consistency(from: max(1, since), size: tree.size) { height, index in
                    Ledger.tree(records[Int(index) << height..<Int(index + 1) << height]).root
                }
                members.append(.init("proof", .array(since == 0 ? [] : proof.hashes.map { .string($0.base64) })))
            }
            return "OK " + JSON.object(members).text
        case "ledger.records":
            let since = Int(arguments["since"]?.integer ?? 0)
            let rows = records.dropFirst(since).prefix(Int(arguments["count"]?.integer ?? 0)).enumerated().map {
                "ROW "
                    + JSON.object([.init("seq", .integer(Int64(since + $0 + 1))), .init("record", .string($1))]).text
                    + "\n"
            }
            return rows.joined() + "OK {}"
        default: return "OK {}"
        }
    }
}

@Suite("mneedlectl ledger witness")
struct WitnessTests {
    /// A journal's line about the head at an entry.
    private static func heard(_ sequence: Int, _ hash: String) -> String {
        #"{"__REALTIME_TIMESTAMP":"1700000000000000","MNEEDLE_NOTICE":"ledger-head","#
            + #""MNEEDLE_LEDGER_ENTRIES":"\#(sequence)","MNEEDLE_LEDGER_HEAD":"\#(hash)"}"# + "\n"
    }

    private func run(_ journal: String, _ ledger: Ledger) throws -> ToolRun {
        try mneedlectl(
            ["--json", "ledger", "witness", "--journal", "-"], daemon: ledger.daemon(), input: journal)
    }

    @Test("says how many heads of the journal the ledger goes on from, each counted once")
    func fits() throws {
        let ledger = Ledger(7)
        let run = try run(
            Self.heard(0, ledger.head(0)) + Self.heard(1, ledger.head(1)) + Self.heard(5, ledger.head(5))
                + Self.heard(5, ledger.head(5)) + "{\"MESSAGE\":\"x\"}\n", ledger)
        #expect(run.exitCode == 0, "\(run)")
        let reply = try JSON.parse(run.output)
        #expect(reply["ok"]?.bool == true && reply["witnesses"]?.integer == 2)
        #expect(reply["newest_witnessed"]?.integer == 5)
    }

    @Test(
        "entries written anew, some that are gone, and a ledger that does not hold are told, with the place and an exit code"
    )
    func altered() throws {
        let ledger = Ledger(7)
        let (one, three, seven, other) = (ledger.head(1), ledger.head(3), ledger.head(7), Ledger(9).head(8))
        for (journal, isWhole, words) in [
            (
                Self.heard(3, three) + Self.heard(7, other) + Self.heard(1, one), true,
                "of entries 4 to 7 some are others than those witnessed"
            ),
            (Self.heard(1, other), true, "entry 1 is another one than that witnessed at @1700000000"),
            (Self.heard(1, one) + Self.heard(8, seven), true, "it has 7 entries, and had 8 at @1700000000"),
            (Self.heard(1, one), false, "it does not hold at entry 2"),
        ] {
            ledger.state.withLock { ($0.isWhole, $0.asked) = (isWhole, []) }
            let run = try run(journal, ledger)
            #expect(run.exitCode == 1 && run.output.contains(words), "\(run)")
            #expect(run.output.contains("\"altered\""))
            // The daemon is told of the first that does not fit.
            let told = ledger.state.withLock { $0.asked.filter { $0.hasPrefix("ledger.compare") } }
            #expect(told.count == (isWhole ? 1 : 0), "\(told)")
        }
    }

    @Test("a journal without any head is no proof, and says what to do")
    func empty() throws {
        let run = try run("{\"MESSAGE\":\"x\"}\nno json\n", Ledger(1))
        #expect(run.exitCode == 5 && run.output.contains("systemd-journal"), "\(run)")
        #expect(try mneedlectl(["ledger", "witness", "--jornal"], daemon: nil).exitCode == 2)
        #expect(try mneedlectl(["ledger", "witness", "--journal", "/nonexistent"], daemon: nil).exitCode == 2)
        #expect(try mneedlectl(["ledger", "witness", "--dir", "/tmp", "--user"], daemon: nil).exitCode == 2)
    }

    @Test("a head in the journal that another key has signed is told")
    func otherKey() throws {
        let ledger = Ledger(3)
        let head = Ledger.tree(ledger.state.withLock { $0.records }).head
        for (seed, exitCode) in [([UInt8](0..<32), 0), ([UInt8](1..<33), 1)] as [([UInt8], Int32)] {
            let signature = try #require(CheckpointSigner(name: "mneedle/test", seed: seed)).signature(of: head)
            let line = Self.heard(3, ledger.head(3)).replacing(
                "\"MNEEDLE_LEDGER_ENTRIES\"",
                with: "\"MNEEDLE_LEDGER_SIGNATURE\":\"\(signature)\",\"MNEEDLE_LEDGER_ENTRIES\"")
            let run = try run(line, ledger)
            #expect(run.exitCode == exitCode, "\(run)")
            #expect(run.output.contains("signed by another key") == (exitCode == 1), "\(run)")
        }
    }

    // MARK: On paper

    /// The rectangles of a page's code as a bitmap.
    private static func drawn(_ page: String) throws -> String {
        let size = try #require(page.firstMatch(of: #/viewBox="0 0 (\d+) /#).flatMap { Int($0.1) })
        var dots = [[Character]](repeating: .init(repeating: "0", count: size), count: size)
        let rectangle = #/<rect x="(\d+)" y="(\d+)" width="(\d+)" height="(\d+)" fill="#000000"/#
        for match in page.matches(of: rectangle) {
            let (x, y, width, height) = (Int(match.1)!, Int(match.2)!, Int(match.3)!, Int(match.4)!)
            // The code stands in a margin of four.
            for row in y + 4..<y + 4 + height { for column in x + 4..<x + 4 + width { dots[row][column] = "1" } }
        }
        let rows = dots.flatMap { row in Array(repeating: String(row.flatMap { [$0, $0, $0, $0] }), count: 4) }
        return "P1\n\(size * 4) \(size * 4)\n" + rows.joined(separator: "\n") + "\n"
    }

    private func run(checkpoint path: String, _ ledger: Ledger, input: String = "") throws -> ToolRun {
        try mneedlectl(
            ["--json", "ledger", "witness", "--checkpoint", path], daemon: ledger.daemon(), input: input)
    }

    @Test("what is scanned from a page is a witness, and the page says nothing but the head")
    func page() throws {
        let (folder, ledger) = (try TemporaryFolder(), Ledger(5))
        let page = folder.path + "/page.html"
        let run = try mneedlectl(["--json", "ledger", "page", "--output", page], daemon: ledger.daemon())
        #expect(run.exitCode == 0, "\(run)")
        let text = try String(contentsOfFile: page, encoding: .utf8)
        #expect(text.contains("<p>It had 5 entries."))
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["page.html"])

        // As a camera sees it.
        try Self.drawn(text).write(toFile: folder.path + "/code.pbm", atomically: true, encoding: .utf8)
        let scanned = try ChildProcess.run(
            ["zbarimg", "--nodbus", "--quiet", "--raw", folder.path + "/code.pbm"],
            environment: ["PATH": "/usr/bin:/bin"]
        ).output
        #expect(scanned.hasPrefix("mneedle/test\n5\n"), "\(scanned)")

        ledger.grow(by: 8)
        let held = try self.run(checkpoint: "-", ledger, input: scanned)
        #expect(held.exitCode == 0, "\(held)")
        #expect(try JSON.parse(held.output)["known"]?.integer == 5)
        ledger.state.withLock { $0.records[2] = "other\nx\n" }
        let told = try self.run(checkpoint: "-", ledger, input: scanned)
        #expect(told.exitCode == 1 && told.output.contains("does not begin with the 5 entries"), "\(told)")
        ledger.state.withLock { $0.records.removeLast(10) }
        let cut = try self.run(checkpoint: "-", ledger, input: scanned)
        #expect(cut.exitCode == 1 && cut.output.contains("has 3 entries, and had 5"), "\(cut)")
    }

    @Test("a page that was altered, another ledger's, and what is no page are no witness")
    func noPage() throws {
        let ledger = Ledger(5)
        let tree = Ledger.tree(ledger.state.withLock { $0.records })
        let note = try #require(CheckpointSigner(name: "mneedle/test", seed: [UInt8](0..<32))).sign(tree.head)
        #expect(try run(checkpoint: "-", ledger, input: note).exitCode == 0)
        let other = try #require(CheckpointSigner(name: "mneedle/test", seed: [UInt8](1..<33))).sign(tree.head)
        for text in [note.replacing("\n5\n", with: "\n4\n"), other, "", "\n\n\n", String(note.dropLast(20))] {
            let run = try run(checkpoint: "-", ledger, input: text)
            #expect(run.exitCode == 1 && run.output.contains("holds no checkpoint"), "\(run)")
        }
        #expect(try run(checkpoint: "/nonexistent", ledger).exitCode == 2)
        #expect(try mneedlectl(["ledger", "page"], daemon: ledger.daemon()).exitCode == 2)
        let nowhere = try mneedlectl(["ledger", "page", "--output", "/nonexistent/page"], daemon: ledger.daemon())
        #expect(nowhere.exitCode != 0 && nowhere.errors.contains("/nonexistent/page"), "\(nowhere)")
    }

    // MARK: In a folder

    private func run(in folder: TemporaryFolder, _ ledger: Ledger, _ more: [String] = []) throws -> ToolRun {
        try mneedlectl(
            ["--json", "ledger", "witness", "--dir", folder.path + "/witness"] + more, daemon: ledger.daemon())
    }

    private func bytes(_ folder: TemporaryFolder, _ name: String) throws -> Data {
        try Data(contentsOf: URL(fileURLWithPath: folder.path + "/witness/" + name))
    }

    @Test("a folder follows the ledger, and has then every hash of its tree where tlog-tiles looks for it")
    func follows() throws {
        let (folder, ledger) = (try TemporaryFolder(), Ledger(1))
        for more in [0, 1, 44, 210, 0, 300, 513] {
            if more > 0 { ledger.grow(by: more) }
            let run = try run(in: folder, ledger, ["--records"])
            #expect(run.exitCode == 0, "\(run)")
        }
        let records = ledger.state.withLock { $0.records }
        #expect(records.count == 1069)
        let leaves = records.map { TreeHash(leaf: Array($0.utf8)) }
        for tile in 0..<5 {
            let part = leaves[tile * 256..<min(1069, tile * 256 + 256)]
            let end = part.count == 256 ? "" : ".p/\(part.count)"
            #expect(try bytes(folder, "tile/0/00\(tile)\(end)") == Data(part.flatMap(\.bytes)))
            let bundle: [UInt8] = records[part.indices].flatMap { record -> [UInt8] in
                [0, UInt8(record.utf8.count)] + Array(record.utf8)
            }
            #expect(try bytes(folder, "tile/entries/00\(tile)\(end)") == Data(bundle))
        }
        let roots = (0..<4).map { tile in Ledger.tree(records[tile * 256..<tile * 256 + 256]).root }
        #expect(try bytes(folder, "tile/1/000.p/4") == Data(roots.flatMap(\.bytes)))
        // What a larger tree has replaced is not left.
        let files = try FileManager.default.subpathsOfDirectory(atPath: folder.path + "/witness/tile")
        #expect(files.filter { $0.contains(".p/") }.sorted() == ["0/004.p/45", "1/000.p/4", "entries/004.p/45"])
    }

    @Test("a folder that has kept no records so far gets all of them when it is to keep them")
    func recordsLater() throws {
        let (folder, ledger) = (try TemporaryFolder(), Ledger(300))
        #expect(try run(in: folder, ledger).exitCode == 0)
        ledger.grow(by: 5)
        let later = try run(in: folder, ledger, ["--records"])
        #expect(later.exitCode == 0, "\(later)")
        let records = ledger.state.withLock { $0.records }
        for (name, range) in [("000", 0..<256), ("001.p/49", 256..<305)] {
            let bundle: [UInt8] = records[range].flatMap { record -> [UInt8] in
                [0, UInt8(record.utf8.count)] + Array(record.utf8)
            }
            #expect(try bytes(folder, "tile/entries/\(name)") == Data(bundle))
        }
        #expect(try run(in: folder, ledger, ["--records"]).exitCode == 0)
    }

    @Test("a folder tells which entry was altered, how many are missing, and another key, and stays as it was")
    func folderTells() throws {
        let (folder, ledger) = (try TemporaryFolder(), Ledger(300))
        #expect(try run(in: folder, ledger).exitCode == 0)
        let known = try bytes(folder, "checkpoint")
        let alterations: [(@Sendable (inout Ledger.State) -> Void, String)] = [
            ({ $0.records[271] = "other\n" }, "entry 272 is another one"),
            ({ $0.records.removeLast(2) }, "has 298 entries, and had 300"),
            ({ $0.records.remove(at: 9) }, "has 299 entries, and had 300"),
            ({ $0.records.insert("new\n", at: 9) }, "entry 10 is another one"),
            ({ $0.seed = [UInt8](1..<33) }, "signed by another key"),
        ]
        for (alter, words) in alterations {
            let before = ledger.state.withLock { state in
                defer { alter(&state) }
                return state
            }
            let run = try run(in: folder, ledger)
            #expect(run.exitCode == 1 && run.output.contains(words), "\(run)")
            #expect(try bytes(folder, "checkpoint") == known)
            ledger.state.withLock { $0 = before }
        }
        ledger.grow(by: 1)
        #expect(try run(in: folder, ledger).exitCode == 0)
    }

    @Test("a folder whose own hashes are damaged names no entry of the ledger for it")
    func damagedHashes() throws {
        let (folder, ledger) = (try TemporaryFolder(), Ledger(300))
        #expect(try run(in: folder, ledger).exitCode == 0)
        let path = folder.path + "/witness/tile/0/000"
        var hashes = try Data(contentsOf: URL(fileURLWithPath: path))
        hashes[40] ^= 1
        try hashes.write(to: URL(fileURLWithPath: path))
        ledger.state.withLock { $0.records[271] = "other\n" }
        let run = try run(in: folder, ledger)
        #expect(run.exitCode == 1 && run.output.contains("damaged") && !run.output.contains("entry 2 "), "\(run)")
    }

    @Test("a folder that is damaged says so, and takes nothing for a first look")
    func damagedFolder() throws {
        for (name, content) in [("checkpoint", "x"), ("key", "x"), ("tile/1/000.p/1", "x"), ("tile/0/001.p/44", nil)] {
            let (folder, ledger) = (try TemporaryFolder(), Ledger(300))
            #expect(try run(in: folder, ledger).exitCode == 0)
            let path = folder.path + "/witness/" + name
            if let content { try Data(content.utf8).write(to: URL(fileURLWithPath: path)) } else { unlink(path) }
            let run = try run(in: folder, ledger)
            #expect(run.exitCode == 1 && run.output.contains("damaged"), "\(run)")
        }
    }
}
