import MneedleKit

/// The settings of `session.toml` for refusals and for the marks of running sessions.
struct Keeping: Sendable {
    /// The time within which the same refusal is kept only once.
    let refusedOnceIn: Span
    /// The codes of an assessment's findings that do not mark a running session.
    let unflagged: [String]

    init(_ file: Table) {
        let (refusal, flag) = (file.section("refusal"), file.section("flag"))
        refusedOnceIn = refusal.elapsed("once_in", from: Span(), to: .hours(24))
        unflagged = flag.strings("never_by")
        for table in [refusal, flag] { table.requireSources() }
    }
}
