import MneedleKit

/// What `session.toml` says of overrides, refusals and marks.
struct Keeping: Sendable {
    /// How long the same refusal is kept once only.
    let refusedOnceIn: Span
    /// Findings of an assessment that do not mark a running session.
    let unflagged: [String]

    init(_ file: Table) {
        let (refusal, flag) = (file.section("refusal"), file.section("flag"))
        refusedOnceIn = refusal.elapsed("once_in", from: Span(), to: .hours(24))
        unflagged = flag.strings("never_by")
        for table in [refusal, flag] { table.requireSources() }
    }
}
