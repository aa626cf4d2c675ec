import ArgumentParser
import Glibc
import MneedleClient
import MneedleWire

struct KeysBackupArguments: OwnArguments {
    static let way = "mneedlectl keys backup FILE --to RECIPIENT…"

    @Argument(help: .init(valueName: "file")) var file: String
    /// Recipients as age writes them (age1…, ssh-…), or files with such.
    @Option(parsing: .unconditionalSingleValue, help: .init(valueName: "recipient")) var to: [String] = []
}

/// `keys backup`: the copy of the people's keys, apart from those of the store.
extension Tool {
    /// `keys backup FILE --to RECIPIENT…`: encrypts them by the program age; nothing of them is written in clear.
    func backupKeys(_ words: [String]) throws(Failure) {
        let given = try KeysBackupArguments.read(words)
        guard !given.to.isEmpty else {
            throw .usage(
                "keys backup needs --to and who may open it: a recipient as 'age-keygen' prints it (age1…), an SSH key, or a file with such",
                next: KeysBackupArguments.way)
        }
        guard access(given.file, F_OK) != 0 else {
            throw .usage("'\(given.file)' is there already; give another FILE, or move it away")
        }
        let connection = try connect()
        var lines: [String] = []
        _ = try asking("keys.copy") { () throws(ClientError) in
            try connection.request("keys.copy") { lines.append(($0["line"]?.string ?? "") + "\n") }
        }
        let recipients = given.to.flatMap { recipient in
            [
                recipient.hasPrefix("age1") || recipient.hasPrefix("ssh-") ? "--recipient" : "--recipients-file",
                recipient,
            ]
        }
        try make(
            given.file, of: Array(lines.joined().utf8), by: ["age", "--encrypt"] + recipients,
            purpose: "encrypts the copy")
        output.reply(["output": .string(given.file), "people": .integer(Int64(max(0, lines.count - 2)))])
    }
}
