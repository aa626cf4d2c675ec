import FoundationEssentials
import MneedleClient
import MneedleWire

/// All that `top` knows, as the daemon has told it.
struct TopState {
    /// A part that has to be asked for. What was not answered is not taken for nothing.
    enum Part<Value> {
        case asked
        case known(Value)
        case unknown(String)

        var value: Value? { if case .known(let value) = self { value } else { nil } }
    }

    private(set) var status = Part<JSON>.asked
    private(set) var matters = Part<[Matter]>.asked
    private(set) var sessions = Part<[TopSession]>.asked
    private(set) var greeting: Greeting?
    /// Why there is no daemon now, and since when; what is shown is from before then.
    private(set) var away: (since: Date, why: String)?

    /// All that is asked anew when nothing is known, or much may have happened.
    static let everything: Set<TopQuestion> = [.status, .today, .sessions]
    /// What changes by the time alone.
    static let timely: Set<TopQuestion> = [.status, .today]

    mutating func isBack(_ greeting: Greeting) {
        self.greeting = greeting
        away = nil
    }

    mutating func isAway(because why: String) {
        if away == nil { away = (Date(), why) }
    }

    /// Takes an answer.
    /// - Returns: What has to be asked because of it.
    mutating func take(_ question: TopQuestion, _ rows: [JSON], _ end: JSON) -> Set<TopQuestion> {
        switch question {
        case .status: status = .known(end)
        case .today: matters = .known(AgendaPage(matters: rows.map(Matter.init), width: 80).ordered)
        case .sessions: return take(sessions: rows)
        case .summary(let session): change(session) { $0.take(summary: end) }
        case .alarms(let session): change(session) { $0.take(alarms: rows) }
        case .stop: return [.sessions, .today]
        }
        return []
    }

    /// Takes the list of the sessions that run; what their devices have reported stays.
    private mutating func take(sessions rows: [JSON]) -> Set<TopQuestion> {
        let known = sessions.value ?? []
        var questions: Set<TopQuestion> = []
        let running = rows.compactMap { row -> TopSession? in
            guard let new = TopSession(row) else { return nil }
            guard var session = known.first(where: { $0.number == new.number }) else {
                questions.formUnion([.summary(new.number), .alarms(new.number)])
                return new
            }
            session.update(row)
            return session
        }
        sessions = .known(running)
        return questions
    }

    /// Takes an event.
    /// - Returns: What has to be asked because of it, and whether to ring.
    mutating func take(_ event: Event) -> (questions: Set<TopQuestion>, rings: Bool) {
        var questions = TopQuestion.concerned(by: event)
        guard let number = event.body["session"]?.integer else { return (questions, false) }
        switch event.topic {
        case "telemetry.sample":
            change(number) { if $0.take(sample: event.body) { questions.insert(.summary(number)) } }
        case "telemetry.breach": change(number) { $0.take(breach: event.body) }
        // It was told live as a rule; where that was thinned out, or nothing came over a limit, it is told by this alone.
        case "telemetry.alarm":
            let isNew = session(number)?.alarms.contains { $0.code == event.body["code"]?.string } != true
            change(number) { $0.take(breach: event.body) }
            return (questions, isNew)
        default: break
        }
        return (questions, event.topic == "telemetry.breach")
    }

    /// Takes a refusal of a question.
    mutating func refuse(_ question: TopQuestion, _ failure: Failure) {
        switch question {
        case .status: status = .unknown(failure.message)
        case .today: matters = .unknown(failure.message)
        case .sessions: sessions = .unknown(failure.message)
        case .summary(let number), .alarms(let number):
            change(number) { $0.isUnknown(question, because: failure.message) }
        case .stop: break
        }
    }

    /// What to ask after the daemon was away: of sessions that are known too, for events were missed.
    var afterAbsence: Set<TopQuestion> {
        TopState.everything.union((sessions.value ?? []).flatMap { [.summary($0.number), .alarms($0.number)] })
    }

    private func session(_ number: Int64) -> TopSession? { sessions.value?.first { $0.number == number } }

    private mutating func change(_ number: Int64, _ body: (inout TopSession) -> Void) {
        guard var known = sessions.value, let index = known.firstIndex(where: { $0.number == number }) else { return }
        body(&known[index])
        sessions = .known(known)
    }
}
