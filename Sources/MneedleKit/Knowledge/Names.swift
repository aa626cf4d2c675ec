/// A word as knowledge files write it: lower case, hyphens for blanks and underscores.
public func normalised(_ text: String) -> String {
    text.lowercased().split { $0 == " " || $0 == "_" || $0 == "-" || $0 == "\t" }.joined(separator: "-")
}

extension Table {
    /// The name under a key and the table's `aliases`. Both have to be ``normalised(_:)``, since requests are compared with them
    /// in that form.
    public func names(_ key: String) -> (name: String, aliases: [String]) {
        let (name, aliases) = (string(key), strings("aliases", default: []))
        for (key, word) in [(key, name)] + aliases.map({ ("aliases", $0) }) where word != normalised(word) {
            report(key, "write '\(word)' as '\(normalised(word))'")
        }
        return (name, aliases)
    }

    /// The things that the tables of `[[key]]` describe. A name that two of them have is a problem, reported at the later one.
    /// - Parameters:
    ///   - name: The key under which each table has its name; by default the key of the list.
    ///   - names: All names of one thing, such as its aliases.
    public func list<Content>(
        _ key: String, name: String? = nil, names: (Content) -> [String], _ read: (Table) -> Content
    ) -> [Content] {
        var seen: Set<String> = []
        return tables(key).map { table in
            let content = read(table)
            for word in names(content) where !seen.insert(word).inserted {
                table.report(name ?? key, "'\(word)' is there twice")
            }
            return content
        }
    }
}
