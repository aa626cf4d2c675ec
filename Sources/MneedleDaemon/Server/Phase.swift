/// How far a connection has come. It never goes back.
enum Phase: Int, Comparable {
    /// The client may ask.
    case open
    /// The client has ended its input: what it has sent is answered, then it is closed.
    case inputEnded
    /// The service stops: no further line is read as a request, what was asked before is answered.
    case draining
    /// The last line is said; nothing is answered any more.
    case closing

    static func < (left: Phase, right: Phase) -> Bool { left.rawValue < right.rawValue }

    /// Goes on to a later phase; an earlier one changes nothing.
    /// - Returns: Whether it was a step.
    @discardableResult
    mutating func go(to next: Phase) -> Bool {
        guard next > self else { return false }
        self = next
        return true
    }

    /// Whether lines that have come may still become requests.
    var takesRequests: Bool { self < .draining }
    /// Whether nothing more comes that would be read.
    var isInputOver: Bool { self > .open }
    var isClosing: Bool { self == .closing }
}

/// The meaning of the bytes that a client sends.
enum Intake {
    case requests
    /// A bulk command waits for its turn: whether its lines or requests follow is not known yet.
    case undecided
    /// Lines of a transfer.
    case bulk(BulkPipe)
}

/// One turn of a connection on its event loop. A turn goes round as long as there is something to do, never runs inside
/// itself, and leaves what is left to the next one so that others get theirs.
struct Turn {
    private enum State { case over, running, again }

    private var state = State.over
    /// Something could go on but for what the client has not taken yet.
    private(set) var isHeldBack = false
    /// What is left waits for the next turn of the event loop.
    private(set) var isYielding = false

    /// - Returns: Whether the turn begins. One that runs goes round once more instead.
    mutating func begin() -> Bool {
        guard state == .over else {
            state = .again
            return false
        }
        state = .running
        return true
    }

    mutating func beginRound() {
        state = .running
        isHeldBack = false
    }

    /// Whether there may be something to do that the last round has left.
    var goesRound: Bool { (state == .again || isHeldBack) && !isYielding }

    mutating func end() { state = .over }

    mutating func holdBack() { isHeldBack = true }

    /// - Returns: Whether the next turn is yet to be asked for.
    mutating func yield() -> Bool {
        defer { isYielding = true }
        return !isYielding
    }

    mutating func resume() { isYielding = false }

    /// Whether nothing is left to be done later.
    var isComplete: Bool { !isHeldBack && !isYielding }
}
