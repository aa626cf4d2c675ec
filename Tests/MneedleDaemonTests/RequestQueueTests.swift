import MneedleKit
import MneedleRandom
import Testing

@testable import MneedleDaemon

@Suite("The requests of one connection")
struct RequestQueueTests {
    @Test("answers leave in the order of the requests, in whatever order they come to be known", arguments: 1...40)
    func order(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        var life = Life()
        for number in 0..<60 {
            life.queue.append(Life.request(number, Kind.allCases.randomElement(using: &random) ?? .read))
            if Bool.random(using: &random) { try life.goOn(mayStart: Bool.random(using: &random)) }
            if let ticket = life.running.keys.randomElement(using: &random) { try life.answer(ticket) }
        }
        try life.goOn()
        while let ticket = life.running.keys.randomElement(using: &random) {
            try life.answer(ticket)
            try life.goOn()
        }
        #expect(life.answered == Array(0..<60).map(String.init))
        #expect(life.queue.isEmpty && life.queue.running == 0 && life.queue.bytes == 0)
    }

    @Test("changes that follow each other run together, and what is none waits for them")
    func changesTogether() throws {
        var life = Life([.write, .write, .read, .write])
        try life.goOn()
        #expect(Set(life.running.values) == ["0", "1"])
        try life.answer("1")
        try life.goOn()
        #expect(life.answered.isEmpty)
        try life.answer("0")
        try life.goOn()
        #expect(life.answered == ["0", "1"])
        #expect(Set(life.running.values) == ["2"])
        // A change does not overtake a read, which would then see it.
        try life.answer("2")
        try life.goOn()
        #expect(Set(life.running.values) == ["3"])
    }

    @Test("a change that comes while others run joins them")
    func joining() throws {
        var life = Life([.write])
        try life.goOn()
        life.queue.append(Life.request(1, .write))
        try life.goOn(mayStart: false)
        #expect(Set(life.running.values) == ["0", "1"])
    }

    @Test("nothing starts while the client has to take something first, and what runs is answered all the same")
    func heldBack() throws {
        var life = Life([.read, .read])
        try life.goOn(mayStart: false)
        #expect(life.running.isEmpty && life.wasHeld)
        try life.goOn()
        try life.answer("0")
        try life.goOn(mayStart: false)
        #expect(life.answered == ["0"] && life.running.isEmpty && life.wasHeld)
        try life.goOn()
        #expect(Set(life.running.values) == ["1"] && !life.wasHeld)
    }

    @Test("a request is answered once, with what it came to first")
    func once() throws {
        var queue = RequestQueue()
        for number in 0..<2 { queue.append(Life.request(number, .read)) }
        guard case .start(_, let first) = queue.next(mayStart: true) else { throw Life.Unexpected() }
        queue.answer(first, .init(result: .success(["seq": 1])))
        queue.answer(first, .init(result: .success(["seq": 2])))
        guard case .answer(_, let answer) = queue.next(mayStart: true) else { throw Life.Unexpected() }
        #expect(try answer.result.get().integer("seq") == 1)
        // The next one runs now: what is said of the one that has left is not taken for its answer.
        guard case .start = queue.next(mayStart: true) else { throw Life.Unexpected() }
        queue.answer(first, .init(result: .success(["seq": 3])))
        guard case .wait = queue.next(mayStart: true) else { throw Life.Unexpected() }
        #expect(queue.count == 1)
    }

    @Test("the bytes are those of the requests that have not left")
    func bytes() throws {
        var life = Life([.write, .read])
        #expect(life.queue.bytes == 2 * Life.lineLength)
        try life.goOn()
        #expect(life.queue.bytes == 2 * Life.lineLength)
        try life.answer("0")
        try life.goOn()
        #expect(life.queue.bytes == Life.lineLength && life.queue.count == 1)
    }
}

private enum Kind: CaseIterable { case read, write, refused }

/// Plays the connection: starts what may start, and answers when a test says so.
private struct Life {
    struct Unexpected: Error {}

    static let lineLength = 10

    var queue = RequestQueue()
    /// The tags of what runs.
    var running: [RequestQueue.Ticket: String] = [:]
    var answered: [String] = []
    var wasHeld = false

    init(_ kinds: [Kind] = []) {
        for (number, kind) in kinds.enumerated() { queue.append(Life.request(number, kind)) }
    }

    static func request(_ number: Int, _ kind: Kind) -> PendingRequest {
        let work: PendingRequest.Work =
            switch kind {
            case .read: .read(reading, Arguments())
            case .write: .write(writing, Arguments())
            case .refused: .refused(.internal("refused"))
            }
        return PendingRequest(tag: String(number), bytes: lineLength, work)
    }

    private static let reading = verb(.reads { _, _ in [:] })
    private static let writing = verb(.writes { _, _ in [:] })

    private static func verb(_ handler: Command.Handler) -> Verb {
        let command = Command("try", "Tries.", role: .reader, example: "test.try", handler)
        return Verb(module: "test", command)
    }

    /// Does what the queue says until there is nothing to do, and holds it to its rules.
    mutating func goOn(mayStart: Bool = true) throws {
        wasHeld = false
        while true {
            switch queue.next(mayStart: mayStart) {
            case .start(let request, let ticket):
                let tag = try #require(request.tag)
                // Alone, or a change behind changes.
                #expect(queue.running == 1 || request.isWrite, "\(tag) runs beside others")
                #expect(running[ticket] == nil)
                running[ticket] = tag
                // Refused before it ran: answered at once.
                if case .refused = request.work { try answer(ticket) }
            case .answer(let request, let answer):
                let tag = try #require(request.tag)
                #expect(try answer.result.get() == ["tag": tag])
                answered.append(tag)
            case .held:
                wasHeld = true
                return
            case .wait: return
            }
        }
    }

    mutating func answer(_ ticket: RequestQueue.Ticket) throws {
        let running = running.removeValue(forKey: ticket)
        let tag = try #require(running)
        queue.answer(ticket, .init(result: .success(["tag": tag])))
    }

    mutating func answer(_ tag: String) throws {
        let ticket = running.first { $0.value == tag }?.key
        try answer(#require(ticket))
    }
}
