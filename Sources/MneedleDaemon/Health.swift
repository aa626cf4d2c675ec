import MneedleKit
import Synchronization

/// The faults of the service, whichever part notices them: the one place that `status`, systemd's status line, the log, the
/// figures and the gate before a session ask.
package final class Health: Sendable {
    /// One fault, from when it is noticed until it is mended.
    package struct Fault: Sendable, Equatable {
        /// The fault's code, the same each time: `store-file`. Also the code of the finding that blocks sessions.
        package var code: String
        /// The fault and the next step, in words. Nothing about a person.
        package var text: String
        /// Whether no session may start meanwhile, because the data about a person may be wrong or missing.
        package var blocksSessions: Bool

        package init(_ code: String, _ text: String, blocksSessions: Bool) {
            self.code = code
            self.text = text
            self.blocksSessions = blocksSessions
        }
    }

    /// A change of state, told once.
    package enum Change: Sendable, Equatable {
        case worse(Fault)
        case mended(Fault)
    }

    private let known = Mutex<[Fault]>([])
    private let listener = Mutex<@Sendable (Change) -> Void>({ _ in })

    package init() {}

    /// The present faults, in the order in which they were noticed.
    package var problems: [Fault] { known.withLock { $0 } }

    /// Notes a fault. A fault that is known already is not told again; other words under the same code only replace the earlier
    /// ones in `status`.
    package func report(_ problem: Fault) {
        let isNews = known.withLock { known in
            guard let index = known.firstIndex(where: { $0.code == problem.code }) else {
                known.append(problem)
                return true
            }
            known[index] = problem
            return false
        }
        if isNews { listener.withLock { $0 }(.worse(problem)) }
    }

    /// Notes that the fault of this code is mended; almost always there was none.
    package func mend(_ code: String) {
        let mended = known.withLock { known in
            known.firstIndex { $0.code == code }.map { known.remove(at: $0) }
        }
        if let mended { listener.withLock { $0 }(.mended(mended)) }
    }

    /// Calls back with each change from now on, on the thread that noticed it; first with the present faults.
    package func onChange(_ body: @escaping @Sendable (Change) -> Void) {
        listener.withLock { $0 = body }
        for problem in problems { body(.worse(problem)) }
    }

    /// The findings against any session: data that is missing is not harmless.
    package var findings: [Finding] {
        problems.filter(\.blocksSessions).map {
            Finding(
                code: $0.code, severity: .contraindicated, message: $0.text,
                advice: "Do not start a session. Ask whoever runs the service to look at 'status'.", sources: [],
                module: "mneedled")
        }
    }
}
