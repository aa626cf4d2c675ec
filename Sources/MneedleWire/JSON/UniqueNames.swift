/// A check for a name given twice, in linear time, and without a set while there are few names.
///
/// Names are compared as Swift compares strings, so that two spellings of the same characters count as the same.
struct UniqueNames {
    private static let few = 12
    private var names: Set<String> = []

    /// Returns whether `name` is new; `earlier` holds those accepted before it.
    mutating func insert<Element>(
        _ name: String, after earlier: [Element], _ nameOf: (Element) -> String
    ) -> Bool {
        if earlier.count < Self.few { return !earlier.contains { nameOf($0) == name } }
        if names.isEmpty { names.formUnion(earlier.lazy.map(nameOf)) }
        return names.insert(name).inserted
    }
}
