import MneedleClient
import MneedleSystem
import MneedleWire

/// The reason why `mneedlectl` did not do its command, whether the daemon or this client found it.
struct Failure: Error {
    /// A code of the protocol, or one of this client.
    var code: String
    var message: String
    /// The members that the daemon sent beside the message.
    var details: [JSON.Member] = []
    /// The next step for the person.
    var next: String?
    var exitCode: ExitCode

    /// Makes the failure for a mistake on the command line.
    static func usage(_ message: String, suggestions: [String] = [], next: String? = nil) -> Failure {
        let details = suggestions.isEmpty ? [] : [JSON.Member("suggestions", .array(suggestions.map(JSON.string)))]
        return Failure(code: "usage", message: message, details: details, next: next, exitCode: .usage)
    }

    /// - Parameter verb: The command of the request, if there was one.
    init(_ error: ClientError, verb: String? = nil) {
        let (code, exitCode): (String, ExitCode) =
            switch error.kind {
            case .noDaemon: ("no-daemon", .noDaemon)
            case .notPermitted: ("not-permitted", .forbidden)
            case .incompatible: ("incompatible", .incompatible)
            case .timedOut: ("timed-out", .timeout)
            case .closed: ("closed", .noDaemon)
            case .unreadableInput: ("unreadable-input", .usage)
            case .refused(let code): (code, Self.exitCode(of: code))
            }
        self.init(
            code: code, message: error.message,
            details: (error.details.members ?? []).filter { $0.name != "message" },
            next: error.advice ?? Self.next(after: code, verb: verb), exitCode: exitCode)
    }

    /// Makes the failure for a file that cannot be replaced.
    static func unwritable(_ path: String, _ error: SystemError) -> Failure {
        Failure(
            code: "unwritable", message: "\(path) cannot be written: \(error)", details: [],
            next: "name a file in a folder that exists and is yours", exitCode: .refused)
    }

    init(code: String, message: String, details: [JSON.Member], next: String?, exitCode: ExitCode) {
        self.code = code
        self.message = message
        self.details = details
        self.next = next
        self.exitCode = exitCode
    }

    /// The object that `--json` prints.
    var json: JSON {
        var members = [JSON.Member("code", .string(code)), JSON.Member("message", .string(message))]
        members += details.filter { $0.name != "code" }
        if let next, !members.contains(where: { $0.name == "next" }) {
            members.append(JSON.Member("next", .string(next)))
        }
        return .object(members)
    }

    private static func exitCode(of code: String) -> ExitCode {
        switch code {
        case "bad-line", "line-too-long", "unknown-command", "invalid-argument": .usage
        case "forbidden": .forbidden
        case "not-found": .notFound
        case "blocked": .blocked
        default: .refused
        }
    }

    private static func next(after code: String, verb: String?) -> String? {
        switch code {
        case "unknown-command": "'mneedlectl help' lists the commands"
        case "invalid-argument": verb.map { "'mneedlectl help \($0)' explains the arguments" }
        case "forbidden": "ask whoever administers this daemon for the role, or for doing it"
        case "blocked": "follow the advice of each finding, then ask again"
        case "busy": "try again in a moment"
        case "storage": "look at 'mneedlectl status' and at the disk"
        case "module-failed": "'mneedlectl modules list' says why"
        case "internal": "this is a defect; the daemon's journal has more under the incident's number"
        default: nil
        }
    }
}
