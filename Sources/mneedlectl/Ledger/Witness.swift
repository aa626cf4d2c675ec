import ArgumentParser
import Glibc
import MneedleClient
import MneedleSystem
import MneedleTree
import MneedleWire

struct WitnessArguments: OwnArguments {
    static let way =
        "mneedlectl ledger witness [--user] [--since-accepted] [--journal FILE|-] | --dir FOLDER [--records] | --checkpoint FILE|-"

    @Flag var user = false
    @Flag var sinceAccepted = false
    /// Entries as `journalctl --output=json` writes them; `nil` asks the journal.
    @Option(parsing: .unconditional, help: .init(valueName: "file")) var journal: String?
    /// The folder of a witness of its own.
    @Option(parsing: .unconditional, help: .init(valueName: "folder")) var dir: String?
    /// A checkpoint that was kept, or scanned from a page.
    @Option(parsing: .unconditional, help: .init(valueName: "file")) var checkpoint: String?
    /// Keeps the records as well as their hashes.
    @Flag var records = false

    func validate() throws {
        let isOfJournal = user || sinceAccepted || journal != nil
        if dir != nil, isOfJournal {
            throw ValidationError("--dir has a witness of its own, beside the journal: give one or the other")
        }
        if checkpoint != nil, isOfJournal || dir != nil {
            throw ValidationError("--checkpoint is a witness of its own, as the journal and --dir are: give one")
        }
        if records, dir == nil { throw ValidationError("--records is for --dir") }
    }
}

/// `ledger witness`: holds the ledger as it is now against what the journal or a folder knows of it.
///
/// A ledger that is whole could still have been written anew from some entry on. But nobody who did that could change what
/// a witness has kept.
extension Tool {
    /// `ledger witness [--journal FILE] [--user] [--since-accepted] | --dir FOLDER [--records]`
    func witness(_ words: [String]) throws(Failure) {
        let given = try WitnessArguments.read(words)
        if let folder = given.dir {
            output.reply(try witness(in: folder, withRecords: given.records))
            return
        }
        if let note = given.checkpoint {
            output.reply(try witness(note: note))
            return
        }
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
        let whole = try asking { () throws(ClientError) in try connection.request("ledger.verify") }
        var odd: [String] = []
        if whole["ok"]?.bool != true {
            let tables = whole["altered"]?.strings ?? []
            if tables.isEmpty || whole["first_bad"] != nil {
                odd.append("it does not hold at entry \(whole["first_bad"]?.integer ?? 0)")
            }
            if !tables.isEmpty { odd.append("rows of \(tables.joined(separator: ", ")) were altered") }
        }
        // The first one that does not fit says where: after the last that does.
        var (fitting, isTold) = (Int64(0), false)
        for witness in witnesses.sorted(by: { $0.head.size < $1.head.size }) {
            let now = try checkpoint(since: witness.head.size, on: connection)
            if now.proof?.joins(witness.head, now.head) == true {
                fitting = witness.head.size
                if let signature = witness.signature,
                    CheckpointVerifier(text: now.key)?.isSignature(signature, of: witness.head) != true
                {
                    odd.append("the head of \(entries(witness.head.size)) at \(witness.time) is signed by another key")
                }
                continue
            }
            if !isTold { tell(witness, to: connection) }
            isTold = true
            let (size, time) = (witness.head.size, witness.time)
            odd.append(
                now.head.size < size
                    ? "it has \(entries(now.head.size)), and had \(size) at \(time)"
                    : fitting + 1 == size
                        ? "entry \(size) is another one than that witnessed at \(time)"
                        : "of entries \(fitting + 1) to \(size) some are others than those witnessed at \(time)")
        }
        guard odd.isEmpty else {
            throw altered(
                "the ledger is not the one that the journal knows: \(odd[0])",
                [.init("witnesses", .integer(Int64(witnesses.count))), .init("odd", .array(odd.map(JSON.string)))])
        }
        return .object([
            .init("ok", .bool(true)), .init("witnesses", .integer(Int64(witnesses.count))),
            .init("newest_witnessed", .integer(witnesses.map(\.head.size).max() ?? 0)),
            .init("entries", whole["entries"] ?? .null), .init("head", whole["head"] ?? .null),
        ])
    }

    /// A number of entries in words.
    func entries(_ count: Int64) -> String { count == 1 ? "1 entry" : "\(count) entries" }

    func altered(_ message: String, _ details: [JSON.Member] = []) -> Failure {
        Failure(
            code: "altered", message: message, details: details,
            next: "keep the store as it is; find out who replaced or altered it, or which older copy was restored",
            exitCode: .refused)
    }

    /// Asks for the ledger's signed head.
    func checkpoint(since known: Int64, on connection: Connection) throws(Failure) -> WitnessedCheckpoint {
        let reply = try asking { () throws(ClientError) in
            try connection.request("ledger.checkpoint", .object([.init("since", .integer(known))]))
        }
        guard let checkpoint = WitnessedCheckpoint(reply) else {
            throw Failure(
                code: "incompatible", message: "the daemon's reply to 'ledger.checkpoint' is not understood",
                details: [],
                next: "use an mneedlectl of the daemon's version", exitCode: .incompatible)
        }
        return checkpoint
    }

    /// Tells the daemon the record that does not fit, so that it lets no session start. The daemon takes this from an
    /// administrator only; any other user just gets the verdict.
    private func tell(_ witness: Witness, to connection: Connection) {
        guard connection.greeting.role == "admin" else { return }
        _ = try? connection.request(
            "ledger.compare",
            .object([
                .init("entries", .integer(witness.head.size)), .init("head", .string(witness.head.root.bytes.hex)),
            ]))
    }
}

/// The daemon's reply to `ledger.checkpoint`.
struct WitnessedCheckpoint {
    let head: TreeHead
    /// The proof that the ledger begins with the entries that are known; `nil` where it has fewer.
    let proof: TreeProof?
    let note: String
    let key: String

    init?(_ reply: JSON) {
        guard let size = reply["entries"]?.integer,
            let root = reply["head"]?.string.flatMap([UInt8].init(hex:)).flatMap(TreeHash.init),
            let note = reply["checkpoint"]?.string, let key = reply["key"]?.string
        else { return nil }
        head = TreeHead(size: size, root: root)
        let hashes = reply["proof"]?.elements?.map { TreeHash(base64: $0.string ?? "") }
        proof = hashes.flatMap { $0.contains(nil) ? nil : TreeProof($0.compactMap { $0 }) }
        (self.note, self.key) = (note, key)
    }
}

/// A head of the ledger, as the journal kept it.
struct Witness: Hashable {
    let head: TreeHead
    /// The time at which the journal got the record, in seconds since 1970.
    let time: String
    /// The ledger's signature of the head; journals of before have none.
    let signature: String?

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
        var known: Set<TreeHead> = []
        while getline(&line, &capacity, stream) > 0, let text = line.map({ String(cString: $0) }) {
            let parsed = try? JSON.parse(text)
            if sinceAccepted, parsed?["MNEEDLE_NOTICE"]?.string == "store-accepted" {
                (found, known) = ([], [])
                continue
            }
            guard let entry = parsed,
                let root = entry["MNEEDLE_LEDGER_HEAD"]?.string.flatMap([UInt8].init(hex:)).flatMap(TreeHash.init),
                let size = entry["MNEEDLE_LEDGER_ENTRIES"]?.string.flatMap({ Int64($0) }), size > 0,
                case let head = TreeHead(size: size, root: root), known.insert(head).inserted
            else { continue }
            let microseconds = entry["__REALTIME_TIMESTAMP"]?.string.flatMap { Int64($0) } ?? 0
            found.append(
                Witness(
                    head: head, time: "@\(microseconds / 1_000_000)",
                    signature: entry["MNEEDLE_LEDGER_SIGNATURE"]?.string))
        }
        return found
    }
}
