import ArgumentParser
import Glibc
import MneedleClient
import MneedleSystem
import MneedleWire

struct WitnessArguments: OwnArguments {
    static let way = "mneedlectl ledger witness [--user] [--since-accepted] [--journal FILE|-]"

    @Flag var user = false
    @Flag var sinceAccepted = false
    /// Entries as `journalctl --output=json` writes them; `nil` asks the journal.
    @Option(parsing: .unconditional, help: .init(valueName: "file")) var journal: String?
}

/// `ledger witness`: compares the journal's records of the ledger's head with the ledger as it is now.
///
/// A chain that is whole could still have been written anew from some entry on. But nobody who did that could change the
/// records that the journal had already.
extension Tool {
    /// `ledger witness [--journal FILE] [--user] [--since-accepted]`
    func witness(_ words: [String]) throws(Failure) {
        let given = try WitnessArguments.read(words)
        let witnesses = try Witness.read(
            given.journal, isUsers: given.user, sinceAccepted: given.sinceAccepted)
        guard !witnesses.isEmpty else {
            throw Failure(
                code: "not-found", message: "the journal has no ledger head of this service", details: [],
                next: "read it as root or a member of systemd-journal; --user for your own daemon's; "
                    + "--journal FILE for one made by 'journalctl --output=json'",
                exitCode: .notFound)
        }
        output.reply(try judge(witnesses, on: try connect()))
    }

    /// - Throws: A failure when the ledger is not the one that was witnessed.
    private func judge(_ witnesses: [Witness], on connection: Connection) throws(Failure) -> JSON {
        let chain = try asking { () throws(ClientError) in try connection.request("ledger.verify") }
        var odd = chain["ok"]?.bool == true ? [] : ["the chain breaks at entry \(chain["first_bad"]?.integer ?? 0)"]
        for witness in witnesses {
            var hash: String?
            _ = try asking { () throws(ClientError) in
                try connection.request(
                    "ledger.tail",
                    .object([.init("since", .integer(witness.sequence - 1)), .init("count", .integer(1))])
                ) { row in if row["seq"]?.integer == witness.sequence { hash = row["hash"]?.string } }
            }
            if hash != witness.hash { tell(witness, to: connection) }
            if hash == nil { odd.append("entry \(witness.sequence), witnessed at \(witness.time), is not there") }
            if let hash, hash != witness.hash {
                odd.append("entry \(witness.sequence) is another one than that witnessed at \(witness.time)")
            }
        }
        guard odd.isEmpty else {
            throw Failure(
                code: "altered", message: "the ledger is not the one that the journal knows: \(odd[0])",
                details: [
                    .init("witnesses", .integer(Int64(witnesses.count))), .init("odd", .array(odd.map(JSON.string))),
                ],
                next: "keep the store as it is; find out who replaced or altered it, or which older copy was restored",
                exitCode: .refused)
        }
        return .object([
            .init("ok", .bool(true)), .init("witnesses", .integer(Int64(witnesses.count))),
            .init("newest_witnessed", .integer(witnesses.map(\.sequence).max() ?? 0)),
            .init("entries", chain["entries"] ?? .null), .init("head", chain["head"] ?? .null),
        ])
    }
}

extension Tool {
    /// Tells the daemon the record that does not fit, so that it lets no session start. The daemon takes this from an
    /// administrator only; any other user just gets the verdict.
    private func tell(_ witness: Witness, to connection: Connection) {
        guard connection.greeting.role == "admin" else { return }
        _ = try? connection.request(
            "ledger.compare",
            .object([.init("seq", .integer(witness.sequence)), .init("hash", .string(witness.hash))]))
    }
}

/// One entry's number and hash, as the journal kept them.
struct Witness: Hashable {
    let sequence: Int64
    let hash: String
    /// The time at which the journal got the record, in seconds since 1970.
    let time: String

    /// - Parameter file: Entries as `journalctl --output=json` writes them, `-` for standard input; asks the journal
    ///   itself where there is none.
    /// - Parameter sinceAccepted: Leaves out the heads from before an administrator last accepted the store as it was.
    static func read(_ file: String?, isUsers: Bool, sinceAccepted: Bool) throws(Failure) -> [Witness] {
        // Fields with an underscore come from the journal itself: no other program can forge them.
        let unit = isUsers ? "_SYSTEMD_USER_UNIT=mneedled.service _UID=\(getuid())" : "_SYSTEMD_UNIT=mneedled.service"
        let command =
            "exec journalctl --quiet --no-pager --output=json MNEEDLE_NOTICE=ledger-head MNEEDLE_NOTICE=store-accepted \(unit)"
        let isCommand = file == nil
        let stream = isCommand ? popen(command, "r") : file == "-" ? fdopen(STDIN_FILENO, "r") : fopen(file, "r")
        guard let stream else {
            throw .usage("cannot read '\(file ?? "journalctl")': \(SystemError.last)")
        }
        defer { if isCommand { pclose(stream) } else { fclose(stream) } }
        var line: UnsafeMutablePointer<CChar>?
        var capacity = 0
        defer { free(line) }
        var found: [Witness] = []
        var known: Set<String> = []
        while getline(&line, &capacity, stream) > 0, let text = line.map({ String(cString: $0) }) {
            let parsed = try? JSON.parse(text)
            if sinceAccepted, parsed?["MNEEDLE_NOTICE"]?.string == "store-accepted" {
                (found, known) = ([], [])
                continue
            }
            guard let entry = parsed, let hash = entry["MNEEDLE_LEDGER_HEAD"]?.string,
                let sequence = entry["MNEEDLE_LEDGER_ENTRIES"]?.string.flatMap({ Int64($0) }), sequence > 0,
                known.insert("\(sequence) \(hash)").inserted
            else { continue }
            let microseconds = entry["__REALTIME_TIMESTAMP"]?.string.flatMap { Int64($0) } ?? 0
            found.append(Witness(sequence: sequence, hash: hash, time: "@\(microseconds / 1_000_000)"))
        }
        return found
    }
}
