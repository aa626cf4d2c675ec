/// Which events a subscriber wants: `reminder.*`, `telemetry.alarm`, or `*` for all.
struct Topics: Sendable {
    private let exact: Set<String>
    private let prefixes: [String]
    private let all: Bool

    /// - Returns: `nil` when a pattern is none: a topic, or a prefix that ends in `.*`, or `*`.
    init?(_ patterns: [String]) {
        var exact: Set<String> = []
        var prefixes: [String] = []
        for pattern in patterns where pattern != "*" {
            let isPrefix = pattern.hasSuffix(".*")
            let name = isPrefix ? String(pattern.dropLast(2)) : pattern
            guard !name.isEmpty, name.utf8.allSatisfy({ (97...122).contains($0) || $0 == 45 || $0 == 46 }) else {
                return nil
            }
            if isPrefix { prefixes.append(name + ".") } else { exact.insert(name) }
        }
        guard !patterns.isEmpty else { return nil }
        self.exact = exact
        self.prefixes = prefixes
        all = patterns.contains("*")
    }

    func match(_ topic: String) -> Bool {
        all || exact.contains(topic) || prefixes.contains { topic.hasPrefix($0) }
    }
}
