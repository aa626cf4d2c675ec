import ArgumentParser
import FoundationEssentials
import MneedleClient
import MneedleSystem
import MneedleTree
import MneedleWire

struct ReceiptArguments: OwnArguments {
    static let way = "mneedlectl ledger receipt --seq N [--facts FILE]"

    @Option(help: .init(valueName: "n"), transform: number("a whole number")) var seq: Int64
    /// The file for the facts, whose digest the record has.
    @Option(parsing: .unconditional, help: .init(valueName: "file")) var facts: String?
}

struct CheckArguments: OwnArguments {
    static let way = "mneedlectl ledger check FILE --key KEY [--facts FILE]"

    @Argument(help: .init(valueName: "file")) var file: String
    @Option(parsing: .unconditional, help: .init(valueName: "key")) var key: String
    @Option(parsing: .unconditional, help: .init(valueName: "file")) var facts: String?
}

/// Receipts: the proof that the ledger has an entry, for somebody who may not see the ledger.
extension Tool {
    /// `ledger receipt --seq N [--facts FILE]`: prints the receipt.
    func receipt(_ words: [String]) throws(Failure) {
        let given = try ReceiptArguments.read(words)
        let connection = try connect()
        let reply = try asking("ledger.prove") { () throws(ClientError) in
            try connection.request("ledger.prove", .object([.init("seq", .integer(given.seq))]))
        }
        if let facts = given.facts {
            guard let text = reply["facts"]?.string else {
                throw Failure(
                    code: "erased", message: "what entry \(given.seq) says is gone: the person has been erased",
                    details: [], next: "leave out --facts: the receipt holds without them", exitCode: .refused)
            }
            do throws(SystemError) {
                try AtomicFile.replace(facts, with: Array(text.utf8))
            } catch { throw .unwritable(facts, error) }
        }
        print(reply["proof"]?.string ?? "", terminator: "")
    }

    /// `ledger check FILE --key KEY [--facts FILE]`: checks a receipt, without any daemon.
    func check(_ words: [String]) throws(Failure) {
        let given = try CheckArguments.read(words)
        guard let verifier = CheckpointVerifier(text: given.key) else {
            throw .usage(
                "--key '\(given.key.prefix(80))' is no key; expected NAME+HASH+KEY in one word, as 'ledger.checkpoint' gives it",
                next: CheckArguments.way)
        }
        let text = String(decoding: try read(given.file), as: UTF8.self)
        guard let proof = LogProof(text: text) else {
            throw .usage("'\(given.file)' is no receipt; expected a file that 'mneedlectl ledger receipt' has printed")
        }
        guard let checkpoint = proof.proven(by: verifier) else {
            throw altered("the receipt does not hold: it was altered, or another key than this one signed it")
        }
        let lines = String(decoding: proof.record, as: UTF8.self).split(
            separator: "\n", omittingEmptySubsequences: false)
        guard lines.count == 10 else { throw altered("the receipt is not that of an entry of mneedled") }
        if let facts = given.facts, try TreeHash.digest(of: read(facts)) != lines[8] {
            throw altered("the facts in '\(facts)' are not those of the entry")
        }
        let at = Date(timeIntervalSince1970: (Double(lines[1]) ?? 0) / 1000)
        let members: [(String, JSON)] =
            [
                ("ok", .bool(true)), ("seq", .integer(proof.index + 1)),
                ("at", .string(Date.ISO8601FormatStyle(includingFractionalSeconds: true).format(at))),
            ] + zip(["actor", "module", "kind", "subject", "person"], lines[2...]).map { ($0, .string(String($1))) }
        output.reply(
            .object(
                members.filter { $1.string != "" }.map { .init($0, $1) }
                    + [.init("entries", .integer(checkpoint.head.size))]))
    }

    /// The bytes of a small file that somebody named.
    func read(_ path: String) throws(Failure) -> [UInt8] {
        do throws(SystemError) {
            return try Descriptor(opening: path, 0).read(limit: 1 << 20)
        } catch {
            throw .usage("'\(path)' cannot be read: \(error)")
        }
    }
}
