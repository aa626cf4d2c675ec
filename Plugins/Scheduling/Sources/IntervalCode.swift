import MneedleKit

/// What can be said about the time since the last session; the words are in the knowledge file. The tables have names of
/// their own there, for two of them share one code.
enum IntervalCode: String, FindingCode {
    /// Under the floor: never.
    case floor
    /// In a clinic, before the goal's own minimum.
    case minimum
    /// At home, over the floor but not yet long.
    case short
    /// At home, long enough but before the goal's window.
    case early
    /// Sooner than a beginner should.
    case beginner

    var code: String {
        switch self {
        case .floor, .minimum: "too-soon"
        case .short: "interval-short"
        case .early: "before-window"
        case .beginner: "beginner-interval"
        }
    }

    var placeholders: [String] { ["days", "last", "goal", "weeks", "opens", "floor", "until"] }

    /// Two weeks hold whatever a practice writes, and a clinic's minimum goes only by a practitioner.
    var firmness: Firmness {
        switch self {
        case .floor: .blocks(in: [.home, .clinic])
        case .minimum: .blocks(in: [.clinic], mayBeOverridden: true)
        case .short, .early, .beginner: .none
        }
    }
}
