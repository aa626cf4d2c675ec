/// One thing wrong in a knowledge or configuration file.
public struct Problem: Hashable, Sendable, CustomStringConvertible {
    public var file: String
    /// The key's path, for example `rule[3].severity`.
    public var key: String
    public var reason: String

    public init(file: String, key: String, reason: String) {
        self.file = file
        self.key = key
        self.reason = reason
    }

    public var description: String { "\(file): \(key.isEmpty ? "" : "\(key): ")\(reason)" }
}

/// Gathers what is wrong, so that a person sees all of it at once.
public final class Problems {
    public private(set) var found: [Problem] = []

    public init() {}

    public func report(_ problem: Problem) { found.append(problem) }
}
