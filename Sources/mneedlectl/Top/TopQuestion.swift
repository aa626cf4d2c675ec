import MneedleClient
import MneedleWire

/// A request of `top`, whose answer is a part of what it shows.
enum TopQuestion: Hashable {
    case status
    case today
    case sessions
    case summary(Int64)
    case alarms(Int64)
    case stop(Int64)

    /// The tag by which the answer is known.
    var tag: String {
        switch self {
        case .status: "status"
        case .today: "today"
        case .sessions: "sessions"
        case .summary(let session): "summary-\(session)"
        case .alarms(let session): "alarms-\(session)"
        case .stop(let session): "stop-\(session)"
        }
    }

    var request: RequestLine {
        switch self {
        case .status: RequestLine(tag: tag, verb: "status")
        case .today: RequestLine(tag: tag, verb: "today")
        case .sessions:
            RequestLine(tag: tag, verb: "session.list", arguments: .words([.init("state", .bare("running"))]))
        case .summary(let session): of(session, "telemetry.summary")
        case .alarms(let session): of(session, "telemetry.alarms")
        case .stop(let session): of(session, "session.stop")
        }
    }

    private func of(_ session: Int64, _ verb: String) -> RequestLine {
        RequestLine(tag: tag, verb: verb, arguments: .words([.init("session", .bare(String(session)))]))
    }

    /// Whether an answer may be old by the time it comes. What stops a session is said once.
    var mayBeAskedAgain: Bool { if case .stop = self { false } else { true } }

    /// What an event concerns.
    static func concerned(by event: Event) -> Set<TopQuestion> {
        // What is not kept changes nothing that could be asked for.
        guard event.seq != nil else { return [] }
        let session = event.body["session"]?.integer
        switch event.topic.split(separator: ".").first {
        case "telemetry":
            guard event.topic.hasPrefix("telemetry.alarm"), let session else { return [.today] }
            return [.alarms(session), .today]
        case "session": return [.sessions, .today]
        case "reminder": return [.today]
        default: return [.today, .status]
        }
    }
}

/// Asks the daemon without waiting for it, and takes what it has to tell.
struct TopLink {
    enum News {
        case answer(TopQuestion, rows: [JSON], JSON)
        case refused(TopQuestion, Failure)
        case event(Event)
    }

    let connection: Connection
    private var asked: [String: (question: TopQuestion, at: ContinuousClock.Instant)] = [:]
    private var rows: [String: [JSON]] = [:]
    /// The questions to ask once more, because something has happened after they were asked.
    private var again: Set<TopQuestion> = []

    private static let events = "events"

    /// Connects, and asks for all events from now on.
    ///
    /// While it connects no key is heard, so that a daemon that does not greet at once is one that is away.
    init(_ tool: Tool) throws(Failure) {
        connection = try tool.connect(within: 2)
        try send(
            RequestLine(
                tag: TopLink.events, verb: "subscribe", arguments: .words([.init("topics", .bare("*"))])))
    }

    /// Asks, unless the same question is under way: then it is asked once more afterwards.
    mutating func ask(_ questions: some Sequence<TopQuestion>) throws(Failure) {
        for question in questions {
            if asked[question.tag] == nil {
                asked[question.tag] = (question, .now)
                try send(question.request)
            } else if question.mayBeAskedAgain {
                again.insert(question)
            }
        }
    }

    /// How long the daemon has left the oldest question unanswered; `nil` where there is none.
    var silence: Duration? { asked.values.map(\.at).min().map { $0.duration(to: .now) } }

    /// Whether a question is not answered yet.
    func isAsked(_ question: TopQuestion) -> Bool { asked[question.tag] != nil }

    private func send(_ request: RequestLine) throws(Failure) {
        do throws(ClientError) { try connection.send(request) } catch { throw Failure(error, verb: request.verb) }
    }

    /// The next thing that the daemon has told; `nil` where nothing more has come.
    mutating func take() throws(Failure) -> News? {
        while true {
            let line: ReplyLine?
            do throws(ClientError) { line = try connection.receive(within: .zero) } catch { throw Failure(error) }
            guard let line else { return nil }
            switch line {
            case .row(let tag?, let row): rows[tag, default: []].append(row)
            case .event(let tag, let seq, let topic, let body):
                return .event(Event(tag: tag, seq: seq, topic: topic, body: body))
            case .ok(let tag?, let end):
                guard let question = asked.removeValue(forKey: tag)?.question else { continue }
                let rows = rows.removeValue(forKey: tag) ?? []
                try askAgain(question)
                return .answer(question, rows: rows, end)
            case .err(let tag, let code, let details):
                guard let tag, let question = asked.removeValue(forKey: tag)?.question else {
                    // Without a tag it is about the connection, and without a question about the events.
                    throw Failure(.refused(code, details))
                }
                rows[tag] = nil
                try askAgain(question)
                return .refused(question, Failure(.refused(code, details), verb: question.request.verb))
            default: continue
            }
        }
    }

    private mutating func askAgain(_ question: TopQuestion) throws(Failure) {
        if again.remove(question) != nil { try ask([question]) }
    }
}
