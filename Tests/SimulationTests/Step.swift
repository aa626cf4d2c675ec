import MneedleFaults
import MneedleKit

/// One of the unix users who ask.
enum Peer: String, CaseIterable {
    case root, kim, ada, ben, eve

    var actor: Actor {
        switch self {
        case .root: Actor(user: rawValue, uid: 0, role: .admin)
        case .kim: Actor(user: rawValue, uid: 1001, role: .practitioner)
        case .ada: Actor(user: rawValue, uid: 1002, role: .operator)
        case .ben: Actor(user: rawValue, uid: 1003, role: .operator)
        case .eve: Actor(user: rawValue, uid: 1004, role: .reader)
        }
    }
}

/// A request of a peer. Its line may have places that are filled in when it is made, so that a list of steps keeps its meaning
/// when some of it is left out: `{session:0}` is the newest session, `{in:3600}` a time in an hour.
struct Ask {
    var peer: Peer
    var line: String
    /// How many points of telemetry follow it.
    var points = 0

    var text: String { "\(peer.rawValue)\(points > 0 ? "+\(points)" : ""): \(line)" }

    init(_ peer: Peer, _ line: String, points: Int = 0) { (self.peer, self.line, self.points) = (peer, line, points) }

    init?(text: Substring) {
        guard let colon = text.firstIndex(of: ":") else { return nil }
        let head = text[..<colon].split(separator: "+")
        guard let peer = head.first.flatMap({ Peer(rawValue: String($0)) }) else { return nil }
        self.init(
            peer, String(text[colon...].dropFirst(2)), points: head.count > 1 ? Int(head[1]) ?? 0 : 0)
    }

    var verb: String { String(line.prefix { $0 != " " }) }
}

/// What happens to the service.
enum Step {
    /// Requests; changes among them share a commit.
    case ask([Ask])
    /// Time passes, and what is due comes in time.
    case pass(Int)
    /// Time passes while the machine sleeps.
    case sleep(Int)
    /// Somebody sets the clock.
    case set(Int)
    case restart
    /// The power goes in the middle of the n-th change of the disk from now, or at the next restart.
    case cut(Int, luck: UInt64)
    case fault(FaultyDisk.Fault)
    case mend
}

extension Step: CustomStringConvertible {
    var description: String {
        switch self {
        case .ask(let asks): asks.map(\.text).joined(separator: "\n& ")
        case .pass(let seconds): "pass \(seconds)"
        case .sleep(let seconds): "sleep \(seconds)"
        case .set(let seconds): "set \(seconds)"
        case .restart: "restart"
        case .cut(let changes, let luck): "cut \(changes) \(luck)"
        case .fault(let fault):
            "fault \(fault.call) \(fault.failure) \(fault.number) \(fault.times) \(fault.isTorn ? "torn" : "whole")"
        case .mend: "mend"
        }
    }

    init?(_ line: Substring) {
        let words = line.split(separator: " ")
        let numbers = words.dropFirst().compactMap { Int($0) }
        switch (words.first, numbers.count) {
        case ("pass", 1): self = .pass(numbers[0])
        case ("sleep", 1): self = .sleep(numbers[0])
        case ("set", 1): self = .set(numbers[0])
        case ("restart", 0): self = .restart
        case ("mend", 0): self = .mend
        case ("cut", _):
            guard words.count == 3, let changes = Int(words[1]), let luck = UInt64(words[2]) else { return nil }
            self = .cut(changes, luck: luck)
        case ("fault", _):
            guard words.count == 6, let number = Int(words[3]), let times = Int(words[4]),
                let call = FaultyDisk.Call.allCases.first(where: { "\($0)" == words[1] }),
                let failure = FaultyDisk.Failure(rawValue: String(words[2]))
            else { return nil }
            self = .fault(
                FaultyDisk.Fault(call, failure, number: number, times: times, isTorn: words[5] == "torn"))
        default:
            guard let ask = Ask(text: line) else { return nil }
            self = .ask([ask])
        }
    }
}
