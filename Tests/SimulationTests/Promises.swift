import Glibc
import MneedleKit

@testable import MneedleDaemon

/// The keys with which changes were acknowledged: the same request again is the same reply, and changes nothing.
struct KnownKeys {
    private struct Key: Hashable {
        var peer: Peer
        var key: String
    }

    private struct Acknowledged {
        var ask: Ask
        /// What was answered; `nil` while nobody knows.
        var reply: String?
        /// The most time that can have passed since.
        var age = 0
    }

    /// The lines that were asked with each key: their places are filled in once.
    private var lines: [Key: String] = [:]
    private var acknowledged: [Key: Acknowledged] = [:]

    private static func key(_ ask: Ask) -> Key? {
        PrivacyModel.argument("idempotency_key", in: ask.line).map { Key(peer: ask.peer, key: $0) }
    }

    mutating func line(of ask: Ask, _ fill: () -> String) -> String {
        guard let key = KnownKeys.key(ask) else { return fill() }
        let line = lines[key] ?? fill()
        lines[key] = line
        return line
    }

    /// Time passes, or seems to.
    mutating func pass(_ seconds: Int) { for key in acknowledged.keys { acknowledged[key]?.age += seconds } }

    /// Whether a request was acknowledged before.
    func hasAcknowledged(_ ask: Ask) -> Bool { KnownKeys.key(ask).map { acknowledged[$0]?.reply != nil } ?? false }

    /// Those that the service must remember: it keeps them for a week.
    var known: [Ask] {
        acknowledged.values.filter { $0.reply != nil && KnownKeys.isKept($0) }.map(\.ask).sorted { $0.text < $1.text }
    }

    private static func isKept(_ one: Acknowledged) -> Bool { one.age < 7 * 86_400 - 60 }

    mutating func judge(_ ask: Ask, _ answer: SimulatedDaemon.Answer, isSure: Bool, isUnknown: Bool) throws {
        guard let key = KnownKeys.key(ask) else { return }
        let before = acknowledged[key].flatMap { KnownKeys.isKept($0) ? $0.reply : nil }
        if let reply = answer.reply?.jsonText {
            if let before, before != reply {
                throw Violation("asked again with the same key, it is answered \(reply) and was \(before)")
            }
            if before == nil { acknowledged[key] = Acknowledged(ask: ask, reply: reply) }
        } else if isUnknown, before == nil {
            acknowledged[key] = nil
        } else if isSure, before != nil, let error = answer.error, !KnownKeys.mayRefuse(error) {
            throw Violation("asked again with the same key, it is refused: \(error.code), \(error.message)")
        }
    }

    /// Whoever it was about may have been erased, or belong to somebody else by now.
    private static func mayRefuse(_ error: ModuleError) -> Bool {
        switch error.code {
        case .notFound, .forbidden: true
        case .conflict: error.members.string("state") == "erased"
        case .invalidArgument: error.message.contains("everybody sees only their own")
        default: false
        }
    }
}

/// What `session.start` must answer, by the question that was asked just before.
struct StartExpectation {
    private let ask: Ask
    /// Whether it may start, or the code of the error with which the question was refused.
    private let check: Result<Bool, ModuleError>
    /// The codes that forbid any session of the person.
    private let standing: Set<String>

    init?(_ ask: Ask, _ daemon: SimulatedDaemon, _ keys: KnownKeys) throws {
        guard ask.verb == "session.start", !keys.hasAcknowledged(ask) else { return nil }
        self.ask = ask
        let words = ask.line.split(separator: " ").dropFirst().filter { !$0.hasPrefix("idempotency_key=") }
        let question = (["session.check"] + words.map(String.init)).joined(separator: " ")
        let answer = daemon.ask([(ask.peer.actor, question, [])])[0]
        check = answer.result.map { $0.bool("allowed") == true }
        let person = PrivacyModel.argument("person", in: ask.line) ?? ""
        standing =
            try daemon.engine.map { engine in
                try engine.read(actor: .service, module: Verb.host) { reading in
                    guard let person = try? reading.person(person) else { return [] }
                    return Set(reading.safety.standing(of: person).blocking.map(\.code))
                }
            } ?? []
    }

    func judge(_ answer: SimulatedDaemon.Answer, _ model: Model) throws {
        switch (check, answer.result) {
        case (.success(true), .success(let reply)):
            guard let id = reply.integer("session"), model.sessions[id]?.isRunning == true else {
                throw Violation("a session started and does not run: \(reply.jsonText)")
            }
            let overridden =
                PrivacyModel.argument("override", in: ask.line)?.split(separator: ",").map(String.init) ?? []
            let rest = standing.subtracting(overridden)
            guard rest.isEmpty else { throw Violation("a session started, and this forbids any: \(rest.sorted())") }
        case (.success(true), .failure(let error)):
            throw Violation("the gate was open, and the start is refused: \(error.code), \(error.message)")
        case (.success(false), .failure(let error)):
            guard error.code == .blocked else {
                throw Violation("the gate was closed, and the start gets \(error.code)")
            }
        case (.success(false), .success): throw Violation("the gate was closed, and the session started")
        case (.failure(let asked), .success):
            throw Violation("the question gets \(asked.code), and the session started")
        case (.failure(let asked), .failure(let error)):
            guard asked.code == error.code else {
                throw Violation("the question gets \(asked.code), and the start \(error.code)")
            }
        }
    }
}

/// Who may read whose name: in a household everybody below admin reads about their own people alone.
struct PrivacyModel {
    let people: People
    /// The unix user of each person on record.
    private var owners: [String: String?] = [:]
    /// The names that were said beside others: what is about one of them may name the other.
    private var beside: [String: Set<String>] = [:]

    init(people: People) { self.people = people }

    mutating func take(_ fact: LedgerFact) {
        let record = fact.kind == "person.added" ? fact.body : fact.body.object("after")
        guard ["person.added", "person.changed"].contains(fact.kind), let record, let person = record.string("person")
        else { return }
        owners[person] = .some(record.string("unix_user"))
    }

    private static func names(in text: String) -> Set<String> {
        // C's own search: every answer is searched.
        text.lowercased().withCString { text in Set(Vocabulary.people.filter { strstr(text, $0) != nil }) }
    }

    /// Holds an answer against the rule, and notes what was said.
    mutating func judge(_ ask: Ask, _ answer: SimulatedDaemon.Answer) throws {
        let said = PrivacyModel.names(in: ask.line)
        if people.confines(ask.peer.actor) {
            let own = Set(Vocabulary.people.filter { owners[$0] == .some(.some(ask.peer.rawValue)) })
            let allowed = own.union(said).union(own.flatMap { beside[$0] ?? [] })
            let read = PrivacyModel.names(in: answer.text).subtracting(allowed)
            guard read.isEmpty else {
                throw Violation("\(ask.text) tells \(ask.peer) of \(read.sorted()): \(answer.text.prefix(2000))")
            }
            // A request about another's thing was never let in, and is kept nowhere.
            if answer.error?.code == .notFound { return }
        }
        guard said.count > 1 else { return }
        for name in said { beside[name, default: []].formUnion(said) }
    }

    /// The value of an argument that is given as a bare word.
    static func argument(_ name: String, in line: String) -> String? {
        line.split(separator: " ").first { $0.hasPrefix(name + "=") }.map { String($0.dropFirst(name.count + 1)) }
    }
}
