/// The documents that `Config/knowledge/sources.toml` names; every clinical fact refers to some of them.
public struct SourceCatalogue: Sendable {
    private let sources: [String: Source]

    /// Reads `[source.ID]` tables with `title` and `evidence`.
    public init(_ table: Table) {
        var sources: [String: Source] = [:]
        for (id, entry) in table.table("source")?.namedTables() ?? [] {
            let url = entry.optionalString("where")
            let title = entry.string("title") + (url.map { " (\($0))" } ?? "")
            sources[id] = Source(id: id, title: title, evidence: entry.string("evidence"))
        }
        self.sources = sources
    }

    public init(_ sources: [Source] = []) {
        self.sources = Dictionary(sources.map { ($0.id, $0) }) { first, _ in first }
    }

    public subscript(id: String) -> Source? { sources[id] }

    /// The sources that `table`'s key `sources` names; an unknown or empty list is a problem.
    public func sources(of table: Table, key: String = "sources") -> [Source] {
        let ids = table.strings(key)
        if ids.isEmpty && table.has(key) { table.report(key, "a clinical fact needs at least one source") }
        return ids.compactMap { id in
            if sources[id] == nil {
                table.report(
                    key, "no source '\(id)' in sources.toml; known: \(sources.keys.sorted().joined(separator: ", "))")
            }
            return sources[id]
        }
    }
}
