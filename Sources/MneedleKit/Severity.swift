/// The strength with which a ``Finding`` speaks against a session, weakest first.
///
/// The decision over several findings is the highest severity among them.
public enum Severity: String, CaseIterable, Comparable, Sendable {
    /// The finding is worth knowing and changes nothing.
    case info
    /// The session may proceed, with the finding's advice.
    case caution
    /// A physician must clear the finding first; a recorded clearance lifts it.
    case clearance
    /// No session before a date or instant.
    case `defer`
    /// No session at all while the finding holds.
    case contraindicated

    /// A finding at or over this severity forbids starting a session.
    public static let blocking = Severity.clearance

    public static func < (left: Severity, right: Severity) -> Bool { left.rank < right.rank }

    private var rank: Int {
        switch self {
        case .info: 0
        case .caution: 1
        case .clearance: 2
        case .defer: 3
        case .contraindicated: 4
        }
    }
}
