import MneedleDaemon
import MneedleKit
import MneedleWire

/// What each verb of this build says that it answers. Every test that asks a real daemon holds the answer against it.
enum DeclaredReplies {
    private struct Declared: Sendable {
        /// Whether it describes the rows before the last line.
        var isOfRows: Bool
        var schema: Object
    }

    /// From a daemon of its own, asked once in a test run: no test's own daemon notices.
    private static let all: [String: Declared] = {
        guard let daemon = try? DaemonProcess(), let client = try? daemon.connect(),
            (try? client.send("describe\n")) != nil
        else { return [:] }
        var all: [String: Declared] = [:]
        while let line = try? client.line(), line.hasPrefix("ROW "),
            let row = try? JSON.parse(String(line.dropFirst(4)))
        {
            guard case .object(let row) = Value(row), let verb = row.string("verb"),
                let schema = row.object("reply_schema")
            else { continue }
            all[verb] = Declared(isOfRows: row.string("kind") == "rows", schema: schema)
        }
        return all
    }()

    /// What of a reply's lines, without their tags, is not as its verb declares.
    static func faults(_ verb: String, _ lines: [String]) -> [String] {
        guard let declared = all[verb] else { return [] }
        let word = declared.isOfRows ? "ROW " : "OK "
        return lines.filter { $0.hasPrefix(word) }.flatMap { line -> [String] in
            guard let json = try? JSON.parse(String(line.dropFirst(word.count))) else { return ["no JSON: \(line)"] }
            return Schema.faults(in: Value(json), declared.schema, at: verb)
        }
    }
}
