/// The documents that `Config/knowledge/sources.toml` names; every clinical fact refers to some of them.
public struct SourceCatalogue: Sendable {
    private let sources: [String: Source]

    /// Reads `[source.ID]` tables: `title` and `evidence`, the reference that finds the document, and whether somebody looked it
    /// up.
    public init(_ table: Table) {
        var sources: [String: Source] = [:]
        for (id, entry) in table.table("source")?.namedTables() ?? [] {
            let url = entry.optionalString("where")
            let title = entry.string("title") + (url.map { " (\($0))" } ?? "")
            let citation = SourceCatalogue.citation(entry)
            // The note says why a source was not looked up; it is for people who read the file.
            _ = entry.optionalString("note")
            if entry.bool("checked", default: false) && citation == nil {
                entry.report("document", "missing: a source that was checked can be found")
            }
            sources[id] = Source(id: id, title: title, evidence: entry.string("evidence"), citation: citation)
        }
        self.sources = sources
    }

    /// The reference on one line: author, year and the numbers that find the document.
    private static func citation(_ entry: Table) -> String? {
        let parts = [
            entry.optionalString("author"), entry.optionalInteger("year", in: 1900...2100).map(String.init),
            entry.optionalString("document"), entry.optionalString("section"),
            entry.optionalString("doi").map { "doi:" + $0 }, entry.optionalString("pmid").map { "PMID " + $0 },
        ]
        let known = parts.compactMap(\.self)
        return known.isEmpty ? nil : known.joined(separator: ", ")
    }

    /// Sources by their id; of two that have one id, the last.
    public init(_ sources: [Source] = []) {
        self.sources = Dictionary(sources.map { ($0.id, $0) }) { first, _ in first }
    }

    /// The source of that id; `nil` where there is none.
    public subscript(id: String) -> Source? { sources[id] }

    /// The ids of all sources.
    var ids: [String] { sources.keys.sorted() }
}

extension Table {
    /// The sources of the table's fact, from its key `sources`; an unknown source or an empty list is a problem.
    public func sources() -> [Source] {
        let key = "sources"
        let ids = strings(key)
        if ids.isEmpty && has(key) { report(key, "a clinical fact needs at least one source") }
        return ids.compactMap { id in
            let source = catalogue[id]
            if source == nil {
                report(key, "no source '\(id)' in sources.toml; known: \(catalogue.ids.joined(separator: ", "))")
            }
            return source
        }
    }

    /// Reports a fact that names no source, for tables whose sources are shown to nobody.
    public func requireSources() { _ = sources() }
}
