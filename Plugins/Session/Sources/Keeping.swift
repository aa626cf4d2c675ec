import MneedleKit

/// What `session.toml` says of overrides, refusals and marks.
struct Keeping: Sendable {
    /// How long the same refusal is kept once only.
    let refusedOnceIn: Span
    /// Findings of an assessment that do not mark a running session.
    let unflagged: [String]

    init(_ file: Table, _ sources: SourceCatalogue) {
        func table(_ key: String) -> Table? {
            let table = file.table(key)
            if table == nil { file.report(key, "missing") }
            _ = table.map { sources.sources(of: $0) }
            return table
        }
        refusedOnceIn =
            table("refusal")?.elapsed("once_in", from: Span(), to: Span(milliseconds: 86_400_000)) ?? Span()
        unflagged = table("flag")?.strings("never_by") ?? []
    }
}
