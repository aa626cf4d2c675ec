import MneedleDaemon
import MneedleKit
import MneedleWire

/// The replies that each verb of this build declares. Every test that asks a real daemon checks the answer against them.
enum DeclaredReplies {
    private struct Declared: Sendable {
        /// Whether the schema describes the rows before the last line.
        var isOfRows: Bool
        var schema: Object
        /// The schema of a listing's last line.
        var closing: Object?
    }

    /// The replies by verb, from a separate daemon that is asked once in a test run, so that no test's own daemon notices.
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
            all[verb] = Declared(
                isOfRows: row.string("kind") == "rows", schema: schema, closing: row.object("closing_schema"))
        }
        return all
    }()

    /// The faults of a reply's lines, without their tags, against the declaration of its verb.
    static func faults(_ verb: String, _ lines: [String]) -> [String] {
        guard let declared = all[verb] else { return [] }
        return lines.flatMap { line -> [String] in
            switch (line.prefix(3), declared.isOfRows) {
            case ("ROW", _), ("OK ", false): faults(line, declared.schema, verb)
            case ("OK ", true): faults(line, declared.closing ?? Done.schema, verb)
            default: []
            }
        }
    }

    private static func faults(_ line: String, _ schema: Object, _ verb: String) -> [String] {
        guard let json = try? JSON.parse(String(line.drop { $0 != " " })) else { return ["no JSON: \(line)"] }
        return Schema.faults(in: Value(json), schema, at: verb)
    }
}
