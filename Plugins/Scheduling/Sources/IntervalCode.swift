import MneedleKit

/// The codes of the findings about the time since the last session; the words are in the knowledge file. The tables have
/// names of their own there, for two of them share one code.
enum IntervalCode: String, FindingCode {
    /// A session under the floor, which is never allowed.
    case floor
    /// A session in a clinic before the goal's own minimum.
    case minimum
    /// A session at home, over the floor but not yet long after the last.
    case short
    /// A session at home, long enough after the last but before the goal's window.
    case early
    /// A session sooner than a beginner should have one.
    case beginner
    /// Somebody who was never needled may have the first session.
    case first
    /// The window of the next session comes.
    case comes
    /// It is open.
    case open
    /// It has closed.
    case over

    var code: String {
        switch self {
        case .floor, .minimum: "too-soon"
        case .short: "interval-short"
        case .early: "before-window"
        case .beginner: "beginner-interval"
        case .first: "first-session"
        case .comes: "window-comes"
        case .open: "window-open"
        case .over: "window-over"
        }
    }

    var placeholders: [String] {
        switch self {
        case .floor, .minimum, .short, .early, .beginner: ["days", "last", "goal", "weeks", "opens", "floor", "until"]
        case .first, .comes, .open, .over: ["person", "goal", "opens", "best", "closes"]
        }
    }

    /// The two weeks hold whatever a practice writes, and only a practitioner overrides a clinic's minimum.
    var firmness: Firmness {
        switch self {
        case .floor: .blocks(in: [.home, .clinic])
        case .minimum: .blocks(in: [.clinic], mayBeOverridden: true)
        case .short, .early, .beginner, .first, .comes, .open, .over: .none
        }
    }
}
