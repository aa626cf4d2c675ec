/// The exit codes. Scripts rely on these numbers.
enum ExitCode: Int32, CaseIterable {
    case ok = 0
    case refused = 1
    case usage = 2
    case noDaemon = 3
    case forbidden = 4
    case notFound = 5
    case timeout = 6
    case incompatible = 7
    case blocked = 8
    case degraded = 9
    case unwritten = 10

    var meaning: String {
        switch self {
        case .ok: "done"
        case .refused: "the daemon refused or failed"
        case .usage: "the command line is wrong: unknown command, unknown or ill-typed argument"
        case .noDaemon: "no daemon listens, or it went away"
        case .forbidden: "this user may not do that"
        case .notFound: "there is no such person, device, session …"
        case .timeout: "the daemon did not answer in time"
        case .incompatible: "the daemon speaks another version of the protocol"
        case .blocked: "a safety finding forbids it"
        case .degraded: "the service is degraded, or the ledger does not hold"
        case .unwritten: "what was done is done, and the answer could not be written to standard output"
        }
    }
}
