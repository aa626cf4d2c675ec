import MneedleKit
import NIOCore

/// The requests of one connection that are not answered yet, with the order in which they start and are answered.
///
/// Answers leave in the order of the requests. Changes that follow each other run together, so that they share a group; any
/// other request runs alone, after all before it. A plain value: it neither runs nor sends anything.
struct RequestQueue {
    /// The number of a request, for the code that runs it.
    struct Ticket: Hashable, Sendable { fileprivate let number: Int }

    /// The outcome of a request.
    struct Answer: Sendable {
        var result: Result<Object, ModuleError>
        /// The reply as its line, where a reader's thread has made it.
        var line: [UInt8]?
    }

    /// The next thing to do.
    enum Step {
        case start(PendingRequest, Ticket)
        /// The request has left the queue; its answer is to be sent.
        case answer(PendingRequest, Answer)
        /// The first request could start and may not.
        case held
        /// Nothing, until a request is answered or another one comes.
        case wait
    }

    private struct Slot {
        let request: PendingRequest
        var answer: Answer?
    }

    private var entries = CircularBuffer<Slot>()
    /// The number of the first entry.
    private var first = 0
    /// The number of requests, from the first on, that have started.
    private(set) var running = 0
    /// The length of all requests' lines in bytes.
    private(set) var bytes = 0

    var isEmpty: Bool { entries.isEmpty }
    var count: Int { entries.count }

    mutating func append(_ request: PendingRequest) {
        entries.append(Slot(request: request, answer: nil))
        bytes += request.bytes
    }

    /// The next step; to be asked for until there is nothing to do.
    /// - Parameter mayStart: Whether the first request may start. Changes that follow one that runs start in any case.
    mutating func next(mayStart: @autoclosure () -> Bool) -> Step {
        guard !entries.isEmpty else { return .wait }
        if running == 0 { return mayStart() ? start() : .held }
        let (isAnswered, isWrite) = look(at: 0)
        if isAnswered { return leave() }
        // A change that has been answered early still waits for its place.
        guard isWrite, running < entries.count, look(at: running).isWrite else { return .wait }
        return start()
    }

    /// Takes the result of a request that has started. The first answer counts.
    mutating func answer(_ ticket: Ticket, _ answer: Answer) {
        let place = ticket.number - first
        guard (0..<running).contains(place) else { return }
        entries.modify(index(place)) { entry in
            if entry.answer == nil { entry.answer = answer }
        }
    }

    private mutating func start() -> Step {
        let ticket = Ticket(number: first + running)
        let request = entries[index(running)].request
        running += 1
        return .start(request, ticket)
    }

    private mutating func leave() -> Step {
        let entry = entries.removeFirst()
        guard let answer = entry.answer else { return .wait }
        first += 1
        running -= 1
        bytes -= entry.request.bytes
        return .answer(entry.request, answer)
    }

    private func index(_ place: Int) -> CircularBuffer<Slot>.Index {
        entries.index(entries.startIndex, offsetBy: place)
    }

    /// Looks at an entry without a copy of it, which would count every reference in it.
    private mutating func look(at place: Int) -> (isAnswered: Bool, isWrite: Bool) {
        entries.modify(index(place)) { ($0.answer != nil, $0.request.isWrite) }
    }
}

/// A request that was understood, or refused.
struct PendingRequest {
    enum Work {
        /// Refused before it ran.
        case refused(ModuleError)
        case immediate(Verb, Arguments)
        case read(Verb, Arguments)
        case write(Verb, Arguments)
        case bulk(Verb, Arguments)
        case subscribe(Arguments)
        case unsubscribe(Arguments)
        /// Events that a subscription has not received yet; not a request of the client.
        case replay(Subscription)
    }

    let tag: String?
    let work: Work
    /// The account under which the metrics count it.
    let account: Verb.Account
    /// The time of its arrival, where it is measured.
    let arrived: NIODeadline
    /// The length of its own line in bytes.
    let bytes: Int

    init(tag: String?, account: Verb.Account = Verb.Account(), bytes: Int = 0, _ work: Work) {
        self.tag = tag
        self.bytes = bytes
        self.account = account
        self.work = work
        arrived = account.timing == .none ? .distantPast : .now()
    }

    var isWrite: Bool { if case .write = work { true } else { false } }
}
