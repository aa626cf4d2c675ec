/// The topics that a subscriber wants: `reminder.*`, `telemetry.alarm`, or `*` for all.
struct Topics: Sendable {
    private let exact: Set<String>
    /// The prefixes, with the dot at their end.
    private let prefixes: Set<String>
    private let all: Bool

    /// - Returns: `nil` when a pattern is neither a topic, nor a prefix that ends in `.*`, nor `*`.
    init?(_ patterns: [String]) {
        var exact: Set<String> = []
        var prefixes: Set<String> = []
        for pattern in patterns where pattern != "*" {
            let isPrefix = pattern.hasSuffix(".*")
            let name = isPrefix ? String(pattern.dropLast(2)) : pattern
            guard !name.isEmpty, name.utf8.allSatisfy({ (97...122).contains($0) || $0 == 45 || $0 == 46 }) else {
                return nil
            }
            if isPrefix { prefixes.insert(name + ".") } else { exact.insert(name) }
        }
        guard !patterns.isEmpty else { return nil }
        self.exact = exact
        self.prefixes = prefixes
        all = patterns.contains("*")
    }

    /// Whether a topic is wanted. The time does not grow with the patterns: each of the topic's own prefixes is looked up.
    func match(_ topic: String) -> Bool {
        if all || exact.contains(topic) { return true }
        guard !prefixes.isEmpty else { return false }
        return topic.utf8.indices.contains { index in
            topic.utf8[index] == UInt8(ascii: ".") && prefixes.contains(String(topic[...index]))
        }
    }
}
