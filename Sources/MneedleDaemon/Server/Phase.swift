/// The phase of a connection. It never goes back.
enum Phase: Int, Comparable {
    /// The client may send requests.
    case open
    /// The client has ended its input: its requests are answered, then the connection is closed.
    case inputEnded
    /// The service stops: no further line is read as a request, and earlier requests are answered.
    case draining
    /// The last line is sent; nothing is answered any more.
    case closing

    static func < (left: Phase, right: Phase) -> Bool { left.rawValue < right.rawValue }

    /// Goes on to a later phase; an earlier one changes nothing.
    /// - Returns: Whether the phase has changed.
    @discardableResult
    mutating func go(to next: Phase) -> Bool {
        guard next > self else { return false }
        self = next
        return true
    }

    /// Whether lines that have come may still become requests.
    var takesRequests: Bool { self < .draining }
    /// Whether no more input is read.
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
/// itself, and leaves the rest to the next one so that other connections get theirs.
struct Turn {
    private enum State { case over, running, again }

    private var state = State.over
    /// Whether only bytes that the client has not taken yet keep something from going on.
    private(set) var isHeldBack = false
    /// Whether the rest waits for the next turn of the event loop.
    private(set) var isYielding = false

    /// - Returns: Whether the turn begins. A turn that runs already goes round once more instead.
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

    /// Whether the last round may have left something to do.
    var goesRound: Bool { (state == .again || isHeldBack) && !isYielding }

    mutating func end() { state = .over }

    mutating func holdBack() { isHeldBack = true }

    /// - Returns: Whether the next turn still has to be scheduled.
    mutating func yield() -> Bool {
        defer { isYielding = true }
        return !isYielding
    }

    mutating func resume() { isYielding = false }

    /// Whether nothing is left to be done later.
    var isComplete: Bool { !isHeldBack && !isYielding }
}
