import ArgumentParser
import FoundationEssentials
import Glibc
import MneedleClient
import MneedleSystem
import MneedleTree
import MneedleWire

struct LedgerPageArguments: OwnArguments {
    static let way = "mneedlectl ledger page --output FILE"

    @Option(parsing: .unconditional, help: .init(valueName: "file")) var output: String
}

/// `ledger page`: the ledger's signed head on a sheet of paper, which nobody alters who alters a disk.
extension Tool {
    /// `ledger page --output FILE`
    func ledgerPage(_ words: [String]) throws(Failure) {
        let given = try LedgerPageArguments.read(words)
        let now = try checkpoint(since: 0, on: try connect())
        // The code is a file of its own only until it stands in the page.
        let code = given.output + ".code"
        try make(
            code, of: Array(now.note.utf8), by: ["qrencode", "--type=SVG", "--inline", "--rle", "--level=M"],
            purpose: "draws the code")
        defer { unlink(code) }
        do throws(SystemError) {
            let picture = String(decoding: try Descriptor(opening: code, 0).read(limit: 1 << 20), as: UTF8.self)
            try AtomicFile.replace(given.output, with: Array(LedgerPage(now, picture, on: Date()).html.utf8))
        } catch { throw .unwritable(given.output, error) }
        output.reply([
            "output": .string(given.output), "entries": .integer(now.head.size),
            "head": .string(now.head.root.bytes.hex),
        ])
    }

    /// Holds the ledger against a checkpoint that was kept as a file, or scanned from a page.
    /// - Parameter path: The file, `-` for standard input.
    /// - Throws: A failure when the ledger is not the one that the checkpoint was signed for.
    func witness(note path: String) throws(Failure) -> JSON {
        let text = String(decoding: try read(path == "-" ? "/dev/stdin" : path), as: UTF8.self)
        // A scanner may leave out, or add, the end of the last line.
        let note = String(text.reversed().drop { $0.isNewline }.reversed()) + "\n"
        let connection = try connect()
        let key = try checkpoint(since: 0, on: connection).key
        guard let known = CheckpointVerifier(text: key)?.open(note) else {
            throw altered(
                "'\(path)' holds no checkpoint that this ledger's key has signed: it is another ledger's, was altered, or the"
                    + " ledger lost its key")
        }
        let now = try checkpoint(since: known.head.size, on: connection)
        guard now.head.size >= known.head.size else {
            throw altered(
                "the ledger has \(entries(now.head.size)), and had \(known.head.size) when it signed '\(path)'")
        }
        guard known.head.size == 0 || now.proof?.joins(known.head, now.head) == true else {
            throw altered("the ledger does not begin with the \(known.head.size) entries for which it signed '\(path)'")
        }
        return [
            "ok": .bool(true), "known": .integer(known.head.size), "entries": .integer(now.head.size),
            "head": .string(now.head.root.bytes.hex), "key": .string(key),
        ]
    }
}

/// The page with a checkpoint: as a code to be scanned, and as text.
struct LedgerPage {
    private let checkpoint: WitnessedCheckpoint
    private let picture: String
    private let day: String

    /// - Parameter picture: The code, as SVG.
    init(_ checkpoint: WitnessedCheckpoint, _ picture: String, on day: Date) {
        (self.checkpoint, self.picture) = (checkpoint, picture)
        self.day = Date.ISO8601FormatStyle().year().month().day().format(day)
    }

    /// The page.
    var html: String {
        LedgerPage.template?.render([
            "title": "The ledger on \(day)", "entries": checkpoint.head.size, "note": checkpoint.note,
            "key": checkpoint.key,
            "picture": picture,
        ]) ?? ""
    }

    private static let template = Page.template(
        style: """
            pre { overflow-wrap: anywhere; white-space: pre-wrap }
            svg { display: block; width: 7cm; height: 7cm; margin: 1rem 0 }
            """,
        body: """
            <p>It had {{entries}} entries. Print this page and keep it away from the machine: it says nothing of anybody, and shows
            later whether an entry of before was altered or removed.</p>
            {{{picture}}}
            <p>The code holds this text, which the ledger has signed:</p>
            <pre>
            {{note}}</pre>
            <p>To hold the ledger against it, scan the code into a file:</p>
            <pre>mneedlectl ledger witness --checkpoint FILE</pre>
            <p>The key that signed it:</p>
            <pre>{{key}}</pre>
            """)
}
