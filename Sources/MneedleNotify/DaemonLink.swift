import MneedleClient
import MneedleWire

/// The connection to the daemon: made again whenever it ends, with growing pauses.
final class DaemonLink {
    private static let topics = ["reminder.*", "telemetry.alarm", "telemetry.alarm-over", "person.*"]
    /// The longest wait for the daemon, enough for a busy one; messages of the notification server wait meanwhile.
    private static let patience = Duration.seconds(20)

    private let paths: () -> [String]
    private(set) var connection: Connection?
    private(set) var backoff = Backoff()
    /// The people whose records belong to this user.
    private(set) var own: Set<String> = []
    /// The reason why there is no connection; `nil` while there is one.
    private(set) var trouble: String?

    init(paths: @escaping () -> [String]) { self.paths = paths }

    /// Whether the daemon takes answers from this user; `true` until that is known.
    var mayAnswer: Bool { connection?.greeting.role != "reader" }

    /// Connects if it is time to, and subscribes to the events after the inbox's last one.
    func connect(_ inbox: inout Inbox, wanted: (_ person: String?, _ own: Set<String>) -> Bool) {
        guard connection == nil, backoff.isOver() else { return }
        do throws(ClientError) {
            let connection = try Connection(firstOf: paths(), timeout: DaemonLink.patience)
            own = try ownPeople(connection)
            try subscribe(connection, &inbox) { wanted($0, own) }
            self.connection = connection
            backoff.succeeded()
            trouble = nil
        } catch { lose(error) }
    }

    private func subscribe(
        _ connection: Connection, _ inbox: inout Inbox, _ wanted: (String?) -> Bool
    ) throws(ClientError) {
        if let seen = inbox.seen, inbox.daemon == connection.path {
            do throws(ClientError) {
                try connection.subscribe(topics: DaemonLink.topics, since: seen)
                return
            } catch {
                // Such an answer means events that are no longer kept, or a ledger that is shorter: it is another one than before.
                guard [.refused(code: "not-found"), .refused(code: "invalid-argument")].contains(error.kind) else {
                    throw error
                }
            }
        }
        // In this order no reminder is lost between the two: one that becomes due meanwhile is in both, under one key.
        let seq = try connection.subscribe(topics: DaemonLink.topics)
        inbox.begin(at: seq, of: connection.path, due: try dueReminders(connection), wanted: wanted)
    }

    private func ownPeople(_ connection: Connection) throws(ClientError) -> Set<String> {
        var people: Set<String> = []
        do throws(ClientError) {
            try connection.request("records.list-people", ["unix_user": .string(connection.greeting.user)]) { row in
                if let person = row["person"]?.string { people.insert(person) }
            }
        } catch {
            // Where there are no records, nobody has one of their own.
            guard error.kind == .refused(code: "unknown-command") else { throw error }
        }
        return people
    }

    /// The reminders that are due now, with everything that a person may ask about them.
    private func dueReminders(_ connection: Connection) throws(ClientError) -> [JSON] {
        var due: [JSON] = []
        do throws(ClientError) {
            try connection.request("scheduling.list-reminders", ["state": "due"]) { due.append($0) }
        } catch {
            // A daemon without that module has no reminders.
            guard error.kind == .refused(code: "unknown-command") else { throw error }
        }
        for index in due.indices {
            let reminder: JSON = ["reminder": due[index]["reminder"] ?? .null]
            due[index] = try connection.request("scheduling.show-reminder", reminder)
        }
        return due
    }

    /// Hands all events that have arrived to `take`.
    func drain(_ take: (Event) -> Void) {
        guard let connection else { return }
        do throws(ClientError) {
            while let event = try connection.nextEvent(within: .zero) {
                take(event)
                if event.topic.hasPrefix("person.") { own = try ownPeople(connection) }
            }
        } catch { lose(error) }
    }

    /// The daemon's reaction to an answer.
    enum Outcome {
        case taken
        /// The daemon refuses it, for this reason.
        case refused(String)
        /// It was answered elsewhere already.
        case pointless
        /// It is to be sent again.
        case later
    }

    /// Sends an answer and waits for its outcome.
    func send(_ answer: ReminderAnswer) -> Outcome {
        guard let connection else { return .later }
        do throws(ClientError) {
            try connection.request(answer.verb, answer.request)
            return .taken
        } catch {
            switch error.kind {
            case .refused(code: "conflict"), .refused(code: "not-found"): return .pointless
            case .refused(code: "busy"), .refused(code: "storage"), .refused(code: "module-failed"):
                return .later
            case .refused: return .refused(error.message)
            default:
                lose(error)
                return .later
            }
        }
    }

    private func lose(_ error: ClientError) {
        connection = nil
        backoff.failed()
        trouble = error.description
    }
}
